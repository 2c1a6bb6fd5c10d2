/* Scenarios: hosts of a pool, and machines that move between them. */
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"

static cJSON *live(void)
{
    cJSON *options = cJSON_CreateObject();

    cJSON_AddStringToObject(options, "live", "true");
    return options;
}

void check_suspend(int nr)
{
    const char *vm = running_machine("suspend", "suspend");

    (void)nr;
    ok("VM.suspend", "s", vm);
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", vm), "Suspended");
    ck_assert_str_ne(ok_text("VM.get_suspend_VDI", "s", vm), REF_NULL);
    refused("VM_BAD_POWER_STATE", "VM.start", "sbb", vm, false, false);
    refused("VM_BAD_POWER_STATE", "VM.suspend", "s", vm);
    ok("VM.resume", "sbb", vm, false, false);
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", vm), "Running");
    refused("VM_BAD_POWER_STATE", "VM.resume", "sbb", vm, false, false);
    end_machine(vm);
}

void check_checkpoint(int nr)
{
    const char *vm = running_machine("checkpoint", "checkpoint"), *kept;

    (void)nr;
    kept = ok_text("VM.checkpoint", "ss", vm, made_name("kept"));
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", vm), "Running");
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", kept), "Suspended");
    ok("VM.hard_shutdown", "s", vm);
    ok("VM.revert", "s", kept);
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", vm), "Suspended");
    ok("VM.resume", "sbb", vm, false, false);
    ok("VM.destroy", "s", kept);
    end_machine(vm);
}

void check_migrate(int nr)
{
    const char *vm = running_machine("migrate", "pool_migrate"), *from, *to;

    (void)nr;
    from = ok_text("VM.get_resident_on", "s", vm);
    to = other_host(from);
    ok("VM.pool_migrate", "ssj", vm, to, live());
    ck_assert_str_eq(ok_text("VM.get_resident_on", "s", vm), to);
    ck_assert_str_eq(ok_text("VM.get_power_state", "s", vm), "Running");
    ok("VM.pool_migrate", "ssj", vm, from, live());
    ck_assert_str_eq(ok_text("VM.get_resident_on", "s", vm), from);
    end_machine(vm);
}

void check_evacuate(int nr)
{
    const char *vm = running_machine("evacuate", "pool_migrate"), *host;

    (void)nr;
    host = ok_text("VM.get_resident_on", "s", vm);
    (void)other_host(host); /* or skips */
    ok("host.disable", "s", host);
    ck_assert(cJSON_IsFalse(ok("host.get_enabled", "s", host)));
    refused("HOST_DISABLED", "VM.pool_migrate", "ssj", vm, host, live());
    ok("host.evacuate", "s", host);
    ck_assert_str_ne(ok_text("VM.get_resident_on", "s", vm), host);
    ok("host.enable", "s", host);
    ck_assert(cJSON_IsTrue(ok("host.get_enabled", "s", host)));
    end_machine(vm);
}
