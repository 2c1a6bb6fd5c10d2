/* Getters that fields.def names: what takes more than a field of a record. */
#include <assert.h>
#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_record.h"

static const char *own(const struct cli_row *row, const char *field)
{
    return value_text(&row->fields, field, "");
}

static int give(struct value *v, const char *text)
{
    *v = value_string(text);
    return 0;
}

/* The value of a source of measurements; "<unknown>" when it cannot be had. */
static int source(struct cli *c, const char *method, const char *ref,
                  const char *name, double unit, struct value *v)
{
    struct value number;

    if (cli_ask(c, method, &number, ref, name, NULL)) {
        cli_forgive(c);
        *v = value_string("<unknown>");
        return c->failure ? CLI_FAILED : 0;
    }
    return give(v, arena_printf(cli_arena(c), "%.3f", number.f / unit));
}

/* Traffic of a device, per second. */
static int traffic(struct cli *c, const struct cli_row *row, const char *format,
                   struct value *v)
{
    char name[64];
    const char *device = own(row, "device");

    /* The format is one of ours; a longer name is no source. */
    (void)snprintf(name, sizeof(name), "%.3s_%s_%s", format, device,
                   format + 4);
    if (strncmp(format, "pif", 3) == 0)
        return source(c, "host.query_data_source", own(row, "host"), name,
                      1024.0, v);
    return source(c, "VM.query_data_source", own(row, "VM"), name, 1024.0, v);
}

static int pif_rx(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "pif_rx", v);
}

static int pif_tx(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "pif_tx", v);
}

static int vif_rx(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "vif_rx", v);
}

static int vif_tx(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "vif_tx", v);
}

static int vbd_read(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "vbd_read", v);
}

static int vbd_write(struct cli *c, const struct cli_row *row, struct value *v)
{
    return traffic(c, row, "vbd_write", v);
}

static int cpu_utilisation(struct cli *c, const struct cli_row *row,
                           struct value *v)
{
    const char *name = arena_printf(cli_arena(c), "cpu%" PRId64,
                                    value_find(&row->fields, "number")->i);

    return source(c, "host.query_data_source", own(row, "host"), name, 1, v);
}

static int vcpus_utilisation(struct cli *c, const struct cli_row *row,
                             struct value *v)
{
    struct value number, map = value_map(NULL, 0);

    *v = map;
    if (cli_ask(c, "VM_metrics.get_VCPUs_number", &number, own(row, "metrics"),
                NULL)) {
        cli_forgive(c);
        return c->failure ? CLI_FAILED : 0;
    }
    for (int64_t i = 0; i < number.i && i < 4096; i++) {
        const char *key = arena_printf(cli_arena(c), "%" PRId64, i);
        struct value use;

        if (cli_ask(c, "VM.query_data_source", &use, row->ref,
                    arena_printf(cli_arena(c), "cpu%s", key), NULL)) {
            cli_forgive(c);
            return c->failure ? CLI_FAILED : 0;
        }
        map = value_map_with(
            cli_arena(c), &map, key,
            value_string(arena_printf(cli_arena(c), "%.3f", use.f)));
    }
    *v = map;
    return 0;
}

static int memory_target(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    struct value number;
    bool halted;

    if (cli_ask(c, "VM.query_data_source", &number, row->ref, "memory_target",
                NULL)) {
        halted = cli_failed_with(c, "VM_BAD_POWER_STATE");
        cli_forgive(c);
        *v = value_string(halted ? "0" : "<unknown>");
        return c->failure ? CLI_FAILED : 0;
    }
    return give(v, arena_printf(cli_arena(c), "%" PRId64, (int64_t)number.f));
}

/* The answer of a message about the object; `otherwise` when it refuses. */
static int asked(struct cli *c, const struct cli_row *row, const char *method,
                 struct value otherwise, struct value *v)
{
    if (cli_ask(c, method, v, row->ref, NULL)) {
        cli_forgive(c);
        *v = otherwise;
        return c->failure ? CLI_FAILED : 0;
    }
    *v = cli_show(c, &message_find(method)->result, v, "");
    return 0;
}

/* The same, but a refusal is the command's. */
static int demanded(struct cli *c, const struct cli_row *row,
                    const char *method, struct value *v)
{
    if (cli_ask(c, method, v, row->ref, NULL))
        return CLI_FAILED;
    *v = cli_show(c, &message_find(method)->result, v, "");
    return 0;
}

static int vbd_devices(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return asked(c, row, "VM.get_allowed_VBD_devices", value_set(NULL, 0), v);
}

static int vif_devices(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return asked(c, row, "VM.get_allowed_VIF_devices", value_set(NULL, 0), v);
}

static int cooperative(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return asked(c, row, "VM.get_cooperative", value_string("true"), v);
}

static int possible_hosts(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    return demanded(c, row, "VM.get_possible_hosts", v);
}

static int free_memory(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return demanded(c, row, "host.compute_free_memory", v);
}

static int license_state(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    return demanded(c, row, "pool.get_license_state", v);
}

static int enabled_vgpu_types(struct cli *c, const struct cli_row *row,
                              struct value *v)
{
    return demanded(c, row, "GPU_group.get_enabled_VGPU_types", v);
}

static int supported_vgpu_types(struct cli *c, const struct cli_row *row,
                                struct value *v)
{
    return demanded(c, row, "GPU_group.get_supported_VGPU_types", v);
}

static int sriov_capacity(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    return asked(c, row, "network_sriov.get_remaining_capacity",
                 value_string("<unknown>"), v);
}

static int boot_record(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return give(
        v, arena_printf(cli_arena(c), "'%s'", own(row, "last_booted_record")));
}

/* A field of the object's metrics; NULL when there are none. */
static const struct value *metric(struct cli *c, const struct cli_row *row,
                                  const char *field)
{
    struct value record;

    if (cli_ask(c, "PIF_metrics.get_record", &record, own(row, "metrics"),
                NULL)) {
        cli_forgive(c);
        return NULL;
    }
    return value_find(&record, field);
}

static int pif_speed(struct cli *c, const struct cli_row *row, struct value *v)
{
    const struct value *speed = metric(c, row, "speed");

    return give(
        v, speed ? arena_printf(cli_arena(c), "%" PRId64 " Mbit/s", speed->i)
                 : CLI_NO_OBJECT);
}

static int pif_duplex(struct cli *c, const struct cli_row *row, struct value *v)
{
    const struct value *duplex = metric(c, row, "duplex");
    const struct value *carrier = metric(c, row, "carrier");

    if (!duplex || !carrier)
        return give(v, CLI_NO_OBJECT);
    return give(v, duplex->b ? "full" : carrier->b ? "half" : "unknown");
}

static int sr_types(struct cli *c, const struct cli_row *row, struct value *v)
{
    (void)row;
    return cli_ask(c, "SR.get_supported_types", v, NULL);
}

static int vswitch(struct cli *c, const struct cli_row *row, struct value *v)
{
    const char *address = own(row, "vswitch_controller");

    (void)c;
    return give(v, *address ? address : "<not set>");
}

/* What all hosts say; "<inconsistent>" when they differ. */
static int agreed(struct cli *c, const char *field, struct value *v)
{
    const char *method = arena_printf(cli_arena(c), "host.get_%s", field);
    const char *first = NULL;
    struct value hosts, one;

    if (cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    *v = value_string("<inconsistent>");
    for (uint32_t i = 0; i < hosts.nr; i++) {
        if (cli_ask(c, method, &one, hosts.items[i].s, NULL))
            return CLI_FAILED;
        one = cli_show(c, &message_find(method)->result, &one, "");
        if (first && strcmp(first, one.s) != 0)
            return 0;
        first = one.s;
    }
    if (first)
        *v = value_string(first);
    return 0;
}

static int hosts_ssh_enabled(struct cli *c, const struct cli_row *row,
                             struct value *v)
{
    (void)row;
    return agreed(c, "ssh_enabled", v);
}

static int hosts_ssh_timeout(struct cli *c, const struct cli_row *row,
                             struct value *v)
{
    (void)row;
    return agreed(c, "ssh_enabled_timeout", v);
}

static int hosts_ssh_expiry(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    (void)row;
    return agreed(c, "ssh_expiry", v);
}

static int hosts_console_timeout(struct cli *c, const struct cli_row *row,
                                 struct value *v)
{
    (void)row;
    return agreed(c, "console_idle_timeout", v);
}

static int hosts_ssh_auto(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    (void)row;
    return agreed(c, "ssh_auto_mode", v);
}

static int all_https_only(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    struct value hosts, one;
    bool all = true;

    (void)row;
    if (cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < hosts.nr; i++) {
        if (cli_ask(c, "host.get_https_only", &one, hosts.items[i].s, NULL))
            return CLI_FAILED;
        all &= one.b;
    }
    return give(v, all ? "true" : "false");
}

/* References kept as strings. */
static int statefiles(struct cli *c, const struct cli_row *row, struct value *v)
{
    static const struct type refs = {.shape = SHAPE_SET,
                                     .elem = {.kind = BASE_REF, .of = "VDI"}};

    *v = cli_show(c, &refs, value_find(&row->fields, "ha_statefiles"), "");
    return 0;
}

/* A field of each object that a set refers to. */
static int each(struct cli *c, const struct value *refs, const char *method,
                struct value *v)
{
    struct value *items =
        arena_alloc(cli_arena(c), (refs->nr + 1) * sizeof(*items));

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct value one;

        if (cli_ask(c, method, &one, refs->items[i].s, NULL))
            return CLI_FAILED;
        items[i] = cli_show(c, &message_find(method)->result, &one, "");
    }
    *v = value_set(items, refs->nr);
    return 0;
}

static int patch_hosts(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    return each(c, value_find(&row->fields, "host_patches"),
                "host_patch.get_host", v);
}

static int host_patches(struct cli *c, const struct cli_row *row,
                        struct value *v)
{
    return each(c, value_find(&row->fields, "patches"),
                "host_patch.get_pool_patch", v);
}

static int pci_dependencies(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    return each(c, value_find(&row->fields, "dependencies"), "PCI.get_pci_id",
                v);
}

static int pgpu_dependencies(struct cli *c, const struct cli_row *row,
                             struct value *v)
{
    struct value refs;

    if (cli_ask(c, "PCI.get_dependencies", &refs, own(row, "PCI"), NULL))
        return CLI_FAILED;
    return each(c, &refs, "PCI.get_pci_id", v);
}

static int metadata_pool(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    const char *of = own(row, "metadata_of_pool"), *pool, *uuid;

    if (cli_pool(c, NULL, &pool))
        return CLI_FAILED;
    if (strcmp(of, pool) == 0)
        return give(v, cli_uuid_of(c, pool));
    if (cli_ask_text(c, "VDI.read_database_pool_uuid", &uuid, row->ref, NULL)) {
        cli_forgive(c);
        uuid = "";
    }
    (void)give(v, *uuid ? uuid : CLI_NO_OBJECT);
    return c->failure ? CLI_FAILED : 0;
}

static int vbd_vdi_name(struct cli *c, const struct cli_row *row,
                        struct value *v)
{
    const char *label = cli_label_of(c, own(row, "VDI"));

    if (value_find(&row->fields, "empty")->b)
        return give(v, "<EMPTY>");
    return give(v, label ? label : CLI_NO_OBJECT);
}

static int attachable(struct cli *c, const struct cli_row *row, struct value *v)
{
    *v = value_string("true");
    if (cli_ask(c, "VBD.assert_attachable", NULL, row->ref, NULL) == 0)
        return 0;
    *v = value_string(
        arena_printf(cli_arena(c), "false (error: %s)", cli_raised(c)));
    cli_forgive(c);
    return c->failure ? CLI_FAILED : 0;
}

/* The host that a repository is on, when it is only one. */
static int sr_host(struct cli *c, const struct cli_row *row, struct value *v)
{
    const struct value *pbds = value_find(&row->fields, "PBDs");
    const char *host = REF_NULL, *label;

    if (pbds->nr > 1)
        return give(v, "<shared>");
    if (pbds->nr &&
        cli_ask_text(c, "PBD.get_host", &host, pbds->items[0].s, NULL))
        return CLI_FAILED;
    label = cli_label_of(c, host);
    return give(v, label ? label : CLI_NO_OBJECT);
}

static int vgpu_metadata(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    const struct value *map =
        value_find(&row->fields, "compatibility_metadata");
    struct value *items =
        arena_alloc(cli_arena(c), (map->nr + 1) * sizeof(*items));

    for (uint32_t i = 0; i < map->nr; i++)
        items[i] = value_string(arena_printf(cli_arena(c), "%s:(%zu bytes)",
                                             map->members[i].key,
                                             strlen(map->members[i].value.s)));
    *v = value_set(items, map->nr);
    return 0;
}

static int resolution(struct cli *c, const struct cli_row *row, struct value *v)
{
    return give(v,
                arena_printf(cli_arena(c), "%" PRId64 "x%" PRId64,
                             value_find(&row->fields, "max_resolution_x")->i,
                             value_find(&row->fields, "max_resolution_y")->i));
}

static int variant_priority(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    return give(v, arena_printf(cli_arena(c), "%5.1f",
                                value_find(&row->fields, "priority")->f));
}

/* Whether the driver's field refers to this variant. */
static int variant_is(struct cli *c, const struct cli_row *row,
                      const char *method, struct value *v)
{
    const char *ref;

    if (cli_ask_text(c, method, &ref, own(row, "driver"), NULL))
        return CLI_FAILED;
    return give(v, strcmp(ref, row->ref) == 0 ? "true" : "false");
}

static int variant_active(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    return variant_is(c, row, "Host_driver.get_active_variant", v);
}

static int variant_selected(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    return variant_is(c, row, "Host_driver.get_selected_variant", v);
}

/* The name of a variant that a driver refers to. */
static int variant_named(struct cli *c, const struct cli_row *row,
                         const char *field, struct value *v)
{
    const char *name;

    if (cli_ask_text(c, "Driver_variant.get_name", &name, own(row, field),
                     NULL)) {
        cli_forgive(c);
        name = "<none>";
    }
    (void)give(v, name);
    return c->failure ? CLI_FAILED : 0;
}

static int active_variant(struct cli *c, const struct cli_row *row,
                          struct value *v)
{
    return variant_named(c, row, "active_variant", v);
}

static int selected_variant(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    return variant_named(c, row, "selected_variant", v);
}

/* "name, separator, field" of each variant, the most important first. */
static int list_variants(struct cli *c, const struct cli_row *row,
                         const char *separator, const char *field,
                         struct value *v)
{
    const struct value *refs = value_find(&row->fields, "variants");
    struct value *records, *items;
    uint32_t nr = 0;

    records = arena_alloc(cli_arena(c), (refs->nr + 1) * sizeof(*records));
    items = arena_alloc(cli_arena(c), (refs->nr + 1) * sizeof(*items));
    for (uint32_t i = 0; i < refs->nr; i++) {
        struct value record;
        uint32_t at = i;

        if (cli_ask(c, "Driver_variant.get_record", &record, refs->items[i].s,
                    NULL))
            return CLI_FAILED;
        for (; at && value_find(&records[at - 1], "priority")->f <
                         value_find(&record, "priority")->f;
             at--)
            records[at] = records[at - 1];
        records[at] = record;
    }
    for (uint32_t i = 0; i < refs->nr; i++) {
        const char *name = value_text(&records[i], "name", "");

        if (*separator)
            items[nr++] = value_string(
                arena_printf(cli_arena(c), "%s%s%s", name, separator,
                             value_text(&records[i], field, "")));
        else if (value_find(&records[i], field)->b)
            items[nr++] = value_string(name);
    }
    *v = value_set(items, nr);
    return 0;
}

static int variants(struct cli *c, const struct cli_row *row, struct value *v)
{
    return list_variants(c, row, "/", "version", v);
}

static int variants_status(struct cli *c, const struct cli_row *row,
                           struct value *v)
{
    return list_variants(c, row, "=", "status", v);
}

static int variants_uuid(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    return list_variants(c, row, "/", "uuid", v);
}

static int variants_present(struct cli *c, const struct cli_row *row,
                            struct value *v)
{
    return list_variants(c, row, "", "hardware_present", v);
}

static int caller_limit(struct cli *c, const struct cli_row *row,
                        struct value *v)
{
    (void)c;
    return give(v, own(row, "rate_limit"));
}

static int limit_callers(struct cli *c, const struct cli_row *row,
                         struct value *v)
{
    (void)c;
    *v = *value_find(&row->fields, "callers");
    return 0;
}

static const char *md5(struct cli *c, const char *text)
{
    uint8_t sum[16];
    struct buf out = {0};
    const char *hex;

    if (gnutls_hash_fast(GNUTLS_DIG_MD5, text, strlen(text), sum))
        memset(sum, 0, sizeof(sum)); /* a machine that forbids MD5 */
    for (size_t i = 0; i < sizeof(sum); i++)
        buf_printf(&out, "%02x", sum[i]);
    hex = arena_strndup(cli_arena(c), out.data, out.len);
    buf_fini(&out);
    return hex;
}

/* Secrets are not shown, only that there are some. */
static int vtpm_secret(struct cli *c, const struct cli_row *row,
                       struct value *v)
{
    const char *text;

    if (cli_ask_text(c, "VTPM.get_contents", &text, row->ref, NULL))
        return CLI_FAILED;
    return give(v, arena_printf(cli_arena(c), "MD5=%s size=%zu bytes",
                                md5(c, text), strlen(text)));
}

static const struct {
    const char *name;
    cli_getter get;
} getters[] = {
#define GETTER(name) {#name, name},
#include "getters.def"
#undef GETTER
};

cli_getter cli_getter_find(const char *name)
{
    size_t i = 0;

    while (strcmp(getters[i].name, name) != 0)
        assert(++i < sizeof(getters) / sizeof(getters[0]));
    return getters[i].get;
}
