/* Scenarios: machines as archives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum {
    PATH_BYTES = 512,
};

/* What GET gives; to be freed. `more` goes behind the session in the query. */
static char *download(const char *path, const char *more, size_t *len)
{
    char whole[PATH_BYTES], *image;
    long status;

    (void)snprintf(whole, sizeof(whole), "%s?session_id=%s&%s", path,
                   suite.session, more);
    status =
        rpc_http(suite.rpc, "GET", whole, "text/plain", NULL, 0, &image, len);
    ck_assert_msg(status == 200, "%s: HTTP %ld", path, status);
    return image;
}

static char *export_machine(const char *vm, const char *more, size_t *len)
{
    return download("/export",
                    keep(json_of("'ref=%s&%s'", vm, more))->valuestring, len);
}

/* The task of an upload, when that is over. */
static cJSON *upload(const char *path, const char *more, const char *image,
                     size_t len)
{
    const char *task =
        later_task(ok_text("task.create", "ss", made_name("import"), ""));
    char whole[PATH_BYTES], *reply;
    size_t reply_len;

    (void)snprintf(whole, sizeof(whole), "%s?session_id=%s&task_id=%s&%s", path,
                   suite.session, task, more);
    (void)rpc_http(suite.rpc, "PUT", whole, "application/octet-stream", image,
                   len, &reply, &reply_len);
    free(reply);
    return task_wait(task);
}

/* The machine that an import has made: its task says which. */
static const char *import_machine(const char *more, const char *image,
                                  size_t len)
{
    cJSON *record = upload("/import", more, image, len);
    char *ref;

    if (strcmp(field_text(record, "status"), "success") != 0)
        ck_abort_msg(
            "import: %s",
            cJSON_GetObjectItem(record, "error_info")->child->valuestring);
    ref = strstr(field_text(record, "result"), "OpaqueRef:");
    ck_assert_msg(ref, "the task names no machine");
    ref[strcspn(ref, "<")] = '\0';
    return later_machine(ref);
}

static const char *disk_of(const char *vm)
{
    cJSON *vbds = ok("VM.get_VBDs", "s", vm);

    for (cJSON *vbd = vbds->child; vbd; vbd = vbd->next)
        if (strcmp(ok_text("VBD.get_userdevice", "s", vbd->valuestring), "5") ==
            0)
            return ok_text("VBD.get_VDI", "s", vbd->valuestring);
    ck_abort_msg("the machine has lost its disk");
    return NULL; /* not reached */
}

/* A machine with a disk that has these bytes. */
static const char *machine_with(const char *bytes)
{
    const char *vm = new_machine("xva"), *vdi = new_disk(storage(), DISK_BYTES);

    write_disk(vdi, "raw", bytes, DISK_BYTES);
    (void)new_drive(vm, vdi, "5");
    return vm;
}

void check_xva(int nr)
{
    static const char *const ways[] = {"use_compression=false",
                                       "use_compression=gzip",
                                       "use_compression=zstd"};
    char *bytes = pattern(6), *image;
    const char *vm = machine_with(bytes), *again;
    size_t len;

    (void)nr;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        image = export_machine(vm, ways[i], &len);
        again = import_machine("", image, len);
        free(image);
        ck_assert_str_eq(get_text("VM", again, "name_label"),
                         get_text("VM", vm, "name_label"));
        ck_assert_str_ne(get_text("VM", again, "uuid"),
                         get_text("VM", vm, "uuid"));
        holds(disk_of(again), bytes, "the imported machine's disk");
    }
    free(bytes);
}

/* Snapshots go along when they are wanted, in their tree. */
void check_xva_snapshots(int nr)
{
    char *first = pattern(51), *second = pattern(52), *image;
    const char *vm = machine_with(first), *again, *one;
    cJSON *snapshots;
    size_t len;

    (void)nr;
    later_machine(ok_text("VM.snapshot", "ss", vm, made_name("kept")));
    write_disk(disk_of(vm), "raw", second, DISK_BYTES);
    image = export_machine(vm, "include_snapshots=true", &len);
    again = import_machine("", image, len);
    free(image);
    snapshots = get("VM", again, "snapshots");
    ck_assert_int_eq(cJSON_GetArraySize(snapshots), 1);
    one = later_machine(snapshots->child->valuestring);
    ck_assert_str_eq(get_text("VM", again, "parent"), one);
    ck_assert(get_flag("VM", one, "is_a_snapshot"));
    holds(disk_of(again), second, "the imported machine's disk");
    holds(disk_of(one), first, "the imported snapshot's disk");
    ok("VM.revert", "s", one);
    holds(disk_of(again), first, "the imported machine's disk, reverted,");
    image = export_machine(vm, "use_compression=false", &len);
    again = import_machine("", image, len);
    free(image);
    ck_assert_ptr_null(get("VM", again, "snapshots")->child);
    free(first);
    free(second);
}

/* A full restore is the machine itself, which must not be there. */
void check_xva_restore(int nr)
{
    char *bytes = pattern(53), *image;
    const char *vm = machine_with(bytes), *uuid, *vif, *mac, *again;
    cJSON *record;
    size_t len;

    (void)nr;
    vif = new_interface(vm, new_network("restore"), "3");
    mac = get_text("VIF", vif, "MAC");
    uuid = get_text("VM", vm, "uuid");
    image = export_machine(vm, "use_compression=false", &len);
    record = upload("/import", "restore=true", image, len);
    ck_assert_str_eq(field_text(record, "status"), "failure");
    ok("VM.destroy", "s", vm);
    again = import_machine("restore=true", image, len);
    free(image);
    ck_assert_str_eq(get_text("VM", again, "uuid"), uuid);
    for (cJSON *v = get("VM", again, "VIFs")->child; v; v = v->next)
        if (strcmp(get_text("VIF", v->valuestring, "device"), "3") == 0)
            ck_assert_str_eq(get_text("VIF", v->valuestring, "MAC"), mac);
    holds(disk_of(again), bytes, "the restored machine's disk");
    free(bytes);
}

static int count_of(const char *class)
{
    return cJSON_GetArraySize(
        ok(keep(json_of("'%s.get_all'", class))->valuestring, ""));
}

/* What is broken is refused, and nothing of it stays. */
void check_xva_broken(int nr)
{
    char *bytes = pattern(54), *image;
    const char *vm;
    int vms, vdis;
    size_t len;

    (void)nr;
    if (world_can())
        world("--preset", "minimal", NULL); /* where nobody else makes any */
    vm = machine_with(bytes);
    image = export_machine(vm, "use_compression=false", &len);
    vms = count_of("VM");
    vdis = count_of("VDI");
    for (int i = 0; i < 4; i++) {
        size_t part = i == 0   ? len / 2
                      : i == 1 ? 100
                      : i == 2 ? len
                               : DISK_BYTES;
        cJSON *record;

        if (i == 2)
            image[len / 2] = (char)(image[len / 2] ^ 1); /* a sum is wrong */
        record = upload("/import", "", i == 3 ? bytes : image, part);
        ck_assert_msg(strcmp(field_text(record, "status"), "failure") == 0,
                      "broken archive %d was taken", i);
        ck_assert_int_eq(count_of("VM"), vms);
        ck_assert_int_eq(count_of("VDI"), vdis);
    }
    free(image);
    free(bytes);
}

/* A description alone finds the disks that are there. */
void check_xva_metadata(int nr)
{
    char *bytes = pattern(55), *image;
    const char *vm = machine_with(bytes), *vdi = disk_of(vm), *uuid;
    char more[PATH_BYTES];
    cJSON *record;
    size_t len;

    (void)nr;
    uuid = get_text("VM", vm, "uuid");
    (void)snprintf(more, sizeof(more), "ref=%s", vm);
    image = download("/export_metadata", more, &len);
    ck_assert_msg(len < DISK_BYTES, "a description has contents");
    ok("VM.destroy", "s", vm);
    record =
        upload("/import_metadata", "restore=true&dry_run=true", image, len);
    ck_assert_str_eq(field_text(record, "status"), "success");
    refused("UUID_INVALID", "VM.get_by_uuid", "s", uuid);
    record = upload("/import_metadata", "restore=true", image, len);
    ck_assert_str_eq(field_text(record, "status"), "success");
    free(image);
    vm = later_machine(ok_text("VM.get_by_uuid", "s", uuid));
    ck_assert_str_eq(disk_of(vm), vdi);
    holds(vdi, bytes, "the disk of the machine that came back");
    free(bytes);
}

/* A suspended machine takes its memory along, when that is wanted. */
void check_xva_suspended(int nr)
{
    const char *vm = running_machine("suspended", "suspend"), *again;
    char *image;
    size_t len;

    (void)nr;
    ok("VM.suspend", "s", vm);
    image = export_machine(vm, "preserve_power_state=true", &len);
    again = import_machine("", image, len);
    free(image);
    ck_assert_str_eq(get_text("VM", again, "power_state"), "Suspended");
    ck_assert_str_ne(get_text("VM", again, "suspend_VDI"),
                     get_text("VM", vm, "suspend_VDI"));
    ok("VM.resume", "sbb", again, false, false);
    ck_assert_str_eq(get_text("VM", again, "power_state"), "Running");
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Suspended");
}

/* Templates and snapshots can be exported, machines that run cannot. */
void check_xva_running(int nr)
{
    const char *vm = new_machine("running"), *one;
    char *image, path[PATH_BYTES];
    size_t len;

    (void)nr;
    ok("VM.start_on", "ssbb", vm, the_master(), false, false);
    one = later_machine(ok_text("VM.snapshot", "ss", vm, made_name("kept")));
    (void)snprintf(path, sizeof(path), "/export?session_id=%s&ref=%s",
                   suite.session, vm);
    ck_assert_int_ne(
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &image, &len),
        200);
    free(image);
    image = export_machine(one, "use_compression=false", &len);
    free(image);
    ck_assert_int_gt(len, 1024);
}
