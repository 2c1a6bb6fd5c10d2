/* Commands on disks, drives and repositories by uuid. */
#include <string.h>

#include "cli_commands.h"
#include "cli_recipe.h"
#include "cli_record.h"
#include "cli_report.h"

enum {
    LOOK_MS = 1000,
};

static int print_uuid(struct cli *c, const char *class, const char *ref)
{
    const char *uuid;

    if (cli_ask_text(c, arena_printf(cli_arena(c), "%s.get_uuid", class), &uuid,
                     ref, NULL))
        return CLI_FAILED;
    cli_print(c, uuid);
    return 0;
}

static int vdi_type(struct cli *c, const char *text)
{
    if (cli_names_have("system user suspend crashdump", text))
        return 0;
    return cli_fail(c, "Unknown vdi type: %s", text);
}

/* NAME:member arguments without values. */
static struct value set_params(struct cli *c, const char *name)
{
    struct value map = cli_map_params(c, name), set = value_set(NULL, 0);

    for (uint32_t i = 0; i < map.nr; i++)
        set = value_set_with(cli_arena(c), &set, map.members[i].key);
    return set;
}

int cmd_vdi_create(struct cli *c)
{
    const char *type = cli_param_or(c, "type", "user"), *sr;
    struct value record, vdi;
    int64_t bytes;
    bool sharable;

    if (cli_param_ref(c, "SR", "sr-uuid", &sr) ||
        cli_bytes_parse(c, "virtual-size", cli_param_or(c, "virtual-size", ""),
                        &bytes) ||
        vdi_type(c, type) || cli_flag(c, "sharable", false, &sharable))
        return CLI_FAILED;
    const struct member members[] = {
        {"name_label", value_string(cli_param_or(c, "name-label", ""))},
        {"name_description", value_string("")},
        {"SR", value_string(sr)},
        {"virtual_size", value_int(bytes)},
        {"type", value_string(type)},
        {"sharable", value_bool(sharable)},
        {"read_only", value_bool(false)},
        {"xenstore_data", value_map(NULL, 0)},
        {"other_config", value_map(NULL, 0)},
        {"sm_config", cli_map_params(c, "sm-config")},
        {"tags", set_params(c, "tags")},
    };
    record = value_map(members, sizeof(members) / sizeof(members[0]));
    if (cli_call(c, "VDI.create", &vdi, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "VDI", vdi.s);
}

int cmd_vdi_introduce(struct cli *c)
{
    const char *type = cli_param_or(c, "type", ""), *sr;
    bool sharable, read_only, managed;
    struct value vdi;

    if (cli_param_ref(c, "SR", "sr-uuid", &sr) || vdi_type(c, type) ||
        cli_flag(c, "sharable", false, &sharable) ||
        cli_flag(c, "read-only", false, &read_only) ||
        cli_flag(c, "managed", false, &managed))
        return CLI_FAILED;
    const struct value args[] = {
        value_string(cli_param_or(c, "uuid", "")),
        value_string(cli_param_or(c, "name-label", "")),
        value_string(cli_param_or(c, "name-description", "")),
        value_string(sr),
        value_string(type),
        value_bool(sharable),
        value_bool(read_only),
        cli_map_params(c, "other-config"),
        value_string(cli_param_or(c, "location", "")),
        cli_map_params(c, "xenstore-data"),
        cli_map_params(c, "sm-config"),
        value_bool(managed),
        value_int(0),
        value_int(0),
        value_string(REF_NULL),
        value_bool(false),
        value_date(DATE_0),
        value_string(REF_NULL),
    };
    if (cli_call(c, "VDI.introduce", &vdi, args,
                 (int)(sizeof(args) / sizeof(args[0]))))
        return CLI_FAILED;
    return print_uuid(c, "VDI", vdi.s);
}

int cmd_vdi_copy(struct cli *c)
{
    bool to_sr = cli_param(c, "sr-uuid"), into = cli_param(c, "into-vdi-uuid");
    const char *vdi, *base, *sr, *target, *made;

    if (cli_param_ref(c, "VDI", "uuid", &vdi) ||
        cli_param_ref(c, "VDI", "base-vdi-uuid", &base))
        return CLI_FAILED;
    if (to_sr == into)
        return cli_fail(c, "Please specify one but not both of: a destination "
                           "sr-uuid (I will create a fresh VDI); or a "
                           "destination into-vdi-uuid (I will copy the blocks "
                           "into this VDI)");
    if (cli_param_ref(c, "SR", "sr-uuid", &sr) ||
        cli_param_ref(c, "VDI", "into-vdi-uuid", &target) ||
        cli_ask_text(c, "VDI.copy", &made, vdi, sr, base, target, NULL))
        return CLI_FAILED;
    return print_uuid(c, "VDI", made);
}

int cmd_vdi_pool_migrate(struct cli *c)
{
    const char *format = cli_param(c, "dest-img-format"), *vdi, *sr;
    struct member option = {"dest-img-format",
                            value_string(format ? format : "")};
    struct value args[3], made;

    if (cli_param_ref(c, "VDI", "uuid", &vdi) ||
        cli_param_ref(c, "SR", "sr-uuid", &sr))
        return CLI_FAILED;
    args[0] = value_string(vdi);
    args[1] = value_string(sr);
    args[2] = value_map(&option, format ? 1 : 0);
    if (cli_call(c, "VDI.pool_migrate", &made, args, 3))
        return CLI_FAILED;
    return print_uuid(c, "VDI", made.s);
}

int cmd_vdi_clone(struct cli *c)
{
    const char *label = cli_param(c, "new-name-label"), *vdi;
    const char *text = cli_param(c, "new-name-description");
    struct value args[2], made;

    if (cli_param_ref(c, "VDI", "uuid", &vdi))
        return CLI_FAILED;
    args[0] = value_string(vdi);
    args[1] = cli_map_params(c, "driver-params");
    if (cli_call(c, "VDI.clone", &made, args, 2))
        return CLI_FAILED;
    if (label && cli_ask(c, "VDI.set_name_label", NULL, made.s, label, NULL))
        return CLI_FAILED;
    if (text &&
        cli_ask(c, "VDI.set_name_description", NULL, made.s, text, NULL))
        return CLI_FAILED;
    return print_uuid(c, "VDI", made.s);
}

/* A word among a few, whatever its case, as the API spells it; or NULL. */
static const char *spelled(struct cli *c, const char *words, const char *text)
{
    struct value list = cli_words(c, words, ' ');

    for (uint32_t i = 0; i < list.nr; i++)
        if (strcasecmp(list.items[i].s, text) == 0)
            return list.items[i].s;
    return NULL;
}

static int drive_words(struct cli *c, const char **mode, const char **type)
{
    const char *m = cli_param_or(c, "mode", "rw");
    const char *t = cli_param_or(c, "type", "disk");

    *mode = spelled(c, "RO RW", m);
    *type = spelled(c, "CD Disk Floppy", t);
    if (!*mode)
        return cli_fail(c, "Unknown mode: %s (should be \"ro\" or \"rw\"",
                        cli_lower(c, m));
    if (!*type)
        return cli_fail(c,
                        "\"Unknown type: %s (should be \"cd\", \"disk\" or "
                        "\"floppy\"",
                        cli_lower(c, t));
    return 0;
}

int cmd_vbd_create(struct cli *c)
{
    const char *vm, *vdi, *mode, *type;
    bool empty = !cli_param(c, "vdi-uuid"), bootable, unpluggable;
    struct value record, vbd;

    if (cli_param_ref(c, "VM", "vm-uuid", &vm) ||
        cli_param_ref(c, "VDI", "vdi-uuid", &vdi) ||
        cli_flag(c, "bootable", false, &bootable) ||
        drive_words(c, &mode, &type) ||
        cli_flag(c, "unpluggable", true, &unpluggable))
        return CLI_FAILED;
    if (empty && strcmp(type, "Disk") == 0)
        return cli_fail(c, "Empty VBDs can only be made for type=CD");
    const struct member members[] = {
        {"VM", value_string(vm)},
        {"VDI", value_string(vdi)},
        {"userdevice", value_string(cli_param_or(c, "device", ""))},
        {"bootable", value_bool(bootable)},
        {"mode", value_string(mode)},
        {"type", value_string(type)},
        {"unpluggable", value_bool(unpluggable)},
        {"empty", value_bool(empty)},
        {"other_config", value_map(NULL, 0)},
        {"qos_algorithm_type", value_string("")},
        {"qos_algorithm_params", value_map(NULL, 0)},
    };
    record = value_map(members, sizeof(members) / sizeof(members[0]));
    if (cli_call(c, "VBD.create", &vbd, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "VBD", vbd.s);
}

/* A guest that does not let go yet may do so within the timeout. */
int cmd_vbd_unplug(struct cli *c)
{
    const char *text = cli_param(c, "timeout"), *vbd;
    struct value attached = value_bool(true), words;
    double seconds = 0;
    int64_t until;
    bool force;

    if (cli_param_ref(c, "VBD", "uuid", &vbd))
        return CLI_FAILED;
    if (text && !cli_float_parse(text, &seconds))
        return cli_fail(
            c, "Failed to parse parameter 'timeout': expecting a float");
    if (cli_flag(c, "force", false, &force))
        return CLI_FAILED;
    if (cli_ask(c, force ? "VBD.unplug_force" : "VBD.unplug", NULL, vbd,
                NULL) == 0)
        return 0;
    if (!cli_failed_with(c, "DEVICE_DETACH_REJECTED"))
        return CLI_FAILED;
    words = c->words;
    cli_forgive(c);
    until = c->ts->env.now_ms(c->ts->env.ctx) + (int64_t)(seconds * 1000);
    while (attached.b && c->ts->env.now_ms(c->ts->env.ctx) < until)
        if (cli_pause(c, LOOK_MS) ||
            cli_ask(c, "VBD.get_currently_attached", &attached, vbd, NULL))
            return CLI_FAILED;
    if (!attached.b)
        return 0;
    c->failure = FAILURE_API;
    c->words = words;
    return CLI_FAILED;
}

/* The host named, or the master where that will do. */
static int sr_host(struct cli *c, bool master, const char **host)
{
    struct value hosts;
    const char *pool;

    if (cli_param(c, "host-uuid"))
        return cli_param_ref(c, "host", "host-uuid", host);
    if (cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    if (hosts.nr != 1 && !master)
        return cli_fail(c, "Required parameter not found: host-uuid");
    if (cli_pool(c, NULL, &pool))
        return CLI_FAILED;
    return cli_ask_text(c, "pool.get_master", host, pool, NULL);
}

/* Values of keys that end so are names of the client's files. */
static int load_config(struct cli *c, struct value *config)
{
    static const char suffix[] = "-filename";
    struct value given = cli_map_params(c, "device-config");

    *config = value_map(NULL, 0);
    for (uint32_t i = 0; i < given.nr; i++) {
        const char *key = given.members[i].key, *text;
        struct value v = given.members[i].value;
        size_t len = strlen(key);

        if (len >= strlen(suffix) &&
            strcmp(key + len - strlen(suffix), suffix) == 0) {
            if (cli_load(c, v.s, &text))
                return CLI_FAILED;
            if (!text) {
                cli_complain(c, "File not found: %s", v.s);
                return cli_fail(c, "File not found");
            }
            key = arena_strndup(cli_arena(c), key, len - strlen(suffix));
            v = value_string(text);
        }
        *config = value_map_with(cli_arena(c), config, key, v);
    }
    return 0;
}

int cmd_sr_create(struct cli *c)
{
    struct value args[9], sr;
    const char *host, *uuid;
    int64_t bytes;
    bool shared;

    if (cli_flag(c, "shared", false, &shared) || sr_host(c, shared, &host))
        return CLI_FAILED;
    if (cli_bytes_parse(c, "physical-size",
                        cli_param_or(c, "physical-size", ""), &bytes)) {
        cli_forgive(c);
        bytes = 0;
    }
    if (load_config(c, &args[1]))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[2] = value_int(bytes);
    args[3] = value_string(cli_param_or(c, "name-label", ""));
    args[4] = value_string(cli_param_or(c, "name-description", ""));
    args[5] = value_string(cli_param_or(c, "type", ""));
    args[6] = value_string(cli_param_or(c, "content-type", ""));
    args[7] = value_bool(shared);
    args[8] = cli_map_params(c, "sm-config");
    if (cli_call(c, "SR.create", &sr, args, 9) ||
        cli_ask_text(c, "SR.get_uuid", &uuid, sr.s, NULL))
        return CLI_FAILED;
    cli_tell(c, uuid);
    return 0;
}

/* Either way of probing, with what the command line says. */
static int probe(struct cli *c, const char *method, struct value *result)
{
    struct value args[4];
    const char *host;

    if (sr_host(c, true, &host))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[1] = cli_map_params(c, "device-config");
    args[2] = value_string(cli_param_or(c, "type", ""));
    args[3] = cli_map_params(c, "sm-config");
    return cli_call(c, method, result, args, 4);
}

int cmd_sr_probe(struct cli *c)
{
    struct value result;

    if (probe(c, "SR.probe", &result))
        return CLI_FAILED;
    cli_print(c, result.s);
    return 0;
}

static const char *plain(struct cli *c, const struct value *v)
{
    static const struct type any = {.shape = SHAPE_ONE,
                                    .elem = {.kind = BASE_STRING}};
    struct value shown = cli_show(c, &any, v, "");

    return cli_value_text(c, &shown, "; ");
}

static void print_sr(struct cli *c, const struct value *sr)
{
    static const char *const fields[] = {
        "uuid",        "name_label", "name_description",
        "total_space", "free_space", "clustered",
        "health"};
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct value *v = value_find(sr, fields[i]);
        char *name = arena_strdup(cli_arena(c), fields[i]);

        for (char *s = name; *s; s++)
            *s = *s == '_' ? '-' : *s;
        if (v && v->kind != VALUE_NIL)
            cli_row_line(c, lines, name, plain(c, v));
    }
    cli_print_table(c, &table);
}

enum found {
    FOUND_SR,
    FOUND_COMPLETE,
    FOUND_INCOMPLETE,
};

static enum found found_kind(const struct value *result)
{
    const struct value *sr = value_find(result, "sr");

    if (sr && sr->kind == VALUE_MAP)
        return FOUND_SR;
    return value_find(result, "complete")->b ? FOUND_COMPLETE
                                             : FOUND_INCOMPLETE;
}

static void print_found(struct cli *c, const struct value *all, enum found kind)
{
    static const char *const headings[] = {
        [FOUND_SR] = "The following SRs were found:",
        [FOUND_COMPLETE] = "Found the following complete configurations that "
                           "can be used to create SRs:",
        [FOUND_INCOMPLETE] = "Found the following incomplete configurations "
                             "that may contain SRs:"};
    int nr = 0;

    for (uint32_t i = 0; i < all->nr; i++) {
        const struct value *one = &all->items[i];
        const char *what = kind == FOUND_SR ? "SR" : "Configuration";

        if (found_kind(one) != kind)
            continue;
        if (!nr)
            cli_say(c, headings[kind]);
        cli_say(c, arena_printf(cli_arena(c), "%s %d:", what, nr));
        if (kind == FOUND_SR) {
            print_sr(c, value_find(one, "sr"));
            cli_say(c, arena_printf(cli_arena(c), "SR %d configuration:", nr));
        }
        cli_print_map(c, value_find(one, "configuration"));
        cli_say(c, arena_printf(cli_arena(c), "%s %d extra information:", what,
                                nr));
        cli_print_map(c, value_find(one, "extra_info"));
        nr++;
    }
}

int cmd_sr_probe_ext(struct cli *c)
{
    struct value result;

    if (probe(c, "SR.probe_ext", &result))
        return CLI_FAILED;
    for (int kind = FOUND_SR; kind <= FOUND_INCOMPLETE; kind++)
        print_found(c, &result, kind);
    return 0;
}
