/* What is measured: data sources, archives, and their documents. */
#include "rrd.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "json.h"

static struct fixture fixture;
static struct object *host, *vm;

/* Steps count up, so that what is consolidated can be foretold. */
static double counted(void *ctx, const struct metrics_query *q)
{
    double first = (double)q->step, last = (double)(q->step + q->steps - 1);

    (void)ctx;
    switch (q->cf) {
    case CF_AVERAGE:
        return (first + last) / 2;
    case CF_MIN:
        return first;
    default:
        return last;
    }
}

static void set_up(void)
{
    struct object *metrics;
    struct db *db;

    fixture_init(&fixture);
    db = &fixture.ts.db;
    fixture.ts.metrics.value = counted;
    host = db_first(db, "host");
    vm = db_create(db, "VM");
    metrics = db_create(db, "VM_metrics");
    db_set_text(db, vm, "metrics", metrics->ref);
    db_set_text(db, metrics, "start_time",
                date_text(&fixture.arena, fixture.now_ms - 3600 * 1000));
    db_set_int(db, vm, "domid", 1);
    db_set_int(db, vm, "VCPUs_at_startup", 2);
    db_set_int(db, vm, "memory_target", 1 << 30);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

static struct measured measured_of(struct object *o)
{
    struct measured m;

    rrd_measured(&fixture.ts, &fixture.arena, o, &m);
    return m;
}

/* The update as JSON, decoded. */
static struct value update(struct object *o, int64_t start, int64_t interval,
                           enum metrics_cf cf)
{
    struct rrd_update u = {start, interval, cf, true};
    struct measured m = measured_of(o);
    struct buf out = {0};
    struct value v;

    rrd_write_update(&fixture.ts, &out, &m, 1, &u);
    ck_assert_int_eq(json_decode(&fixture.arena, out.data, out.len, &v), 0);
    buf_fini(&out);
    return v;
}

static int64_t meta_int(const struct value *v, const char *name)
{
    return value_find(value_find(v, "meta"), name)->i;
}

START_TEST(a_machine_has_sources_for_what_it_has)
{
    struct measured m = measured_of(vm);

    ck_assert_ptr_nonnull(rrd_source_find(&m, "cpu1"));
    ck_assert_ptr_null(rrd_source_find(&m, "cpu2"));
    ck_assert(!rrd_source_find(&m, "runstate_blocked")->recorded);
    ck_assert_double_eq(rrd_source_find(&m, "memory")->known, 1 << 30);
}
END_TEST

START_TEST(rows_are_consolidated)
{
    struct measured m = measured_of(vm);
    struct source *s = rrd_source_find(&m, "cpu0");
    int64_t last = rrd_last(&fixture.ts, &m), step = last / METRICS_STEP_S;

    ck_assert_double_eq(rrd_value(&fixture.ts, &m, s, CF_MAX, last, 12),
                        (double)step - 1);
    ck_assert_double_eq(rrd_value(&fixture.ts, &m, s, CF_MIN, last, 12),
                        (double)step - 12);
    ck_assert_double_eq(rrd_value(&fixture.ts, &m, s, CF_AVERAGE, last, 12),
                        (double)step - 6.5);
}
END_TEST

START_TEST(before_the_start_nothing_is_known)
{
    struct measured m = measured_of(vm);
    struct source *s = rrd_source_find(&m, "cpu0");
    int64_t last = rrd_last(&fixture.ts, &m);

    ck_assert(
        !isnan(rrd_value(&fixture.ts, &m, s, CF_AVERAGE, last - 3500, 1)));
    ck_assert(isnan(rrd_value(&fixture.ts, &m, s, CF_AVERAGE, last - 3700, 1)));
}
END_TEST

START_TEST(the_archive_reaches_back_to_the_start)
{
    static const int64_t expected[][2] = {
        {60, 5}, {3600, 60}, {86400, 3600}, {30 * 86400, 86400}};
    struct value v = update(vm, -expected[_i][0], 0, CF_AVERAGE);

    ck_assert_int_eq(meta_int(&v, "step"), expected[_i][1]);
    ck_assert_int_eq(value_find(&v, "data")->nr, meta_int(&v, "rows"));
    ck_assert_int_ge(meta_int(&v, "rows"), expected[_i][0] / expected[_i][1]);
}
END_TEST

START_TEST(an_interval_asks_for_a_coarser_archive)
{
    struct value v = update(vm, -60, 60, CF_AVERAGE);

    ck_assert_int_eq(meta_int(&v, "step"), 60);
}
END_TEST

START_TEST(without_a_function_all_of_them_come)
{
    struct value v = update(vm, -3600, 0, CF_NR);
    const struct value *legend = value_find(value_find(&v, "meta"), "legend");
    const struct value *row = &value_find(&v, "data")->items[0];

    ck_assert_int_eq(legend->nr, meta_int(&v, "columns"));
    ck_assert_int_eq(value_find(row, "values")->nr, legend->nr);
    ck_assert_int_eq(value_find(row, "values")->items[0].kind, VALUE_STRING);
    ck_assert_int_eq(strncmp(legend->items[0].s, "AVERAGE:vm:", 11), 0);
    ck_assert_int_eq(strncmp(legend->items[legend->nr - 1].s, "MAX:vm:", 7), 0);
}
END_TEST

START_TEST(a_whole_rrd_has_ten_archives)
{
    struct measured m = measured_of(host);
    struct buf out = {0};
    struct value v;

    rrd_write(&fixture.ts, &out, &m, true);
    ck_assert_int_eq(json_decode(&fixture.arena, out.data, out.len, &v), 0);
    ck_assert_int_eq(value_find(&v, "rra")->nr, 10);
    ck_assert_int_eq(
        value_find(&value_find(&v, "rra")->items[9], "database")->nr, 366);
    out.len = 0;
    rrd_write(&fixture.ts, &out, &m, false);
    ck_assert_int_eq(strncmp(out.data, "<?xml", 5), 0);
    ck_assert_int_eq(strncmp(out.data + out.len - 6, "</rrd>", 6), 0);
    buf_fini(&out);
}
END_TEST

START_TEST(sources_are_recorded_and_forgotten)
{
    const char *ref = db_first(&fixture.ts.db, "host")->ref;
    const char *params =
        arena_printf(&fixture.arena, "[\"$s\", \"%s\", \"loadavg\"]", ref);

    ck_assert_str_eq(
        fixture_call(&fixture, "host.forget_data_source_archives", params),
        "\"\"");
    ck_assert(
        !rrd_source_find(&(struct measured[]){measured_of(host)}[0], "loadavg")
             ->recorded);
    ck_assert_str_eq(fixture_call(&fixture, "host.record_data_source", params),
                     "\"\"");
    ck_assert_int_ne(*fixture_call(&fixture, "host.query_data_source", params),
                     '{');
    params = arena_printf(&fixture.arena, "[\"$s\", \"%s\", \"nought\"]", ref);
    ck_assert_ptr_nonnull(
        strstr(fixture_call(&fixture, "host.query_data_source", params),
               "INTERNAL_ERROR"));
}
END_TEST

START_TEST(numbers_are_written_as_clients_read_them)
{
    struct buf out = {0};

    rrd_float(&out, 0);
    buf_putc(&out, ' ');
    rrd_float(&out, NAN);
    buf_putc(&out, ' ');
    rrd_float(&out, 0.1);
    buf_putc(&out, '\0');
    ck_assert_str_eq(out.data, "0.0 NaN 0.1");
    buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rrd");
    TCase *tcase = tcase_create("rrd");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_machine_has_sources_for_what_it_has);
    tcase_add_test(tcase, rows_are_consolidated);
    tcase_add_test(tcase, before_the_start_nothing_is_known);
    tcase_add_loop_test(tcase, the_archive_reaches_back_to_the_start, 0, 4);
    tcase_add_test(tcase, an_interval_asks_for_a_coarser_archive);
    tcase_add_test(tcase, without_a_function_all_of_them_come);
    tcase_add_test(tcase, a_whole_rrd_has_ten_archives);
    tcase_add_test(tcase, sources_are_recorded_and_forgotten);
    tcase_add_test(tcase, numbers_are_written_as_clients_read_them);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
