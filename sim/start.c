/* Start of a simulation: its parts, its pool, its port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "domains.h"
#include "http.h"
#include "presets.h"
#include "role.h"
#include "seed.h"
#include "sim.h"
#include "store.h"

enum {
    EXIT_USAGE = 2,
};

static int64_t env_now_ms(void *ctx)
{
    return sim_clock_now_ms(&((struct sim *)ctx)->clock);
}

/* splitmix64: one seed, one sequence. */
uint64_t sim_random(void *ctx)
{
    uint64_t z = ((struct sim *)ctx)->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int64_t env_delay_ms(void *ctx, const struct request *r)
{
    struct sim *sim = ctx;

    return faults_delay_ms(sim->faults, sim_names(r), true);
}

static int64_t env_step(void *ctx)
{
    return faults_step(((struct sim *)ctx)->faults);
}

/* 0, or -EINVAL, with the reason said. */
static int load_faults(struct sim *sim)
{
    const char *path = sim->options.faults, *why = NULL;
    struct arena a;
    struct value v;
    int rc;

    if (!path)
        return 0;
    arena_init(&a);
    rc = document_load(&a, path, &v, &why);
    if (!rc)
        rc = faults_add_all(sim->faults, &a, &v, &why);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n", path, why);
    arena_fini(&a);
    return rc;
}

/* 0, or -EINVAL. */
static int sim_init(struct sim *sim, const struct options *o)
{
    *sim = (struct sim){.options = *o};
    if (sim_clock_init(&sim->clock, o->clock)) {
        fprintf(stderr, "touchstone sim: '--clock %s' makes no sense\n",
                o->clock);
        return -EINVAL;
    }
    if (!o->seed) /* none given: another one each time */
        sim->options.seed = (uint64_t)sim_clock_machine_ms();
    sim->random = sim->options.seed;
    sim->env = (struct environment){.now_ms = env_now_ms,
                                    .random = sim_random,
                                    .delay_ms = env_delay_ms,
                                    .step = env_step,
                                    .ctx = sim};
    sim->faults = faults_create(&sim->clock, sim->options.seed);
    sim->domains = sim_domains_create();
    return load_faults(sim);
}

static void sim_fini(struct sim *sim)
{
    if (sim->faults)
        faults_destroy(sim->faults);
    if (sim->domains)
        sim_domains_destroy(sim->domains);
}

static void announce(const struct sim *sim, uint16_t port)
{
    const struct options *o = &sim->options;

    printf("listening on http://127.0.0.1:%u\n", port);
    printf("  user root, password %s; seed %llu; for example:\n"
           "  curl -s http://127.0.0.1:%u/jsonrpc -d '{\"jsonrpc\":\"2.0\","
           "\"id\":1,\n    \"method\":\"session.login_with_password\","
           "\"params\":[\"root\",\"x\"]}'\n  again: ",
           o->password ? "as given" : "not empty", (unsigned long long)o->seed,
           port);
    options_print(o, stdout);
    putchar('\n');
    fflush(stdout);
}

/* The pool of the file, or a new one. 0, or -Exxx. */
static int populate(struct sim *sim)
{
    struct toolstack *ts = sim->ts;
    const char *db = sim->options.db, *preset = sim->options.preset;
    int nr = 0, rc = 0;

    roles_make(ts);
    if (db)
        rc = store_open(db, &ts->store);
    if (!rc && db)
        rc = store_load(ts->store, &ts->db, &nr);
    if (rc)
        return rc;
    if (db) /* another sequence each time: references stay unique */
        sim->random ^= (uint64_t)store_boots(ts->store) * 0xd1342543de82ef95u;
    if (!nr)
        rc = preset_make(ts, preset ? preset : "minimal");
    if (rc)
        return rc;
    toolstack_recover(ts);
    if (!nr)
        seed_machines(ts, sim->options.vms);
    toolstack_commit(ts);
    return 0;
}

static int listen_and_run(struct sim *sim, const volatile int *stop)
{
    struct http_server *server;
    uint16_t port = (uint16_t)sim->options.port;
    int rc = http_start(sim->ts, port, &server);

    if (rc) {
        fprintf(stderr,
                "touchstone sim: cannot listen on port %u: %s; try --port 0\n",
                port, strerror(-rc));
        return rc;
    }
    announce(sim, http_port(server));
    http_run(server, stop);
    http_stop(server);
    return 0;
}

static int serve(struct sim *sim, const volatile int *stop)
{
    struct domain_driver driver = sim_domains_driver(sim->domains);
    static struct toolstack ts;
    int rc;

    model_init();
    toolstack_init(&ts, &sim->env, &driver);
    ts.password = sim->options.password;
    sim->ts = &ts;
    rc = populate(sim);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n",
                rc == -ENOENT ? sim->options.preset : sim->options.db,
                strerror(-rc));
    else
        rc = listen_and_run(sim, stop);
    if (ts.store)
        store_close(ts.store);
    toolstack_fini(&ts);
    model_fini();
    return rc;
}

int sim_run(const struct options *o, const volatile int *stop)
{
    struct sim sim;
    int rc = sim_init(&sim, o);

    if (!rc)
        rc = serve(&sim, stop);
    sim_fini(&sim);
    return rc ? EXIT_USAGE : EXIT_SUCCESS;
}
