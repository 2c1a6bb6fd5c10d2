/* From a file of samples to every output, and what is refused on the way. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "plots.h"
#include "report.h"
#include "svg.h"

/* Ten samples around a value, for ours and for upstream. */
#define TEN(a)                                                             \
    "[" #a "1," #a "4," #a "2," #a "8," #a "5," #a "3," #a "9," #a "7," #a \
    "6," #a "0]"
#define ROUNDS "[0,1,2,3,4,5,6,7,8,9]"
#define TIMED(name, ours, xen)                                                 \
    "\"" name "\":{\"unit\":\"IOPS\",\"better\":\"higher\",\"kind\":\"time\"," \
    "\"note\":\"raw\",\"values\":{\"ours\":" TEN(ours) ",\"xen\":" TEN(        \
        xen) "},\"rounds\":{\"ours\":" ROUNDS ",\"xen\":" ROUNDS "}}"
#define COUNTED(name, ours, xen)                                      \
    "\"" name "\":{\"unit\":\"exits\",\"better\":\"lower\",\"kind\":" \
    "\"count\",\"values\":{\"ours\":[" #ours "],\"xen\":[" #xen "]}}"
#define RUN(machine, ours, exits)                                              \
    "{\"format\":1,\"machine\":{\"id\":\"" machine                             \
    "\"},\"errors\":[\"late\"],"                                               \
    "\"samples\":{" TIMED("blk.a.read-qd1.v1", ours, 20) "," TIMED(            \
        "blk.a.read-qd8.v1", 9,                                                \
        3) "," COUNTED("blk.a.read-qd1.v1.exits", exits,                       \
                       4) "},"                                                 \
                          "\"histograms\":{\"blk.a.read-qd1.v1\":{\"ours\":[[" \
                          "1,0],[10,5],[20,9]],"                               \
                          "\"xen\":[[30,1]],\"none\":[[5,1],[4,1]]}}}"

static const char fast[] = RUN("m", 40, 2), slow[] = RUN("m", 30, 3),
                  elsewhere[] = RUN("n", 10, 9);

static void run_of(const char *text, struct run *out)
{
    struct run_error e = {""};
    cJSON *json;

    ck_assert_msg(run_parse(text, strlen(text), &json, &e) == 0, "%s", e.text);
    ck_assert_msg(run_decode(json, out, &e) == 0, "%s", e.text);
}

/* A judged run, and what it is compared with. */
static struct fixture {
    struct run now, then, old;
    struct matrix matrix;
    struct comparison comparison;
    struct history history;
    struct report report;
} f;

static void fixture_make(const char *now, const char *then)
{
    run_of(now, &f.now);
    run_of(then, &f.then);
    run_of(then, &f.old);
    ck_assert_int_eq(matrix_init(&f.matrix, &f.now, &rules_default, NULL), 0);
    ck_assert_int_eq(
        comparison_init(&f.comparison, &f.now, &f.then, "then", &rules_default),
        0);
    f.history = (struct history){0};
    ck_assert_int_eq(history_add(&f.history, &f.old, "abc"), 0);
    f.report = (struct report){.matrix = &f.matrix,
                               .comparison = &f.comparison,
                               .history = &f.history,
                               .flame = {{"a.svg", "<svg/>"}},
                               .flames = 1};
}

static void fixture_drop(void)
{
    history_fini(&f.history);
    comparison_fini(&f.comparison);
    matrix_fini(&f.matrix);
    run_fini(&f.now);
    run_fini(&f.then);
}

static const struct {
    report_fn *write;
    const char *word; /* in what it writes */
} formats[] = {
    {report_text, "better: blk.a.read-qd1.v1: "},
    {report_text, "1 error while it ran:\n  late\n"},
    {report_json, "\"ratios\":{\"blk.a.read-qd1.v1\":{"},
    {report_bmf, "\"iops\":"},
    {report_github_bigger, "\"name\":\t\"blk.a.read-qd8.v1\""},
    {report_github_smaller, "\"unit\":\t\"exits\""},
    {report_csv, "\"blk.a.read-qd1.v1\",\"IOPS\",higher,time,"},
    {report_html, "<section id=\"trend\">"},
    {report_undecided_json, "\"undecided\""},
};

START_TEST(every_format_says_what_was_found)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fixture_make(fast, slow);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(formats[_i].write(out, &f.report), 0);
    fclose(out);
    ck_assert_msg(strstr(text, formats[_i].word) != NULL, "%s", text);
    free(text);
    fixture_drop();
}
END_TEST

START_TEST(every_kind_of_plot_is_there)
{
    char directory[] = "/tmp/judge-XXXXXX", path[128];
    static const char *const names[] = {
        "sides.blk.read-qd1.v1",        "depth.blk.read.v1",
        "latency.blk.a.read-qd1.v1",    "histogram.blk.a.read-qd1.v1",
        "trend.blk.a.read-qd8.v1",      "sides.blk.read-qd1.v1.exits",
        "sides.blk.read-qd8.v1",        "trend.blk.a.read-qd1.v1",
        "trend.blk.a.read-qd1.v1.exits"};

    ck_assert_ptr_nonnull(mkdtemp(directory));
    fixture_make(fast, slow);
    ck_assert_int_eq(report_svg(directory, &f.report), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s.svg", directory, names[i]);
        ck_assert_msg(unlink(path) == 0, "%s", path);
    }
    ck_assert_int_eq(rmdir(directory), 0);
    fixture_drop();
}
END_TEST

START_TEST(a_change_has_its_own_count_as_reason)
{
    fixture_make(slow, fast);
    ck_assert_int_eq(comparison_verdict(&f.comparison), VERDICT_WORSE);
    ck_assert_str_eq(f.comparison.change[0].reason[0],
                     "blk.a.read-qd1.v1.exits: 3, was 2 (+50 %)");
    fixture_drop();
}
END_TEST

START_TEST(only_counts_cross_from_machine_to_machine)
{
    fixture_make(fast, elsewhere);
    ck_assert(!f.comparison.same_machine);
    ck_assert(f.comparison.change[0].refused);
    ck_assert(!f.comparison.change[1].refused);
    ck_assert_int_eq(comparison_verdict(&f.comparison), VERDICT_BETTER);
    fixture_drop();
}
END_TEST

/* --- Runs -------------------------------------------------------------------- */
START_TEST(runs_are_joined_with_new_rounds)
{
    struct run a, b;
    struct run_error e;

    run_of(fast, &a);
    run_of(slow, &b);
    ck_assert_int_eq(run_join(&a, &b, &e), 0);
    ck_assert_uint_eq(a.measure[0].series[0].n, 20);
    ck_assert_int_eq(a.measure[0].series[0].round[10], 10);
    run_of(elsewhere, &b);
    ck_assert_int_eq(run_join(&a, &b, &e), -EINVAL);
    run_fini(&a);
}
END_TEST

static const struct {
    const char *text;
    int rc;
} broken[] = {
    {"", -EINVAL},
    {"{\"format\":1}", -EINVAL},
    {"{\"format\":3,\"samples\":{}}", -EINVAL},
    {"{\"format\":1,\"samples\":{\"a\":[]}}", -EINVAL},
    {"{\"format\":1,\"samples\":{\"a\":{\"better\":\"lower\",\"kind\":\"time\","
     "\"values\":{\"ours\":{}}}}}",
     -E2BIG},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", -E2BIG},
    {"\xff", -EINVAL},
};

START_TEST(what_is_no_run_is_refused_with_a_reason)
{
    struct run_error e = {""};
    struct run run;
    cJSON *json;
    int rc = run_parse(broken[_i].text, strlen(broken[_i].text), &json, &e);

    if (!rc)
        rc = run_decode(json, &run, &e);
    ck_assert_int_eq(rc, broken[_i].rc);
    ck_assert_str_ne(e.text, "");
}
END_TEST

/* --- Baselines --------------------------------------------------------------- */
START_TEST(a_baseline_is_found_again)
{
    char directory[] = "/tmp/judge-XXXXXX", *path;
    struct run run, again;
    struct run_error e;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    run_of(fast, &run);
    ck_assert_int_eq(baseline_save(&run, directory, &path, &e), 0);
    ck_assert_int_eq(baseline_find(path, directory, "m", &again, &e), 0);
    ck_assert_uint_eq(again.measures, run.measures);
    ck_assert_ptr_null(
        cJSON_GetObjectItemCaseSensitive(again.json, "histograms"));
    run_fini(&again);
    ck_assert_int_eq(unlink(path), 0);
    free(path);
    for (const char *const *name =
             (const char *const[]){"HEAD", "HEAD:x", "-x", "", NULL};
         *name; name++)
        ck_assert_int_lt(baseline_find(*name, directory, "m", &again, &e), 0);
    ck_assert_int_eq(rmdir(directory), 0);
    run_fini(&run);
}
END_TEST

START_TEST(names_of_machines_stay_in_their_directory)
{
    ck_assert(baseline_id_check("AMD-EPYC-2-tcg-7.2.22"));
    ck_assert(!baseline_id_check("../x"));
    ck_assert(!baseline_id_check(".x"));
    ck_assert(!baseline_id_check("-x"));
    ck_assert(!baseline_id_check("a/b"));
    ck_assert(!baseline_id_check(""));
}
END_TEST

/* --- Axes -------------------------------------------------------------------- */
START_TEST(axes_have_round_numbers)
{
    double tick[TICKS_MAX];
    struct axis a = axis_make(3, 87, false, 0, 100);

    ck_assert_uint_eq(axis_ticks(&a, tick), 2);
    ck_assert_double_eq_tol(tick[1], 50, 1e-9);
    a = axis_make(3, 9000, true, 0, 100);
    ck_assert_uint_le(axis_ticks(&a, tick), TICKS_MAX);
    ck_assert_double_eq_tol(tick[0], 10, 1e-9);
    a = axis_make(0, 0, true, 0, 100);
    ck_assert(!a.log);
    ck_assert_double_eq_tol(axis_at(&a, 5), 100, 1e-9);
    a = axis_make(1e-300, 1e300, true, 0, 100);
    ck_assert_uint_le(axis_ticks(&a, tick), TICKS_MAX);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("judge reports");
    TCase *t = tcase_create("reports");

    tcase_add_loop_test(t, every_format_says_what_was_found, 0,
                        sizeof(formats) / sizeof(*formats));
    tcase_add_test(t, every_kind_of_plot_is_there);
    tcase_add_test(t, a_change_has_its_own_count_as_reason);
    tcase_add_test(t, only_counts_cross_from_machine_to_machine);
    tcase_add_test(t, runs_are_joined_with_new_rounds);
    tcase_add_loop_test(t, what_is_no_run_is_refused_with_a_reason, 0,
                        sizeof(broken) / sizeof(*broken));
    tcase_add_test(t, a_baseline_is_found_again);
    tcase_add_test(t, names_of_machines_stay_in_their_directory);
    tcase_add_test(t, axes_have_round_numbers);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(suite());

    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);

    srunner_free(r);
    return failed != 0;
}
