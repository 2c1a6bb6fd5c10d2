/* Scenarios: disks and what is on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"

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
    vdi = new_disk(sr, 8 * mib);
    ck_assert(disk_bytes(vdi) >= 8 * mib);
    ok("VDI.resize", "si", vdi, 16 << 20);
    ck_assert(disk_bytes(vdi) >= 16 * mib);
    ok("VDI.destroy", "s", vdi);
    refused("HANDLE_INVALID", "VDI.get_record", "s", vdi);
}

void check_vdi_bytes(int nr)
{
    char *first = pattern(1), *second = pattern(2);
    const char *sr, *vdi, *snapshot, *clone, *copy;

    (void)nr;
    needs_destructive();
    sr = storage();
    vdi = new_disk(sr, DISK_BYTES);
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
    vdi = new_disk(sr, DISK_BYTES);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        image = read_disk(vdi, formats[i], &len);
        ck_assert_msg(len < DISK_BYTES, "%s holds what is empty", formats[i]);
        other = new_disk(sr, DISK_BYTES);
        write_disk(other, formats[i], image, len);
        free(image);
        holds(other, bytes, formats[i]);
        ok("VDI.destroy", "s", other);
    }
    ok("VDI.destroy", "s", vdi);
    free(bytes);
}

void check_vdi_changed_blocks(int nr)
{
    char *bytes = pattern(4);
    const char *vdi, *before, *after, *bitmap;

    (void)nr;
    needs_destructive();
    vdi = new_disk(storage(), DISK_BYTES);
    ok("VDI.enable_cbt", "s", vdi);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    before = ok_text("VDI.snapshot", "s", vdi);
    memset(bytes + 5 * BLOCK_BYTES, 0x5a, 100);
    memset(bytes + 17 * BLOCK_BYTES - 1, 0x5a, 2);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    after = ok_text("VDI.snapshot", "s", vdi);
    bitmap = ok_text("VDI.list_changed_blocks", "ss", before, after);
    ck_assert(block_changed(bitmap, 5));
    ck_assert(block_changed(bitmap, 16) && block_changed(bitmap, 17));
    holds(after, bytes, "the second snapshot");
    ok("VDI.data_destroy", "s", before);
    ck_assert_str_eq(ok_text("VDI.get_type", "s", before), "cbt_metadata");
    ok("VDI.disable_cbt", "s", vdi);
    ok("VDI.destroy", "s", before);
    ok("VDI.destroy", "s", after);
    ok("VDI.destroy", "s", vdi);
    free(bytes);
}
