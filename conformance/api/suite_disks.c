/* Scenarios: sizes, copies, differences and images of disks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"

enum {
    PATH_BYTES = 512,
};

/* A disk with these bytes. */
static const char *filled_disk(const char *bytes)
{
    const char *vdi = new_disk(storage(), DISK_BYTES);

    write_disk(vdi, "raw", bytes, DISK_BYTES);
    return vdi;
}

/* The first part of the disk is that, and the rest is empty. */
static void holds_and_zeroes(const char *vdi, const char *bytes, size_t size)
{
    size_t len, at = DISK_BYTES;
    char *found = read_disk(vdi, "raw", &len);
    bool same = len == size && memcmp(found, bytes, DISK_BYTES) == 0;

    while (same && at < len)
        same = found[at++] == 0;
    free(found);
    ck_assert_msg(same, "the disk that has grown is not what it was and zeroes "
                        "behind it");
}

void check_disk_grows(int nr)
{
    char *bytes = pattern(21);
    const char *vdi;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(bytes);
    ok("VDI.resize", "si", vdi, 2 * DISK_BYTES);
    ck_assert(get_number("VDI", vdi, "virtual_size") == 2 * DISK_BYTES);
    holds_and_zeroes(vdi, bytes, 2 * DISK_BYTES);
    free(bytes);
}

void check_disk_utilisation(int nr)
{
    char *bytes = pattern(22);
    const char *sr, *vdi;
    double before, allocated;

    (void)nr;
    needs_destructive();
    sr = storage();
    ok("SR.scan", "s", sr);
    before = get_number("SR", sr, "physical_utilisation");
    allocated = get_number("SR", sr, "virtual_allocation");
    vdi = filled_disk(bytes);
    free(bytes);
    ok("SR.scan", "s", sr);
    ck_assert(get_number("VDI", vdi, "physical_utilisation") > 0);
    ck_assert(get_number("SR", sr, "physical_utilisation") > before);
    ck_assert(get_number("SR", sr, "virtual_allocation") ==
              allocated + DISK_BYTES);
    ok("VDI.destroy", "s", vdi);
    ok("SR.scan", "s", sr);
    ck_assert(get_number("SR", sr, "virtual_allocation") == allocated);
}

/* --- Copies --- */

void check_copy_into(int nr)
{
    char *bytes = pattern(23);
    const char *vdi, *into, *small;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(bytes);
    into = new_disk(storage(), DISK_BYTES);
    ck_assert_str_eq(ok_text("VDI.copy", "ssss", vdi, REF_NULL, REF_NULL, into),
                     into);
    holds(into, bytes, "the disk that was copied into");
    small = new_disk(storage(), DISK_BYTES / 2);
    words(refused("VDI_TOO_SMALL", "VDI.copy", "ssss", vdi, REF_NULL, REF_NULL,
                  small),
          "VDI_TOO_SMALL", small, "8388608", NULL);
    free(bytes);
}

/* Only what differs from a base is copied, onto a copy of that base. */
void check_copy_differences(int nr)
{
    char *first = pattern(24), *second = pattern(24);
    const char *vdi, *base, *into;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(first);
    base = later("VDI.destroy", ok_text("VDI.snapshot", "s", vdi));
    memset(second + 3 * BLOCK_BYTES, 0x42, BLOCK_BYTES);
    memset(second + 40 * BLOCK_BYTES + 100, 0, 5000);
    write_disk(vdi, "raw", second, DISK_BYTES);
    into = later("VDI.destroy", ok_text("VDI.copy", "ss", base, storage()));
    holds(into, first, "the copy of the base");
    ok("VDI.copy", "ssss", vdi, REF_NULL, base, into);
    holds(into, second, "the copy with the differences");
    free(first);
    free(second);
}

void check_clone_is_apart(int nr)
{
    char *first = pattern(25), *second = pattern(26);
    const char *vdi, *clone;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(first);
    clone = later("VDI.destroy", ok_text("VDI.clone", "s", vdi));
    ck_assert(!get_flag("VDI", clone, "is_a_snapshot"));
    ck_assert_str_ne(get_text("VDI", clone, "uuid"),
                     get_text("VDI", vdi, "uuid"));
    ck_assert_str_ne(get_text("VDI", clone, "location"),
                     get_text("VDI", vdi, "location"));
    write_disk(clone, "raw", second, DISK_BYTES);
    holds(vdi, first, "the disk whose clone was written");
    ok("VDI.destroy", "s", vdi);
    holds(clone, second, "the clone whose origin is gone");
    free(first);
    free(second);
}

/* --- Images --- */

static char *export_differences(const char *vdi, const char *format,
                                const char *base, size_t *len)
{
    char path[PATH_BYTES], *reply;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/export_raw_vdi?session_id=%s&vdi=%s&format=%s&base=%s",
                   suite.session, vdi, format, get_text("VDI", base, "uuid"));
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, len);
    ck_assert_msg(status == 200, "export of differences: HTTP %ld", status);
    return reply;
}

/* An image of what has changed brings a copy of the base up to date. */
void check_image_differences(int nr)
{
    char *first = pattern(27), *second = pattern(27), *full, *part;
    const char *vdi, *base, *into;
    size_t full_len, part_len;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(first);
    base = later("VDI.destroy", ok_text("VDI.snapshot", "s", vdi));
    memset(second, 0x17, BLOCK_BYTES);
    write_disk(vdi, "raw", second, BLOCK_BYTES); /* and nothing else */
    holds(vdi, second, "the disk whose first block was written");
    full = read_disk(vdi, "vhd", &full_len);
    part = export_differences(vdi, "vhd", base, &part_len);
    ck_assert_msg(part_len < full_len / 2,
                  "%zu bytes of differences, %zu of "
                  "all",
                  part_len, full_len);
    into = later("VDI.destroy", ok_text("VDI.copy", "ss", base, storage()));
    write_disk(into, "vhd", part, part_len);
    holds(into, second, "the copy with the image of differences");
    free(first);
    free(second);
    free(full);
    free(part);
}

/* What is no image of the format, is cut short or too long is refused. */
void check_image_refused(int nr)
{
    static const char *const formats[] = {"vhd", "qcow2"};
    char *bytes = pattern(28), path[PATH_BYTES], *reply, *image;
    const char *vdi, *task;
    size_t len, reply_len;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(bytes);
    for (size_t i = 0; i < 2; i++) {
        image = read_disk(vdi, formats[i], &len);
        for (int broken = 0; broken < 2; broken++) {
            task = later("task.destroy",
                         ok_text("task.create", "ss", made_name("import"), ""));
            (void)snprintf(path, sizeof(path),
                           "/import_raw_vdi?session_id=%s&vdi=%s&format=%s&"
                           "task_id=%s",
                           suite.session, vdi, formats[i], task);
            (void)rpc_http(suite.rpc, "PUT", path, "application/octet-stream",
                           broken ? bytes : image,
                           broken ? DISK_BYTES : len / 3, &reply, &reply_len);
            free(reply);
            ck_assert_msg(
                strcmp(field_text(task_wait(task), "status"), "failure") == 0,
                "%s of %s was taken", broken ? "noise" : "a part", formats[i]);
        }
        free(image);
    }
    free(bytes);
}

/* --- Changed blocks --- */

void check_cbt_refused(int nr)
{
    const char *vdi, *one, *two, *other;
    cJSON *error;

    (void)nr;
    needs_destructive();
    vdi = new_disk(storage(), DISK_BYTES);
    one = later("VDI.destroy", ok_text("VDI.snapshot", "s", vdi));
    ck_assert(!get_flag("VDI", vdi, "cbt_enabled"));
    words(refused("VDI_NO_CBT_METADATA", "VDI.data_destroy", "s", one),
          "VDI_NO_CBT_METADATA", one, NULL);
    ok("VDI.enable_cbt", "s", vdi);
    ck_assert(get_flag("VDI", vdi, "cbt_enabled"));
    ck_assert(!get_flag("VDI", one, "cbt_enabled"));
    two = later("VDI.destroy", ok_text("VDI.snapshot", "s", vdi));
    ck_assert(get_flag("VDI", two, "cbt_enabled"));
    error = refused("OPERATION_NOT_ALLOWED", "VDI.data_destroy", "s", vdi);
    ck_assert_int_eq(cJSON_GetArraySize(error), 2);
    ok("VDI.data_destroy", "s", two);
    ck_assert_str_eq(get_text("VDI", two, "type"), "cbt_metadata");
    words(refused("VDI_INCOMPATIBLE_TYPE", "VDI.clone", "s", two),
          "VDI_INCOMPATIBLE_TYPE", two, "cbt_metadata", NULL);
    words(refused("VDI_INCOMPATIBLE_TYPE", "VDI.copy", "ss", two, storage()),
          "VDI_INCOMPATIBLE_TYPE", two, "cbt_metadata", NULL);
    words(refused("VDI_INCOMPATIBLE_TYPE", "VDI.snapshot", "s", two),
          "VDI_INCOMPATIBLE_TYPE", two, "cbt_metadata", NULL);
    other = new_disk(storage(), DISK_BYTES);
    refused("SR_BACKEND_FAILURE_460", "VDI.list_changed_blocks", "ss", other,
            vdi);
    ok("VDI.disable_cbt", "s", vdi);
    ck_assert(!get_flag("VDI", vdi, "cbt_enabled"));
}

/* Differences are told between snapshots whose data is gone. */
void check_cbt_chain(int nr)
{
    char *bytes = pattern(29);
    const char *vdi, *shots[3], *all, *last;

    (void)nr;
    needs_destructive();
    vdi = filled_disk(bytes);
    ok("VDI.enable_cbt", "s", vdi);
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            memset(bytes + 10 * i * BLOCK_BYTES, i, 512);
            write_disk(vdi, "raw", bytes, DISK_BYTES);
        }
        shots[i] = later("VDI.destroy", ok_text("VDI.snapshot", "s", vdi));
    }
    ok("VDI.data_destroy", "s", shots[0]);
    ok("VDI.data_destroy", "s", shots[1]);
    all = ok_text("VDI.list_changed_blocks", "ss", shots[0], shots[2]);
    last = ok_text("VDI.list_changed_blocks", "ss", shots[1], shots[2]);
    ck_assert_int_eq(strlen(all), strlen(last));
    ck_assert(block_changed(all, 10) || block_changed(all, 20));
    ck_assert(block_changed(all, 20) && block_changed(last, 20));
    holds(shots[2], bytes, "the last snapshot");
    free(bytes);
}

/* A disk grows under a machine that uses it. */
void check_disk_grows_online(int nr)
{
    char *bytes = pattern(30);
    const char *vm = running_machine("grows", "clean_shutdown"), *vdi, *vbd;

    (void)nr;
    vdi = filled_disk(bytes);
    vbd = new_drive(vm, vdi, "6");
    ok("VBD.plug", "s", vbd);
    if (!lists(get("VDI", vdi, "allowed_operations"), "resize_online"))
        skip("disks of this target do not grow under machines");
    ok("VDI.resize_online", "si", vdi, 2 * DISK_BYTES);
    ck_assert(get_number("VDI", vdi, "virtual_size") == 2 * DISK_BYTES);
    ck_assert(get_flag("VBD", vbd, "currently_attached"));
    ok("VM.hard_shutdown", "s", vm);
    holds_and_zeroes(vdi, bytes, 2 * DISK_BYTES);
    free(bytes);
}
