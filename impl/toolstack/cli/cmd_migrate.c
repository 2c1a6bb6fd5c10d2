/* vm-migrate: to another host, or with its disks to another pool. */
#include <string.h>

#include "cli_commands.h"
#include "cli_select.h"
#include "dispatch.h"

/* Another pool, by a session there. */
struct remote {
    const char *address, *session;
    const char *from; /* the uuid of the host that calls */
};

static int remote_call(struct cli *c, struct remote *r, const char *method,
                       struct value *result, const struct value *args, int nr)
{
    const struct peer_driver *peers = &c->ts->peers;
    const char *const words[] = {"HOST_OFFLINE", r->address};
    struct value items[PARAMS_MAX + 1], params;
    struct answer answer = {0};
    int first = r->session ? 1 : 0;

    if (first)
        items[0] = value_string(r->session);
    for (int i = 0; i < nr; i++)
        items[first + i] = args[i];
    params = value_set(items, (size_t)(first + nr));
    if (!peers->call ||
        peers->call(peers->ctx, r->from, r->address, cli_arena(c), method,
                    &params, &answer) ||
        answer.waiting) {
        answer.ok = false;
        answer.value = value_strings(cli_arena(c), words, 2);
    }
    if (answer.ok) {
        if (result)
            *result = cli_keep(c, &answer.value);
        return 0;
    }
    c->failure = FAILURE_API;
    c->words = cli_keep(c, &answer.value);
    return CLI_FAILED;
}

/* With one argument. */
static int remote_ask(struct cli *c, struct remote *r, const char *method,
                      const char *arg, struct value *result)
{
    struct value v = value_string(arg);

    return remote_call(c, r, method, result, &v, 1);
}

static int remote_open(struct cli *c, struct remote *r)
{
    const char *host;
    struct value args[] = {
        value_string(cli_param_or(c, "remote-username", "")),
        value_string(cli_param_or(c, "remote-password", ""))};
    struct value session;

    *r = (struct remote){.address = cli_param(c, "remote-master")};
    if (cli_host(c, NULL, &host))
        return CLI_FAILED;
    r->from = cli_uuid_of(c, host);
    if (remote_call(c, r, "session.login_with_password", &session, args, 2))
        return CLI_FAILED;
    r->session = session.s;
    return 0;
}

/* The failure outlives this. */
static void remote_close(struct cli *c, struct remote *r)
{
    enum cli_failure failure = c->failure;
    const char *text = c->text;
    struct value words = c->words;

    (void)remote_call(c, r, "session.logout", NULL, NULL, 0);
    c->failure = failure;
    c->text = text;
    c->words = words;
}

/* The first object of which one of the fields is the name. */
static int remote_find(struct cli *c, struct remote *r, const char *class,
                       const char *fields, const char *name, const char **ref)
{
    struct value list = cli_words(c, fields, ' '), all;
    const char *expr = "";

    for (uint32_t i = 0; i < list.nr; i++)
        expr = arena_printf(cli_arena(c), "%s%s(field \"%s\"=\"%s\")", expr,
                            i ? " or " : "", list.items[i].s, name);
    if (remote_ask(c, r, arena_printf(cli_arena(c), "%s.get_all_where", class),
                   *fields ? expr : "true", &all))
        return CLI_FAILED;
    *ref = all.nr ? all.items[0].s : NULL;
    return 0;
}

static int find_host(struct cli *c, struct remote *r, const char **host)
{
    const char *name = cli_param(c, "host");

    if (remote_find(c, r, "host", name ? "hostname name__label uuid" : "",
                    name ? name : "", host))
        return CLI_FAILED;
    if (*host)
        return 0;
    return name ? cli_fail(c, "Failed to find host: %s", name)
                : cli_fail(c, "Failed to find a suitable host");
}

/* The network that is named, or else the one of the host's management. */
static int find_network(struct cli *c, struct remote *r, const char *host,
                        const char **network)
{
    const char *name = cli_param(c, "remote-network");
    struct value pifs, of, uuid;

    if (name) {
        if (remote_find(c, r, "network", "bridge name__label uuid", name,
                        network))
            return CLI_FAILED;
        return *network ? 0 : cli_fail(c, "Failed to find network: %s", name);
    }
    if (remote_ask(c, r, "PIF.get_all_where",
                   arena_printf(cli_arena(c),
                                "(field \"host\"=\"%s\") and (field "
                                "\"management\"=\"true\")",
                                host),
                   &pifs))
        return CLI_FAILED;
    if (!pifs.nr) {
        if (remote_ask(c, r, "host.get_uuid", host, &uuid))
            return CLI_FAILED;
        return cli_fail(c, "Could not find management PIF on host %s", uuid.s);
    }
    if (remote_ask(c, r, "PIF.get_network", pifs.items[0].s, &of))
        return CLI_FAILED;
    *network = of.s;
    return 0;
}

/* NAME:our uuid=their uuid, as references. */
static int read_pairs(struct cli *c, struct remote *r, const char *name,
                      const char *ours, const char *theirs, struct value *map)
{
    struct value given = cli_map_params(c, name), to;
    const char *ref;

    *map = value_map(NULL, 0);
    for (uint32_t i = 0; i < given.nr; i++) {
        if (cli_by_uuid(c, ours, given.members[i].key, &ref))
            return CLI_FAILED;
        to = given.members[i].value;
        if (theirs &&
            remote_ask(c, r,
                       arena_printf(cli_arena(c), "%s.get_by_uuid", theirs),
                       given.members[i].value.s, &to))
            return CLI_FAILED;
        *map = value_map_with(cli_arena(c), map, ref, to);
    }
    return 0;
}

/* The repository with most room that the host reaches; shared ones first. */
static int preferred_sr(struct cli *c, struct remote *r, const char *host,
                        const char **sr)
{
    struct value pbds, record;
    int64_t most = -INT64_MAX;
    bool best_shared = false;

    *sr = NULL;
    if (remote_ask(c, r, "PBD.get_all_records_where",
                   arena_printf(cli_arena(c),
                                "(field \"host\"=\"%s\") and (field "
                                "\"currently_attached\"=\"true\")",
                                host),
                   &pbds))
        return CLI_FAILED;
    for (uint32_t i = 0; i < pbds.nr; i++) {
        const char *ref = value_text(&pbds.members[i].value, "SR", "");
        int64_t room;
        bool shared;

        if (remote_ask(c, r, "SR.get_record", ref, &record))
            return CLI_FAILED;
        shared = value_find(&record, "shared")->b;
        room = value_find(&record, "physical_size")->i -
               value_find(&record, "physical_utilisation")->i;
        if (strcmp(value_text(&record, "content_type", ""), "iso") == 0 ||
            shared < best_shared || (shared == best_shared && room <= most))
            continue;
        *sr = ref;
        most = room;
        best_shared = shared;
    }
    return 0;
}

static const char others[] =
    "host host-uuid host-name live force copy compress remote-master "
    "remote-username vif remote-password remote-network vdi vgpu image-format";

/* Disks without a place of their own go to the preferred one. */
static int place_disks(struct cli *c, const char *sr, struct value *map)
{
    struct cli_selection all = {SELECT_VM, SELECT_TEMPLATES, others};
    const struct value *vbds;
    struct value record;
    struct cli_row *rows;
    int nr;

    if (cli_select(c, &all, &rows, &nr))
        return CLI_FAILED;
    if (!nr)
        return cli_fail(c, "No matching VMs found");
    vbds = value_find(&rows[0].fields, "VBDs");
    for (uint32_t i = 0; i < vbds->nr; i++) {
        if (cli_ask(c, "VBD.get_record", &record, vbds->items[i].s, NULL))
            return CLI_FAILED;
        if (!value_find(&record, "empty")->b &&
            !value_find(map, value_text(&record, "VDI", "")))
            *map = value_map_with(cli_arena(c), map,
                                  value_text(&record, "VDI", ""),
                                  value_string(sr));
    }
    return 0;
}

static int tell_mapping(struct cli *c, struct remote *r, const char *host,
                        const char *network, const struct value *vdis)
{
    struct value host_name, network_name, uuid;

    if (remote_ask(c, r, "host.get_name_label", host, &host_name) ||
        remote_ask(c, r, "network.get_name_label", network, &network_name))
        return CLI_FAILED;
    cli_say(c, arena_printf(cli_arena(c),
                            "Will migrate to remote host: %s, using remote "
                            "network: %s. Here is the VDI mapping:",
                            host_name.s, network_name.s));
    for (uint32_t i = 0; i < vdis->nr; i++) {
        if (remote_ask(c, r, "SR.get_uuid", vdis->members[i].value.s, &uuid))
            return CLI_FAILED;
        cli_say(c, arena_printf(cli_arena(c), "VDI %s -> SR %s",
                                cli_uuid_of(c, vdis->members[i].key), uuid.s));
    }
    return 0;
}

struct sending {
    struct value args[8]; /* of VM.migrate_send */
    struct value vm;      /* as the other pool knows it */
};

static int send_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct sending *s = ctx;

    s->args[0] = value_string(row->ref);
    return cli_call(c, "VM.migrate_send", &s->vm, s->args, 8);
}

/* What goes where, and the other host's word that it will take it. */
static int prepare(struct cli *c, struct remote *r, const struct value *options,
                   struct sending *s)
{
    const char *host, *network, *sr;
    struct value args[3];

    s->args[2] = value_bool(true);
    s->args[5] = *options;
    if (find_host(c, r, &host) || find_network(c, r, host, &network) ||
        read_pairs(c, r, "vif", "VIF", "network", &s->args[4]) ||
        read_pairs(c, r, "vdi", "VDI", "SR", &s->args[3]) ||
        read_pairs(c, r, "vgpu", "VGPU", "GPU_group", &s->args[6]) ||
        read_pairs(c, r, "image-format", "VDI", NULL, &s->args[7]) ||
        preferred_sr(c, r, host, &sr) ||
        (sr && place_disks(c, sr, &s->args[3])) ||
        tell_mapping(c, r, host, network, &s->args[3]))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[1] = value_string(network);
    args[2] = *options;
    return remote_call(c, r, "host.migrate_receive", &s->args[1], args, 3);
}

static int send_far(struct cli *c, struct remote *r,
                    const struct value *options)
{
    struct cli_selection all = {SELECT_VM, SELECT_TEMPLATES, others};
    struct sending s = {0};
    struct value uuid;
    bool copy;

    if (prepare(c, r, options, &s) || cli_each(c, &all, send_one, &s) ||
        cli_flag(c, "copy", false, &copy))
        return CLI_FAILED;
    if (!copy)
        return 0;
    if (remote_ask(c, r, "VM.get_uuid", s.vm.s, &uuid))
        return CLI_FAILED;
    cli_print(c, uuid.s);
    return 0;
}

static int migrate_far(struct cli *c, const struct value *options)
{
    struct remote r;
    int rc;

    cli_say(c, "Performing a storage live migration. Your VM's VDIs will be "
               "migrated with the VM.");
    if (!cli_param(c, "remote-master") || !cli_param(c, "remote-username") ||
        !cli_param(c, "remote-password"))
        return cli_fail(c, "Storage live migration requires remote-master, "
                           "remote-username, and remote-password to be "
                           "specified. Please see 'xe help vm-migrate' for "
                           "help.");
    if (remote_open(c, &r))
        return CLI_FAILED;
    rc = send_far(c, &r, options);
    remote_close(c, &r);
    return rc;
}

/* Words that a storage migration takes. */
static const char remote_params[] =
    "remote-master remote-username vif remote-password remote-network vdi vgpu "
    "image-format";

static bool goes_far(struct cli *c)
{
    struct value words = cli_words(c, remote_params, ' ');

    for (int i = 0; i < c->params_nr; i++)
        for (uint32_t w = 0; w < words.nr; w++)
            if (strncmp(c->params[i].name, words.items[w].s,
                        strlen(words.items[w].s)) == 0)
                return true;
    return false;
}

/* {compress: as given, force, live, copy: true or false} */
static int migrate_options(struct cli *c, struct value *options)
{
    static const char *const flags[] = {"force", "live", "copy"};
    const char *compress = cli_param(c, "compress");

    *options = value_map(NULL, 0);
    if (compress)
        *options = value_map_with(cli_arena(c), options, "compress",
                                  value_string(compress));
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        bool yes;

        if (cli_flag(c, flags[i], false, &yes))
            return CLI_FAILED;
        *options = value_map_with(cli_arena(c), options, flags[i],
                                  value_string(yes ? "true" : "false"));
    }
    return 0;
}

struct move {
    const char *host;
    struct value options;
};

static int migrate_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct move *move = ctx;
    struct value args[3] = {value_string(row->ref), value_string(move->host),
                            move->options};

    return cli_call(c, "VM.pool_migrate", NULL, args, 3);
}

int cmd_vm_migrate(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, SELECT_CONTROL,
                                "host host-uuid host-name live compress"};
    struct move move;
    const char *host;

    for (int i = 0; i < c->params_nr; i++)
        if (cli_names_have("host-uuid host-name", c->params[i].name))
            c->params[i].name = "host";
    if (migrate_options(c, &move.options))
        return CLI_FAILED;
    if (goes_far(c))
        return migrate_far(c, &move.options);
    host = cli_param(c, "host");
    if (!host)
        return cli_fail(c, "No destination host specified");
    if (cli_host_named(c, host, &move.host))
        return CLI_FAILED;
    return cli_each(c, &all, migrate_one, &move);
}
