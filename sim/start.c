/* Start of a simulation: its parts, its pool, its port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agents.h"
#include "crash.h"
#include "dice.h"
#include "directory.h"
#include "document.h"
#include "domains.h"
#include "doors.h"
#include "hosts.h"
#include "nics.h"
#include "pools.h"
#include "screens.h"
#include "sim.h"
#include "volumes.h"

enum {
    EXIT_USAGE = 2,
    DIRECTORY_MODE = 0700,
};

static int64_t env_now_ms(void *ctx)
{
    return sim_clock_now_ms(&((struct sim *)ctx)->clock);
}

uint64_t sim_random(void *ctx)
{
    return dice_throw(&((struct sim *)ctx)->random);
}

static int64_t env_delay_ms(void *ctx, const struct request *r)
{
    struct sim *sim = ctx;

    if (faults_none(sim->faults))
        return 0;
    return faults_delay_ms(sim->faults, sim_names(r), true);
}

/* A virtual clock that may: to what is due next. */
static bool env_idle(void *ctx, int64_t next_ms)
{
    struct sim *sim = ctx;
    int64_t now = sim_clock_now_ms(&sim->clock);

    if (!sim->clock.jumps || next_ms <= now || next_ms == INT64_MAX)
        return false;
    sim_clock_move(&sim->clock, next_ms - now);
    return true;
}

static int64_t env_step(void *ctx)
{
    struct sim *sim = ctx;
    int64_t fault = faults_step(sim->faults);
    int64_t host = sim->world ? sim_hosts_step(sim->world) : INT64_MAX;

    return fault < host ? fault : host;
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

/* Contents of disks: in memory, or beside the file of the pool. 0 or -Exxx. */
static int volumes_open(struct sim *sim)
{
    const char *directory = NULL;
    struct arena a;
    int rc = 0;

    arena_init(&a);
    if (sim->options.db)
        directory = arena_printf(&a, "%s.volumes", sim->options.db);
    if (directory && mkdir(directory, DIRECTORY_MODE) && errno != EEXIST)
        rc = -errno;
    if (!rc)
        rc = sim_volumes_create(sim, directory, &sim->volumes);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n",
                directory ? directory : "memory", strerror(-rc));
    arena_fini(&a);
    return rc;
}

/* 0, or -EINVAL. */
static int sim_init(struct sim *sim, const struct options *o)
{
    int rc;

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
                                    .idle = sim->clock.jumps ? env_idle : NULL,
                                    .ctx = sim};
    sim->faults = faults_create(&sim->clock, sim->options.seed);
    sim->domains = sim_domains_create();
    if (o->guests && sim_domains_guest(sim->domains, o->guests)) {
        fprintf(stderr, "touchstone sim: there is no guest '%s'\n", o->guests);
        return -EINVAL;
    }
    sim->agents = sim_agents_create(sim);
    sim->agent = sim_agents_driver(sim->agents);
    sim->nics = sim_nics_create(sim, (int)o->nics);
    sim->network = sim_nics_driver(sim->nics);
    if (o->users && sim_directory_load(o->users, &sim->directory))
        return -EINVAL;
    sim->screens = sim_screens_create();
    rc = volumes_open(sim);
    return rc ? rc : load_faults(sim);
}

static void sim_fini(struct sim *sim)
{
    if (sim->faults)
        faults_destroy(sim->faults);
    if (sim->directory)
        sim_directory_destroy(sim->directory);
    if (sim->domains)
        sim_domains_destroy(sim->domains);
    if (sim->agents)
        sim_agents_destroy(sim->agents);
    if (sim->nics)
        sim_nics_destroy(sim->nics);
    if (sim->screens)
        sim_screens_destroy(sim->screens);
    if (sim->volumes)
        sim_volumes_destroy(sim->volumes);
}

static void announce(const struct sim *sim, uint16_t port)
{
    const struct options *o = &sim->options;
    const char *host = o->listen ? o->listen : "127.0.0.1";
    const char *scheme = doors_scheme(o);

    printf("listening on %s://%s:%u\n", scheme, host, port);
    printf("  user root, password %s; seed %llu; for example:\n"
           "  curl -s%s %s://%s:%u/jsonrpc -d '{\"jsonrpc\":\"2.0\","
           "\"id\":1,\n    \"method\":\"session.login_with_password\","
           "\"params\":[\"root\",\"%s\"]}'\n  again: ",
           o->password ? "as given" : "not empty", (unsigned long long)o->seed,
           o->tls ? "k" : "", scheme, host, port,
           o->password ? o->password : "x");
    options_print(o, stdout);
    putchar('\n');
    fflush(stdout);
}

/* Once more under the same port and seed when /sim/reset says so. */
static int serve(struct sim *sim, bool first)
{
    struct world *world = world_create(sim);
    int rc;

    sim->world = world;
    rc = world_fill(world);
    sim_domains_pace(sim->domains, (int64_t)sim->options.pace);
    if (!rc)
        rc = world_listen(world, (uint16_t)sim->options.port);
    if (!rc) {
        sim->options.port = world->port;
        crash_announce(&sim->options);
        if (first)
            announce(sim, world->port);
        http_run(world->server, sim->stop);
    }
    sim->world = NULL;
    world_destroy(world);
    return rc;
}

/* 0, or -ENOENT with the reason said. */
static int play_back(const char *release)
{
    int rc = release ? model_play_back(release) : 0;

    if (rc)
        fprintf(stderr,
                "touchstone sim: no release '%s': a code name (naples) or a "
                "version of xapi (25.8.0)\n",
                release);
    return rc;
}

static int run_once(struct options *o, volatile int *stop, bool first,
                    bool *again)
{
    struct sim sim;
    int rc = sim_init(&sim, o);

    sim.stop = stop;
    if (!rc)
        rc = play_back(o->api_version);
    model_init();
    if (!rc)
        rc = serve(&sim, first);
    model_fini();
    *o = sim.options;
    *again = sim.again && *stop == SIM_AGAIN;
    sim_fini(&sim);
    return rc;
}

int sim_run(const struct options *options, volatile int *stop)
{
    struct options o = *options;
    bool again;
    int rc = run_once(&o, stop, true, &again);

    while (!rc && again) {
        *stop = 0;
        rc = run_once(&o, stop, false, &again);
    }
    return rc ? EXIT_USAGE : EXIT_SUCCESS;
}
