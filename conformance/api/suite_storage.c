/* Scenarios: disks and what is on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"

enum {
    MIB = 1 << 20,
    DISK_BYTES = 8 * MIB,
    BLOCK_BYTES = 64 << 10, /* what a bit of changed blocks stands for */
    PATH_BYTES = 512,
};

static cJSON *disk_record(const char *sr, double bytes)
{
    cJSON *v = cJSON_CreateObject();

    cJSON_AddStringToObject(v, "name_label", made_name("disk"));
    cJSON_AddStringToObject(v, "name_description", "");
    cJSON_AddStringToObject(v, "SR", sr);
    cJSON_AddNumberToObject(v, "virtual_size", bytes);
    cJSON_AddStringToObject(v, "type", "user");
    cJSON_AddBoolToObject(v, "sharable", false);
    cJSON_AddBoolToObject(v, "read_only", false);
    cJSON_AddItemToObject(v, "other_config", cJSON_CreateObject());
    return v;
}

static double disk_bytes(const char *vdi)
{
    return cJSON_GetNumberValue(ok("VDI.get_virtual_size", "s", vdi));
}

void check_vdi_lifecycle(int nr)
{
    const double mib = 1 << 20;
    const char *sr, *vdi;

    (void)nr;
    needs_destructive();
    sr = storage();
    vdi = ok_text("VDI.create", "j", disk_record(sr, 8 * mib));
    ck_assert(disk_bytes(vdi) >= 8 * mib);
    ok("VDI.resize", "si", vdi, 16 << 20);
    ck_assert(disk_bytes(vdi) >= 16 * mib);
    ok("VDI.destroy", "s", vdi);
    refused("HANDLE_INVALID", "VDI.get_record", "s", vdi);
}

/* --- Contents --- */

/* Bytes that follow from a number; every third block stays empty. */
static char *pattern(unsigned seed)
{
    char *bytes = calloc(1, DISK_BYTES);
    unsigned state = seed * 2654435761u + 1;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < DISK_BYTES; i++) {
        state = state * 1103515245u + 12345u;
        if (i / BLOCK_BYTES % 3 != 2)
            bytes[i] = (char)(state >> 16);
    }
    return bytes;
}

static void write_disk(const char *vdi, const char *format, const char *bytes,
                       size_t len)
{
    char path[PATH_BYTES], *reply;
    size_t reply_len;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/import_raw_vdi?session_id=%s&vdi=%s&format=%s",
                   suite.session, vdi, format);
    status = rpc_http(suite.rpc, "PUT", path, "application/octet-stream", bytes,
                      len, &reply, &reply_len);
    free(reply);
    ck_assert_msg(status == 200, "import of %s: HTTP %ld", format, status);
}

static char *read_disk(const char *vdi, const char *format, size_t *len)
{
    char path[PATH_BYTES], *reply;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/export_raw_vdi?session_id=%s&vdi=%s&format=%s",
                   suite.session, vdi, format);
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, len);
    ck_assert_msg(status == 200, "export of %s: HTTP %ld", format, status);
    return reply;
}

static void holds(const char *vdi, const char *bytes, const char *what)
{
    size_t len;
    char *found = read_disk(vdi, "raw", &len);
    bool same = len == DISK_BYTES && memcmp(found, bytes, len) == 0;

    free(found);
    ck_assert_msg(same, "%s does not hold what was written", what);
}

void check_vdi_bytes(int nr)
{
    char *first = pattern(1), *second = pattern(2);
    const char *sr, *vdi, *snapshot, *clone, *copy;

    (void)nr;
    needs_destructive();
    sr = storage();
    vdi = ok_text("VDI.create", "j", disk_record(sr, DISK_BYTES));
    write_disk(vdi, "raw", first, DISK_BYTES);
    holds(vdi, first, "the disk");
    snapshot = ok_text("VDI.snapshot", "s", vdi);
    clone = ok_text("VDI.clone", "s", vdi);
    copy = ok_text("VDI.copy", "ss", vdi, sr);
    write_disk(vdi, "raw", second, DISK_BYTES);
    holds(vdi, second, "the disk, written again,");
    holds(snapshot, first, "the snapshot");
    holds(clone, first, "the clone");
    holds(copy, first, "the copy");
    write_disk(clone, "raw", second, DISK_BYTES);
    holds(snapshot, first, "the snapshot, after its clone was written,");
    ok("VDI.destroy", "s", vdi);
    holds(snapshot, first, "the snapshot without its disk");
    ok("VDI.destroy", "s", snapshot);
    ok("VDI.destroy", "s", clone);
    ok("VDI.destroy", "s", copy);
    free(first);
    free(second);
}

void check_vdi_formats(int nr)
{
    static const char *const formats[] = {"vhd", "qcow2"};
    char *bytes = pattern(3), *image;
    const char *sr, *vdi, *other;
    size_t len;

    (void)nr;
    needs_destructive();
    memset(bytes + MIB, 0, DISK_BYTES - MIB); /* whole clusters are empty */
    sr = storage();
    vdi = ok_text("VDI.create", "j", disk_record(sr, DISK_BYTES));
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        image = read_disk(vdi, formats[i], &len);
        ck_assert_msg(len < DISK_BYTES, "%s holds what is empty", formats[i]);
        other = ok_text("VDI.create", "j", disk_record(sr, DISK_BYTES));
        write_disk(other, formats[i], image, len);
        free(image);
        holds(other, bytes, formats[i]);
        ok("VDI.destroy", "s", other);
    }
    ok("VDI.destroy", "s", vdi);
    free(bytes);
}

/* Whether the bitmap, in base64, says that the block has changed. */
static bool bit_of(const char *base64, int block)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
        "uvwxyz0123456789+/";
    int bit = block % 8 + block / 8 * 8; /* first block: highest bit */
    const char *digit = strchr(digits, base64[bit / 6]);

    ck_assert_ptr_nonnull(digit);
    return (digit - digits) >> (5 - bit % 6) & 1;
}

void check_vdi_changed_blocks(int nr)
{
    char *bytes = pattern(4);
    const char *vdi, *before, *after, *bitmap;

    (void)nr;
    needs_destructive();
    vdi = ok_text("VDI.create", "j", disk_record(storage(), DISK_BYTES));
    ok("VDI.enable_cbt", "s", vdi);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    before = ok_text("VDI.snapshot", "s", vdi);
    memset(bytes + 5 * BLOCK_BYTES, 0x5a, 100);
    memset(bytes + 17 * BLOCK_BYTES - 1, 0x5a, 2);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    after = ok_text("VDI.snapshot", "s", vdi);
    bitmap = ok_text("VDI.list_changed_blocks", "ss", before, after);
    ck_assert(bit_of(bitmap, 5));
    ck_assert(bit_of(bitmap, 16) && bit_of(bitmap, 17));
    holds(after, bytes, "the second snapshot");
    ok("VDI.data_destroy", "s", before);
    ck_assert_str_eq(ok_text("VDI.get_type", "s", before), "cbt_metadata");
    ok("VDI.disable_cbt", "s", vdi);
    ok("VDI.destroy", "s", before);
    ok("VDI.destroy", "s", after);
    ok("VDI.destroy", "s", vdi);
    free(bytes);
}

/* --- Whole machines --- */

static const char *attach(const char *vm, const char *vdi)
{
    cJSON *v = cJSON_CreateObject();

    cJSON_AddStringToObject(v, "VM", vm);
    cJSON_AddStringToObject(v, "VDI", vdi);
    cJSON_AddStringToObject(v, "userdevice", "5");
    cJSON_AddBoolToObject(v, "bootable", false);
    cJSON_AddStringToObject(v, "mode", "RW");
    cJSON_AddStringToObject(v, "type", "Disk");
    cJSON_AddBoolToObject(v, "empty", false);
    cJSON_AddItemToObject(v, "other_config", cJSON_CreateObject());
    cJSON_AddStringToObject(v, "qos_algorithm_type", "");
    cJSON_AddItemToObject(v, "qos_algorithm_params", cJSON_CreateObject());
    return ok_text("VBD.create", "j", v);
}

static char *export_machine(const char *vm, const char *compression,
                            size_t *len)
{
    char path[PATH_BYTES], *image;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/export?session_id=%s&ref=%s&use_compression=%s",
                   suite.session, vm, compression);
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &image, len);
    ck_assert_msg(status == 200, "export: HTTP %ld", status);
    return image;
}

/* The machine that an import has made: its task says which. */
static const char *import_machine(const char *image, size_t len)
{
    const char *task = ok_text("task.create", "ss", made_name("import"), "");
    char path[PATH_BYTES], *reply, *ref;
    size_t reply_len;
    cJSON *record;
    long status;

    (void)snprintf(path, sizeof(path), "/import?session_id=%s&task_id=%s",
                   suite.session, task);
    status = rpc_http(suite.rpc, "PUT", path, "application/octet-stream", image,
                      len, &reply, &reply_len);
    free(reply);
    ck_assert_msg(status == 200, "import: HTTP %ld", status);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "success");
    ref = strstr(field_text(record, "result"), "OpaqueRef:");
    ck_assert_msg(ref, "the task names no machine");
    ref[strcspn(ref, "<")] = '\0';
    ok("task.destroy", "s", task);
    return ref;
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

void check_xva(int nr)
{
    static const char *const ways[] = {"false", "gzip", "zstd"};
    char *bytes = pattern(6), *image;
    const char *vm = new_machine("xva"), *vdi, *again;
    size_t len;

    (void)nr;
    vdi = ok_text("VDI.create", "j", disk_record(storage(), DISK_BYTES));
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    (void)attach(vm, vdi);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        image = export_machine(vm, ways[i], &len);
        again = import_machine(image, len);
        free(image);
        ck_assert_str_eq(ok_text("VM.get_name_label", "s", again),
                         ok_text("VM.get_name_label", "s", vm));
        ck_assert_str_ne(ok_text("VM.get_uuid", "s", again),
                         ok_text("VM.get_uuid", "s", vm));
        holds(disk_of(again), bytes, "the imported machine's disk");
        vdi = disk_of(again);
        end_machine(again);
        ok("VDI.destroy", "s", vdi);
    }
    vdi = disk_of(vm);
    end_machine(vm);
    ok("VDI.destroy", "s", vdi);
    free(bytes);
}
