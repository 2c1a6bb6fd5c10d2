/* Scenarios: high availability when hosts are lost. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum {
    TIMEOUT_S = 60,
};

static const char first[] = "127.0.0.1", second[] = "127.0.0.2";
static const char third[] = "127.0.0.3";

static const char *host_at(const char *address)
{
    cJSON *all = ok("host.get_all_records", "");

    for (cJSON *h = all->child; h; h = h->next)
        if (strcmp(field_text(h, "address"), address) == 0)
            return h->string;
    ck_abort_msg("the pool has no host at %s", address);
    return NULL; /* not reached */
}

static void open_world(void)
{
    world("--preset", "trio", "--clock", "still", NULL);
}

static void enable(int failures)
{
    ok("pool.enable_ha", "jj", json_of("['%s']", storage()),
       json_of("{'timeout': '%d'}", TIMEOUT_S));
    ok("pool.set_ha_host_failures_to_tolerate", "si", the_pool(), failures);
}

/* A machine that runs there, with that priority. */
static const char *machine_at(const char *host, const char *priority)
{
    const char *vm = new_machine("ha");

    ok("VM.set_ha_restart_priority", "ss", vm, priority);
    ok("VM.start_on", "ssbb", vm, host, false, false);
    return vm;
}

static void lose(const char *address)
{
    world_host(address, "crash");
    world_advance(3 * TIMEOUT_S);
}

static const char *state_of(const char *vm)
{
    return get_text("VM", vm, "power_state");
}

/* --- On and off --- */

static int statefiles(void)
{
    cJSON *all = ok("VDI.get_all_records_where", "s",
                    "field \"type\" = \"ha_statefile\"");

    return cJSON_GetArraySize(all);
}

void check_ha_enable(int nr)
{
    const char *pool, *local = NULL;

    (void)nr;
    open_world();
    pool = the_pool();
    for (cJSON *sr = ok("SR.get_all", "")->child; sr; sr = sr->next)
        if (!get_flag("SR", sr->valuestring, "shared"))
            local = sr->valuestring;
    refused("HA_NOT_ENABLED", "pool.disable_ha", "");
    words(refused("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", "pool.enable_ha",
                  "jj", json_of("['%s']", local), json_of("{}")),
          "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", local, NULL);
    ck_assert(!get_flag("pool", pool, "ha_enabled"));
    enable(1);
    ck_assert(get_flag("pool", pool, "ha_enabled"));
    ck_assert_int_ge(statefiles(), 1);
    ck_assert_ptr_nonnull(get("pool", pool, "ha_statefiles")->child);
    for (cJSON *h = ok("host.get_all", "")->child; h; h = h->next)
        ck_assert_ptr_nonnull(
            get("host", h->valuestring, "ha_statefiles")->child);
    refused("HA_IS_ENABLED", "pool.enable_ha", "jj",
            json_of("['%s']", storage()), json_of("{}"));
    refused("HA_IS_ENABLED", "pool.eject", "s", host_at(second));
    ok("pool.disable_ha", "");
    ck_assert(!get_flag("pool", pool, "ha_enabled"));
    ck_assert_ptr_null(get("pool", pool, "ha_statefiles")->child);
}

/* --- Plans --- */

void check_ha_plan(int nr)
{
    const char *pool, *vm, *host, *elsewhere;
    cJSON *plan, *record;

    (void)nr;
    open_world();
    pool = the_pool();
    host = host_at(second);
    vm = machine_at(host, "restart");
    enable(1);
    record = ok("pool.get_record", "s", pool);
    ck_assert(cJSON_GetNumberValue(
                  cJSON_GetObjectItem(record, "ha_plan_exists_for")) == 1);
    ck_assert(!cJSON_IsTrue(cJSON_GetObjectItem(record, "ha_overcommitted")));
    ck_assert(cJSON_IsTrue(ok("pool.ha_failover_plan_exists", "i", 1)));
    ck_assert(cJSON_IsFalse(ok("pool.ha_failover_plan_exists", "i", 3)));
    ck_assert(cJSON_GetNumberValue(ok(
                  "pool.ha_compute_max_host_failures_to_tolerate", "")) >= 1);
    plan = ok("pool.ha_compute_vm_failover_plan", "jj", json_of("['%s']", host),
              json_of("['%s']", vm));
    elsewhere = field_text(cJSON_GetObjectItem(plan, vm), "host");
    ck_assert_str_ne(elsewhere, host);
    ck_assert(exists("host", elsewhere));
    ck_assert(cJSON_GetNumberValue(
                  ok("pool.ha_compute_hypothetical_max_host_failures_to_"
                     "tolerate",
                     "j", json_of("{'%s': ''}", vm))) >= 1);
    refused("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN",
            "pool.set_ha_host_failures_to_tolerate", "si", pool, 3);
}

/* What would make the promise void is refused. */
void check_ha_promise(int nr)
{
    const char *vm, *host;
    double bytes;

    (void)nr;
    world("--hosts", "2", "--clock", "still", NULL);
    host = host_at(second);
    vm = machine_at(host, "restart");
    enable(1);
    refused("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", "host.disable", "s",
            host);
    ck_assert(get_flag("host", host, "enabled"));
    bytes = get_number("host_metrics", get_text("host", host, "metrics"),
                       "memory_total");
    bytes = (double)((long)(bytes * 0.6) >> 20 << 20);
    for (int i = 0; i < 2; i++) {
        vm = new_machine("large");
        ok("VM.set_ha_restart_priority", "ss", vm, "restart");
        ok("VM.set_memory_limits", "sffff", vm, bytes, bytes, bytes, bytes);
        if (i == 0)
            ok("VM.start", "sbb", vm, false, false);
    }
    refused("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", "VM.start", "sbb", vm,
            false, false);
    ck_assert_str_eq(state_of(vm), "Halted");
}

/* --- Losses --- */

void check_ha_restart(int nr)
{
    const char *host, *restart, *best, *never, *stopped, *away;

    (void)nr;
    open_world();
    host = host_at(second);
    restart = machine_at(host, "restart");
    best = machine_at(host, "best-effort");
    never = machine_at(host, "");
    stopped = machine_at(host, "restart");
    away = machine_at(host_at(third), "restart");
    enable(1);
    ok("VM.hard_shutdown", "s", stopped);
    lose(second);
    ck_assert_str_eq(state_of(restart), "Running");
    ck_assert_str_ne(get_text("VM", restart, "resident_on"), host);
    ck_assert_str_eq(state_of(best), "Running");
    ck_assert_str_ne(get_text("VM", best, "resident_on"), host);
    ck_assert_str_eq(state_of(never), "Halted");
    ck_assert_str_eq(state_of(stopped), "Halted");
    ck_assert_str_eq(get_text("VM", away, "resident_on"), host_at(third));
    ck_assert(
        !get_flag("host_metrics", get_text("host", host, "metrics"), "live"));
}

static const char *started(const char *vm)
{
    return get_text("VM_metrics", get_text("VM", vm, "metrics"), "start_time");
}

/* In the order that was asked for, with its delays. */
void check_ha_order(int nr)
{
    const char *host, *vms[3];

    (void)nr;
    open_world();
    host = host_at(second);
    for (int i = 0; i < 3; i++) {
        vms[i] = machine_at(host, "restart");
        ok("VM.set_order", "si", vms[i], 3 - i); /* the last one first */
        ok("VM.set_start_delay", "si", vms[i], 10);
    }
    enable(1);
    lose(second);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(state_of(vms[i]), "Running");
    ck_assert_str_lt(started(vms[2]), started(vms[1]));
    ck_assert_str_lt(started(vms[1]), started(vms[0]));
}

void check_ha_master(int nr)
{
    const char *vm, *where;

    (void)nr;
    open_world();
    vm = machine_at(the_master(), "restart");
    enable(1);
    lose(first);
    where = world_answers(second) ? second : third;
    world_at(where);
    ck_assert_str_eq(the_master(), host_at(where));
    ck_assert_str_eq(state_of(vm), "Running");
    ck_assert_str_ne(get_text("VM", vm, "resident_on"), host_at(first));
    world_host(first, "boot");
    world_advance(TIMEOUT_S);
    words(world_refuses(first), "HOST_IS_SLAVE", where, NULL);
    ck_assert_str_eq(state_of(vm), "Running");
}

/* A host that hears nobody ends its machines before they start elsewhere. */
void check_ha_fence(int nr)
{
    const char *vm, *uuid;

    (void)nr;
    open_world();
    vm = machine_at(host_at(third), "restart");
    uuid = get_text("VM", vm, "uuid");
    enable(1);
    ck_assert(lists(cJSON_GetObjectItem(world_state(third), "domains"), uuid));
    world_host(third, "cut");
    world_advance(3 * TIMEOUT_S);
    ck_assert(!lists(cJSON_GetObjectItem(world_state(third), "domains"), uuid));
    ck_assert_str_eq(state_of(vm), "Running");
    ck_assert_str_ne(get_text("VM", vm, "resident_on"), host_at(third));
    world_host(third, "join");
    world_advance(3 * TIMEOUT_S);
    ck_assert(!lists(cJSON_GetObjectItem(world_state(third), "domains"), uuid));
}

void check_ha_alert(int nr)
{
    cJSON *all;
    int found = 0;

    (void)nr;
    open_world();
    (void)machine_at(host_at(second), "restart");
    enable(1);
    lose(second);
    all = ok("message.get_all_records", "");
    for (cJSON *m = all->child; m; m = m->next)
        found += strcmp(field_text(m, "name"), "HA_HOST_FAILED") == 0;
    ck_assert_int_eq(found, 1);
}

void check_ha_overcommitted(int nr)
{
    const char *pool;

    (void)nr;
    open_world();
    pool = the_pool();
    (void)machine_at(host_at(second), "restart");
    enable(2);
    ck_assert(get_number("pool", pool, "ha_plan_exists_for") == 2);
    lose(second);
    ck_assert(get_number("pool", pool, "ha_plan_exists_for") < 2);
    ck_assert(get_flag("pool", pool, "ha_overcommitted"));
    world_host(second, "boot");
    world_advance(3 * TIMEOUT_S);
    ck_assert(!get_flag("pool", pool, "ha_overcommitted"));
}

void check_ha_priority(int nr)
{
    const char *vm = new_machine("priority");

    (void)nr;
    ok("VM.set_ha_restart_priority", "ss", vm, "best-effort");
    ck_assert_str_eq(get_text("VM", vm, "ha_restart_priority"), "best-effort");
    refused("INVALID_VALUE", "VM.set_ha_restart_priority", "ss", vm, "always");
    ck_assert_str_eq(get_text("VM", vm, "ha_restart_priority"), "best-effort");
}
