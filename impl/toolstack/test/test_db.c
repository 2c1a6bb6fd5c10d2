/* The database: values are its own, relations mirror, changes are ordered. */
#include "db.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct fixture fixture;
static struct db *db;

static void set_up(void)
{
    fixture_init(&fixture);
    db = &fixture.ts.db;
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

START_TEST(a_reference_shows_in_the_other_objects_set)
{
    struct object *vm = db_create(db, "VM"), *vif = db_create(db, "VIF");

    db_set_text(db, vif, "VM", vm->ref);
    ck_assert(value_has(db_get(vm, "VIFs"), vif->ref));
    db_set_text(db, vif, "VM", REF_NULL);
    ck_assert(!value_has(db_get(vm, "VIFs"), vif->ref));
}
END_TEST

START_TEST(sets_on_both_sides_follow_each_other)
{
    struct object *vm = db_create(db, "VM"), *pci = db_create(db, "PCI");
    const char *ref = pci->ref;

    db_set(db, vm, "attached_PCIs", value_strings(&fixture.arena, &ref, 1));
    ck_assert(value_has(db_get(pci, "attached_VMs"), vm->ref));
    db_destroy(db, vm);
    ck_assert_uint_eq(db_get(pci, "attached_VMs")->nr, 0);
}
END_TEST

START_TEST(a_destroyed_object_leaves_the_sets)
{
    struct object *vm = db_create(db, "VM"), *vif = db_create(db, "VIF");

    db_set_text(db, vif, "VM", vm->ref);
    db_destroy(db, vif);
    ck_assert_uint_eq(db_get(vm, "VIFs")->nr, 0);
}
END_TEST

START_TEST(written_values_are_copied)
{
    struct object *vm = db_create(db, "VM");
    char text[] = "name", empty[] = "";

    db_set_text(db, vm, "name_label", text);
    db_set_text(db, vm, "PV_args", "x");
    db_set_text(db, vm, "PV_args", empty);
    text[0] = empty[0] = 'X';
    ck_assert_str_eq(db_text(vm, "name_label"), "name");
    ck_assert_str_eq(db_text(vm, "PV_args"), "");
}
END_TEST

START_TEST(writing_the_same_changes_nothing)
{
    struct object *vm = db_create(db, "VM");
    uint64_t before;

    db_set_text(db, vm, "name_label", "a");
    before = db->generation;
    db_set_text(db, vm, "name_label", "a");
    ck_assert_uint_eq(db->generation, before);
    db_set_text(db, vm, "name_label", "b");
    ck_assert_uint_gt(db->generation, before);
    ck_assert_ptr_eq(db->newest, vm);
}
END_TEST

START_TEST(deletions_are_remembered)
{
    struct object *vm = db_create(db, "VM");
    char ref[REF_BYTES];

    memcpy(ref, vm->ref, sizeof(ref));
    db_destroy(db, vm);
    ck_assert_ptr_null(db_find_any(db, ref));
    ck_assert_str_eq(db->tombstones[db->tombstones_nr - 1].ref, ref);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db");
    TCase *tcase = tcase_create("db");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_reference_shows_in_the_other_objects_set);
    tcase_add_test(tcase, sets_on_both_sides_follow_each_other);
    tcase_add_test(tcase, a_destroyed_object_leaves_the_sets);
    tcase_add_test(tcase, written_values_are_copied);
    tcase_add_test(tcase, writing_the_same_changes_nothing);
    tcase_add_test(tcase, deletions_are_remembered);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
