/* Scenarios: machines as archives. */
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
    vdi = new_disk(storage(), DISK_BYTES);
    write_disk(vdi, "raw", bytes, DISK_BYTES);
    (void)new_drive(vm, vdi, "5");
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
