/* Time on hosts: NTP, zones, and setting the clock. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"

static const char *joined(struct request *r, const struct value *set)
{
    const char *text = "";

    for (uint32_t i = 0; i < set->nr; i++)
        text = arena_printf(r->arena, "%s%s%s", text, i ? " " : "",
                            set->items[i].s);
    return text;
}

static int ntp_refused(struct request *r, const char *why)
{
    return request_fail(r, "INVALID_NTP_CONFIG", why, NULL);
}

/* "Custom a b", "Factory", "DHCP", "Disabled" */
static int ntp_apply(struct request *r, struct object *host, const char *mode,
                     const struct value *servers)
{
    bool custom = strcmp(mode, "Custom") == 0;

    return agent_apply(
        r, host, "ntp",
        custom ? arena_printf(r->arena, "Custom %s", joined(r, servers))
               : mode);
}

int host_set_ntp_mode(struct request *r)
{
    const char *mode = arg_text(r, 1);
    const struct value *servers = db_get(r->self, "ntp_custom_servers");

    if (strcmp(db_text(r->self, "ntp_mode"), mode) == 0)
        return reply_void(r);
    if (strcmp(mode, "Custom") == 0 && !servers->nr)
        return ntp_refused(r, "Can't set ntp_mode to Custom when "
                              "ntp_custom_servers is empty");
    if (ntp_apply(r, r->self, mode, servers))
        return API_FAILED;
    db_set_text(r->db, r->self, "ntp_mode", mode);
    return reply_void(r);
}

int host_set_ntp_custom_servers(struct request *r)
{
    bool custom = strcmp(db_text(r->self, "ntp_mode"), "Custom") == 0;

    if (custom && !r->args[1].nr)
        return ntp_refused(r, "Can't set ntp_custom_servers empty when "
                              "ntp_mode is Custom");
    if (custom && ntp_apply(r, r->self, "Custom", &r->args[1]))
        return API_FAILED;
    db_set(r->db, r->self, "ntp_custom_servers", r->args[1]);
    return reply_void(r);
}

/* Lines "server status", where the service runs. */
int host_get_ntp_servers_status(struct request *r)
{
    struct value lines = text_lines(r, agent_ask(r, r->self, "ntp-servers"));
    struct member *m = arena_alloc(r->arena, sizeof(*m) * (lines.nr + 1));

    for (uint32_t i = 0; i < lines.nr; i++) {
        const char *line = lines.items[i].s;
        size_t len = strcspn(line, " ");

        m[i].key = arena_strndup(r->arena, line, len);
        m[i].value = value_string(line + len + (line[len] == ' '));
    }
    return reply(r, value_map(m, lines.nr));
}

int host_get_ntp_synchronized(struct request *r)
{
    const char *text = agent_ask(r, r->self, "ntp-synchronized");

    return reply(r, value_bool(strcmp(text, "yes") == 0));
}

int host_list_timezones(struct request *r)
{
    return reply(r, text_lines(r, agent_ask(r, r->self, "timezones")));
}

int host_set_timezone(struct request *r)
{
    if (agent_apply(r, r->self, "timezone", arg_text(r, 1)))
        return API_FAILED;
    db_set_text(r->db, r->self, "timezone", arg_text(r, 1));
    return reply_void(r);
}

/* The clock of the host; the daemon's own environment has another. */
int host_set_servertime(struct request *r)
{
    if (strcmp(db_text(r->self, "ntp_mode"), "Disabled") != 0)
        return request_fail(r, "NOT_ALLOWED_WHEN_NTP_IS_ENABLED", r->self->ref,
                            NULL);
    if (agent_apply(r, r->self, "time", arg_text(r, 1)))
        return API_FAILED;
    return reply_void(r);
}

static int64_t offset_s(struct request *r, const char *what)
{
    return strtoll(agent_ask(r, r->self, what), NULL, 10);
}

int host_get_servertime(struct request *r)
{
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);

    return reply(r, value_date(date_text(
                        r->arena, now + offset_s(r, "time-offset") * 1000)));
}

/* In the host's zone, and so without one in the text. */
int host_get_server_localtime(struct request *r)
{
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);
    const char *text = date_text(
        r->arena,
        now + (offset_s(r, "time-offset") + offset_s(r, "zone-offset")) * 1000);

    return reply_text(r, arena_strndup(r->arena, text, strlen(text) - 1));
}
