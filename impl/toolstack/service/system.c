/* A host's own system: logs, names, debug keys, displays, caches. */
#include <ctype.h>
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"

enum {
    HOSTNAME_MAX = 255,
};

/* --- Texts -------------------------------------------------------------------------- */

int host_dmesg(struct request *r)
{
    return reply_text(r, agent_ask(r, r->self, "dmesg"));
}

int host_dmesg_clear(struct request *r)
{
    const char *text = agent_ask(r, r->self, "dmesg");

    if (agent_apply(r, r->self, "dmesg", ""))
        return API_FAILED;
    return reply_text(r, text);
}

int host_get_log(struct request *r)
{
    return reply_text(r, agent_ask(r, r->self, "log"));
}

int host_send_debug_keys(struct request *r)
{
    return agent_apply(r, r->self, "debug-keys", arg_text(r, 1))
               ? API_FAILED
               : reply_void(r);
}

/* A graph of who waits for whom: one thread, which holds the lock. */
int host_get_thread_diagnostics(struct request *r)
{
    uint32_t tasks = db_count(r->db, class_find("task"));

    return reply_text(
        r, arena_printf(r->arena,
                        "digraph Resources {\n  thread [label=\"server\"];\n"
                        "  lock [label=\"core lock\"];\n  thread -> lock;\n"
                        "  tasks [label=\"%u tasks\"];\n}\n",
                        tasks));
}

/* Nothing is sent anywhere from here; the real one fails so without a way. */
int host_bugreport_upload(struct request *r)
{
    const char *url = arg_text(r, 1);

    if (!*url)
        return request_fail(r, "INVALID_VALUE", "url", "", NULL);
    if (agent_apply(r, r->self, "upload", url))
        return request_internal(r, "Failure(\"URL not recognised\")");
    return reply_void(r);
}

int host_refresh_pack_info(struct request *r)
{
    struct value lines =
        text_lines(r, agent_ask(r, r->self, "supplemental-packs"));

    for (uint32_t i = 0; i < lines.nr; i++) {
        const char *line = lines.items[i].s;
        size_t len = strcspn(line, " ");

        db_map_put(r->db, r->self, "software_version",
                   arena_strndup(r->arena, line, len),
                   line + len + (line[len] == ' '));
    }
    return reply_void(r);
}

/* --- Settings ---------------------------------------------------------------------------- */

int host_syslog_reconfigure(struct request *r)
{
    const char *to =
        value_text(db_get(r->self, "logging"), "syslog_destination", "");

    return agent_apply(r, r->self, "syslog", to) ? API_FAILED : reply_void(r);
}

static const char *hostname_fault(const char *name)
{
    size_t len = strlen(name);

    if (!len)
        return "hostname empty";
    if (len > HOSTNAME_MAX)
        return "hostname is too long";
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
            name[i] != '.')
            return "hostname contains invalid characters";
    if (name[0] == '-' || name[len - 1] == '-')
        return "hostname contains invalid characters";
    return NULL;
}

int host_set_hostname_live(struct request *r)
{
    const char *name = arg_text(r, 1), *fault = hostname_fault(name);
    struct object *dom0 = db_ref(r->db, r->self, "control_domain");

    if (fault)
        return request_fail(r, "HOST_NAME_INVALID", fault, NULL);
    if (agent_apply(r, r->self, "hostname", name))
        return API_FAILED;
    db_set_text(r->db, r->self, "hostname", name);
    if (dom0)
        db_set_text(r->db, dom0, "name_label",
                    arena_printf(r->arena, "Control domain on host: %s", name));
    return reply_void(r);
}

int host_set_iscsi_iqn(struct request *r)
{
    const char *iqn = arg_text(r, 1);

    if (!*iqn)
        return request_fail(r, "INVALID_VALUE", "value", iqn, NULL);
    if (agent_apply(r, r->self, "iqn", iqn))
        return API_FAILED;
    db_set_text(r->db, r->self, "iscsi_iqn", iqn);
    db_map_put(r->db, r->self, "other_config", "iscsi_iqn", iqn);
    return reply_void(r);
}

int host_set_multipathing(struct request *r)
{
    bool on = arg_bool(r, 1);

    if (agent_apply(r, r->self, "multipathing", on ? "true" : "false"))
        return API_FAILED;
    db_set_bool(r->db, r->self, "multipathing", on);
    db_map_put(r->db, r->self, "other_config", "multipathing",
               on ? "true" : "false");
    return reply_void(r);
}

/* The hypervisor is told at its next boot. */
int host_set_sched_gran(struct request *r)
{
    return agent_apply(r, r->self, "sched-gran", arg_text(r, 1))
               ? API_FAILED
               : reply_void(r);
}

int host_get_sched_gran(struct request *r)
{
    const char *text = agent_ask(r, r->self, "sched-gran");

    return reply_text(r, *text ? text : "cpu");
}

/* "", "C0", "C1" or a number, with a second one after a comma. */
int host_set_max_cstate(struct request *r)
{
    const char *text = arg_text(r, 1);
    size_t len = strspn(text, "0123456789,");

    if (strcmp(text, "unlimited") != 0 && (len != strlen(text)))
        return request_fail(r, "INVALID_VALUE", "max_cstate", text, NULL);
    if (*text && strcmp(text, "unlimited") != 0 && text[0] != '0' &&
        text[0] != '1')
        return request_fail(r, "VALUE_NOT_SUPPORTED", "max_cstate", text,
                            "Only C0, C1 and unlimited are supported for "
                            "max-cstate",
                            NULL);
    if (agent_apply(r, r->self, "max-cstate", text))
        return API_FAILED;
    db_set_text(r->db, r->self, "max_cstate", text);
    return reply_void(r);
}

/*
 * A display that a machine may have from the next boot on, or the host keeps
 * from then on.
 */
static int set_display(struct request *r, const char *now, const char *opposite,
                       const char *later, const char *wanted)
{
    const char *state = db_text(r->self, "display");
    const char *next = strcmp(state, opposite) == 0 ? later
                       : strcmp(state, now) == 0    ? wanted
                                                    : state;

    if (agent_apply(r, r->self, "display", next))
        return API_FAILED;
    db_set_text(r->db, r->self, "display", next);
    return reply_text(r, db_text(r->self, "display"));
}

int host_enable_display(struct request *r)
{
    return set_display(r, "disable_on_reboot", "disabled", "enable_on_reboot",
                       "enabled");
}

int host_disable_display(struct request *r)
{
    if (feature_check(r, "integrated_gpu_passthrough"))
        return request_fail(r, "FEATURE_RESTRICTED", NULL);
    return set_display(r, "enable_on_reboot", "enabled", "disable_on_reboot",
                       "disabled");
}

/* --- Local caches of shared disks ---------------------------------------------------------- */

static int check_quiet(struct request *r, const struct object *host)
{
    struct objects vms = objects_of(r, host, "resident_VMs");

    if (db_bool(host, "enabled"))
        return request_fail(r, "HOST_NOT_DISABLED", NULL);
    for (uint32_t i = 0; i < vms.nr; i++)
        if (!db_bool(vms.at[i], "is_control_domain"))
            return request_fail(r, "HOST_IN_USE", host->ref, "vm",
                                vms.at[i]->ref, NULL);
    return 0;
}

static int cache_in(struct request *r, struct object *host, struct object *sr)
{
    struct object *old = db_ref(r->db, host, "local_cache_sr");
    struct object *pbd = first_of(r, sr, "PBDs");
    const char *type = db_text(sr, "type");

    if (db_bool(sr, "shared") || db_get(sr, "PBDs")->nr != 1 ||
        (strcmp(type, "ext") != 0 && strcmp(type, "file") != 0))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", NULL);
    if (strcmp(db_text(pbd, "host"), host->ref) != 0)
        return request_fail(r, "HOST_CANNOT_SEE_SR", host->ref, sr->ref, NULL);
    if (old)
        db_set_bool(r->db, old, "local_cache_enabled", false);
    db_set_text(r->db, host, "local_cache_sr", sr->ref);
    db_set_bool(r->db, sr, "local_cache_enabled", true);
    return 0;
}

static void uncache(struct request *r, struct object *host)
{
    struct object *sr = db_ref(r->db, host, "local_cache_sr");

    if (sr)
        db_set_bool(r->db, sr, "local_cache_enabled", false);
    db_set_text(r->db, host, "local_cache_sr", REF_NULL);
}

int host_enable_local_storage_caching(struct request *r)
{
    struct object *sr = arg_object(r, 1, "SR");

    if (!sr || check_quiet(r, r->self) || cache_in(r, r->self, sr))
        return API_FAILED;
    return reply_void(r);
}

int host_disable_local_storage_caching(struct request *r)
{
    if (check_quiet(r, r->self))
        return API_FAILED;
    uncache(r, r->self);
    return reply_void(r);
}

/* Each host takes the first of its own repositories that can. */
int pool_enable_local_storage_caching(struct request *r)
{
    struct objects hosts = objects_all(r, "host");

    for (uint32_t i = 0; i < hosts.nr; i++) {
        struct objects pbds = objects_of(r, hosts.at[i], "PBDs");
        bool done = false;

        if (check_quiet(r, hosts.at[i]))
            return API_FAILED;
        for (uint32_t k = 0; k < pbds.nr && !done; k++) {
            struct object *sr = db_ref(r->db, pbds.at[k], "SR");

            done = sr && cache_in(r, hosts.at[i], sr) == 0;
        }
        if (!done)
            return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", NULL);
    }
    return reply_void(r);
}

int pool_disable_local_storage_caching(struct request *r)
{
    struct objects hosts = objects_all(r, "host");

    for (uint32_t i = 0; i < hosts.nr; i++)
        if (check_quiet(r, hosts.at[i]))
            return API_FAILED;
    for (uint32_t i = 0; i < hosts.nr; i++)
        uncache(r, hosts.at[i]);
    return reply_void(r);
}
