/* Scenarios: what operations of machines do beyond their power state. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"

/* What somebody has blocked is refused with the reason that was given. */
void check_blocked(int nr)
{
    const char *vm = new_machine("blocked");

    (void)nr;
    ok("VM.add_to_blocked_operations", "sss", vm, "start", "not today");
    ck_assert(!allows(vm, "start"));
    words(refused("OPERATION_BLOCKED", "VM.start", "sbb", vm, false, false),
          "OPERATION_BLOCKED", vm, "not today", NULL);
    words(refused("OPERATION_BLOCKED", "VM.assert_operation_valid", "ss", vm,
                  "start"),
          "OPERATION_BLOCKED", vm, "not today", NULL);
    ck_assert(allows(vm, "destroy"));
    ok("VM.remove_from_blocked_operations", "ss", vm, "start");
    ck_assert(allows(vm, "start"));
    ok("VM.start", "sbb", vm, false, false);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
}

/* A template can say which disks its machines get. */
void check_provision(int nr)
{
    const char *vm, *uuid, *vdi = NULL, *drive = NULL;
    char disks[256];

    (void)nr;
    needs_destructive();
    vm = ok("VM.get_all_records_where", "s",
            "field \"is_a_template\" = \"true\" and "
            "field \"is_a_snapshot\" = \"false\"")
             ->child->string;
    vm = later_machine(ok_text("VM.clone", "ss", vm, made_name("provision")));
    uuid = get_text("SR", storage(), "uuid");
    (void)snprintf(disks, sizeof(disks),
                   "<provision><disk device=\"4\" size=\"%d\" sr=\"%s\" "
                   "bootable=\"true\" type=\"system\"/></provision>",
                   DISK_BYTES, uuid);
    ok("VM.remove_from_other_config", "ss", vm, "disks");
    ok("VM.add_to_other_config", "sss", vm, "disks", disks);
    ok("VM.provision", "s", vm);
    for (cJSON *v = get("VM", vm, "VBDs")->child; v; v = v->next)
        if (strcmp(get_text("VBD", v->valuestring, "userdevice"), "4") == 0)
            drive = v->valuestring;
    ck_assert_ptr_nonnull(drive);
    vdi = get_text("VBD", drive, "VDI");
    ck_assert(get_flag("VBD", drive, "bootable"));
    ck_assert(get_number("VDI", vdi, "virtual_size") == DISK_BYTES);
    ck_assert_str_eq(get_text("VDI", vdi, "SR"), storage());
    ck_assert(!get_flag("VM", vm, "is_a_template"));
}

/* VCPUs come and go while the guest runs, up to what it was started with. */
void check_vcpus(int nr)
{
    const char *vm = new_machine("vcpus"), *metrics;

    (void)nr;
    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    ok("VM.set_VCPUs_max", "si", vm, 4);
    refused("INVALID_VALUE", "VM.set_VCPUs_at_startup", "si", vm, 5);
    ok("VM.set_VCPUs_at_startup", "si", vm, 1);
    ok("VM.start_on", "ssbb", vm, the_master(), false, false);
    if (!allows(vm, "changing_VCPUs_live"))
        skip("machines of this target have no guest that can");
    metrics = get_text("VM", vm, "metrics");
    ck_assert(get_number("VM_metrics", metrics, "VCPUs_number") == 1);
    ok("VM.set_VCPUs_number_live", "si", vm, 3);
    ck_assert(get_number("VM_metrics", metrics, "VCPUs_number") == 3);
    refused("INVALID_VALUE", "VM.set_VCPUs_number_live", "si", vm, 5);
    ck_assert(get_number("VM_metrics", metrics, "VCPUs_number") == 3);
}

/* Limits of memory are in order, always. */
void check_memory_limits(int nr)
{
    static const double mib = 1048576;
    const char *vm = new_machine("memory");

    (void)nr;
    ok("VM.set_memory_limits", "sffff", vm, 128 * mib, 512 * mib, 256 * mib,
       384 * mib);
    ck_assert(get_number("VM", vm, "memory_static_min") == 128 * mib);
    ck_assert(get_number("VM", vm, "memory_dynamic_min") == 256 * mib);
    ck_assert(get_number("VM", vm, "memory_dynamic_max") == 384 * mib);
    ck_assert(get_number("VM", vm, "memory_static_max") == 512 * mib);
    words(refused("MEMORY_CONSTRAINT_VIOLATION_ORDER",
                  "VM.set_memory_dynamic_range", "sff", vm, 384 * mib,
                  256 * mib),
          "MEMORY_CONSTRAINT_VIOLATION_ORDER", NULL);
    refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", "VM.set_memory_dynamic_range",
            "sff", vm, 256 * mib, 1024 * mib);
    ck_assert(get_number("VM", vm, "memory_dynamic_max") == 384 * mib);
    ok("VM.set_memory", "sf", vm, 320 * mib);
    ck_assert(get_number("VM", vm, "memory_dynamic_min") == 320 * mib);
    ck_assert(get_number("VM", vm, "memory_static_max") == 320 * mib);
}
