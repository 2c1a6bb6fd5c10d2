/* `touchstone bench api`: how fast an endpoint of the XenAPI is. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "campaign.h"
#include "load.h"
#include "measure.h"
#include "options/options.h"
#include "report.h"
#include "server.h"

enum {
    URL_BYTES = 256,
    EXIT_USAGE = 2,
    START_TRIES = 5,
    ARGS_MAX = 256,
    ROUNDS = 3,
    ROUNDS_COMPARED = 10,
    WATCHERS_MAX = 10000,
};

struct options {
    const char *url, *json, *start, *user, *password, *only;
    const char *compare, *samples;
    int pid, rounds, connections, watchers;
    double seconds, rate;
    bool large, figures, load;
};

static const char usage[] =
    "usage: touchstone bench api [OPTION...] URL\n"
    "       touchstone bench api [OPTION...] --start PROGRAM\n\n"
    "Load for any endpoint of the XenAPI, http or https (certificates are "
    "not\nchecked): calls have a time at which they are meant to begin, "
    "and take from\nthen on. It needs a halted machine that may be "
    "started and cloned; what is made\nis removed.\n\n"
    "  --user U, --password P (root, x)\n"
    "  --compare URL    another endpoint beside it, rounds alternate\n"
    "  --only NAME      login, get-record, get-all-records, start-stop,\n"
    "                   wake, import-raw, export or import\n"
    "  --seconds S      for each measurement (1)\n"
    "  --rounds N       (3; 10 with --compare)\n"
    "  --connections N  (8)\n"
    "  --watchers N     of wake (100)\n"
    "  --rate R         calls a second; half of what is answered at most\n"
    "  --samples FILE   all of it as JSON, for touchstone-judge\n\n"
    "Figures with targets, of a server on this machine:\n\n"
    "  --start PROGRAM  of a simulation of our own, which is started\n"
    "  --figures        of URL; makes 1,000 machines there\n"
    "  --load           the load as well\n"
    "  --large          and one with 64 hosts and 64,000 machines\n"
    "  --pid N          the server's process, for CPU time and memory\n"
    "  --json FILE      the figures as JSON\n"
    "  --only NAME      login, record, many, start, clone, list or wake\n";

#define ROW(name, kind, member)                            \
    {                                                      \
        name, kind, offsetof(struct options, member), NULL \
    }
static const struct option_row rows[] = {
    ROW("start", OPTION_TEXT, start),
    ROW("large", OPTION_FLAG, large),
    ROW("pid", OPTION_INT, pid),
    ROW("seconds", OPTION_REAL, seconds),
    ROW("user", OPTION_TEXT, user),
    ROW("password", OPTION_TEXT, password),
    ROW("json", OPTION_TEXT, json),
    ROW("only", OPTION_TEXT, only),
    ROW("compare", OPTION_TEXT, compare),
    ROW("rounds", OPTION_INT, rounds),
    ROW("connections", OPTION_INT, connections),
    ROW("watchers", OPTION_INT, watchers),
    ROW("rate", OPTION_REAL, rate),
    ROW("samples", OPTION_TEXT, samples),
    ROW("figures", OPTION_FLAG, figures),
    ROW("load", OPTION_FLAG, load),
};
#undef ROW

static bool within(int value, int most)
{
    return value >= 1 && value <= most;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
    static const struct option_set set = {"touchstone bench api",
                                          "touchstone bench api 1", usage, rows,
                                          sizeof(rows) / sizeof(*rows)};
    int at;

    *o = (struct options){.user = "root",
                          .password = "x",
                          .seconds = 1,
                          .connections = 8,
                          .watchers = 100};
    at = options_read(&set, o, argc, argv);
    if (at >= 0 && at < argc)
        o->url = argv[at++];
    if (!o->rounds)
        o->rounds = o->compare ? ROUNDS_COMPARED : ROUNDS;
    o->figures |= o->start != NULL;
    o->load |= !o->figures;
    return at == argc && !o->url != !o->start && o->seconds > 0 &&
           o->rate >= 0 && within(o->rounds, SAMPLE_ROUNDS_MAX) &&
           within(o->connections, LOAD_CONNECTIONS_MAX) &&
           within(o->watchers, WATCHERS_MAX) &&
           (!o->load || !o->only || o->figures || campaign_knows(o->only));
}

/* From the start of a program until it has answered a login; the least. */
static pid_t start_measured(const struct options *o, char *const *args,
                            int tries, enum figure f, char *url)
{
    struct target t = {.user = o->user, .password = o->password};
    double least = 0;
    pid_t pid = 0;

    for (int i = 0; i < tries; i++) {
        uint64_t start = now_ns();
        double s;

        if (pid)
            server_stop(pid);
        pid = server_start(args, url, URL_BYTES);
        url_parse(url, &t.url);
        arena_init(&t.arena);
        client_open(&t.client, &t.url);
        (void)client_call(&t.client, &t.arena, "session.login_with_password",
                          "[\"%s\",\"%s\"]", o->user, o->password);
        s = (double)(now_ns() - start) / 1e9;
        least = !i || s < least ? s : least;
        client_close(&t.client);
        arena_fini(&t.arena);
    }
    figure_set(f, least);
    return pid;
}

static void measure_large(const struct options *o)
{
    char url[URL_BYTES];
    char *args[] = {(char *)o->start, "--port", "0", "--hosts", "64",
                    "--vms",          "64000",  NULL};
    pid_t pid = start_measured(o, args, 1, FIGURE_LARGE_START, url);

    figure_set(FIGURE_LARGE_MEMORY, server_memory_mib(pid));
    server_stop(pid);
}

static void measure_figures(struct target *t, const char *only)
{
    static const struct {
        const char *name;
        void (*fn)(struct target *t);
    } measures[] = {
        {"login", measure_login},       {"record", measure_records},
        {"many", measure_many_clients}, {"start", measure_start_stop},
        {"clone", measure_clone},       {"clone", measure_memory},
        {"list", measure_lists},        {"wake", measure_wake},
        {"start", measure_start_stop}, /* last: it may leave alerts */
    };

    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
        if (!only || strcmp(only, measures[i].name) == 0)
            measures[i].fn(t);
}

static FILE *output_open(const char *path)
{
    FILE *file = fopen(path, "w");

    if (!file)
        die("cannot write '%s': %s", path, strerror(errno));
    return file;
}

static void output_close(FILE *file, const char *path)
{
    if (fclose(file))
        die("cannot write '%s': %s", path, strerror(errno));
}

static void show_figures(const struct options *o, const char *url)
{
    FILE *file;

    (void)figures_print(stdout); /* what is missed is for the reader */
    if (!o->json)
        return;
    file = output_open(o->json);
    figures_print_json(file, url);
    output_close(file, o->json);
}

static void run_load(const struct options *o, struct target *t, const char *url)
{
    struct target other = {.user = o->user, .password = o->password};
    struct campaign c = {.target = {t},
                         .url = {url, o->compare},
                         .only = o->only,
                         .rounds = (unsigned int)o->rounds,
                         .connections = (unsigned int)o->connections,
                         .watchers = (unsigned int)o->watchers,
                         .rate = o->rate,
                         .ns = (uint64_t)(o->seconds * 1e9)};
    FILE *file = o->samples ? output_open(o->samples) : NULL;

    if (o->compare) {
        url_parse(o->compare, &other.url);
        target_open(&other);
        c.target[1] = &other;
    }
    campaign_run(&c, file);
    if (o->compare)
        target_close(&other);
    if (file)
        output_close(file, o->samples);
}

static void run(const struct options *o)
{
    struct target t = {.pid = o->pid,
                       .ns = (uint64_t)(o->seconds * 1e9),
                       .user = o->user,
                       .password = o->password};
    char url[URL_BYTES];
    char *args[] = {(char *)o->start, "--port", "0", NULL};

    if (o->start)
        t.pid = start_measured(o, args, START_TRIES, FIGURE_START, url);
    else
        (void)snprintf(url, sizeof(url), "%s", o->url);
    url_parse(url, &t.url);
    target_open(&t);
    if (o->load)
        run_load(o, &t, url);
    if (o->figures)
        measure_figures(&t, o->only);
    target_close(&t);
    if (o->start)
        server_stop(t.pid);
    if (o->large && o->start)
        measure_large(o);
    if (o->figures)
        show_figures(o, url);
}

/* Everything but `api` is the lab's, in Python; returns if that fails. */
static int lab_start(char **argv)
{
    static const char *const path[] = {"PYTHONPATH", SOURCE_DIR
                                       "/impl/platform:" SOURCE_DIR
                                       "/impl/dom0:" SOURCE_DIR "/bench"};
    char *args[ARGS_MAX] = {"/usr/bin/python3", "-m", "lab"};

    for (size_t i = 1; argv[i]; i++) {
        if (i + 3 >= ARGS_MAX)
            die("more than %d arguments", ARGS_MAX - 4);
        args[i + 2] = argv[i];
    }
    if (setenv(path[0], path[1], 1) ||
        setenv("PYTHONDONTWRITEBYTECODE", "1", 1) ||
        setenv("TOUCHSTONE_BUILD", BUILD_DIR, 0) ||
        setenv("TOUCHSTONE_SOURCE", SOURCE_DIR, 0))
        die("cannot set the environment");
    execv(args[0], args);
    die("cannot start '%s': %s", args[0], strerror(errno));
}

int main(int argc, char **argv)
{
    struct rlimit files;
    struct options o;

    if (argc < 2 || strcmp(argv[1], "api") != 0)
        return lab_start(argv);
    if (!options_parse(&o, argc - 1, argv + 1)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* what there is must do */
    }
    run(&o);
    return EXIT_SUCCESS;
}
