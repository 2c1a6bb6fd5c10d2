/* Machines whose hypervisor fails: nothing is left half done. */
#include "vm.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "levelling.h"

static struct fixture fixture;
static struct object *vm, *host;

/* What the failing functions return; 0: they work. */
static int trouble;

static int start_fails(void *ctx, const char *name,
                       const struct domain_spec *spec)
{
    (void)ctx;
    (void)name;
    (void)spec;
    return trouble;
}

static int save_fails(void *ctx, const char *name, const char *uuid,
                      const char *image)
{
    (void)ctx;
    (void)name;
    (void)uuid;
    (void)image;
    return trouble;
}

static int stop_fails(void *ctx, const char *name, const char *uuid)
{
    (void)ctx;
    (void)name;
    (void)uuid;
    return trouble;
}

static int migrate_fails(void *ctx, const char *from, const char *uuid,
                         const char *to, const char *uri,
                         const struct domain_spec *spec)
{
    (void)ctx;
    (void)from;
    (void)uuid;
    (void)to;
    (void)uri;
    (void)spec;
    return trouble;
}

static int guest_tells(void *ctx, const char *name, const char *uuid,
                       struct arena *a, struct value *told)
{
    static const struct member members[] = {
        {"pv/major", {.kind = VALUE_STRING, .nr = 1, .s = "7"}},
        {"pv/minor", {.kind = VALUE_STRING, .nr = 1, .s = "0"}},
        {"net/0/ipv4/0", {.kind = VALUE_STRING, .nr = 8, .s = "10.0.0.1"}},
        {"nonsense", {.kind = VALUE_STRING, .nr = 1, .s = "x"}},
    };

    (void)ctx;
    (void)name;
    (void)uuid;
    (void)a;
    *told = value_map(members, 4);
    return 0;
}

static struct object *vm_make(void)
{
    struct db *db = &fixture.ts.db;
    struct object *o = db_create(db, "VM");
    struct object *metrics = db_create(db, "VM_metrics");

    db_set_text(db, o, "metrics", metrics->ref);
    db_set_text(db, o, "power_state", "Halted");
    db_set_text(db, o, "domain_type", "hvm");
    db_set_int(db, o, "domid", -1);
    db_set_int(db, o, "VCPUs_max", 1);
    db_set_int(db, o, "VCPUs_at_startup", 1);
    db_set_int(db, o, "memory_static_max", (int64_t)1 << 30);
    db_set_int(db, o, "memory_dynamic_max", (int64_t)1 << 30);
    db_set_int(db, o, "memory_dynamic_min", (int64_t)1 << 30);
    return o;
}

static void set_up(void)
{
    fixture_init(&fixture);
    trouble = 0;
    vm = vm_make();
    host = db_first(&fixture.ts.db, "host");
    db_set_bool(&fixture.ts.db, db_ref(&fixture.ts.db, host, "metrics"), "live",
                true);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

static const char *call(const char *method, const char *rest)
{
    return fixture_call(
        &fixture, method,
        arena_printf(&fixture.arena, "[\"$s\",\"%s\"%s]", vm->ref, rest));
}

static int64_t free_bytes(void)
{
    return db_int(db_ref(&fixture.ts.db, host, "metrics"), "memory_free");
}

static void start(void)
{
    ck_assert_str_eq(call("VM.start", ",false,false"), "\"\"");
    ck_assert_str_eq(db_text(vm, "power_state"), "Running");
}

START_TEST(a_start_that_fails_leaves_nothing)
{
    int64_t before = free_bytes();

    fixture.ts.domains.start = start_fails;
    trouble = -EIO;
    ck_assert_ptr_nonnull(
        strstr(call("VM.start", ",false,false"), "INTERNAL_ERROR"));
    ck_assert_str_eq(db_text(vm, "power_state"), "Halted");
    ck_assert_str_eq(db_text(vm, "resident_on"), REF_NULL);
    ck_assert_int_eq(free_bytes(), before);
    trouble = 0;
    start();
    ck_assert_int_lt(free_bytes(), before);
}
END_TEST

START_TEST(a_machine_that_cannot_be_stopped_runs)
{
    start();
    fixture.ts.domains.stop = stop_fails;
    trouble = -EHOSTUNREACH;
    ck_assert_ptr_nonnull(strstr(call("VM.hard_shutdown", ""), "HOST_OFFLINE"));
    ck_assert_str_eq(db_text(vm, "power_state"), "Running");
    ck_assert_int_gt(db_int(vm, "domid"), 0);
}
END_TEST

START_TEST(an_image_that_cannot_be_written_is_gone)
{
    struct db *db = &fixture.ts.db;

    fixture.ts.domains.guest = guest_tells;
    start();
    ck_assert_ptr_nonnull(strstr(call("VM.suspend", ""), "VM_NO_SUSPEND_SR"));
    fixture.ts.domains.save = save_fails;
    trouble = -ETIMEDOUT;
    ck_assert_ptr_null(strstr(call("VM.suspend", ""), "\"\""));
    ck_assert_str_eq(db_text(vm, "power_state"), "Running");
    ck_assert_str_eq(db_text(vm, "suspend_VDI"), REF_NULL);
    ck_assert_ptr_null(db_first(db, "VDI"));
}
END_TEST

START_TEST(a_machine_that_cannot_move_stays)
{
    struct db *db = &fixture.ts.db;
    struct object *other = db_create(db, "host");
    struct object *metrics = db_create(db, "host_metrics");

    db_set_int(db, metrics, "memory_free", (int64_t)64 << 30);
    db_set_bool(db, metrics, "live", true);
    db_set_text(db, other, "metrics", metrics->ref);
    fixture.ts.domains.guest = guest_tells;
    start();
    db_set_bool(db, other, "enabled", true);
    fixture.ts.domains.migrate = migrate_fails;
    trouble = -EIO;
    ck_assert_ptr_null(
        strstr(call("VM.pool_migrate",
                    arena_printf(&fixture.arena, ",\"%s\",{}", other->ref)),
               "\"\"]"));
    ck_assert_str_eq(db_text(vm, "resident_on"), host->ref);
    ck_assert_str_eq(db_text(vm, "scheduled_to_be_resident_on"), REF_NULL);
}
END_TEST

START_TEST(what_guests_tell_is_sorted_into_fields)
{
    const struct object *o;

    fixture.ts.domains.guest = guest_tells;
    start();
    o = db_ref(&fixture.ts.db, vm, "guest_metrics");
    ck_assert_ptr_nonnull(o);
    ck_assert_str_eq(value_text(db_get(o, "PV_drivers_version"), "major", ""),
                     "7");
    ck_assert_str_eq(value_text(db_get(o, "networks"), "0/ip", ""), "10.0.0.1");
    ck_assert_uint_eq(db_get(o, "other")->nr, 0);
    ck_assert(value_has(db_get(vm, "allowed_operations"), "suspend"));
}
END_TEST

START_TEST(a_lost_machine_is_halted_and_its_memory_free)
{
    struct request r = {
        .ts = &fixture.ts, .db = &fixture.ts.db, .arena = &fixture.arena};
    int64_t before = free_bytes();

    start();
    vm_lost(&r, vm);
    ck_assert_str_eq(db_text(vm, "power_state"), "Halted");
    ck_assert_int_eq(free_bytes(), before);
    ck_assert_uint_eq(db_get(vm, "consoles")->nr, 0);
}
END_TEST

/* --- CPU levels --------------------------------------------------------------- */

static const struct {
    const char *vendor, *most;
    const char *refusal; /* NULL: it fits */
} destinations[] = {
    {"GenuineIntel", "00000003-00000000", NULL},
    {"GenuineIntel", "00000003", NULL},
    {"GenuineIntel", "00000001", "does not have"},
    {"AuthenticAMD", "00000003", "different vendor"},
    {NULL, NULL, "leveling feature keys"},
};

START_TEST(machines_move_where_their_features_are)
{
    struct db *db = &fixture.ts.db;
    struct request r = {.ts = &fixture.ts, .db = db, .arena = &fixture.arena};
    int rc;

    db_set_text(db, vm, "power_state", "Running");
    db_map_put(db, vm, "last_boot_CPU_flags", "vendor", "GenuineIntel");
    db_map_put(db, vm, "last_boot_CPU_flags", "features", "00000003");
    if (destinations[_i].vendor) {
        db_map_put(db, host, "cpu_info", "vendor", destinations[_i].vendor);
        db_map_put(db, host, "cpu_info", "features_hvm", destinations[_i].most);
    }
    rc = levelling_fits(&r, vm, host);
    ck_assert_int_eq(rc != 0, destinations[_i].refusal != NULL);
    if (rc)
        ck_assert_ptr_nonnull(
            strstr(r.error.items[3].s, destinations[_i].refusal));
    db_set_text(db, vm, "power_state", "Halted");
    ck_assert_int_eq(levelling_fits(&r, vm, host), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm");
    TCase *tcase = tcase_create("vm");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_start_that_fails_leaves_nothing);
    tcase_add_test(tcase, a_machine_that_cannot_be_stopped_runs);
    tcase_add_test(tcase, an_image_that_cannot_be_written_is_gone);
    tcase_add_test(tcase, a_machine_that_cannot_move_stays);
    tcase_add_test(tcase, what_guests_tell_is_sorted_into_fields);
    tcase_add_test(tcase, a_lost_machine_is_halted_and_its_memory_free);
    tcase_add_loop_test(tcase, machines_move_where_their_features_are, 0,
                        sizeof(destinations) / sizeof(destinations[0]));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
