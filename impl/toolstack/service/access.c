/* How people reach a host: SSH, its console, HTTP; for a host or a pool. */
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"
#include "timer.h"

enum {
    SSH_TIMEOUT_MAX_S = 172800, /* two days */
    MS_PER_S = 1000,
};

/* --- SSH ------------------------------------------------------------------------ */

static int ssh_switch(struct request *r, struct object *host, bool on)
{
    if (agent_apply(r, host, "ssh", on ? "on" : "off") ||
        agent_apply(r, host, "firewall:ssh", on ? "open" : "closed"))
        return API_FAILED;
    db_set_bool(r->db, host, "ssh_enabled", on);
    return 0;
}

static int auto_mode(struct request *r, struct object *host, bool on)
{
    db_set_bool(r->db, host, "ssh_auto_mode", on);
    return agent_apply(r, host, "ssh-monitor", on ? "on" : "off");
}

/* Ends the access of every host whose time is over. */
static void ssh_expire_cb(struct toolstack *ts, void *arg)
{
    struct request r = {.ts = ts, .db = &ts->db};
    struct arena a;
    const char *now;

    (void)arg;
    arena_init(&a);
    r.arena = &a;
    now = toolstack_now(ts, &a);
    for (struct object *h = db_first(&ts->db, "host"); h; h = h->next)
        if (db_bool(h, "ssh_enabled") &&
            strcmp(db_text(h, "ssh_expiry"), DATE_0) != 0 &&
            strcmp(db_text(h, "ssh_expiry"), now) <= 0)
            (void)ssh_switch(&r, h, false); /* nobody waits for the answer */
    arena_fini(&a);
}

/* From now on for so many seconds; 0: without end. */
static void ssh_expire_in(struct request *r, struct object *host, int64_t s)
{
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);

    s = s < 0 ? 0 : s > SSH_TIMEOUT_MAX_S ? SSH_TIMEOUT_MAX_S : s;
    db_set_text(r->db, host, "ssh_expiry",
                s ? date_text(r->arena, now + s * MS_PER_S) : DATE_0);
    if (s)
        (void)timer_after(r->ts, s * MS_PER_S, ssh_expire_cb, NULL);
}

static int ssh_enable(struct request *r, struct object *host)
{
    if (auto_mode(r, host, false) || ssh_switch(r, host, true))
        return API_FAILED;
    ssh_expire_in(r, host, db_int(host, "ssh_enabled_timeout"));
    return 0;
}

static int ssh_disable(struct request *r, struct object *host)
{
    if (ssh_switch(r, host, false))
        return API_FAILED;
    db_set_text(r->db, host, "ssh_expiry", toolstack_now(r->ts, r->arena));
    return 0;
}

static int check_timeout(struct request *r, const char *name, int64_t s,
                         int64_t max)
{
    if (s >= 0 && s <= max)
        return 0;
    return request_fail(r, "INVALID_VALUE", name,
                        arena_printf(r->arena, "%lld", (long long)s), NULL);
}

static int ssh_set_timeout(struct request *r, struct object *host)
{
    int64_t s = arg_int(r, 1);

    if (check_timeout(r, "ssh_enabled_timeout", s, SSH_TIMEOUT_MAX_S))
        return API_FAILED;
    db_set_int(r->db, host, "ssh_enabled_timeout", s);
    if (db_bool(host, "ssh_enabled"))
        ssh_expire_in(r, host, s);
    return 0;
}

static int console_set_timeout(struct request *r, struct object *host)
{
    int64_t s = arg_int(r, 1);

    if (check_timeout(r, "console_timeout", s, INT64_MAX) ||
        agent_apply(r, host, "console-timeout",
                    arena_printf(r->arena, "%lld", (long long)s)))
        return API_FAILED;
    db_set_int(r->db, host, "console_idle_timeout", s);
    return 0;
}

static int ssh_set_auto(struct request *r, struct object *host)
{
    bool on = arg_bool(r, 1);

    if (auto_mode(r, host, on))
        return API_FAILED;
    return agent_apply(r, host, "firewall:ssh", on ? "open" : "closed");
}

static int http_set(struct request *r, struct object *host)
{
    bool only = arg_bool(r, 1);

    if (agent_apply(r, host, "firewall:http", only ? "closed" : "open"))
        return API_FAILED;
    db_set_bool(r->db, host, "https_only", only);
    return 0;
}

/* --- For a host, or for each of the pool ------------------------------------------ */

typedef int host_fn(struct request *r, struct object *host);

static int on_host(struct request *r, host_fn *fn)
{
    return fn(r, r->self) ? API_FAILED : reply_void(r);
}

/* All hosts try; `code` names those that failed. */
static int on_pool(struct request *r, host_fn *fn, const char *code)
{
    const char *failed = "";

    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (fn(r, h)) {
            if (!code)
                return API_FAILED;
            failed = arena_printf(r->arena, "%s%s%s", failed,
                                  *failed ? ", " : "", h->ref);
        }
    if (*failed)
        return request_fail(r, code, failed, NULL);
    return reply_void(r);
}

int host_enable_ssh(struct request *r)
{
    return on_host(r, ssh_enable);
}

int host_disable_ssh(struct request *r)
{
    return on_host(r, ssh_disable);
}

int host_set_ssh_enabled_timeout(struct request *r)
{
    return on_host(r, ssh_set_timeout);
}

int host_set_console_idle_timeout(struct request *r)
{
    return on_host(r, console_set_timeout);
}

int host_set_ssh_auto_mode(struct request *r)
{
    return on_host(r, ssh_set_auto);
}

int host_set_https_only(struct request *r)
{
    return on_host(r, http_set);
}

int pool_enable_ssh(struct request *r)
{
    return on_pool(r, ssh_enable, "ENABLE_SSH_PARTIALLY_FAILED");
}

int pool_disable_ssh(struct request *r)
{
    return on_pool(r, ssh_disable, "DISABLE_SSH_PARTIALLY_FAILED");
}

int pool_set_ssh_enabled_timeout(struct request *r)
{
    if (check_timeout(r, "ssh_enabled_timeout", arg_int(r, 1),
                      SSH_TIMEOUT_MAX_S))
        return API_FAILED;
    return on_pool(r, ssh_set_timeout, "SET_SSH_TIMEOUT_PARTIALLY_FAILED");
}

int pool_set_console_idle_timeout(struct request *r)
{
    return on_pool(r, console_set_timeout, NULL);
}

int pool_set_ssh_auto_mode(struct request *r)
{
    return on_pool(r, ssh_set_auto, "SET_SSH_AUTO_MODE_PARTIALLY_FAILED");
}

int pool_set_https_only(struct request *r)
{
    return on_pool(r, http_set, NULL);
}
