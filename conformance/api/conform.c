/* `touchstone conform`: runs the checks on a target and writes what came out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "matrix.h"
#include "options.h"
#include "results.h"
#include "runner.h"
#include "suite.h"
#include "target.h"
#include "verdict.h"

enum {
    EXIT_ENVIRONMENT = 2,
    FAILURES_SHOWN = 20,
    PATH_BYTES = 4096,
};

typedef void (*writer_fn)(FILE *out, const struct options *o,
                          const struct results *r);

static void write_junit(FILE *out, const struct options *o,
                        const struct results *r)
{
    char seed[32];

    (void)snprintf(seed, sizeof(seed), "%llu", o->seed);
    junit_write(out, r,
                (const char *const[]){"target", runner_target(), "profile",
                                      o->profile, "seed", seed, NULL});
}

static void write_tap(FILE *out, const struct options *o,
                      const struct results *r)
{
    (void)o;
    tap_write(out, r);
}

static void write_jsonl(FILE *out, const struct options *o,
                        const struct results *r)
{
    (void)o;
    jsonl_write(out, r);
}

static int write_file(const char *path, writer_fn writer,
                      const struct options *o, const struct results *r)
{
    FILE *out;

    if (!path)
        return 0;
    out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (!out) {
        fprintf(stderr, "conform: cannot write '%s': %s\n", path,
                strerror(errno));
        return -errno;
    }
    writer(out, o, r);
    return out == stdout || fclose(out) == 0 ? 0 : -EIO;
}

static int write_all(const struct options *o, const struct results *r)
{
    int rc = write_file(o->junit, write_junit, o, r);

    rc = rc ? rc : write_file(o->tap, write_tap, o, r);
    rc = rc ? rc : write_file(o->jsonl, write_jsonl, o, r);
    rc = rc ? rc : write_file(o->json, matrix_write_json, o, r);
    return rc ? rc : write_file(o->html, matrix_write_html, o, r);
}

static void print_failures(const struct results *r)
{
    int shown = 0;

    for (int i = 0; i < r->nr; i++) {
        const struct result *row = &r->rows[i];

        if (row->outcome != OUTCOME_FAILED && row->outcome != OUTCOME_ERROR)
            continue;
        if (shown++ < FAILURES_SHOWN)
            printf("%s %s %s: %s\n", outcome_name(row->outcome), row->group,
                   row->item, row->detail);
    }
    if (shown > FAILURES_SHOWN)
        printf("and %d more\n", shown - FAILURES_SHOWN);
}

/* Where the time of all workers went. */
static void print_timings(const struct timings *t)
{
    double all = t->waited + t->idle;
    double own = t->checks - t->waited;

    all += own;
    printf("time: %.2f s on %d worker%s, %ld calls\n"
           "  waiting for the target  %7.2f s  %5.1f %%\n"
           "  in the checks           %7.2f s  %5.1f %%\n"
           "  starting and idle       %7.2f s  %5.1f %%\n",
           t->wall, t->workers, t->workers == 1 ? "" : "s", t->calls, t->waited,
           100 * t->waited / all, own, 100 * own / all, t->idle,
           100 * t->idle / all);
}

static int removed;

static void clean_now(int unused)
{
    (void)unused;
    removed = cleanup_all();
}

static void close_now(int unused)
{
    (void)unused;
    target_close();
}

/* How many objects of earlier checks were removed; or -errno. */
static int clean(const struct options *o)
{
    int rc = target_open(o);

    if (!rc && !verdict_of(clean_now, 0)) {
        fprintf(stderr, "conform: cannot clean up: %s\n", verdict_words());
        rc = -EIO;
    }
    (void)verdict_also(close_now, 0);
    return rc ? rc : removed;
}

/* Results tell nothing of it, but nobody must be left with our objects. */
static void clean_afterwards(const struct options *o)
{
    int nr;

    if (strcmp(o->target, "sim") == 0 || !o->destructive || o->keep)
        return;
    nr = clean(o);
    if (nr > 0)
        printf("removed afterwards: %d objects\n", nr);
}

static int only_clean(const struct options *o)
{
    int nr = clean(o);

    if (nr < 0)
        return EXIT_ENVIRONMENT;
    printf("%d objects removed\n", nr);
    return EXIT_SUCCESS;
}

static int judge(const struct options *o, struct plan *p)
{
    struct results results = {0};
    struct timings timings;
    int bad = 0, rc = runner_run(o, p, &results, &timings), written;

    clean_afterwards(o);
    if (runner_target() && (!rc || rc == -EINTR)) {
        print_failures(&results);
        matrix_print(stdout);
        bad = results_count(&results, OUTCOME_FAILED) +
              results_count(&results, OUTCOME_ERROR);
        written = write_all(o, &results);
        if (o->timings)
            print_timings(&timings);
        printf("%d passed, %d failed, %d skipped\n",
               results_count(&results, OUTCOME_PASSED), bad,
               results_count(&results, OUTCOME_SKIPPED));
        rc = rc ? rc : written;
    }
    if (rc == -EINTR)
        fputs("conform: interrupted; --resume goes on\n", stderr);
    results_free(&results);
    if (rc)
        return EXIT_ENVIRONMENT;
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Targets that are hypervisors have a suite of their own. */
static bool is_hypervisor(const char *target)
{
    return strcmp(target, "platform") == 0 || strcmp(target, "xen") == 0 ||
           strcmp(target, "both") == 0;
}

/* Returns only when it cannot be started. */
static int become_abi_suite(char **argv)
{
    const char *source = getenv("TOUCHSTONE_SOURCE");
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/conformance/abi/abi",
                   source ? source : ".");
    argv[0] = path;
    execv(path, argv);
    fprintf(stderr, "conform: cannot start '%s': %s\n", path, strerror(errno));
    return EXIT_ENVIRONMENT;
}

int main(int argc, char **argv)
{
    struct options o;
    struct plan plan;
    int rc = EXIT_SUCCESS;

    if (argc > 1 && is_hypervisor(argv[1]))
        return become_abi_suite(argv);
    if (options_parse(&o, argc, argv))
        return EXIT_ENVIRONMENT;
    if (o.help)
        options_help();
    if (o.version)
        puts("touchstone 0.1");
    if (o.help || o.version)
        return EXIT_SUCCESS;
    messages_init();
    suite.options = &o;
    plan_init(&plan, &o);
    if (o.list)
        plan_list(&plan);
    else if (plan.nr == 0)
        rc = options_refuse("no check has that name; see --list");
    else
        rc = target_check(&o);
    if (!o.list && !rc)
        rc = o.cleanup ? only_clean(&o) : judge(&o, &plan);
    plan_fini(&plan);
    messages_fini();
    return rc < 0 ? EXIT_ENVIRONMENT : rc;
}
