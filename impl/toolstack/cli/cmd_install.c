/* vm-install: a machine from a template. */
#include <string.h>

#include "cli_commands.h"
#include "cli_report.h"
#include "cli_select.h"

/* Templates of that name; fails unless there is exactly one. */
static int template_named(struct cli *c, const char *name, const char **vm)
{
    struct cli_row *rows;
    int nr;

    if (cli_rows(c, cli_record_find("vm"), "true", &rows, &nr) ||
        cli_filter(c, rows, &nr, "name-label", name) ||
        cli_filter(c, rows, &nr, "is-a-template", "true") ||
        cli_filter(c, rows, &nr, "is-control-domain", "false"))
        return CLI_FAILED;
    if (nr != 1)
        return cli_fail(c, "%s",
                        nr ? "More than one matching template found"
                           : "No templates matched");
    *vm = rows[0].ref;
    return 0;
}

static int find_template(struct cli *c, const char **vm)
{
    const char *uuid = cli_param(c, "template-uuid");
    const char *name = cli_param(c, "template-name-label");
    const char *either = cli_param(c, "template");

    if (uuid) {
        if (cli_by_uuid(c, "VM", uuid, vm) == 0)
            return 0;
        return cli_fail(c, "Cannot find template");
    }
    name = name ? name : cli_param(c, "template-name");
    if (name)
        return template_named(c, name, vm);
    if (!either)
        return cli_fail(c, "Template must be specified by parameter "
                           "'template-uuid', 'template-name', "
                           "'template-name-label' or 'template'");
    if (cli_by_uuid(c, "VM", either, vm) == 0)
        return 0;
    cli_forgive(c);
    return c->failure ? CLI_FAILED : template_named(c, either, vm);
}

/* The repository by name, which the one by uuid has to be. */
static int sr_named(struct cli *c, const char *name, const char **sr)
{
    struct value all;

    if (cli_ask(c, "SR.get_by_name_label", &all, name, NULL))
        return CLI_FAILED;
    if (!all.nr)
        return cli_fail(c, "No SR with that name-label found");
    if (strcmp(*sr, REF_NULL) != 0)
        return value_has(&all, *sr)
                   ? 0
                   : cli_fail(c, "SR specified via sr-uuid doesn't have the "
                                 "name specified via sr-name-label");
    if (all.nr > 1)
        return cli_fail(c, "Multiple SRs with that name-label found");
    *sr = all.items[0].s;
    return 0;
}

/* The null reference when the disks stay where the template's are. */
static int find_sr(struct cli *c, const char *template, const char **sr)
{
    const char *name = cli_param(c, "sr-name-label");
    struct value snapshot = value_bool(false);

    *sr = REF_NULL;
    if (cli_ask(c, "VM.get_is_a_snapshot", &snapshot, template, NULL))
        return CLI_FAILED;
    if (snapshot.b && (name || cli_param(c, "sr-uuid")))
        return cli_fail(c, "Do not use the sr-name-label or sr-uuid argument "
                           "when installing from a snapshot. By default, it "
                           "will install each new disk on the same SR as the "
                           "corresponding snapshot disks.");
    if (cli_param_ref(c, "SR", "sr-uuid", sr))
        return CLI_FAILED;
    return name ? sr_named(c, name, sr) : 0;
}

/* The uuid that the template's disks get as their repository. */
static int disks_sr(struct cli *c, const char *template, const char *sr,
                    const char **uuid)
{
    struct value config;

    if (strcmp(sr, REF_NULL) != 0)
        return cli_ask_text(c, "SR.get_uuid", uuid, sr, NULL);
    if (cli_default_sr(c, uuid))
        return CLI_FAILED;
    if (*uuid)
        return 0;
    *uuid = "";
    if (cli_ask(c, "VM.get_other_config", &config, template, NULL))
        return CLI_FAILED;
    return value_find(&config, "disks")
               ? cli_fail(c, "Failed to find a valid default SR for the Pool. "
                             "Please provide an sr-name-label or sr-uuid "
                             "parameter.")
               : 0;
}

/* The disks that provisioning will make, with another sr="..." each. */
static int move_disks(struct cli *c, const char *vm, const char *sr)
{
    static const char mark[] = " sr=\"";
    struct value config;
    const char *at, *text;
    struct buf out = {0};
    int rc;

    if (cli_ask(c, "VM.get_other_config", &config, vm, NULL))
        return CLI_FAILED;
    at = value_text(&config, "disks", NULL);
    if (!at)
        return 0;
    for (const char *next; (next = strstr(at, mark)); at = next) {
        next += strlen(mark);
        buf_add(&out, at, (size_t)(next - at));
        buf_puts(&out, sr);
        next += strcspn(next, "\"");
    }
    buf_puts(&out, at);
    text = arena_strndup(cli_arena(c), out.data, out.len);
    buf_fini(&out);
    rc = cli_ask(c, "VM.remove_from_other_config", NULL, vm, "disks", NULL);
    return rc ? rc
              : cli_ask(c, "VM.add_to_other_config", NULL, vm, "disks", text,
                        NULL);
}

/* <restriction field="..." value="true"/> in the template's wishes. */
static bool is_recommended(const char *xml, const char *field)
{
    const char *at = strstr(xml, field), *end;

    end = at ? strchr(at, '>') : NULL;
    at = at ? strstr(at, "value=\"true\"") : NULL;
    return at && end && at < end;
}

static int choose_vendor_device(struct cli *c, const char *template,
                                const char *vm)
{
    struct value args[2] = {value_string(vm)}, no = value_bool(false);
    const char *wishes, *pool;

    if (cli_ask_text(c, "VM.get_recommendations", &wishes, template, NULL) ||
        cli_pool(c, NULL, &pool) ||
        cli_ask(c, "pool.get_policy_no_vendor_device", &no, pool, NULL))
        return CLI_FAILED;
    args[1] =
        value_bool(is_recommended(wishes, "\"has-vendor-device\"") && !no.b);
    if (cli_call(c, "VM.set_has_vendor_device", NULL, args, 2) == 0)
        return 0;
    if (!cli_failed_with(c, "LICENSE_RESTRICTION"))
        return CLI_FAILED;
    cli_forgive(c);
    cli_warn(c, "Note: the VM template recommends setting "
                "has-vendor-device=true, but a suitable licence has not been "
                "deployed for this host. Ignoring this recommendation and "
                "continuing with installation.\n");
    return 0;
}

static int furnish(struct cli *c, const char *template, const char *vm,
                   const char *sr, const char *disks)
{
    const char *host, *suspend = sr;

    if (strcmp(sr, REF_NULL) == 0 &&
        cli_ask_text(c, "VM.get_suspend_SR", &suspend, template, NULL))
        return CLI_FAILED;
    if (cli_ask(c, "VM.set_name_description", NULL, vm, "Installed via xe CLI",
                NULL) ||
        cli_ask(c, "VM.set_suspend_SR", NULL, vm, suspend, NULL) ||
        move_disks(c, vm, disks) || choose_vendor_device(c, template, vm) ||
        cli_ask(c, "VM.provision", NULL, vm, NULL))
        return CLI_FAILED;
    if (!cli_param(c, "copy-bios-strings-from"))
        return 0;
    if (cli_param_ref(c, "host", "copy-bios-strings-from", &host))
        return CLI_FAILED;
    return cli_ask(c, "VM.copy_bios_strings", NULL, vm, host, NULL);
}

static int install(struct cli *c, const char *template)
{
    const char *name = cli_param_or(c, "new-name-label", "");
    const char *sr, *disks, *vm, *uuid;
    int rc;

    if (find_sr(c, template, &sr) || disks_sr(c, template, sr, &disks))
        return CLI_FAILED;
    rc = strcmp(sr, REF_NULL) == 0
             ? cli_ask_text(c, "VM.clone", &vm, template, name, NULL)
             : cli_ask_text(c, "VM.copy", &vm, template, name, sr, NULL);
    if (rc)
        return rc;
    if (furnish(c, template, vm, sr, disks)) {
        struct value words = c->words;
        enum cli_failure failure = c->failure;

        (void)cli_ask(c, "VM.destroy", NULL, vm, NULL); /* best effort */
        c->failure = failure;
        c->words = words;
        return CLI_FAILED;
    }
    if (cli_ask_text(c, "VM.get_uuid", &uuid, vm, NULL))
        return CLI_FAILED;
    cli_print(c, uuid);
    return 0;
}

int cmd_vm_install(struct cli *c)
{
    struct value is = value_bool(false);
    const char *template;

    if (find_template(c, &template) ||
        cli_ask(c, "VM.get_is_a_template", &is, template, NULL))
        return CLI_FAILED;
    return is.b ? install(c, template)
                : cli_fail(c, "Can only install from templates");
}
