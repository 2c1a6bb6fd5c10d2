/* Scenarios: machines that go to other hosts and other pools, and may not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

static const char here[] = "127.0.0.1", there[] = "127.0.1.1";

/* What a machine has on both sides of its way. */
struct traveller {
    const char *vm, *uuid, *vdi, *vif, *sr, *network, *host;
    char *bytes;
    cJSON *dest;
};

/* A running machine with a disk and an interface, and where it is to go. */
static void prepare(struct traveller *t, unsigned seed)
{
    world("--preset", "two-pools", NULL);
    t->bytes = pattern(seed);
    world_at(there);
    t->host = the_master();
    t->sr = storage();
    t->network = new_network("there");
    t->dest = ok("host.migrate_receive", "ssj", t->host,
                 field_text(ok("PIF.get_all_records_where", "s",
                               "field \"management\" = \"true\"")
                                ->child,
                            "network"),
                 json_of("{}"));
    world_at(here);
    t->vm = running_machine("traveller", "migrate_send");
    t->uuid = get_text("VM", t->vm, "uuid");
    t->vdi = new_disk(storage(), DISK_BYTES);
    write_disk(t->vdi, "raw", t->bytes, DISK_BYTES);
    ok("VBD.plug", "s", new_drive(t->vm, t->vdi, "6"));
    t->vif = new_interface(t->vm, new_network("here"), "3");
}

static cJSON *map_of(const char *key, const char *value)
{
    cJSON *map = cJSON_CreateObject();

    if (key)
        cJSON_AddStringToObject(map, key, value);
    return map;
}

static cJSON *dest_of(const struct traveller *t)
{
    return cJSON_Duplicate(t->dest, true);
}

/* The disk of the drive where prepare() put it. */
static const char *disk_of(const char *vm)
{
    for (cJSON *v = get("VM", vm, "VBDs")->child; v; v = v->next)
        if (strcmp(get_text("VBD", v->valuestring, "userdevice"), "6") == 0)
            return get_text("VBD", v->valuestring, "VDI");
    ck_abort_msg("the machine has lost its disk");
    return NULL; /* not reached */
}

void check_other_pool(int nr)
{
    struct traveller t;
    const char *vm, *vif;

    (void)nr;
    prepare(&t, 41);
    ok("VM.assert_can_migrate", "sjbjjj", t.vm, dest_of(&t), true,
       map_of(t.vdi, t.sr), map_of(t.vif, t.network), json_of("{}"));
    ok("VM.migrate_send", "sjbjjj", t.vm, dest_of(&t), true,
       map_of(t.vdi, t.sr), map_of(t.vif, t.network), json_of("{}"));
    ck_assert(!exists("VM", t.vm) && !exists("VDI", t.vdi));
    world_at(there);
    vm = ok_text("VM.get_by_uuid", "s", t.uuid);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), t.host);
    ck_assert_str_eq(get_text("VDI", disk_of(vm), "SR"), t.sr);
    vif = get("VM", vm, "VIFs")->child->valuestring;
    ck_assert_str_eq(get_text("VIF", vif, "network"), t.network);
    ok("VM.hard_shutdown", "s", vm);
    holds(disk_of(vm), t.bytes, "the disk in the other pool");
    free(t.bytes);
}

void check_other_pool_copy(int nr)
{
    struct traveller t;
    const char *vm;

    (void)nr;
    prepare(&t, 42);
    ok("VM.hard_shutdown", "s", t.vm);
    ok("VM.migrate_send", "sjbjjj", t.vm, dest_of(&t), false,
       map_of(t.vdi, t.sr), map_of(t.vif, t.network),
       json_of("{'copy': 'true'}"));
    ck_assert(exists("VM", t.vm));
    holds(t.vdi, t.bytes, "the disk that was copied");
    world_at(there);
    refused("UUID_INVALID", "VM.get_by_uuid", "s", t.uuid);
    vm = NULL;
    for (cJSON *v = ok("VM.get_all", "")->child; v; v = v->next)
        if (strstr(get_text("VM", v->valuestring, "name_label"), "traveller"))
            vm = v->valuestring;
    ck_assert_ptr_nonnull(vm);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
    holds(disk_of(vm), t.bytes, "the copy in the other pool");
    free(t.bytes);
}

void check_other_pool_refused(int nr)
{
    struct traveller t;

    (void)nr;
    prepare(&t, 43);
    words(refused("VIF_NOT_IN_MAP", "VM.migrate_send", "sjbjjj", t.vm,
                  dest_of(&t), true, map_of(t.vdi, t.sr), map_of(NULL, NULL),
                  json_of("{}")),
          "VIF_NOT_IN_MAP", t.vif, NULL);
    ck_assert_str_eq(get_text("VM", t.vm, "power_state"), "Running");
    ok("VM.hard_shutdown", "s", t.vm);
    holds(t.vdi, t.bytes, "the disk that stayed");
    world_at(there);
    refused("UUID_INVALID", "VM.get_by_uuid", "s", t.uuid);
    free(t.bytes);
}

/* --- In the pool --- */

static cJSON *live(void)
{
    return json_of("{'live': 'true'}");
}

/* A machine whose disk only its host sees has to stay there. */
void check_local_disk_stays(int nr)
{
    const char *vm, *host, *sr = NULL;

    (void)nr;
    world("--preset", "trio", NULL);
    host = the_master();
    for (cJSON *p = get("host", host, "PBDs")->child; p; p = p->next) {
        const char *one = get_text("PBD", p->valuestring, "SR");

        if (!get_flag("SR", one, "shared") &&
            strcmp(get_text("SR", one, "content_type"), "iso") != 0)
            sr = one;
    }
    ck_assert_ptr_nonnull(sr);
    vm = new_machine("local");
    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    (void)new_drive(vm, new_disk(sr, DISK_BYTES), "6");
    ok("VM.start", "sbb", vm, false, false);
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), host);
    words(refused("VM_REQUIRES_SR", "VM.pool_migrate", "ssj", vm,
                  other_host(host), live()),
          "VM_REQUIRES_SR", vm, sr, NULL);
    words(refused("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", "VM.assert_agile",
                  "s", vm),
          "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr, NULL);
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), host);
    ok("VM.hard_shutdown", "s", vm);
    ck_assert_int_eq(cJSON_GetArraySize(ok("VM.get_possible_hosts", "s", vm)),
                     1);
}

void check_migrate_refused(int nr)
{
    const char *vm, *host, *to;

    (void)nr;
    world("--preset", "trio", NULL);
    vm = new_machine("deaf");
    ok("VM.start", "sbb", vm, false, false);
    host = get_text("VM", vm, "resident_on");
    to = other_host(host);
    words(refused("VM_LACKS_FEATURE", "VM.pool_migrate", "ssj", vm, to, live()),
          "VM_LACKS_FEATURE", vm, NULL);
    ok("VM.hard_shutdown", "s", vm);
    refused("VM_BAD_POWER_STATE", "VM.pool_migrate", "ssj", vm, to, live());
    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    ok("host.disable", "s", to);
    words(refused("HOST_DISABLED", "VM.pool_migrate", "ssj", vm, to, live()),
          "HOST_DISABLED", to, NULL);
    ok("host.enable", "s", to);
    ok("VM.pool_migrate", "ssj", vm, to, live());
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), to);
}

void check_no_room(int nr)
{
    const char *vm, *host;
    double bytes;

    (void)nr;
    world("--hosts", "1", NULL);
    host = the_master();
    vm = new_machine("large");
    bytes = get_number("host_metrics", get_text("host", host, "metrics"),
                       "memory_total") *
            2;
    ok("VM.set_memory_limits", "sffff", vm, bytes, bytes, bytes, bytes);
    refused("HOST_NOT_ENOUGH_FREE_MEMORY", "VM.start_on", "ssbb", vm, host,
            false, false);
    refused("NO_HOSTS_AVAILABLE", "VM.start", "sbb", vm, false, false);
    refused("HOST_NOT_ENOUGH_FREE_MEMORY", "VM.assert_can_boot_here", "ss", vm,
            host);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
}

void check_evacuation(int nr)
{
    const char *host, *to, *vms[3], *deaf;
    cJSON *error;

    (void)nr;
    world("--preset", "trio", NULL);
    host = the_master();
    to = other_host(host);
    for (int i = 0; i < 3; i++) {
        vms[i] = new_machine("guest");
        ok("VM.add_to_other_config", "sss", vms[i], "sim-guest", "linux");
        ok("VM.start_on", "ssbb", vms[i], host, false, false);
    }
    deaf = new_machine("deaf");
    ok("VM.start_on", "ssbb", deaf, host, false, false);
    error = cJSON_GetObjectItem(
        ok("host.get_vms_which_prevent_evacuation", "s", host), deaf);
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(error->child->valuestring, "VM_LACKS_FEATURE");
    ok("host.disable", "s", host);
    refused("CANNOT_EVACUATE_HOST", "host.assert_can_evacuate", "s", host);
    words(refused("VM_LACKS_FEATURE", "host.evacuate", "s", host),
          "VM_LACKS_FEATURE", deaf, NULL);
    ok("VM.hard_shutdown", "s", deaf);
    ok("host.evacuate", "s", host);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(get_text("VM", vms[i], "power_state"), "Running");
        ck_assert_str_ne(get_text("VM", vms[i], "resident_on"), host);
    }
    ck_assert(exists("host", to));
}

/* --- CPUs --- */

static const char unlike[] =
    "{pools: [{hosts: [{cpu: Skylake}], storage: [{type: nfs, shared: true, "
    "default: true}]}, {hosts: [{cpu: Nehalem}]}]}";

/* Whether no feature is in `a` that is not in `b`: words in hex. */
static bool subset(const char *a, const char *b)
{
    while (*a && *b) {
        char *end_a, *end_b;
        unsigned long word_a = strtoul(a, &end_a, 16);
        unsigned long word_b = strtoul(b, &end_b, 16);

        if (word_a & ~word_b)
            return false;
        a = *end_a ? end_a + 1 : end_a;
        b = *end_b ? end_b + 1 : end_b;
    }
    return true;
}

static const char *features(const char *class, const char *ref)
{
    return field_text(get(class, ref, "cpu_info"), "features_hvm");
}

/* The world of two pools, made one: its better host leads. */
static const char *join_lesser_host(void)
{
    const char *uuid;

    world("--pool", world_file(unlike), "--clock", "still", NULL);
    world_at(there);
    uuid = get_text("host", the_master(), "uuid");
    world_at(here);
    return uuid;
}

void check_other_vendor(int nr)
{
    (void)nr;
    world("--pool",
          world_file("{pools: [{hosts: [{cpu: Skylake}]}, {hosts: [{cpu: "
                     "EPYC}]}]}"),
          "--clock", "still", NULL);
    world_at(there);
    words_first(refused("HOSTS_NOT_HOMOGENEOUS", "pool.join", "sss", here,
                        "root", "conform"),
                "HOSTS_NOT_HOMOGENEOUS", NULL);
    ck_assert(world_answers(there));
}

void check_levelling(int nr)
{
    const char *before, *after, *vm, *flags;

    (void)nr;
    (void)join_lesser_host();
    before = features("pool", the_pool());
    world_at(there);
    ok("pool.join", "sss", here, "root", "conform");
    world_at(here);
    world_advance(10);
    after = features("pool", the_pool());
    ck_assert_str_ne(before, after);
    ck_assert(subset(after, before));
    for (cJSON *h = ok("host.get_all", "")->child; h; h = h->next)
        ck_assert_msg(subset(after, features("host", h->valuestring)),
                      "the pool has features that a host has not");
    vm = new_machine("levelled");
    ok("VM.start", "sbb", vm, false, false);
    flags = field_text(get("VM", vm, "last_boot_CPU_flags"), "features");
    ck_assert(subset(flags, after));
}

/* A machine that has seen features keeps away from hosts without them. */
void check_incompatible(int nr)
{
    const char *uuid = join_lesser_host(), *vm, *host, *lesser;

    (void)nr;
    vm = running_machine("spoilt", "pool_migrate");
    host = get_text("VM", vm, "resident_on");
    world_at(there);
    ok("pool.join", "sss", here, "root", "conform");
    world_at(here);
    world_advance(10);
    lesser = ok_text("host.get_by_uuid", "s", uuid);
    words_first(refused("VM_INCOMPATIBLE_WITH_THIS_HOST", "VM.pool_migrate",
                        "ssj", vm, lesser, live()),
                "VM_INCOMPATIBLE_WITH_THIS_HOST", vm, lesser, NULL);
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), host);
    ok("VM.hard_shutdown", "s", vm);
    ok("VM.start_on", "ssbb", vm, host, false, false);
    ok("VM.pool_migrate", "ssj", vm, lesser, live());
    ck_assert_str_eq(get_text("VM", vm, "resident_on"), lesser);
}
