/*
 * Repositories of updates: where they are, what they hold, and what a host
 * takes from them. The host's own system fetches: an update is a line
 * "NAME KIND MANDATORY RECOMMENDED FULL SUMMARY", guidances with commas
 * between, "-" for none.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "agent.h"
#include "generic.h"
#include "handlers.h"
#include "net.h"
#include "timer.h"
#include "updates.h"

enum {
    SHA256_BYTES = 32,
    SYNC_DAY_MAX = 6,
    GUIDANCE_COLUMN = 2, /* the first of three */
    DAY_MS = 24 * 3600 * 1000,
    WEEK_DAYS = 7,
};

/* --- Introduce ------------------------------------------------------------------------ */

static int check_new(struct request *r, const char *name, const char *url)
{
    for (struct object *o = db_first(r->db, "Repository"); o; o = o->next)
        if ((url && strcmp(db_text(o, "binary_url"), url) == 0) ||
            strcmp(db_text(o, "name_label"), name) == 0)
            return request_fail(r, "REPOSITORY_ALREADY_EXISTS", o->ref, NULL);
    return 0;
}

static int check_key_path(struct request *r, const char *path)
{
    if (strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789.-_") == strlen(path))
        return 0;
    return request_fail(r, "INVALID_GPGKEY_PATH", path, NULL);
}

static bool url_valid(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

int repository_introduce(struct request *r)
{
    for (int i = 2; i < 4; i++)
        if (!url_valid(arg_text(r, i)))
            return request_fail(r, "INVALID_BASE_URL", arg_text(r, i), NULL);
    if (check_key_path(r, arg_text(r, 5)) ||
        check_new(r, arg_text(r, 0), arg_text(r, 2)))
        return API_FAILED;
    return any_introduce(r);
}

int repository_introduce_bundle(struct request *r)
{
    struct object *o;

    if (check_new(r, arg_text(r, 0), NULL))
        return API_FAILED;
    for (o = db_first(r->db, "Repository"); o; o = o->next)
        if (strcmp(db_text(o, "origin"), "bundle") == 0)
            return request_fail(r, "BUNDLE_REPOSITORY_ALREADY_EXISTS", o->ref,
                                NULL);
    if (any_introduce(r))
        return API_FAILED;
    o = db_find_any(r->db, r->result.s);
    db_set_text(r->db, o, "origin", "bundle");
    db_set_bool(r->db, o, "update", true);
    return 0;
}

int repository_introduce_remote_pool(struct request *r)
{
    const char *url = arg_text(r, 2);
    size_t len = strlen(url);
    static const char tail[] = "/repository/enabled";
    struct object *o;

    if (strncmp(url, "https://", 8) != 0 || len < sizeof(tail) + 8 ||
        strcmp(url + len - sizeof(tail) + 1, tail) != 0)
        return request_fail(r, "INVALID_BASE_URL", url, NULL);
    if (check_new(r, arg_text(r, 0), url) || any_introduce(r))
        return API_FAILED;
    o = db_find_any(r->db, r->result.s);
    db_set_text(r->db, o, "origin", "remote_pool");
    db_set_bool(r->db, o, "update", true);
    return 0;
}

int repository_forget(struct request *r)
{
    if (value_has(db_get(toolstack_pool(r->ts), "repositories"), r->self->ref))
        return request_fail(r, "REPOSITORY_IS_IN_USE", NULL);
    return any_forget(r);
}

int repository_set_gpgkey_path(struct request *r)
{
    if (check_key_path(r, arg_text(r, 1)))
        return API_FAILED;
    db_set_text(r->db, r->self, "gpgkey_path", arg_text(r, 1));
    return reply_void(r);
}

/* --- Which ones the pool uses ------------------------------------------------------------ */

/* A bundle and another pool's updates stand alone. */
static int check_alone(struct request *r, const struct value *set)
{
    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *o = db_find(r->db, "Repository", set->items[i].s);

        if (!o)
            return request_bad_handle(r, "Repository", set->items[i].s);
        if (set->nr > 1 && strcmp(db_text(o, "origin"), "remote") != 0)
            return request_fail(r, "REPO_SHOULD_BE_SINGLE_ONE_ENABLED", NULL);
    }
    return 0;
}

static bool all_remote(struct request *r, const struct value *set)
{
    for (uint32_t i = 0; i < set->nr; i++) {
        const struct object *o = db_find_any(r->db, set->items[i].s);

        if (o && strcmp(db_text(o, "origin"), "remote") != 0)
            return false;
    }
    return true;
}

static void use(struct request *r, struct object *pool, struct value set)
{
    const struct value *old = db_get(pool, "repositories");

    for (uint32_t i = 0; i < set.nr; i++)
        if (!value_has(old, set.items[i].s)) {
            db_set_text(r->db, db_find_any(r->db, set.items[i].s), "hash", "");
            db_set(r->db, pool, "last_update_sync", value_date(DATE_0));
        }
    db_set(r->db, pool, "repositories", set);
    if (!all_remote(r, &set))
        db_set_bool(r->db, pool, "update_sync_enabled", false);
    if (set.nr)
        return;
    db_set(r->db, pool, "last_update_sync", value_date(DATE_0));
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        db_set_text(r->db, h, "latest_synced_updates_applied", "unknown");
}

int pool_set_repositories(struct request *r)
{
    if (check_alone(r, &r->args[1]))
        return API_FAILED;
    use(r, r->self, r->args[1]);
    return reply_void(r);
}

int pool_add_repository(struct request *r)
{
    struct value set = value_set_with(r->arena, db_get(r->self, "repositories"),
                                      arg_text(r, 1));

    if (check_alone(r, &set))
        return API_FAILED;
    use(r, r->self, set);
    return reply_void(r);
}

int pool_remove_repository(struct request *r)
{
    use(r, r->self,
        value_set_without(r->arena, db_get(r->self, "repositories"),
                          arg_text(r, 1)));
    return reply_void(r);
}

/* --- Synchronise ---------------------------------------------------------------------------- */

static const char *sha256(struct request *r, const char *a, const char *b)
{
    unsigned char hash[SHA256_BYTES];
    char *text = arena_alloc(r->arena, SHA256_BYTES * 2 + 1);
    const char *both = arena_printf(r->arena, "%s\n%s", a, b);
    static const char digits[] = "0123456789abcdef";

    (void)gnutls_hash_fast(GNUTLS_DIG_SHA256, both, strlen(both), hash);
    for (int i = 0; i < SHA256_BYTES; i++) {
        text[i * 2] = digits[hash[i] >> 4];
        text[i * 2 + 1] = digits[hash[i] & 15];
    }
    return text;
}

static const char *content_of(struct request *r, const struct object *repo)
{
    return agent_ask(r, toolstack_master(r->ts),
                     arena_printf(r->arena, "repository %s",
                                  strcmp(db_text(repo, "origin"), "bundle") == 0
                                      ? "bundle"
                                      : db_text(repo, "binary_url")));
}

/* The one whose updates are applied; NULL, with the error set. */
static struct object *update_repository(struct request *r)
{
    struct objects all = objects_of(r, toolstack_pool(r->ts), "repositories");
    struct object *found = NULL;

    for (uint32_t i = 0; i < all.nr; i++) {
        if (!db_bool(all.at[i], "update"))
            continue;
        if (found) {
            (void)request_fail(r, "MULTIPLE_UPDATE_REPOSITORIES_ENABLED", NULL);
            return NULL;
        }
        found = all.at[i];
    }
    if (!found)
        (void)request_fail(r, "NO_REPOSITORY_ENABLED", NULL);
    return found;
}

static int sync_one(struct request *r, struct object *repo)
{
    const char *content = content_of(r, repo);

    if (!*content)
        return request_fail(
            r,
            strcmp(db_text(repo, "origin"), "remote_pool") == 0
                ? "UPDATE_SYNCING_REMOTE_POOL_COORDINATOR_CONNECTION_FAILED"
                : "REPOSYNC_FAILED",
            NULL);
    db_set_text(r->db, repo, "hash",
                db_bool(repo, "update")
                    ? sha256(r, db_text(repo, "binary_url"), content)
                    : "");
    return 0;
}

static void compare_hosts(struct request *r, const char *hash)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        db_set_text(r->db, h, "latest_synced_updates_applied",
                    strcmp(db_text(h, "last_update_hash"), hash) == 0 ? "yes"
                                                                      : "no");
}

int updates_sync(struct request *r, const char **hash)
{
    struct object *pool = toolstack_pool(r->ts), *repo;
    struct objects all = objects_of(r, pool, "repositories");

    if (!all.nr)
        return request_fail(r, "NO_REPOSITORY_ENABLED", NULL);
    for (uint32_t i = 0; i < all.nr; i++)
        if (sync_one(r, all.at[i]))
            return API_FAILED;
    repo = update_repository(r);
    if (!repo)
        return API_FAILED;
    *hash = db_text(repo, "hash");
    db_set(r->db, pool, "last_update_sync",
           value_date(toolstack_now(r->ts, r->arena)));
    compare_hosts(r, *hash);
    return 0;
}

int pool_sync_updates(struct request *r)
{
    struct objects all = objects_of(r, r->self, "repositories");
    const char *hash;

    if (feature_check(r, "updates"))
        return API_FAILED;
    for (uint32_t i = 0; i < all.nr; i++)
        if (strcmp(db_text(all.at[i], "origin"), "bundle") == 0)
            return request_fail(r, "CAN_NOT_SYNC_UPDATES", NULL);
    return updates_sync(r, &hash) ? API_FAILED : reply_text(r, hash);
}

/* --- Apply ------------------------------------------------------------------------------------ */

/* Adds the words of a column to a host's set. */
static struct value with_words(struct request *r, struct value set,
                               const char *words)
{
    if (strcmp(words, "-") == 0)
        return set;
    for (const char *c = words; *c; c += *c == ',') {
        size_t len = strcspn(c, ",");

        set = value_set_with(r->arena, &set, arena_strndup(r->arena, c, len));
        c += len;
    }
    return set;
}

static const char *column(struct request *r, const char *line, int nr)
{
    for (; nr > 0; nr--) {
        line += strcspn(line, " ");
        line += *line == ' ';
    }
    return arena_strndup(r->arena, line, strcspn(line, " "));
}

static const char *const guidance_fields[] = {"pending_guidances",
                                              "pending_guidances_recommended",
                                              "pending_guidances_full"};

/* Machines that run keep what they were started with. */
static void advise_machines(struct request *r, struct object *host, int kind,
                            const char *words)
{
    struct objects vms = objects_of(r, host, "resident_VMs");

    for (uint32_t i = 0; i < vms.nr; i++)
        if (!db_bool(vms.at[i], "is_control_domain"))
            db_set(r->db, vms.at[i], guidance_fields[kind],
                   with_words(r, *db_get(vms.at[i], guidance_fields[kind]),
                              words));
}

static void advise(struct request *r, struct object *host, const char *line)
{
    for (int kind = 0; kind < 3; kind++) {
        const char *words = column(r, line, GUIDANCE_COLUMN + kind);

        if (strstr(words, "restart_vm") || strstr(words, "device_model"))
            advise_machines(r, host, kind, words);
        else
            db_set(r->db, host, guidance_fields[kind],
                   with_words(r, *db_get(host, guidance_fields[kind]), words));
    }
}

static int check_appliable(struct request *r, const struct object *host,
                           const char *hash, struct object **repo)
{
    if (feature_check(r, "updates"))
        return API_FAILED;
    if (db_bool(toolstack_pool(r->ts), "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (db_get(h, "pending_guidances")->nr)
            return request_fail(r, "HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY",
                                h->ref, NULL);
    (void)host;
    *repo = update_repository(r);
    if (!*repo)
        return API_FAILED;
    if (!*hash || strcmp(db_text(*repo, "hash"), hash) != 0)
        return request_fail(r, "UPDATEINFO_HASH_MISMATCH", NULL);
    return 0;
}

int host_apply_updates(struct request *r)
{
    const char *hash = arg_text(r, 1);
    struct object *repo = NULL, *host = r->self;
    struct value lines;

    if (check_appliable(r, host, hash, &repo))
        return API_FAILED;
    lines = text_lines(r, content_of(r, repo));
    db_set_bool(r->db, host, "enabled", false);
    for (uint32_t i = 0; i < lines.nr; i++) {
        const char *name = column(r, lines.items[i].s, 0);
        const char *path = arena_printf(r->arena, "packages/%s", name);

        if (agent_read(r, host, path))
            continue; /* of an earlier time */
        if (agent_write(r, host, path, lines.items[i].s))
            return request_fail(r, "APPLY_UPDATES_FAILED", host->ref, NULL);
        advise(r, host, lines.items[i].s);
    }
    db_set(r->db, host, "last_software_update",
           value_date(toolstack_now(r->ts, r->arena)));
    db_set_text(r->db, host, "latest_synced_updates_applied", "yes");
    db_set_text(r->db, host, "last_update_hash", hash);
    return reply(r, value_set(NULL, 0));
}

void updates_host_restarted(struct toolstack *ts, struct object *host)
{
    for (int kind = 0; kind < 3; kind++)
        db_set(&ts->db, host, guidance_fields[kind], value_set(NULL, 0));
    db_set(&ts->db, host, "updates_requiring_reboot", value_set(NULL, 0));
}

void updates_agent_restarted(struct toolstack *ts, struct object *host)
{
    struct arena a;

    arena_init(&a);
    for (int kind = 0; kind < 3; kind++)
        db_set(&ts->db, host, guidance_fields[kind],
               value_set_without(&a, db_get(host, guidance_fields[kind]),
                                 "restart_toolstack"));
    arena_fini(&a);
}

int host_emergency_clear_mandatory_guidance(struct request *r)
{
    db_set(r->db, toolstack_master(r->ts), "pending_guidances",
           value_set(NULL, 0));
    return reply_void(r);
}

/* --- Readiness, and doing it by the calendar ------------------------------------------------------ */

static struct value words_of(struct request *r, const char *code,
                             const char *word)
{
    const char *words[] = {code, word};

    return value_strings(r->arena, words, word ? 2 : 1);
}

/* With a reboot ahead, machines that cannot leave are in the way. */
static size_t host_obstacles(struct request *r, struct object *host,
                             bool reboot, struct value *out, size_t max)
{
    struct object *metrics = db_ref(r->db, host, "metrics");
    struct objects vms = objects_of(r, host, "resident_VMs");
    size_t nr = 0;

    if (metrics && !db_bool(metrics, "live")) {
        out[nr++] = words_of(r, "HOST_OFFLINE", host->ref);
        return nr;
    }
    for (uint32_t i = 0; i < vms.nr && reboot && nr < max; i++)
        if (!db_bool(vms.at[i], "is_control_domain") &&
            db_count(r->db, class_find("host")) == 1)
            out[nr++] = words_of(r, "NO_HOSTS_AVAILABLE", NULL);
    return nr;
}

int pool_check_update_readiness(struct request *r)
{
    size_t max = db_count(r->db, class_find("VM")) +
                 db_count(r->db, class_find("host")) + 1,
           nr = 0;
    struct value *errors = arena_alloc(r->arena, sizeof(*errors) * max);

    if (feature_check(r, "updates"))
        return API_FAILED;
    if (db_bool(toolstack_pool(r->ts), "ha_enabled"))
        errors[nr++] = words_of(r, "HA_IS_ENABLED", NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        nr += host_obstacles(r, h, arg_bool(r, 1), errors + nr, max - nr);
    return reply(r, value_set(errors, nr));
}

static int64_t until_next_ms(const struct object *pool)
{
    return strcmp(db_text(pool, "update_sync_frequency"), "daily") == 0
               ? DAY_MS
               : (int64_t)WEEK_DAYS * DAY_MS;
}

static void schedule(struct toolstack *ts);

static void sync_cb(struct toolstack *ts, void *arg)
{
    struct request r = {.ts = ts, .db = &ts->db};
    struct object *pool = toolstack_pool(ts);
    const char *hash;
    struct arena a;

    (void)arg;
    ts->update_sync_timer = 0;
    if (!pool || !db_bool(pool, "update_sync_enabled"))
        return;
    arena_init(&a);
    r.arena = &a;
    if (updates_sync(&r, &hash))
        (void)alert(&r, "PERIODIC_UPDATE_SYNC_FAILED", 3, "Pool", pool,
                    r.error.items[0].s);
    arena_fini(&a);
    schedule(ts);
}

static void schedule(struct toolstack *ts)
{
    struct object *pool = toolstack_pool(ts);

    (void)timer_cancel(ts, ts->update_sync_timer); /* or there was none */
    ts->update_sync_timer = 0;
    if (db_bool(pool, "update_sync_enabled"))
        ts->update_sync_timer =
            timer_after(ts, until_next_ms(pool), sync_cb, NULL);
}

int pool_set_update_sync_enabled(struct request *r)
{
    const struct value *set = db_get(r->self, "repositories");
    bool on = arg_bool(r, 1);

    if (on && !set->nr)
        return request_fail(r, "NO_REPOSITORIES_CONFIGURED", NULL);
    if (on && !all_remote(r, set))
        return request_fail(r, "CAN_NOT_PERIODIC_SYNC_UPDATES", NULL);
    db_set_bool(r->db, r->self, "update_sync_enabled", on);
    schedule(r->ts);
    return reply_void(r);
}

int pool_configure_update_sync(struct request *r)
{
    bool weekly = strcmp(arg_text(r, 1), "weekly") == 0;
    int64_t day = arg_int(r, 2);

    if (weekly && (day < 0 || day > SYNC_DAY_MAX))
        return request_fail(r, "INVALID_UPDATE_SYNC_DAY",
                            arena_printf(r->arena, "%lld", (long long)day),
                            NULL);
    db_set_text(r->db, r->self, "update_sync_frequency", arg_text(r, 1));
    db_set_int(r->db, r->self, "update_sync_day", weekly ? day : 0);
    schedule(r->ts);
    return reply_void(r);
}

/* --- Between hosts ----------------------------------------------------------------------------------- */

int repository_apply(struct request *r)
{
    return agent_apply(r, r->self, "packages", "upgrade") ? API_FAILED
                                                          : reply_void(r);
}

int repository_apply_livepatch(struct request *r)
{
    const char *what = arena_printf(r->arena, "%s %s-%s", arg_text(r, 1),
                                    arg_text(r, 5), arg_text(r, 6));

    if (agent_apply(r, r->self, "livepatch", what))
        return request_fail(r, "APPLY_LIVEPATCH_FAILED", what, NULL);
    return reply_void(r);
}
