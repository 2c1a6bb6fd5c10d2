/* `touchstone sim`: the XenAPI on a simulated pool, in the foreground. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "domains.h"
#include "generic.h"
#include "http.h"
#include "role.h"
#include "seed.h"
#include "store.h"

enum {
    EXIT_USAGE = 2,
    PORT_MAX = 65535,
    VMS_MAX = 100000,
};

struct options {
    uint16_t port;
    uint64_t seed, vms;
    const char *password, *db;
    bool list_missing, help, version;
};

static volatile int stopping;

static void stop_cb(int signum)
{
    (void)signum;
    stopping = 1;
}

static int64_t real_now_ms(void *ctx)
{
    struct timespec now;

    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* always there */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* splitmix64: one seed, one sequence. */
static uint64_t seeded_random(void *ctx)
{
    uint64_t *state = ctx, z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool missing(const struct message *m)
{
    if (m->flags & MSG_REMOVED)
        return false;
    return m->checks_only || (!m->handler && !generic_knows(m));
}

/* One line a message, then the count. */
static int list_missing(void)
{
    int nr = 0;

    model_init();
    for (int i = 0; i < message_count(); i++) {
        const struct message *m = message_at(i);

        if (!missing(m))
            continue;
        printf("%s\n", m->name);
        nr++;
    }
    printf("%d of %d messages answer NOT_IMPLEMENTED\n", nr, message_count());
    model_fini();
    return EXIT_SUCCESS;
}

static void usage(FILE *out)
{
    fputs("usage: touchstone sim [OPTION...]\n\n"
          "  --port N        port on 127.0.0.1 (8081; 0: any free one)\n"
          "  --password P    root's password (any that is not empty)\n"
          "  --seed S        seed of everything random (from the clock)\n"
          "  --vms N         this many machines more in a new pool\n"
          "  --db FILE       keep the pool in this SQLite file\n"
          "  --list-missing  print the messages that are not implemented\n"
          "  --help, --version\n",
          out);
}

static bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number <= max;
}

/* 0, or -EINVAL. */
static int options_parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"password", required_argument, NULL, 'w'},
        {"seed", required_argument, NULL, 's'},
        {"db", required_argument, NULL, 'd'},
        {"vms", required_argument, NULL, 'n'},
        {"list-missing", no_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0}};
    uint64_t number;
    int c;

    *o = (struct options){.port = 8081, .seed = (uint64_t)real_now_ms(NULL)};
    while ((c = getopt_long(argc, argv, "", known, NULL)) > 0) {
        if (c == 'p' && parse_number(optarg, PORT_MAX, &number))
            o->port = (uint16_t)number;
        else if (c == 'n' && parse_number(optarg, VMS_MAX, &number))
            o->vms = number;
        else if (c == 's' && parse_number(optarg, UINT64_MAX, &number))
            o->seed = number;
        else if (c == 'w' && *optarg)
            o->password = optarg;
        else if (c == 'd' && *optarg)
            o->db = optarg;
        else if (c == 'm')
            o->list_missing = true;
        else if (c == 'h')
            o->help = true;
        else if (c == 'v')
            o->version = true;
        else
            return -EINVAL;
    }
    return optind == argc ? 0 : -EINVAL;
}

static void announce(const struct options *o, uint16_t port)
{
    printf("listening on http://127.0.0.1:%u\n", port);
    printf("  user root, password %s; seed %llu; for example:\n"
           "  curl -s http://127.0.0.1:%u/jsonrpc -d '{\"jsonrpc\":\"2.0\","
           "\"id\":1,\n    \"method\":\"session.login_with_password\","
           "\"params\":[\"root\",\"x\"]}'\n",
           o->password ? "as given" : "not empty", (unsigned long long)o->seed,
           port);
    fflush(stdout);
}

/* The pool of the file, or a new one. 0, or -Exxx. */
static int populate(struct toolstack *ts, const struct options *o,
                    uint64_t *state)
{
    const char *db = o->db;
    int nr = 0, rc = 0;

    roles_make(ts);
    if (db)
        rc = store_open(db, &ts->store);
    if (!rc && db)
        rc = store_load(ts->store, &ts->db, &nr);
    if (rc)
        return rc;
    if (db) /* another sequence each time: references stay unique */
        *state ^= (uint64_t)store_boots(ts->store) * 0xd1342543de82ef95u;
    if (!nr)
        seed_minimal(ts);
    toolstack_recover(ts);
    if (!nr)
        seed_machines(ts, o->vms);
    toolstack_commit(ts);
    return 0;
}

static int listen_and_run(struct toolstack *ts, const struct options *o)
{
    struct http_server *server;
    int rc = http_start(ts, o->port, &server);

    if (rc) {
        fprintf(stderr,
                "touchstone sim: cannot listen on port %u: %s; try --port 0\n",
                o->port, strerror(-rc));
        return rc;
    }
    announce(o, http_port(server));
    http_run(server, &stopping);
    http_stop(server);
    return 0;
}

static int serve(const struct options *o)
{
    uint64_t state = o->seed;
    struct environment env = {real_now_ms, seeded_random, &state};
    struct sim_domains *domains = sim_domains_create();
    struct domain_driver driver = sim_domains_driver(domains);
    static struct toolstack ts;
    int rc;

    model_init();
    toolstack_init(&ts, &env, &driver);
    ts.password = o->password;
    rc = populate(&ts, o, &state);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n", o->db,
                strerror(-rc));
    else
        rc = listen_and_run(&ts, o);
    if (ts.store)
        store_close(ts.store);
    toolstack_fini(&ts);
    model_fini();
    sim_domains_destroy(domains);
    return rc ? EXIT_USAGE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = stop_cb};
    struct options o;

    if (options_parse(&o, argc, argv)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    if (o.version) {
        puts("touchstone 0.1");
        return EXIT_SUCCESS;
    }
    if (o.list_missing)
        return list_missing();
    (void)sigaction(SIGINT, &stop, NULL); /* valid signals */
    (void)sigaction(SIGTERM, &stop, NULL);
    return serve(&o);
}
