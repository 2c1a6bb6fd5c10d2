/* Rate limits and the callers that they hold for. */
#include "limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "net.h"

enum {
    MS_PER_S = 1000,
    AGENTS_MAX = 64,
    AGENT_BYTES = 128,
};

/* A client that logged in: "NAME/VERSION" in its header. */
struct agent_seen {
    char name[AGENT_BYTES], version[AGENT_BYTES];
};

/* What one caller used since the start, or one bucket holds. */
struct usage {
    char ref[REF_BYTES];
    double tokens;
    int64_t calls, at_ms;
    struct usage *next;
};

struct limits {
    struct usage *callers, *buckets;
    struct agent_seen agents[AGENTS_MAX]; /* a ring */
    uint64_t agents_nr;
    uint64_t *calls; /* by message; NULL: none yet */
};

static struct limits *limits_of(struct toolstack *ts)
{
    if (!ts->limits) {
        ts->limits = must_alloc(sizeof(*ts->limits));
        memset(ts->limits, 0, sizeof(*ts->limits));
    }
    return ts->limits;
}

static void list_free(struct usage *u)
{
    while (u) {
        struct usage *next = u->next;

        free(u);
        u = next;
    }
}

void limits_fini(struct toolstack *ts)
{
    if (!ts->limits)
        return;
    list_free(ts->limits->callers);
    list_free(ts->limits->buckets);
    free(ts->limits->calls);
    free(ts->limits);
    ts->limits = NULL;
}

static struct usage *usage_find(struct usage *list, const char *ref)
{
    while (list && strcmp(list->ref, ref) != 0)
        list = list->next;
    return list;
}

static struct usage *usage_get(struct usage **list, const char *ref,
                               double tokens, int64_t now)
{
    struct usage *u = usage_find(*list, ref);

    if (u)
        return u;
    u = must_alloc(sizeof(*u));
    *u = (struct usage){.tokens = tokens, .at_ms = now, .next = *list};
    memcpy(u->ref, ref, strlen(ref) + 1); /* of an object: it fits */
    *list = u;
    return u;
}

static void usage_del(struct usage **list, const char *ref)
{
    while (*list && strcmp((*list)->ref, ref) != 0)
        list = &(*list)->next;
    if (*list) {
        struct usage *gone = *list;

        *list = gone->next;
        free(gone);
    }
}

/* Nothing stands for everything, and so does what begins a name with '*'. */
static bool matches(const char *pattern, const char *text)
{
    size_t len = strlen(pattern);

    if (!len)
        return true;
    if (pattern[len - 1] == '*')
        return strncmp(pattern, text, len - 1) == 0;
    return strcmp(pattern, text) == 0;
}

static bool is_caller(const struct object *o, const struct caller *c)
{
    return matches(db_text(o, "user_agent"),
                   c->user_agent ? c->user_agent : "") &&
           matches(db_text(o, "client_ip"), c->address ? c->address : "");
}

/* Takes a token; without one, ms until there is. */
static int64_t bucket_take(struct request *r, const struct object *limit)
{
    double burst = db_get(limit, "burst_size")->f;
    double rate = db_get(limit, "fill_rate")->f;
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);
    struct usage *u =
        usage_get(&limits_of(r->ts)->buckets, limit->ref, burst, now);

    if (now > u->at_ms)
        u->tokens += (double)(now - u->at_ms) / MS_PER_S * rate;
    u->at_ms = now;
    if (u->tokens > burst)
        u->tokens = burst;
    u->tokens -= 1;
    return u->tokens >= 0 ? 0 : (int64_t)ceil(-u->tokens / rate * MS_PER_S);
}

static struct agent_seen *agent_find(struct limits *l, const char *name,
                                     size_t len)
{
    for (uint64_t i = 0; i < l->agents_nr && i < AGENTS_MAX; i++)
        if (strncmp(l->agents[i].name, name, len) == 0 &&
            !l->agents[i].name[len])
            return &l->agents[i];
    return &l->agents[l->agents_nr++ % AGENTS_MAX];
}

static void track_agent(struct limits *l, const char *text)
{
    size_t len = strcspn(text, "/ ");
    struct agent_seen *seen;

    if (!len || len >= AGENT_BYTES)
        return;
    seen = agent_find(l, text, len);
    memcpy(seen->name, text, len);
    seen->name[len] = '\0';
    text += len + (text[len] == '/');
    len = strcspn(text, " ");
    if (len >= AGENT_BYTES)
        len = AGENT_BYTES - 1;
    memcpy(seen->version, text, len);
    seen->version[len] = '\0';
}

/* Which messages are called, and by what programs. */
static void track(struct request *r)
{
    struct limits *l = limits_of(r->ts);
    ptrdiff_t nr;

    if (!l->calls) {
        size_t size = sizeof(*l->calls) * (size_t)message_count();

        l->calls = must_alloc(size);
        memset(l->calls, 0, size);
    }
    nr = r->message - message_at(0);
    if (nr >= 0 && nr < message_count())
        l->calls[nr]++;
    if ((r->message->flags & MSG_NO_SESSION) && r->caller &&
        r->caller->user_agent &&
        strncmp(r->message->name, "session.login", 13) == 0)
        track_agent(l, r->caller->user_agent);
}

int64_t limits_charge(struct request *r)
{
    int64_t longest = 0;

    track(r);
    if (!r->caller)
        return 0;
    for (struct object *o = db_first(r->db, "Caller"); o; o = o->next) {
        const struct object *limit;
        struct usage *u;
        int64_t ms;

        if (!is_caller(o, r->caller))
            continue;
        u = usage_get(&limits_of(r->ts)->callers, o->ref, 0, 0);
        u->calls++;
        u->tokens += 1;
        limit = db_ref(r->db, o, "rate_limit");
        ms = limit ? bucket_take(r, limit) : 0;
        longest = ms > longest ? ms : longest;
    }
    return longest;
}

int host_get_tracked_user_agents(struct request *r)
{
    const struct limits *l = limits_of(r->ts);
    struct value map = value_map(NULL, 0);

    for (uint64_t i = 0; i < l->agents_nr && i < AGENTS_MAX; i++)
        map = value_map_with(r->arena, &map, l->agents[i].name,
                             value_string(l->agents[i].version));
    return reply(r, map);
}

/* How often each message was called. */
int host_get_diagnostic_timing_stats(struct request *r)
{
    const struct limits *l = limits_of(r->ts);
    struct member *m =
        arena_alloc(r->arena, sizeof(*m) * (size_t)(message_count() + 1));
    size_t nr = 0;

    for (int i = 0; i < message_count() && l->calls; i++)
        if (l->calls[i])
            m[nr++] = (struct member){
                message_at(i)->name,
                value_string(arena_printf(r->arena, "n = %llu",
                                          (unsigned long long)l->calls[i]))};
    return reply(r, value_map(m, nr));
}

/* --- Limits ---------------------------------------------------------------------------- */

static int check_positive(struct request *r, const char *name, double f)
{
    if (f > 0)
        return 0;
    return request_fail(r, "INVALID_VALUE", name,
                        arena_printf(r->arena, "%.12g.", f), NULL);
}

int rate_limit_create(struct request *r)
{
    static const char *const names[] = {"fill_rate", "burst_size"};

    for (int i = 0; i < 2; i++)
        if (check_positive(r, names[i], value_find(&r->args[0], names[i])->f))
            return API_FAILED;
    return reply_ref(r, generic_create(r, &r->args[0]));
}

int rate_limit_destroy(struct request *r)
{
    usage_del(&limits_of(r->ts)->buckets, r->self->ref);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* The bucket is full again, as a new one is. */
static int set_size(struct request *r, const char *field)
{
    if (check_positive(r, field, arg_float(r, 1)))
        return API_FAILED;
    db_set(r->db, r->self, field, r->args[1]);
    usage_del(&limits_of(r->ts)->buckets, r->self->ref);
    return reply_void(r);
}

int rate_limit_set_burst_size(struct request *r)
{
    return set_size(r, "burst_size");
}

int rate_limit_set_fill_rate(struct request *r)
{
    return set_size(r, "fill_rate");
}

int rate_limit_add_caller(struct request *r)
{
    struct object *caller = arg_object(r, 1, "Caller");

    if (!caller)
        return API_FAILED;
    db_set_text(r->db, caller, "rate_limit", r->self->ref);
    db_set_bool(r->db, caller, "auto_registered", false);
    return reply_void(r);
}

int rate_limit_remove_caller(struct request *r)
{
    struct object *caller = arg_object(r, 1, "Caller");

    if (!caller)
        return API_FAILED;
    if (strcmp(db_text(caller, "rate_limit"), r->self->ref) == 0)
        db_set_text(r->db, caller, "rate_limit", REF_NULL);
    return reply_void(r);
}

/* --- Callers ------------------------------------------------------------------------------- */

static bool is_wild(const char *pattern)
{
    return !*pattern || strcmp(pattern, "*") == 0;
}

int caller_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *agent = value_text(args, "user_agent", "");
    const char *ip = value_text(args, "client_ip", "");

    if (!*agent && !*ip)
        return request_fail(r, "INVALID_VALUE", "user_agent/client_ip",
                            "at least one of user_agent or client_ip must be "
                            "set",
                            NULL);
    if (is_wild(agent) && is_wild(ip))
        return request_fail(r, "INVALID_VALUE", "user_agent/client_ip",
                            "all-wildcard pattern not allowed", NULL);
    for (struct object *o = db_first(r->db, "Caller"); o; o = o->next)
        if (strcmp(db_text(o, "user_agent"), agent) == 0 &&
            strcmp(db_text(o, "client_ip"), ip) == 0) {
            db_set_text(r->db, o, "name_label",
                        value_text(args, "name_label", ""));
            db_set_text(r->db, o, "name_description",
                        value_text(args, "name_description", ""));
            return reply_ref(r, o);
        }
    return reply_ref(r, generic_create(r, args));
}

int caller_destroy(struct request *r)
{
    usage_del(&limits_of(r->ts)->callers, r->self->ref);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int caller_add_group(struct request *r)
{
    if (!*arg_text(r, 1))
        return request_fail(r, "INVALID_VALUE", "group", "empty group name",
                            NULL);
    db_set(r->db, r->self, "groups",
           value_set_with(r->arena, db_get(r->self, "groups"), arg_text(r, 1)));
    return reply_void(r);
}

int caller_remove_group(struct request *r)
{
    db_set(
        r->db, r->self, "groups",
        value_set_without(r->arena, db_get(r->self, "groups"), arg_text(r, 1)));
    return reply_void(r);
}

static struct usage usage_of(struct request *r, const char *ref)
{
    const struct usage *u =
        r->ts->limits ? usage_find(r->ts->limits->callers, ref) : NULL;

    return u ? *u : (struct usage){0};
}

int caller_query_token_usage(struct request *r)
{
    return reply(r, value_float(usage_of(r, arg_text(r, 0)).tokens));
}

int caller_query_call_count(struct request *r)
{
    return reply(r, value_int(usage_of(r, r->self->ref).calls));
}

/* 0 with the sum, or API_FAILED. */
static int sum_group(struct request *r, struct usage *sum)
{
    const char *group = arg_text(r, 0);

    *sum = (struct usage){0};
    if (!*group)
        return request_fail(r, "INVALID_VALUE", "group", "empty group name",
                            NULL);
    for (struct object *o = db_first(r->db, "Caller"); o; o = o->next)
        if (value_has(db_get(o, "groups"), group)) {
            struct usage u = usage_of(r, o->ref);

            sum->tokens += u.tokens;
            sum->calls += u.calls;
        }
    return 0;
}

int caller_query_group_token_usage(struct request *r)
{
    struct usage sum;

    return sum_group(r, &sum) ? API_FAILED : reply(r, value_float(sum.tokens));
}

int caller_query_group_call_count(struct request *r)
{
    struct usage sum;

    return sum_group(r, &sum) ? API_FAILED : reply(r, value_int(sum.calls));
}

static int by_tokens(const void *a, const void *b)
{
    double x = strtod(((const struct value *)a)->items[2].s, NULL);
    double y = strtod(((const struct value *)b)->items[2].s, NULL);

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Rows of uuid, name, tokens and calls; who used most comes first. */
int caller_query_all_usage(struct request *r)
{
    struct objects all = objects_all(r, "Caller");
    struct value *rows = arena_alloc(r->arena, sizeof(*rows) * (all.nr + 1));

    for (uint32_t i = 0; i < all.nr; i++) {
        struct usage u = usage_of(r, all.at[i]->ref);
        const char *row[] = {
            db_text(all.at[i], "uuid"), db_text(all.at[i], "name_label"),
            arena_printf(r->arena, "%.3f", u.tokens),
            arena_printf(r->arena, "%lld", (long long)u.calls)};

        rows[i] = value_strings(r->arena, row, 4);
    }
    qsort(rows, all.nr, sizeof(*rows), by_tokens);
    return reply(r, value_set(rows, all.nr));
}
