/* `touchstone conform`: runs the checks on a target and writes what came out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "matrix.h"
#include "options.h"
#include "results.h"
#include "suite.h"
#include "target.h"

enum {
    EXIT_ENVIRONMENT = 2,
    FAILURES_SHOWN = 20,
    BAR_CELLS = 30,
    PATH_BYTES = 4096,
};

/* What is to be run, in order. */
struct plan {
    struct {
        const struct check *check;
        int nr;
    } * rows;
    int nr, at;
    struct timespec begun;
    double *seconds;
    const char **skipped;
};

static struct plan plan;

static const char *item_of(const struct check *c, int nr)
{
    return c->item ? c->item(nr) : "";
}

static bool wanted(const struct options *o, const struct check *c, int nr)
{
    char name[256];

    if (!claim_in_profile(c->claim, o->profile) ||
        (c->applies && !c->applies(nr)))
        return false;
    (void)snprintf(name, sizeof(name), "%s %s", c->name, item_of(c, nr));
    return !o->filter || strstr(name, o->filter);
}

static void make_plan(const struct options *o)
{
    for (int i = 0; check_at(i); i++) {
        const struct check *c = check_at(i);
        int count = c->count ? c->count() : 1;

        plan.rows =
            realloc(plan.rows, (size_t)(plan.nr + count) * sizeof(*plan.rows));
        if (!plan.rows)
            abort();
        for (int nr = 0; nr < count; nr++)
            if (wanted(o, c, nr)) {
                plan.rows[plan.nr].check = c;
                plan.rows[plan.nr++].nr = nr;
            }
    }
    plan.seconds = calloc((size_t)plan.nr + 1, sizeof(*plan.seconds));
    plan.skipped = calloc((size_t)plan.nr + 1, sizeof(*plan.skipped));
    if (!plan.seconds || !plan.skipped)
        abort();
}

static void list_plan(void)
{
    for (int i = 0; i < plan.nr; i++)
        printf("%s %s\n", plan.rows[i].check->name,
               item_of(plan.rows[i].check, plan.rows[i].nr));
}

static void progress(void)
{
    int filled = plan.nr ? plan.at * BAR_CELLS / plan.nr : BAR_CELLS;

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r[%-*.*s] %d/%d", BAR_CELLS, filled,
                "##############################", plan.at, plan.nr);
    else if (plan.at % 2000 == 0)
        fprintf(stderr, "%d of %d checks\n", plan.at, plan.nr);
}

static void begin(void)
{
    (void)clock_gettime(CLOCK_MONOTONIC, &plan.begun); /* always there */
    progress();
    suite_begin();
}

static bool passed; /* the check came to its end */

static void end(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    plan.seconds[plan.at] = (double)(now.tv_sec - plan.begun.tv_sec) +
                            (double)(now.tv_nsec - plan.begun.tv_nsec) / 1e9;
    plan.skipped[plan.at] = suite.skipped;
    suite_end(passed);
    plan.at++;
}

START_TEST(one_check)
{
    passed = false;
    plan.rows[_i].check->run(plan.rows[_i].nr);
    passed = true;
    ck_assert_msg(passed, "it came to its end");
}
END_TEST

/* Runs the plan with Check, which keeps the failures apart. */
static void run_plan(struct results *out)
{
    Suite *s = suite_create("conform");
    TCase *t = tcase_create("checks");
    SRunner *runner = srunner_create(s);
    TestResult **found;

    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 0); /* the client has one for each call */
    tcase_add_loop_test(t, one_check, 0, plan.nr);
    suite_add_tcase(s, t);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    found = srunner_results(runner);
    for (int i = 0; i < plan.nr; i++) {
        const struct check *c = plan.rows[i].check;
        bool good = tr_rtype(found[i]) == CK_PASS;
        enum outcome outcome = good              ? OUTCOME_PASSED
                               : plan.skipped[i] ? OUTCOME_SKIPPED
                               : tr_rtype(found[i]) == CK_FAILURE
                                   ? OUTCOME_FAILED
                                   : OUTCOME_ERROR;

        results_add(out,
                    (struct result){.group = c->name,
                                    .item = item_of(c, plan.rows[i].nr),
                                    .claim = claim_at(c->claim)->id,
                                    .outcome = outcome,
                                    .detail = good ? NULL
                                              : plan.skipped[i]
                                                  ? (char *)plan.skipped[i]
                                                  : (char *)tr_msg(found[i]),
                                    .seconds = plan.seconds[i]});
    }
    free((void *)found);
    srunner_free(runner);
}

typedef void (*writer_fn)(FILE *out, const struct options *o,
                          const struct results *r);

static void write_junit(FILE *out, const struct options *o,
                        const struct results *r)
{
    char seed[32];

    (void)snprintf(seed, sizeof(seed), "%llu", o->seed);
    junit_write(out, r,
                (const char *const[]){"target", target_name(), "profile",
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

static int judge(const struct options *o)
{
    struct results results = {0};
    int bad, rc;

    run_plan(&results);
    progress();
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    print_failures(&results);
    matrix_print(stdout);
    bad = results_count(&results, OUTCOME_FAILED) +
          results_count(&results, OUTCOME_ERROR);
    rc = write_all(o, &results);
    printf("%d passed, %d failed, %d skipped\n",
           results_count(&results, OUTCOME_PASSED), bad,
           results_count(&results, OUTCOME_SKIPPED));
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
    make_plan(&o);
    if (o.list)
        list_plan();
    else
        rc = target_open(&o) ? EXIT_ENVIRONMENT : judge(&o);
    if (!o.list)
        target_close();
    free(plan.rows);
    free(plan.seconds);
    free((void *)plan.skipped);
    messages_fini();
    return rc;
}
