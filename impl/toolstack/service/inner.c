/* What hosts of a pool ask of each other, and extensions that hosts have. */
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "json.h"
#include "net.h"

/* What the host's own program of that name prints; "": there is none. */
static const char *run_program(struct request *r, const struct object *host,
                               const char *kind, const char *name,
                               const char *words)
{
    if (!*name || strpbrk(name, "/ "))
        return "";
    return agent_ask(r, host,
                     arena_printf(r->arena, "%s %s %s", kind, name, words));
}

static bool has_extension(struct request *r, const struct object *host,
                          const char *name)
{
    return !strchr(name, '/') &&
           (agent_read(r, host,
                       arena_printf(r->arena, "extensions/%s", name)) ||
            *run_program(r, host, "extension", name, ""));
}

int host_call_plugin(struct request *r)
{
    const struct value *args = &r->args[3];
    const char *words = arg_text(r, 2), *text;

    for (uint32_t i = 0; i < args->nr; i++)
        words = arena_printf(r->arena, "%s\n%s=%s", words, args->members[i].key,
                             args->members[i].value.s);
    text = run_program(r, r->self, "plugin", arg_text(r, 1), words);
    if (!*text)
        return request_fail(r, "XENAPI_MISSING_PLUGIN", arg_text(r, 1), NULL);
    return reply_text(r, text);
}

/* A call of JSON-RPC as text, which the host's program for it answers. */
int host_call_extension(struct request *r)
{
    const char *call = arg_text(r, 1), *name, *text;
    struct value v;

    if (json_decode(r->arena, call, strlen(call), &v) || v.kind != VALUE_MAP)
        return request_internal(r, "not a call");
    name = value_text(&v, "method", "");
    text = run_program(r, r->self, "extension", name, "");
    if (!*text)
        return request_internal(
            r, arena_printf(r->arena, "no extension '%s'", name));
    return reply_text(r, text);
}

int host_has_extension(struct request *r)
{
    return reply(r, value_bool(has_extension(r, r->self, arg_text(r, 1))));
}

/* Only what every host has, the pool has. */
int pool_has_extension(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!has_extension(r, h, arg_text(r, 1)))
            return reply(r, value_bool(false));
    return reply(r, value_bool(true));
}

/* {"path": P} reads a certificate's file, with "text": T writes it. */
int host_cert_distrib_atom(struct request *r)
{
    const char *command = arg_text(r, 1), *path, *text;
    struct value v;

    if (json_decode(r->arena, command, strlen(command), &v) ||
        v.kind != VALUE_MAP)
        return request_internal(r, "not a command");
    path = value_text(&v, "path", "");
    text = value_text(&v, "text", NULL);
    if (strncmp(path, "certs", 5) != 0 || strstr(path, ".."))
        return request_internal(r, "not a certificate's path");
    if (text)
        return agent_write(r, r->self, path, text) ? API_FAILED
                                                   : reply_text(r, "");
    text = agent_read(r, r->self, path);
    return reply_text(r, text ? text : "");
}

/* The firmware of machines finds them there. */
int host_write_uefi_certificates_to_disk(struct request *r)
{
    const struct object *pool = toolstack_pool(r->ts);
    const char *own = db_text(pool, "custom_uefi_certificates");

    return agent_write(r, r->self, "varstored/certificates.tar",
                       *own ? own : db_text(pool, "uefi_certificates"))
               ? API_FAILED
               : reply_void(r);
}

int host_update_firewalld_service_status(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (agent_apply(r, h, "firewall:http",
                        db_bool(h, "https_only") ? "closed" : "open") ||
            agent_apply(r, h, "firewall:ssh",
                        db_bool(h, "ssh_enabled") ? "open" : "closed"))
            return API_FAILED;
    return reply_void(r);
}

/* Legacy SSL is gone for good: it can only be off. */
int host_set_ssl_legacy(struct request *r)
{
    if (arg_bool(r, 1))
        return request_fail(r, "VALUE_NOT_SUPPORTED", "value", "true",
                            "Legacy SSL support has been removed", NULL);
    return reply_void(r);
}

int host_crashdump_upload(struct request *r)
{
    const struct object *host = db_ref(r->db, r->self, "host");
    const char *url = arg_text(r, 1);

    if (!*url)
        return request_fail(r, "INVALID_VALUE", "url", "", NULL);
    if (agent_apply(r, host ? host : toolstack_master(r->ts), "upload", url))
        return request_internal(r, "Failure(\"URL not recognised\")");
    return reply_void(r);
}
