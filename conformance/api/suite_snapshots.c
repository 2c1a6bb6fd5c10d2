/* Scenarios: snapshots of machines, their tree, and the way back. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"

static const char *snapshot(const char *vm, const char *what)
{
    return later_machine(ok_text("VM.snapshot", "ss", vm, made_name(what)));
}

static void check_parent(const char *vm, const char *parent)
{
    ck_assert_str_eq(get_text("VM", vm, "parent"), parent);
    if (strcmp(parent, REF_NULL) != 0)
        ck_assert(lists(get("VM", parent, "children"), vm));
}

static int children_nr(const char *vm)
{
    return cJSON_GetArraySize(get("VM", vm, "children"));
}

/*
 *   one - two
 *     \ - three - the machine
 */
void check_snapshot_tree(int nr)
{
    const char *vm = new_machine("tree"), *one, *two, *three;

    (void)nr;
    one = snapshot(vm, "one");
    check_parent(one, REF_NULL);
    check_parent(vm, one);
    two = snapshot(vm, "two");
    check_parent(two, one);
    check_parent(vm, two);
    ck_assert_int_eq(children_nr(one), 1);
    ok("VM.revert", "s", one);
    check_parent(vm, one);
    ck_assert_int_eq(children_nr(one), 2);
    ck_assert_int_eq(children_nr(two), 0);
    three = snapshot(vm, "three");
    check_parent(three, one);
    check_parent(vm, three);
    ok("VM.destroy", "s", one);
    check_parent(two, REF_NULL);
    check_parent(three, REF_NULL);
    check_parent(vm, three);
    ck_assert_int_eq(cJSON_GetArraySize(get("VM", vm, "snapshots")), 2);
    ok("VM.destroy", "s", three);
    check_parent(vm, REF_NULL);
}

/* What a snapshot is, and what it cannot be used for. */
void check_snapshot_is_one(int nr)
{
    const char *vm = new_machine("origin"), *one;
    cJSON *record;

    (void)nr;
    one = snapshot(vm, "one");
    record = ok("VM.get_record", "s", one);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(record, "is_a_snapshot")));
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(record, "is_a_template")));
    ck_assert_str_eq(field_text(record, "snapshot_of"), vm);
    ck_assert_str_eq(field_text(record, "power_state"), "Halted");
    ck_assert_str_ne(field_text(record, "snapshot_time"), "19700101T00:00:00Z");
    ck_assert_str_ne(field_text(record, "uuid"), get_text("VM", vm, "uuid"));
    ck_assert(lists(get("VM", vm, "snapshots"), one));
    ck_assert(!get_flag("VM", vm, "is_a_snapshot"));
    words(refused("VM_IS_SNAPSHOT", "VM.snapshot", "ss", one, made_name("x")),
          "VM_IS_SNAPSHOT", one, "snapshot", NULL);
    words(refused("VM_IS_SNAPSHOT", "VM.start", "sbb", one, false, false),
          "VM_IS_SNAPSHOT", one, "start", NULL);
}

/* A machine made from a snapshot is no snapshot, and not of its tree. */
void check_snapshot_clone(int nr)
{
    const char *vm = new_machine("origin"), *one, *clone;

    (void)nr;
    one = snapshot(vm, "one");
    clone = later_machine(ok_text("VM.clone", "ss", one, made_name("clone")));
    ck_assert(!get_flag("VM", clone, "is_a_snapshot"));
    ck_assert_str_eq(get_text("VM", clone, "snapshot_of"), REF_NULL);
    ck_assert_str_eq(get_text("VM", clone, "parent"), REF_NULL);
    ck_assert(!lists(get("VM", vm, "snapshots"), clone));
    ok("VM.provision", "s", clone);
    ok("VM.set_is_a_template", "sb", clone, false);
    ok("VM.start", "sbb", clone, false, false);
    ck_assert_str_eq(get_text("VM", clone, "power_state"), "Running");
}

/* The disk of the only drive for disks. */
static const char *only_disk(const char *vm)
{
    cJSON *vbds = get("VM", vm, "VBDs");

    for (cJSON *vbd = vbds->child; vbd; vbd = vbd->next)
        if (strcmp(get_text("VBD", vbd->valuestring, "type"), "Disk") == 0)
            return get_text("VBD", vbd->valuestring, "VDI");
    ck_abort_msg("the machine has no disk");
    return NULL; /* not reached */
}

/* A machine with one disk that has these bytes. */
static const char *machine_with_disk(const char *bytes)
{
    const char *vm = new_machine("disk"), *vdi;
    cJSON *vbds = get("VM", vm, "VBDs");

    for (cJSON *vbd = vbds->child; vbd; vbd = vbd->next)
        ok("VBD.destroy", "s", vbd->valuestring);
    vdi = new_disk(storage(), DISK_BYTES);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    (void)new_drive(vm, vdi, "5");
    return vm;
}

void check_snapshot_disks(int nr)
{
    char *first = pattern(11), *second = pattern(12);
    const char *vm = machine_with_disk(first), *one, *disk, *kept, *back;

    (void)nr;
    disk = only_disk(vm);
    one = snapshot(vm, "one");
    kept = only_disk(one);
    ck_assert_str_ne(kept, disk);
    ck_assert(get_flag("VDI", kept, "is_a_snapshot"));
    ck_assert_str_eq(get_text("VDI", kept, "snapshot_of"), disk);
    ck_assert(lists(get("VDI", disk, "snapshots"), kept));
    write_disk(disk, "raw", second, DISK_BYTES);
    holds(kept, first, "the snapshot's disk");
    ok("VM.revert", "s", one);
    back = only_disk(vm);
    later("VDI.destroy", back);
    holds(back, first, "the disk that came back");
    ck_assert_str_eq(get_text("VDI", kept, "snapshot_of"), back);
    ck_assert(!exists("VDI", disk));
    write_disk(back, "raw", second, DISK_BYTES);
    holds(kept, first, "the snapshot's disk, after its copy was written,");
    free(first);
    free(second);
}

/* Settings and devices go with a snapshot and come back with it. */
void check_snapshot_settings(int nr)
{
    const char *vm = new_machine("settings"), *one, *vif, *back;
    double memory = get_number("VM", vm, "memory_static_max");

    (void)nr;
    ok("VM.set_name_description", "ss", vm, "before");
    ok("VM.add_to_other_config", "sss", vm, "conform", "before");
    vif = new_interface(vm, new_network("settings"), "5");
    one = snapshot(vm, "one");
    back = get_text("VIF", vif, "MAC");
    ok("VM.set_name_description", "ss", vm, "after");
    ok("VM.remove_from_other_config", "ss", vm, "conform");
    ok("VM.set_memory_limits", "sffff", vm, 134217728.0, memory + 67108864,
       memory, memory);
    ok("VIF.destroy", "s", vif);
    ok("VM.revert", "s", one);
    ck_assert_str_eq(get_text("VM", vm, "name_description"), "before");
    ck_assert_str_eq(field_text(get("VM", vm, "other_config"), "conform"),
                     "before");
    ck_assert(get_number("VM", vm, "memory_static_max") == memory);
    for (cJSON *v = get("VM", vm, "VIFs")->child; v; v = v->next)
        if (strcmp(get_text("VIF", v->valuestring, "device"), "5") == 0) {
            ck_assert_str_eq(get_text("VIF", v->valuestring, "MAC"), back);
            return;
        }
    ck_abort_msg("the interface did not come back");
}

void check_snapshot_ignores(int nr)
{
    char *bytes = pattern(13);
    const char *vm = machine_with_disk(bytes), *one;
    cJSON *ignored = cJSON_CreateArray();

    (void)nr;
    free(bytes);
    cJSON_AddItemToArray(ignored, cJSON_CreateString(only_disk(vm)));
    one = later_machine(
        ok_text("VM.snapshot", "ssj", vm, made_name("without"), ignored));
    ck_assert_ptr_null(get("VM", one, "VBDs")->child);
    ck_assert_ptr_null(get("VDI", only_disk(vm), "snapshots")->child);
}

/* Memory is kept on a disk of the checkpoint's own, more than once. */
void check_checkpoint_memory(int nr)
{
    const char *vm = running_machine("memory", "checkpoint"), *one, *image;

    (void)nr;
    one = later_machine(ok_text("VM.checkpoint", "ss", vm, made_name("one")));
    image = get_text("VM", one, "suspend_VDI");
    ck_assert(exists("VDI", image));
    ck_assert_str_eq(get_text("VDI", image, "type"), "suspend");
    ck_assert_str_eq(get_text("VM", vm, "suspend_VDI"), REF_NULL);
    for (int i = 0; i < 2; i++) {
        ok("VM.revert", "s", one);
        ck_assert_str_eq(get_text("VM", vm, "power_state"), "Suspended");
        ck_assert_str_ne(get_text("VM", vm, "suspend_VDI"), image);
        ok("VM.resume", "sbb", vm, false, false);
        ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
        ck_assert(exists("VDI", image));
    }
    ok("VM.hard_shutdown", "s", vm);
    ok("VM.destroy", "s", one);
    ck_assert(!exists("VDI", image));
}
