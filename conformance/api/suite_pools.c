/* Scenarios: who belongs to a pool, and who leads it. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

static const char one[] = "127.0.0.1", two[] = "127.0.0.2";
static const char three[] = "127.0.0.3", other[] = "127.0.1.1";

static const char *host_at(const char *address)
{
    cJSON *all = ok("host.get_all_records", "");

    for (cJSON *h = all->child; h; h = h->next)
        if (strcmp(field_text(h, "address"), address) == 0)
            return h->string;
    ck_abort_msg("the pool has no host at %s", address);
    return NULL; /* not reached */
}

static int hosts_nr(void)
{
    return cJSON_GetArraySize(ok("host.get_all", ""));
}

static void join_first_pool(void)
{
    ok("pool.join", "sss", one, "root", "conform");
    world_advance(5);
}

void check_join(int nr)
{
    const char *vm, *uuid, *host, *pool_uuid;

    (void)nr;
    world("--pools", "2", "--clock", "still", NULL);
    pool_uuid = get_text("pool", the_pool(), "uuid");
    world_at(other);
    vm = new_machine("joiner");
    uuid = get_text("VM", vm, "uuid");
    join_first_pool();
    words(world_refuses(other), "HOST_IS_SLAVE", one, NULL);
    world_at(one);
    ck_assert_int_eq(hosts_nr(), 2);
    ck_assert_str_eq(get_text("pool", the_pool(), "uuid"), pool_uuid);
    host = host_at(other);
    ck_assert_str_ne(host, the_master());
    ck_assert(
        get_flag("host_metrics", get_text("host", host, "metrics"), "live"));
    ck_assert(get_flag("host", host, "enabled"));
    vm = ok_text("VM.get_by_uuid", "s", uuid);
    ok("VM.start_on", "ssbb", vm, host, false, false);
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), host);
}

void check_join_refused(int nr)
{
    const char *vm;

    (void)nr;
    world("--pools", "2", "--clock", "still", NULL);
    world_at(other);
    refused("HOST_ITS_OWN_SLAVE", "pool.join", "sss", other, "root", "conform");
    refused("SESSION_AUTHENTICATION_FAILED", "pool.join", "sss", one, "root",
            "");
    refused("JOINING_HOST_CONNECTION_FAILED", "pool.join", "sss", "127.0.9.9",
            "root", "conform");
    vm = new_machine("runs");
    ok("VM.start", "sbb", vm, false, false);
    refused("JOINING_HOST_CANNOT_HAVE_RUNNING_VMS", "pool.join", "sss", one,
            "root", "conform");
    ok("VM.hard_shutdown", "s", vm);
    ck_assert_int_eq(hosts_nr(), 1);
    join_first_pool();
    ck_assert(!world_answers(other));
}

void check_join_of_many(int nr)
{
    (void)nr;
    world("--preset", "two-pools", "--clock", "still", NULL);
    world_at(other);
    refused("JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS", "pool.join", "sss",
            one, "root", "conform");
    ck_assert_int_eq(hosts_nr(), 2);
}

void check_eject(int nr)
{
    const char *host, *vm;

    (void)nr;
    world("--hosts", "2", "--clock", "still", NULL);
    host = host_at(two);
    vm = new_machine("stays");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    refused("OPERATION_NOT_ALLOWED", "pool.eject", "s", the_master());
    refused("OPERATION_NOT_ALLOWED", "pool.eject", "s", host);
    ck_assert_int_eq(hosts_nr(), 2);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
}

void check_eject_alone(int nr)
{
    const char *host, *uuid, *local = NULL;
    cJSON *pbds;

    (void)nr;
    world("--hosts", "2", "--clock", "still", NULL);
    host = host_at(two);
    uuid = get_text("host", host, "uuid");
    pbds = get("host", host, "PBDs");
    for (cJSON *p = pbds->child; p; p = p->next)
        if (!get_flag("SR", get_text("PBD", p->valuestring, "SR"), "shared"))
            local = get_text("PBD", p->valuestring, "SR");
    ok("pool.eject", "s", host);
    ck_assert_int_eq(hosts_nr(), 1);
    ck_assert(!exists("host", host));
    ck_assert(!local || !exists("SR", local));
    world_advance(5);
    world_at(two);
    ck_assert_int_eq(hosts_nr(), 1);
    ck_assert_str_eq(get_text("host", the_master(), "uuid"), uuid);
}

/* --- Who leads --- */

void check_new_master(int nr)
{
    const char *host, *vm, *where;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    host = host_at(three);
    vm = running_machine("runs", "pool_migrate");
    where = get_text("VM", vm, "resident_on");
    ok("pool.designate_new_master", "s", host);
    world_advance(5);
    words(world_refuses(one), "HOST_IS_SLAVE", three, NULL);
    words(world_refuses(two), "HOST_IS_SLAVE", three, NULL);
    world_at(three);
    ck_assert_str_eq(the_master(), host);
    ck_assert_int_eq(hosts_nr(), 3);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), where);
    ok("VM.hard_shutdown", "s", vm);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
}

static void lose_master(void)
{
    world("--preset", "trio", "--clock", "still", NULL);
    world_host(one, "crash");
    world_advance(30);
}

void check_emergency(int nr)
{
    (void)nr;
    lose_master();
    words(world_refuses(two), "HOST_IN_EMERGENCY_MODE", NULL);
    world_at_locally(two);
    ck_assert(cJSON_IsTrue(ok("host.is_in_emergency_mode", "")));
    world_host(one, "boot");
    world_advance(30);
    words(world_refuses(two), "HOST_IS_SLAVE", one, NULL);
    world_at(one);
    ck_assert_int_eq(hosts_nr(), 3);
}

void check_emergency_master(int nr)
{
    cJSON *found;

    (void)nr;
    lose_master();
    world_at_locally(two);
    ok("pool.emergency_transition_to_master", "");
    world_advance(5);
    world_at(two);
    ck_assert_str_eq(the_master(), host_at(two));
    words(world_refuses(three), "HOST_IN_EMERGENCY_MODE", NULL);
    found = ok("pool.recover_slaves", "");
    ck_assert(lists(found, host_at(three)));
    ck_assert(!lists(found, host_at(one)));
    world_advance(5);
    words(world_refuses(three), "HOST_IS_SLAVE", two, NULL);
}

void check_emergency_reset(int nr)
{
    (void)nr;
    lose_master();
    world_at_locally(two);
    ok("pool.emergency_transition_to_master", "");
    world_advance(5);
    world_at_locally(three);
    ok("pool.emergency_reset_master", "s", two);
    world_advance(30);
    words(world_refuses(three), "HOST_IS_SLAVE", two, NULL);
}

/* --- Hosts that come and go --- */

static bool is_live(const char *host)
{
    return get_flag("host_metrics", get_text("host", host, "metrics"), "live");
}

void check_host_reboot(int nr)
{
    const char *host, *vm;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    host = host_at(two);
    vm = new_machine("guest");
    words(refused("HOST_NOT_DISABLED", "host.reboot", "s", host),
          "HOST_NOT_DISABLED", NULL);
    ok("VM.start_on", "ssbb", vm, host, false, false);
    ok("host.disable", "s", host);
    refused("HOST_IN_USE", "host.reboot", "s", host);
    ok("VM.hard_shutdown", "s", vm);
    words(
        refused("HOST_DISABLED", "VM.start_on", "ssbb", vm, host, false, false),
        "HOST_DISABLED", host, NULL);
    ok("host.reboot", "s", host);
    world_advance(30);
    ck_assert(is_live(host));
    ck_assert(get_flag("host", host, "enabled"));
    ok("VM.start_on", "ssbb", vm, host, false, false);
}

void check_host_shutdown(int nr)
{
    const char *host;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    host = host_at(two);
    ok("host.disable", "s", host);
    ok("host.shutdown", "s", host);
    world_advance(60);
    ck_assert(!is_live(host));
    ck_assert_str_eq(field_text(world_state(two), "power"), "off");
    refused("HOST_POWER_ON_MODE_DISABLED", "host.power_on", "s", host);
    ok("host.set_power_on_mode", "ssj", host, "wake-on-lan", json_of("{}"));
    ok("host.power_on", "s", host);
    world_advance(30);
    ck_assert(is_live(host));
}

/* Nobody starts a machine again whose host may still run it. */
void check_host_lost(int nr)
{
    const char *host, *vm;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    host = host_at(two);
    vm = new_machine("guest");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    refused("HOST_IS_LIVE", "host.declare_dead", "s", host);
    refused("HOST_IS_LIVE", "host.destroy", "s", host);
    refused("DOMAIN_EXISTS", "VM.power_state_reset", "s", vm);
    world_host(two, "crash");
    world_advance(60);
    ck_assert(!is_live(host));
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
    refused("VM_BAD_POWER_STATE", "VM.start", "sbb", vm, false, false);
    ok("VM.power_state_reset", "s", vm);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), REF_NULL);
    ok("VM.start", "sbb", vm, false, false);
    ck_assert_str_ne(get_text("VM", vm, "resident_on"), host);
}

void check_host_dead(int nr)
{
    const char *host, *vm;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    host = host_at(two);
    vm = new_machine("guest");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    world_host(two, "crash");
    world_advance(60);
    words(refused("HOST_HAS_RESIDENT_VMS", "host.destroy", "s", host),
          "HOST_HAS_RESIDENT_VMS", host, NULL);
    ok("host.declare_dead", "s", host);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
    ok("host.destroy", "s", host);
    ck_assert(!exists("host", host));
    ck_assert_int_eq(hosts_nr(), 2);
}
