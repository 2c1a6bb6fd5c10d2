/* Tests of placement: why a host cannot run a machine, and which one shall. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "placement.h"
#include "request.h"

static struct fixture f;
static struct endpoint at;
static struct request r;
static struct object *one, *two, *vm;

static struct object *host_make(const char *label)
{
    struct db *db = &f.ts.db;
    struct object *host = db_create(db, "host");
    struct object *metrics = db_create(db, "host_metrics");

    db_set_int(db, metrics, "memory_total", (int64_t)64 << 30);
    db_set_int(db, metrics, "memory_free", (int64_t)64 << 30);
    db_set_bool(db, metrics, "live", true);
    db_set_text(db, host, "metrics", metrics->ref);
    db_set_text(db, host, "name_label", label);
    db_set_bool(db, host, "enabled", true);
    db_map_put(db, host, "cpu_info", "cpu_count", "8");
    return host;
}

static struct object *machine_make(void)
{
    struct object *o = db_create(&f.ts.db, "VM");

    db_set_int(&f.ts.db, o, "memory_dynamic_min", (int64_t)1 << 30);
    db_set_int(&f.ts.db, o, "memory_dynamic_max", (int64_t)1 << 30);
    db_set_int(&f.ts.db, o, "VCPUs_max", 1);
    db_set_int(&f.ts.db, o, "VCPUs_at_startup", 1);
    db_set(&f.ts.db, o, "HVM_shadow_multiplier", value_float(1));
    db_set_text(&f.ts.db, o, "power_state", "Halted");
    db_set_text(&f.ts.db, o, "domain_type", "pv");
    return o;
}

static void set_up(void)
{
    fixture_init(&f);
    db_set_bool(&f.ts.db, db_first(&f.ts.db, "host"), "enabled", false);
    at = (struct endpoint){.ts = &f.ts};
    r = (struct request){
        .ts = &f.ts, .db = &f.ts.db, .arena = &f.arena, .at = &at};
    one = host_make("one");
    two = host_make("two");
    vm = machine_make();
}

static void tear_down(void)
{
    fixture_fini(&f);
}

static const char *reason(const struct object *host)
{
    if (placement_check(&r, vm, db_find_any(&f.ts.db, host->ref), 0) == 0)
        return "";
    return r.error.items[0].s;
}

START_TEST(a_host_that_lives_and_is_enabled_will_do)
{
    ck_assert_str_eq(reason(one), "");
    db_set_bool(r.db, one, "enabled", false);
    ck_assert_str_eq(reason(one), "HOST_DISABLED");
    db_set_bool(r.db, db_ref(r.db, one, "metrics"), "live", false);
    ck_assert_str_eq(reason(one), "HOST_NOT_LIVE");
}
END_TEST

START_TEST(disks_must_be_seen)
{
    struct object *sr = db_create(r.db, "SR"), *vdi = db_create(r.db, "VDI");
    struct object *vbd = db_create(r.db, "VBD"), *pbd = db_create(r.db, "PBD");

    db_set_text(r.db, vdi, "SR", sr->ref);
    db_set_text(r.db, vbd, "VDI", vdi->ref);
    db_set_text(r.db, vbd, "VM", vm->ref);
    db_set_text(r.db, pbd, "SR", sr->ref);
    db_set_text(r.db, pbd, "host", one->ref);
    ck_assert_str_eq(reason(one), "VM_REQUIRES_SR");
    db_set_bool(r.db, pbd, "currently_attached", true);
    ck_assert_str_eq(reason(one), "");
    ck_assert_str_eq(reason(two), "VM_REQUIRES_SR");
    ck_assert_ptr_eq(placement_choose(&r, vm, NULL), one);
}
END_TEST

START_TEST(networks_must_be_seen)
{
    struct object *net = db_create(r.db, "network");
    struct object *vif = db_create(r.db, "VIF"), *pif = db_create(r.db, "PIF");

    db_set_text(r.db, vif, "network", net->ref);
    db_set_text(r.db, vif, "VM", vm->ref);
    db_set_text(r.db, pif, "network", net->ref);
    db_set_text(r.db, pif, "host", two->ref);
    ck_assert_str_eq(reason(one), "VM_REQUIRES_NETWORK");
    ck_assert_str_eq(reason(two), "");
}
END_TEST

START_TEST(memory_and_cpus_must_be_there)
{
    db_set_int(r.db, vm, "memory_dynamic_min", (int64_t)65 << 30);
    ck_assert_str_eq(reason(one), "HOST_NOT_ENOUGH_FREE_MEMORY");
    ck_assert(placement_possible(&r, vm, one, PLACEMENT_MEMORY));
    ck_assert_ptr_null(placement_choose(&r, vm, NULL));
    ck_assert_str_eq(r.error.items[0].s, "NO_HOSTS_AVAILABLE");
    db_set_int(r.db, vm, "memory_dynamic_min", (int64_t)1 << 30);
    db_set_int(r.db, vm, "VCPUs_max", 9);
    ck_assert_str_eq(reason(one), "HOST_NOT_ENOUGH_PCPUS");
}
END_TEST

START_TEST(affinity_decides_first)
{
    db_set_text(r.db, vm, "affinity", two->ref);
    ck_assert_ptr_eq(placement_choose(&r, vm, NULL), two);
    ck_assert_ptr_eq(placement_choose(&r, vm, two), one);
}
END_TEST

START_TEST(members_of_a_group_keep_apart)
{
    struct object *group = db_create(r.db, "VM_group");
    struct object *other = machine_make();
    const char *groups[] = {group->ref};

    db_set_text(r.db, group, "placement", "anti_affinity");
    db_set(r.db, vm, "groups", value_strings(&f.arena, groups, 1));
    db_set(r.db, other, "groups", value_strings(&f.arena, groups, 1));
    db_set_text(r.db, other, "power_state", "Running");
    db_set_text(r.db, other, "resident_on", one->ref);
    ck_assert_ptr_eq(placement_choose(&r, vm, NULL), two);
    db_set_text(r.db, other, "resident_on", two->ref);
    ck_assert_ptr_eq(placement_choose(&r, vm, NULL), one);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("placement");
    TCase *tcase = tcase_create("placement");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_host_that_lives_and_is_enabled_will_do);
    tcase_add_test(tcase, disks_must_be_seen);
    tcase_add_test(tcase, networks_must_be_seen);
    tcase_add_test(tcase, memory_and_cpus_must_be_there);
    tcase_add_test(tcase, affinity_decides_first);
    tcase_add_test(tcase, members_of_a_group_keep_apart);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
