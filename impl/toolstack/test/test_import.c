/* Imports of descriptions that are not as they should be: all or nothing. */
#include "import_set.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "export_set.h"
#include "fixture.h"

static struct fixture fixture;
static struct db *db;
static struct object *vm, *sr;

static struct object *made(const char *class_name, const char *field,
                           const struct object *to)
{
    struct object *o = db_create(db, class_name);

    if (field)
        db_set_text(db, o, field, to->ref);
    return o;
}

/* A machine with one of everything. */
static void set_up(void)
{
    struct object *vbd, *vif, *vdi, *vgpu, *pbd;

    fixture_init(&fixture);
    db = &fixture.ts.db;
    sr = db_first(db, "SR");
    if (!sr)
        sr = made("SR", NULL, NULL);
    pbd = made("PBD", "SR", sr);
    db_set_text(db, pbd, "host", db_first(db, "host")->ref);
    db_set_bool(db, pbd, "currently_attached", true);
    vm = made("VM", "metrics", made("VM_metrics", NULL, NULL));
    db_set_text(db, vm, "guest_metrics",
                made("VM_guest_metrics", NULL, NULL)->ref);
    db_set_text(db, vm, "power_state", "Halted");
    vdi = made("VDI", "SR", sr);
    db_set_int(db, vdi, "virtual_size", 1 << 20);
    vbd = made("VBD", "VM", vm);
    db_set_text(db, vbd, "VDI", vdi->ref);
    vif = made("VIF", "VM", vm);
    db_set_text(db, vif, "network", made("network", NULL, NULL)->ref);
    vgpu = made("VGPU", "VM", vm);
    db_set_text(db, vgpu, "type", made("VGPU_type", NULL, NULL)->ref);
    db_set_text(db, vgpu, "GPU_group", made("GPU_group", NULL, NULL)->ref);
    (void)made("VTPM", "VM", vm); /* found through the machine */
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

/* The machine's description, in the arena. */
static struct xva_header described(struct arena *a)
{
    struct request r = {.ts = &fixture.ts, .db = db, .arena = a};
    struct export_set set;
    struct buf xml = {0};
    struct xva_header h;

    export_set_init(&set, &r);
    export_set_add(&set, vm);
    export_set_describe(&set, &h);
    xva_header_encode(a, &xml, &h);
    ck_assert_int_eq(xva_header_decode(a, xml.data, xml.len, &h), 0);
    buf_fini(&xml);
    return h;
}

static uint32_t objects(void)
{
    uint32_t nr = 0;

    for (int i = 0; i < class_count(); i++)
        nr += db_count(db, class_at(i));
    return nr;
}

/* 0 or API_FAILED; undone again when it worked. */
static int import(const struct xva_header *h, struct arena *a)
{
    struct import_options options = {.dry_run = true};
    struct request r = {.ts = &fixture.ts, .db = db, .arena = a};
    struct import_set set;
    int rc;

    import_set_init(&set, &r, &options, h);
    rc = import_set_make(&set);
    ck_assert(rc == 0 || r.error.kind == VALUE_SET);
    options = (struct import_options){.sr = sr, .force = rc == 0};
    import_set_init(&set, &r, &options, h);
    rc = import_set_make(&set);
    if (!rc)
        rc = import_set_complete(&set);
    import_set_undo(&set);
    return rc;
}

START_TEST(a_description_can_be_imported_and_undone)
{
    struct arena a;
    struct xva_header h;
    uint32_t before = objects();

    arena_init(&a);
    h = described(&a);
    ck_assert_uint_gt(h.objects_nr, 10);
    ck_assert_int_eq(import(&h, &a), 0);
    ck_assert_uint_eq(objects(), before);
    arena_fini(&a);
}
END_TEST

static const struct value odd[] = {
    {.kind = VALUE_INT, .i = INT64_MIN},
    {.kind = VALUE_STRING, .nr = 5, .s = "Ref:0"},
    {.kind = VALUE_STRING, .nr = 0, .s = ""},
    {.kind = VALUE_SET},
    {.kind = VALUE_MAP},
    {.kind = VALUE_NIL},
};

/* The header with one value of one object replaced. */
static struct xva_header with(struct arena *a, const struct xva_header *h,
                              uint32_t object, uint32_t member,
                              const struct value *v)
{
    struct xva_header copy = *h;
    const struct value *from = &h->objects[object].snapshot;
    struct member *m = arena_alloc(a, sizeof(*m) * from->nr);

    memcpy(m, from->members, sizeof(*m) * from->nr);
    m[member].value = *v;
    copy.objects = arena_alloc(a, sizeof(*copy.objects) * h->objects_nr);
    memcpy(copy.objects, h->objects, sizeof(*copy.objects) * h->objects_nr);
    copy.objects[object].snapshot = value_map(m, from->nr);
    return copy;
}

START_TEST(odd_values_leave_nothing_behind)
{
    struct arena kept;
    struct xva_header h;
    uint32_t before = objects();

    arena_init(&kept);
    h = described(&kept);
    for (uint32_t o = 0; o < h.objects_nr; o++)
        for (uint32_t m = 0; m < h.objects[o].snapshot.nr; m++) {
            struct arena a;
            struct xva_header broken;

            arena_init(&a);
            broken = with(&a, &h, o, m, &odd[_i]);
            (void)import(&broken, &a); /* either way is fine */
            ck_assert_uint_eq(objects(), before);
            arena_fini(&a);
        }
    arena_fini(&kept);
}
END_TEST

START_TEST(objects_that_are_missing_are_named)
{
    struct arena a;
    struct xva_header h, part;
    uint32_t before = objects();

    arena_init(&a);
    h = described(&a);
    for (uint32_t o = 0; o < h.objects_nr; o++) {
        part = h;
        part.objects = arena_alloc(&a, sizeof(*part.objects) * h.objects_nr);
        memcpy(part.objects, h.objects, sizeof(*part.objects) * h.objects_nr);
        part.objects[o] = part.objects[--part.objects_nr];
        (void)import(&part, &a); /* either way is fine */
        ck_assert_uint_eq(objects(), before);
    }
    arena_fini(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tcase = tcase_create("import");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_description_can_be_imported_and_undone);
    tcase_add_loop_test(tcase, odd_values_leave_nothing_behind, 0,
                        (int)(sizeof(odd) / sizeof(odd[0])));
    tcase_add_test(tcase, objects_that_are_missing_are_named);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
