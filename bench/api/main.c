/* `touchstone bench api`: how fast an endpoint of the XenAPI is. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "measure.h"
#include "report.h"
#include "server.h"

enum {
    URL_BYTES = 256,
    EXIT_USAGE = 2,
    START_TRIES = 5,
    ARGS_MAX = 256,
};

struct options {
    const char *url, *json, *start, *user, *password, *only;
    int pid;
    double seconds;
    bool large;
};

static void usage(FILE *out)
{
    fputs(
        "usage: touchstone bench api [OPTION...] URL\n"
        "       touchstone bench api [OPTION...] --start PROGRAM\n\n"
        "  --start PROGRAM  measure a simulation of our own, which is "
        "started\n"
        "  --large          and one with 64 hosts and 64,000 machines\n"
        "  --pid N          the server's process, for CPU time and memory\n"
        "  --seconds S      for each measurement (1)\n"
        "  --user U, --password P (root, x)\n"
        "  --json FILE      the figures as JSON\n"
        "  --only NAME      login, record, many, start, clone, list or wake\n",
        out);
}

static int options_parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"start", required_argument, NULL, 's'},
        {"large", no_argument, NULL, 'l'},
        {"pid", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 't'},
        {"user", required_argument, NULL, 'u'},
        {"password", required_argument, NULL, 'w'},
        {"json", required_argument, NULL, 'j'},
        {"only", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {0}};
    int c;

    *o = (struct options){.user = "root", .password = "x", .seconds = 1};
    while ((c = getopt_long(argc, argv, "", known, NULL)) > 0) {
        if (c == 'h') {
            usage(stdout);
            exit(EXIT_SUCCESS);
        } else if (c == 's') {
            o->start = optarg;
        } else if (c == 'l') {
            o->large = true;
        } else if (c == 'p') {
            o->pid = atoi(optarg);
        } else if (c == 't') {
            o->seconds = atof(optarg);
        } else if (c == 'u') {
            o->user = optarg;
        } else if (c == 'w') {
            o->password = optarg;
        } else if (c == 'j') {
            o->json = optarg;
        } else if (c == 'o') {
            o->only = optarg;
        } else {
            return -EINVAL;
        }
    }
    if (optind < argc)
        o->url = argv[optind++];
    return optind == argc && !o->url != !o->start && o->seconds > 0 ? 0
                                                                    : -EINVAL;
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

static void measure_all(struct target *t, const char *only)
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

    target_open(t);
    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
        if (!only || strcmp(only, measures[i].name) == 0)
            measures[i].fn(t);
    target_close(t);
}

static void write_json(const struct options *o, const char *url)
{
    FILE *file = fopen(o->json, "w");

    if (!file)
        die("cannot write '%s': %s", o->json, strerror(errno));
    figures_print_json(file, url);
    if (fclose(file))
        die("cannot write '%s': %s", o->json, strerror(errno));
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
    measure_all(&t, o->only);
    if (o->start)
        server_stop(t.pid);
    if (o->large && o->start)
        measure_large(o);
    (void)figures_print(stdout); /* what is missed is for the reader */
    if (o->json)
        write_json(o, url);
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
    if (options_parse(&o, argc - 1, argv + 1)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* what there is must do */
    }
    run(&o);
    return EXIT_SUCCESS;
}
