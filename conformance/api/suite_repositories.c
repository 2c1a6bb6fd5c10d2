/* Scenarios: storage repositories, from their creation to their end. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

static const char config[] =
    "{'server': 'conform.example', 'serverpath': '/conform'}";

static const char *new_repository(const char *type, const char *device)
{
    return ok_text("SR.create", "sjissssbj", the_master(),
                   json_of("%s", device), 1 << 30, made_name("repository"), "",
                   type, "user", strcmp(type, "nfs") == 0, json_of("{}"));
}

static void for_each_pbd(const char *sr, const char *method)
{
    for (cJSON *pbd = get("SR", sr, "PBDs")->child; pbd; pbd = pbd->next)
        ok(method, "s", pbd->valuestring);
}

static const char *filled_disk(const char *sr, const char *bytes)
{
    const char *vdi = new_disk(sr, DISK_BYTES);

    write_disk(vdi, "raw", bytes, DISK_BYTES);
    return vdi;
}

/* One connection per host, each attached. */
static void check_connections(const char *sr)
{
    cJSON *pbds = get("SR", sr, "PBDs");

    ck_assert_int_eq(cJSON_GetArraySize(pbds),
                     cJSON_GetArraySize(ok("host.get_all", "")));
    for (cJSON *pbd = pbds->child; pbd; pbd = pbd->next)
        ck_assert(get_flag("PBD", pbd->valuestring, "currently_attached"));
}

static void introduce_again(const char *uuid)
{
    const char *sr =
        ok_text("SR.introduce", "sssssbj", uuid, made_name("again"), "", "nfs",
                "user", true, json_of("{}"));

    refused("SR_HAS_NO_PBDS", "SR.scan", "s", sr);
    for (cJSON *h = ok("host.get_all", "")->child; h; h = h->next)
        ok("PBD.plug", "s",
           ok_text("PBD.create", "j",
                   json_of("{'host': '%s', 'SR': '%s', 'device_config': %s, "
                           "'other_config': {}}",
                           h->valuestring, sr, config)));
    ok("SR.scan", "s", sr);
}

/* What is on a repository outlives the pool's knowledge of it. */
void check_repository_life(int nr)
{
    char *bytes = pattern(31);
    const char *sr, *vdi, *uuid, *vdi_uuid;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = new_repository("nfs", config);
    check_connections(sr);
    vdi = filled_disk(sr, bytes);
    uuid = get_text("SR", sr, "uuid");
    vdi_uuid = get_text("VDI", vdi, "uuid");
    words(refused("SR_HAS_PBD", "SR.forget", "s", sr), "SR_HAS_PBD", sr, NULL);
    words(refused("SR_HAS_PBD", "SR.destroy", "s", sr), "SR_HAS_PBD", sr, NULL);
    for_each_pbd(sr, "PBD.unplug");
    refused("SR_HAS_NO_PBDS", "VDI.snapshot", "s", vdi);
    for_each_pbd(sr, "PBD.plug");
    holds(vdi, bytes, "the disk after its repository was away");
    for_each_pbd(sr, "PBD.unplug");
    ok("SR.forget", "s", sr);
    ck_assert(!exists("SR", sr) && !exists("VDI", vdi));
    introduce_again(uuid);
    vdi = ok_text("VDI.get_by_uuid", "s", vdi_uuid);
    holds(vdi, bytes, "the disk after its repository was forgotten");
    free(bytes);
}

void check_repository_destroy(int nr)
{
    char *bytes = pattern(32);
    const char *sr, *vdi;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = new_repository("nfs", config);
    vdi = filled_disk(sr, bytes);
    free(bytes);
    ok("VDI.destroy", "s", vdi);
    for_each_pbd(sr, "PBD.unplug");
    ok("SR.destroy", "s", sr);
    ck_assert(!exists("SR", sr));
    refused("HANDLE_INVALID", "SR.scan", "s", sr);
}

/* A disk that the pool has forgotten is found by the next scan. */
void check_disk_forget(int nr)
{
    char *bytes = pattern(33);
    const char *sr, *vdi, *uuid;

    (void)nr;
    needs_destructive();
    sr = storage();
    vdi = filled_disk(sr, bytes);
    uuid = get_text("VDI", vdi, "uuid");
    ok("VDI.forget", "s", vdi);
    ck_assert(!exists("VDI", vdi));
    refused("UUID_INVALID", "VDI.get_by_uuid", "s", uuid);
    ok("SR.scan", "s", sr);
    vdi = later("VDI.destroy", ok_text("VDI.get_by_uuid", "s", uuid));
    holds(vdi, bytes, "the disk that was forgotten and found");
    free(bytes);
}

void check_connection(int nr)
{
    const char *sr, *pbd, *vm, *host;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = new_repository("nfs", config);
    pbd = get("SR", sr, "PBDs")->child->valuestring;
    host = get_text("PBD", pbd, "host");
    ck_assert_str_eq(get_text("PBD", pbd, "SR"), sr);
    ck_assert_str_eq(field_text(get("PBD", pbd, "device_config"), "server"),
                     "conform.example");
    refused("OPERATION_NOT_ALLOWED", "PBD.destroy", "s", pbd);
    words(refused("PBD_EXISTS", "PBD.create", "j",
                  json_of("{'host': '%s', 'SR': '%s', 'device_config': %s, "
                          "'other_config': {}}",
                          host, sr, config)),
          "PBD_EXISTS", sr, host, pbd, NULL);
    vm = new_machine("user");
    (void)new_drive(vm, new_disk(sr, DISK_BYTES), "6");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    refused("VDI_IN_USE", "PBD.unplug", "s", pbd);
    ck_assert(get_flag("PBD", pbd, "currently_attached"));
    ok("VM.hard_shutdown", "s", vm);
    ok("PBD.unplug", "s", pbd);
    ck_assert(!get_flag("PBD", pbd, "currently_attached"));
    words(refused("VM_REQUIRES_SR", "VM.start_on", "ssbb", vm, host, false,
                  false),
          "VM_REQUIRES_SR", vm, sr, NULL);
}

/* Memory goes to the repository that the pool says. */
void check_suspend_repository(int nr)
{
    const char *sr, *vm, *image;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = new_repository("nfs", config);
    vm = running_machine("suspended", "suspend");
    ok("pool.set_suspend_image_SR", "ss", the_pool(), sr);
    ok("VM.set_suspend_SR", "ss", vm, REF_NULL);
    ok("VM.suspend", "s", vm);
    image = get_text("VM", vm, "suspend_VDI");
    ck_assert_str_eq(get_text("VDI", image, "SR"), sr);
    ok("VM.resume", "sbb", vm, false, false);
    ck_assert(!exists("VDI", image));
}

void check_default_repository(int nr)
{
    const char *pool, *sr, *was, *vm, *copy, *disk;

    (void)nr;
    world("--preset", "trio", NULL);
    pool = the_pool();
    was = get_text("pool", pool, "default_SR");
    sr = new_repository("nfs", config);
    ok("pool.set_default_SR", "ss", pool, sr);
    ck_assert_str_eq(get_text("pool", pool, "default_SR"), sr);
    vm = new_machine("moved");
    (void)new_drive(vm, new_disk(was, DISK_BYTES), "6");
    copy = ok_text("VM.copy", "sss", vm, made_name("copy"), sr);
    for (cJSON *v = get("VM", copy, "VBDs")->child; v; v = v->next) {
        disk = get_text("VBD", v->valuestring, "VDI");
        if (strcmp(get_text("VBD", v->valuestring, "userdevice"), "6") == 0)
            ck_assert_str_eq(get_text("VDI", disk, "SR"), sr);
    }
}

/* A disk changes its place while its machine runs. */
void check_disk_migrate(int nr)
{
    char *bytes = pattern(34);
    const char *sr, *vm, *vdi, *vbd, *moved;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = new_repository("nfs", config);
    vm = running_machine("mover", "pool_migrate");
    vdi = filled_disk(storage(), bytes);
    refused("VDI_NEEDS_VM_FOR_MIGRATE", "VDI.pool_migrate", "ssj", vdi, sr,
            json_of("{}"));
    vbd = new_drive(vm, vdi, "6");
    ok("VBD.plug", "s", vbd);
    moved = ok_text("VDI.pool_migrate", "ssj", vdi, sr, json_of("{}"));
    ck_assert_str_eq(get_text("VDI", moved, "SR"), sr);
    ck_assert_str_eq(get_text("VBD", vbd, "VDI"), moved);
    ck_assert(get_flag("VBD", vbd, "currently_attached"));
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
    ck_assert(strcmp(moved, vdi) == 0 || !exists("VDI", vdi));
    ok("VM.hard_shutdown", "s", vm);
    holds(moved, bytes, "the disk that was moved");
    free(bytes);
}

/* Errors of what is below reach who asked, and leave no half of a disk. */
void check_repository_errors(int nr)
{
    char *bytes = pattern(35), *second = pattern(36);
    const char *sr, *vdi, *task;
    int disks;

    (void)nr;
    world("--preset", "trio", NULL);
    sr = storage();
    vdi = filled_disk(sr, bytes);
    disks = cJSON_GetArraySize(get("SR", sr, "VDIs"));
    (void)world_control("POST", "/sim/faults",
                        "{\"what\": \"eio\", \"target\": \"Shared storage\"}");
    task = ok_text("Async.VDI.copy", "ss", vdi, sr);
    ck_assert_str_eq(field_text(task_wait(task), "status"), "failure");
    (void)world_control("DELETE", "/sim/faults", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(get("SR", sr, "VDIs")), disks);
    holds(vdi, bytes, "the disk after errors");
    write_disk(vdi, "raw", second, DISK_BYTES);
    holds(vdi, second, "the disk, written after errors,");
    free(bytes);
    free(second);
}
