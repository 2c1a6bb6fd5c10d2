/* Commands whose files go between the client and an HTTP handler of ours. */
#include <string.h>
#include <time.h>

#include "cli_commands.h"
#include "cli_frame.h"
#include "cli_report.h"
#include "cli_select.h"
#include "cli_transfer.h"

/* &name=value when the argument is given. */
static const char *pass(struct cli *c, const char *param)
{
    const char *value = cli_param(c, param);

    return value ? arena_printf(cli_arena(c), "&%s=%s", param, value) : "";
}

static bool is_plain(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           (ch >= '0' && ch <= '9') || (ch && strchr("-_.~", ch));
}

static const char *url_encode(struct cli *c, const char *text)
{
    struct buf out = {0};
    const char *encoded;

    for (; *text; text++) {
        if (is_plain(*text))
            buf_putc(&out, *text);
        else
            buf_printf(&out, "%%%02X", (unsigned char)*text);
    }
    encoded = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "";
    buf_fini(&out);
    return encoded;
}

int cmd_vdi_export(struct cli *c)
{
    const char *vdi;

    if (cli_param_ref(c, "VDI", "uuid", &vdi))
        return CLI_FAILED;
    const struct transfer t = {
        .file = cli_param_or(c, "filename", ""),
        .path = "/export_raw_vdi",
        .query = arena_printf(cli_arena(c), "&vdi=%s%s%s", vdi,
                              pass(c, "format"), pass(c, "base")),
        .label = "VDI export"};

    return cli_transfer(c, &t, NULL);
}

int cmd_vdi_import(struct cli *c)
{
    const char *vdi;

    if (cli_param_ref(c, "VDI", "uuid", &vdi))
        return CLI_FAILED;
    const struct transfer t = {.put = true,
                               .file = cli_param_or(c, "filename", ""),
                               .path = "/import_raw_vdi",
                               .query = arena_printf(cli_arena(c), "&vdi=%s%s",
                                                     vdi, pass(c, "format")),
                               .label = "VDI import"};

    return cli_transfer(c, &t, NULL);
}

struct exports {
    int nr;
};

static const char *compression(struct cli *c)
{
    const char *word = cli_param_or(c, "compress", "");

    if (strcmp(word, "true") == 0 || strcmp(word, "gzip") == 0)
        return "gzip";
    return strcmp(word, "zstd") == 0 ? "zstd" : "false";
}

static int export_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct exports *exports = ctx;
    const char *file = cli_param_or(c, "filename", "");
    bool metadata, snapshots, keep;

    if (cli_flag(c, "metadata", false, &metadata) ||
        cli_flag(c, "include-snapshots", false, &snapshots) ||
        cli_flag(c, "preserve-power-state", false, &keep))
        return CLI_FAILED;
    if (++exports->nr > 1)
        file = arena_printf(cli_arena(c), "%s%d", file, exports->nr);
    const struct transfer t = {
        .file = file,
        .path = metadata ? "/export_metadata" : "/export",
        .query = arena_printf(
            cli_arena(c),
            "&ref=%s&use_compression=%s&preserve_power_state=%s"
            "&export_snapshots=%s%s%s",
            row->ref, compression(c), keep ? "true" : "false",
            snapshots ? "true" : "false",
            metadata ? "&excluded_device_types=" : "",
            metadata ? cli_param_or(c, "excluded-device-types", "") : ""),
        .label = "Export of VM",
        .task_uuid = cli_param(c, "task-uuid")};

    return cli_download(c, &t, value_text(&row->fields, "uuid", ""), "Export");
}

int cmd_vm_export(struct cli *c)
{
    struct cli_selection all = {
        SELECT_VM, 0,
        "filename metadata compress preserve-power-state include-snapshots "
        "excluded-device-types task-uuid"};
    struct exports exports = {0};

    return cli_each(c, &all, export_one, &exports);
}

static int export_named(struct cli *c, const char *what, const char *param,
                        const char *method)
{
    struct exports exports = {0};
    struct value is = value_bool(false);
    struct cli_row row;
    const char *vm;

    if (cli_param_ref(c, "VM", param, &vm) || cli_ask(c, method, &is, vm, NULL))
        return CLI_FAILED;
    if (!is.b)
        return cli_fail(c,
                        "This operation can only be performed on a VM %s. %s "
                        "is not a VM %s.",
                        what, cli_param(c, param), what);
    if (cli_row_get(c, cli_record_of("vm"), vm, &row))
        return CLI_FAILED;
    return export_one(c, &row, &exports);
}

int cmd_template_export(struct cli *c)
{
    return export_named(c, "template", "template-uuid", "VM.get_is_a_template");
}

int cmd_snapshot_export_to_template(struct cli *c)
{
    return export_named(c, "snapshot", "snapshot-uuid", "VM.get_is_a_snapshot");
}

/* The uuids of the machines whose references the text holds. */
static const char *uuids_in(struct cli *c, const char *text)
{
    struct buf out = {0};
    const char *list;

    for (const char *at = text; (at = strstr(at, "OpaqueRef:"));) {
        size_t len = strcspn(at, "<\",] ");

        cli_join(&out, out.len ? "," : "",
                 cli_uuid_of(c, arena_strndup(cli_arena(c), at, len)), NULL);
        at += len;
    }
    list = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "";
    buf_fini(&out);
    return list;
}

struct import {
    bool whole, metadata, force, dry;
    const char *sr;
};

static int read_import(struct cli *c, struct import *i)
{
    const char *uuid = cli_param(c, "sr-uuid");

    if (!uuid && cli_default_sr(c, &uuid))
        return CLI_FAILED;
    if (!uuid)
        return cli_fail(c, "No SR specified and Pool default SR is null");
    return cli_by_uuid(c, "SR", uuid, &i->sr) ||
                   cli_flag(c, "preserve", false, &i->whole) ||
                   cli_flag(c, "metadata", false, &i->metadata) ||
                   cli_flag(c, "force", false, &i->force) ||
                   cli_flag(c, "dry-run", false, &i->dry)
               ? CLI_FAILED
               : 0;
}

static int import_url(struct cli *c, const struct import *i)
{
    struct value args[4] = {value_string(cli_param(c, "url")),
                            value_string(i->sr), value_bool(i->whole),
                            value_bool(i->force)};
    struct value vms;
    static const struct type refs = {.shape = SHAPE_SET,
                                     .elem = {.kind = BASE_REF, .of = "VM"}};

    if (cli_call(c, "VM.import", &vms, args, 4))
        return CLI_FAILED;
    vms = cli_show(c, &refs, &vms, "");
    cli_tell(c, cli_value_text(c, &vms, ","));
    return 0;
}

/* From another kind of host. */
static int import_convert(struct cli *c, const struct import *i,
                          const char *type)
{
    const char *user, *password;
    struct value args[5];

    if (cli_param_need(c, "host-username", &user) ||
        cli_param_need(c, "host-password", &password))
        return CLI_FAILED;
    args[0] = value_string(type);
    args[1] = value_string(user);
    args[2] = value_string(password);
    args[3] = value_string(i->sr);
    args[4] = cli_map_params(c, "remote-config");
    return cli_call(c, "VM.import_convert", NULL, args, 5);
}

/* The folder of an appliance of several files is named by its ova.xml. */
static const char *import_file(struct cli *c, const char *file)
{
    size_t len = strlen(file);

    return len >= 7 && strcasecmp(file + len - 7, "ova.xml") == 0
               ? arena_strndup(cli_arena(c), file, len - 7)
               : file;
}

static const char *vdi_map(struct cli *c)
{
    struct value map = cli_map_params(c, "vdi");
    struct buf out = {0};
    const char *text;

    for (uint32_t i = 0; i < map.nr; i++)
        cli_join(&out, "&vdi:", map.members[i].key, "=", map.members[i].value.s,
                 NULL);
    text = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "";
    buf_fini(&out);
    return text;
}

static int import_from(struct cli *c, const struct import *i, const char *file)
{
    const struct transfer t = {
        .put = true,
        .file = import_file(c, file),
        .path = i->metadata ? "/import_metadata" : "/import",
        .query = arena_printf(
            cli_arena(c), "&restore=%s&force=%s&dry_run=%s&sr_id=%s%s",
            i->whole ? "true" : "false", i->force ? "true" : "false",
            i->dry ? "true" : "false", i->sr, vdi_map(c)),
        .label = "VM import",
        .task_uuid = cli_param(c, "task-uuid")};
    const char *result, *uuids;

    if (cli_transfer(c, &t, &result))
        return CLI_FAILED;
    uuids = uuids_in(c, result);
    cli_tell(c, !*uuids && i->dry ? "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
                                  : uuids);
    return 0;
}

int cmd_vm_import(struct cli *c)
{
    const char *file = cli_param(c, "filename"), *url = cli_param(c, "url");
    const char *type = cli_param_or(c, "type", "default");
    struct import i;

    if (read_import(c, &i))
        return CLI_FAILED;
    if (file && url) {
        cli_complain(c, "Invalid arguments. The 'url' and 'filename' "
                        "parameters should not both be specified.\n");
        return cli_fail_exit(c, 1);
    }
    if (strcmp(type, "ESXServer") == 0 || strcmp(type, "VMwareServer") == 0)
        return import_convert(c, &i, type);
    if (url)
        return import_url(c, &i);
    if (cli_param_need(c, "filename", &file))
        return CLI_FAILED;
    if (!i.metadata && i.dry) {
        cli_complain(c, "Only metadata import function support dry-run\n");
        return cli_fail_exit(c, 1);
    }
    return import_from(c, &i, file);
}

static int blob(struct cli *c, bool put, const char *label, const char *format)
{
    const char *ref;

    if (cli_param_ref(c, "blob", "uuid", &ref))
        return CLI_FAILED;
    const struct transfer t = {
        .put = put,
        .file = cli_param_or(c, "filename", ""),
        .path = "/blob",
        .query = arena_printf(cli_arena(c), "&ref=%s", ref),
        .label = arena_printf(cli_arena(c), "%s, ref=%s", format, ref)};

    return cli_download(c, &t, "", label);
}

int cmd_blob_get(struct cli *c)
{
    return blob(c, false, "Blob get", "Obtaining blob");
}

int cmd_blob_put(struct cli *c)
{
    return blob(c, true, "Blob put", "Blob PUT");
}

/* Before a path: nothing for the master, who is who the client talks to. */
static int door_of(struct cli *c, const char *host, const char **door)
{
    const char *pool, *master, *address;

    *door = "";
    if (cli_pool(c, NULL, &pool) ||
        cli_ask_text(c, "pool.get_master", &master, pool, NULL))
        return CLI_FAILED;
    if (strcmp(master, host) == 0)
        return 0;
    if (cli_ask_text(c, "host.get_address", &address, host, NULL))
        return CLI_FAILED;
    *door = arena_printf(cli_arena(c), "https://%s", address);
    return 0;
}

/* A file from or to the hosts selected. */
static int host_file(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct transfer t = *(const struct transfer *)ctx;
    const char *door;

    if (door_of(c, row->ref, &door))
        return CLI_FAILED;
    t.path = arena_printf(cli_arena(c), "%s%s", door, t.path);
    return cli_transfer(c, &t, NULL);
}

static int with_host(struct cli *c, struct transfer *t, unsigned flags,
                     const char *others)
{
    struct cli_selection all = {SELECT_HOST, flags, others};

    return cli_each(c, &all, host_file, t);
}

int cmd_host_backup(struct cli *c)
{
    struct transfer t = {.file = cli_param_or(c, "file-name", ""),
                         .path = "/host_backup",
                         .query = "",
                         .label = "host backup download"};

    return with_host(c, &t, SELECT_ONE, "file-name");
}

int cmd_host_restore(struct cli *c)
{
    struct transfer t = {.put = true,
                         .file = cli_param_or(c, "file-name", ""),
                         .path = "/host_restore",
                         .query = "",
                         .label = "host backup upload"};

    return with_host(c, &t, SELECT_ONE, "file-name");
}

int cmd_host_logs_download(struct cli *c)
{
    time_t now = (time_t)(c->ts->env.now_ms(c->ts->env.ctx) / 1000);
    struct transfer t = {.file = cli_param(c, "file-name"),
                         .path = "/host_logs_download",
                         .query = "",
                         .label = "host logs download"};
    struct tm tm;

    (void)gmtime_r(&now, &tm); /* fails only past the year 2^31 */
    if (!t.file)
        t.file = arena_printf(cli_arena(c), "logs-%d-%d-%dT%02d%02d%02dZ",
                              tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                              tm.tm_hour, tm.tm_min, tm.tm_sec);
    return with_host(c, &t, 0, "file-name");
}

int cmd_host_get_system_status(struct cli *c)
{
    const char *output = cli_param_or(c, "output", "tar.bz2");
    struct transfer t = {.file = cli_param_or(c, "filename", ""),
                         .path = "/system-status",
                         .label = "system-status download"};

    if (!cli_names_have("tar.bz2 tar zip", output))
        return cli_fail(
            c, "Invalid output format. Must be 'tar', 'zip' or 'tar.bz2'");
    t.query = arena_printf(cli_arena(c), "&entries=%s&output=%s",
                           cli_param_or(c, "entries", ""), output);
    return with_host(c, &t, 0, "filename entries output");
}

int cmd_pool_dump_database(struct cli *c)
{
    const struct transfer t = {.file = cli_param_or(c, "file-name", ""),
                               .path = "/pool/xmldbdump",
                               .query = "",
                               .label = "dump database"};

    return cli_transfer(c, &t, NULL);
}

int cmd_pool_restore_database(struct cli *c)
{
    bool dry = cli_param(c, "dry-run");
    const struct transfer t = {.put = true,
                               .file = cli_param_or(c, "file-name", ""),
                               .path = "/pool/xmldbdump",
                               .query =
                                   dry ? "&dry_run=true" : "&dry_run=false",
                               .label = "restore database"};

    if (!cli_param(c, "force") && !dry)
        return cli_fail(c, "This operation will restore the database backup to "
                           "this host, making it the master. All slave hosts "
                           "are assumed dead and they will be forgotten. This "
                           "operation must be forced (use --force).");
    if (cli_transfer(c, &t, NULL))
        return CLI_FAILED;
    cli_print(c, dry ? "Dry-run backup restore successful"
                     : "Host will reboot with restored database in 30.000 "
                       "seconds...");
    return 0;
}

int cmd_pool_sync_bundle(struct cli *c)
{
    const struct transfer t = {.put = true,
                               .file = cli_param_or(c, "filename", ""),
                               .path = "/bundle",
                               .query = "",
                               .label = "upload bundle"};

    return cli_transfer(c, &t, NULL);
}

/* An update's disk gets its name. */
static int name_update(struct cli *c, const char *update)
{
    const char *vdi, *name;

    if (cli_ask_text(c, "pool_update.get_vdi", &vdi, update, NULL) ||
        cli_ask_text(c, "pool_update.get_name_label", &name, update, NULL))
        return CLI_FAILED;
    return cli_ask(c, "VDI.set_name_label", NULL, vdi,
                   arena_printf(cli_arena(c), "Update: %s", name), NULL);
}

/* The reference in what a task answers. */
static const char *ref_in(struct cli *c, const char *text)
{
    const char *at = strstr(text, "OpaqueRef:");

    return at ? arena_strndup(cli_arena(c), at, strcspn(at, "<\" ")) : REF_NULL;
}

static int upload(struct cli *c, const char *path, const char *sr,
                  const char **ref)
{
    const struct transfer t = {.put = true,
                               .file = cli_param_or(c, "file-name", ""),
                               .path = path,
                               .query =
                                   arena_printf(cli_arena(c), "&sr_id=%s", sr),
                               .label = "host patch upload"};
    const char *result;

    if (cli_transfer(c, &t, &result))
        return CLI_FAILED;
    *ref = ref_in(c, result);
    return 0;
}

int cmd_patch_upload(struct cli *c)
{
    const char *pool, *sr, *patch, *uuid, *update;

    if (cli_pool(c, NULL, &pool) ||
        cli_ask_text(c, "pool.get_default_SR", &sr, pool, NULL) ||
        upload(c, "/pool_patch_upload", sr, &patch) ||
        cli_ask_text(c, "pool_patch.get_uuid", &uuid, patch, NULL) ||
        cli_ask_text(c, "pool_patch.get_pool_update", &update, patch, NULL) ||
        name_update(c, update))
        return CLI_FAILED;
    cli_tell(c, uuid);
    return 0;
}

int cmd_update_upload(struct cli *c)
{
    const char *sr_uuid = cli_param(c, "sr-uuid"), *sr, *vdi, *update, *uuid;
    struct value words;

    if (!sr_uuid && cli_default_sr(c, &sr_uuid))
        return CLI_FAILED;
    if (!sr_uuid)
        return cli_fail(c, "No sr-uuid parameter was given, and the pool's "
                           "default SR is unspecified or invalid. Please "
                           "explicitly specify the SR to use in the sr-uuid "
                           "parameter, or set the pool's default SR.");
    if (cli_by_uuid(c, "SR", sr_uuid, &sr) ||
        upload(c, "/import_raw_vdi", sr, &vdi))
        return CLI_FAILED;
    if (cli_ask_text(c, "pool_update.introduce", &update, vdi, NULL)) {
        words = c->words;
        (void)cli_ask(c, "VDI.destroy", NULL, vdi, NULL); /* best effort */
        c->failure = FAILURE_API;
        c->words = words;
        return CLI_FAILED;
    }
    if (cli_ask_text(c, "pool_update.get_uuid", &uuid, update, NULL) ||
        name_update(c, update))
        return CLI_FAILED;
    cli_tell(c, uuid);
    return 0;
}

int cmd_audit_log_get(struct cli *c)
{
    const char *since = cli_param_or(c, "since", "");
    const char *file = cli_param_or(c, "filename", "");
    const char *label;

    label = *since ? arena_printf(cli_arena(c),
                                  "audit-log-get (since \"%.255s\") into file "
                                  "%.255s",
                                  since, file)
                   : arena_printf(cli_arena(c),
                                  "audit-log-get into file %.255s", file);
    const struct transfer t = {
        .file = file,
        .path = "/audit_log",
        .query = *since ? arena_printf(cli_arena(c), "&since=%s",
                                       url_encode(c, since))
                        : "",
        .label = label};

    return cli_download(c, &t, "", label);
}

int cmd_pool_retrieve_wlb_diagnostics(struct cli *c)
{
    const struct transfer t = {.file = cli_param_or(c, "filename", ""),
                               .path = "/wlb_diagnostics",
                               .query = "",
                               .label = "WLB diagnostics download"};

    return cli_download(c, &t, "", t.label);
}

int cmd_pool_retrieve_wlb_report(struct cli *c)
{
    const char *report = cli_param_or(c, "report", "");
    struct transfer t = {
        .file = cli_param_or(c, "filename", ""),
        .path = "/wlb_report",
        .query =
            arena_printf(cli_arena(c), "&report=%s", url_encode(c, report)),
        .label = arena_printf(cli_arena(c), "WLB report: %s", report)};

    for (int i = 0; i < c->params_nr; i++)
        if (!cli_names_have("report filename", c->params[i].name) &&
            !cli_is_common_param(c->params[i].name))
            t.query = arena_printf(cli_arena(c), "%s&%s=%s", t.query,
                                   url_encode(c, c->params[i].name),
                                   url_encode(c, c->params[i].value));
    return cli_download(c, &t, "", "Report generation");
}

/* The text console of a machine; NULL when it has none. */
static int find_console(struct cli *c, const char *vm, const char **console)
{
    struct value all;
    const char *protocol;

    *console = NULL;
    if (cli_ask(c, "VM.get_consoles", &all, vm, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr && !*console; i++) {
        if (cli_ask_text(c, "console.get_protocol", &protocol, all.items[i].s,
                         NULL))
            return CLI_FAILED;
        if (strcmp(protocol, "vt100") == 0)
            *console = all.items[i].s;
    }
    return 0;
}

static int say_and_end(struct cli *c, const char *text)
{
    cli_complain(c, "%s\n", text);
    return cli_fail_exit(c, 1);
}

int cmd_console(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, SELECT_CONTROL, ""};
    const char *console, *location;
    struct cli_row *rows;
    bool ok;
    int nr;

    if (cli_select(c, &all, &rows, &nr))
        return CLI_FAILED;
    if (nr != 1)
        return say_and_end(c, nr ? "Multiple VMs found: please narrow your "
                                   "request to one VM."
                                 : "No VM found");
    if (find_console(c, rows[0].ref, &console))
        return CLI_FAILED;
    if (!console)
        return say_and_end(c, "No text console available");
    if (cli_ask_text(c, "console.get_location", &location, console, NULL))
        return CLI_FAILED;
    cli_tell(c, arena_printf(cli_arena(c),
                             "Connecting to console on VM %s. Press Ctrl + ']' "
                             "to quit.",
                             value_text(&rows[0].fields, "name_label", "")));
    cli_order_text(
        &c->out, ORDER_HTTP_CONNECT,
        arena_printf(cli_arena(c), "%s&session_id=%s", location, c->session));
    if (cli_client_works(c, &ok))
        return CLI_FAILED;
    return ok ? 0 : cli_fail(c, "Failure");
}
