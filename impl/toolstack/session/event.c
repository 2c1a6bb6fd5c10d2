/*
 * event.from and its kin. Everything is read off the database's list of
 * changes, so that no queue per client exists.
 */
#include "event.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers.h"
#include "session.h"
#include "wait.h"
#include "xmlrpc.h"

enum {
    REGISTERED_BYTES_MAX = 64 << 10, /* names of one session */
};

/* What a session registered for; removed when the session is gone. */
struct registration {
    char session[REF_BYTES];
    char *classes; /* "*" or class names in lower case, each between spaces */
    uint64_t since, deleted; /* what it was told: generation, deletions */
    struct registration *next;
};

struct subscription {
    const struct class *class; /* NULL: every class */
    const char *ref;           /* NULL: every object */
};

struct event_wait {
    struct wait base;
    struct subscription *wanted;
    uint32_t nr;
    uint64_t since; /* changes after this generation count */
    bool full;      /* everything that exists counts */
    const char *session;
    uint64_t looked, looked_deleted;   /* until where the last look went */
    bool ready;                        /* a look found something */
    bool waited;                       /* nothing was there at first */
    struct registration *registration; /* of event.next; NULL: event.from */
};

/*
 * The last answer to a call that had waited: of a thousand that wait for the
 * same, each gets it.
 */
struct event_memo {
    struct arena arena;
    uint64_t since, generation; /* what it tells */
    struct subscription *wanted;
    uint32_t nr;
    struct value value;
    struct rendering rendering;
    size_t kept;
};

static struct event_wait *wait_of(const struct request *r)
{
    return (struct event_wait *)r->wait;
}

static int64_t now_ms(const struct request *r)
{
    return r->ts->env.now_ms(r->ts->env.ctx);
}

/* "vm", "vm/OpaqueRef:...", "*"; what matches nothing is kept out. */
static bool subscribe(const char *text, struct subscription *s)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);

    *s = (struct subscription){.ref = slash ? slash + 1 : NULL};
    if (len == 1 && *text == '*')
        return true;
    for (int i = 0; i < class_count(); i++) {
        const struct class *c = class_at(i);
        size_t k = 0;

        while (k < len && tolower((unsigned char)text[k]) == c->lower[k])
            k++;
        if (k == len && !c->lower[k] && class_has_events(c)) {
            s->class = c;
            return true;
        }
    }
    return false;
}

static bool wanted(const struct event_wait *w, const struct class *c,
                   const char *ref)
{
    for (uint32_t i = 0; i < w->nr; i++)
        if ((!w->wanted[i].class || w->wanted[i].class == c) &&
            (!w->wanted[i].ref || strcmp(w->wanted[i].ref, ref) == 0))
            return class_has_events(c);
    return false;
}

/*
 * A number as clients of the original write it: a sign, 0x, 0o, 0b or 0u, and
 * digits that underscores may part. 0 or -EINVAL.
 */
static int parse_int64(const char *text, int64_t *number)
{
    static const char digits[] = "0123456789abcdef";
    static const struct {
        const char *prefix;
        uint64_t base;
        bool decimal;
    } bases[] = {{"0x", 16, false},
                 {"0o", 8, false},
                 {"0b", 2, false},
                 {"0u", 10, false},
                 {"", 10, true}};
    bool negative = *text == '-';
    uint64_t sum = 0;
    size_t i = 0;

    text += *text == '-' || *text == '+';
    while (strncasecmp(text, bases[i].prefix, strlen(bases[i].prefix)) != 0)
        i++;
    text += strlen(bases[i].prefix);
    if (!*text || *text == '_')
        return -EINVAL;
    for (; *text; text++) {
        const char *digit = strchr(digits, tolower((unsigned char)*text));

        if (*text == '_')
            continue;
        if (!digit || (uint64_t)(digit - digits) >= bases[i].base ||
            __builtin_mul_overflow(sum, bases[i].base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digit - digits), &sum))
            return -EINVAL;
    }
    if (bases[i].decimal && sum > (uint64_t)INT64_MAX + negative)
        return -EINVAL;
    *number = (int64_t)(negative ? -sum : sum);
    return 0;
}

static int token_parse(struct request *r, const char *text,
                       struct event_wait *w)
{
    const char *comma = strchr(text, ',');
    int64_t generation, messages; /* messages are objects here */

    w->full = *text == '\0';
    if (w->full)
        return 0;
    if (!comma || parse_int64(comma + 1, &messages) ||
        parse_int64(arena_strndup(r->arena, text, (size_t)(comma - text)),
                    &generation))
        return request_fail(r, "EVENT_FROM_TOKEN_PARSE_FAILURE", text, NULL);
    w->since = generation > 0 ? (uint64_t)generation : 0;
    return 0;
}

static const char *token_text(struct request *r, uint64_t generation)
{
    return arena_printf(r->arena, "%020llu,%020llu",
                        (unsigned long long)generation,
                        (unsigned long long)generation);
}

static struct value event_value(struct request *r, const char *operation,
                                const struct class *c, const char *ref,
                                struct object *o)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * 6);

    m[0] = (struct member){"id", value_int((int64_t)++r->ts->event_id)};
    m[1] = (struct member){"timestamp", value_string("0.0")};
    m[2] = (struct member){"class", value_string(c->lower)};
    m[3] = (struct member){"operation", value_string(operation)};
    m[4] = (struct member){"ref", value_string(arena_strdup(r->arena, ref))};
    if (o)
        m[5] = (struct member){"snapshot", request_record(r, o)};
    return value_map(m, o ? 6 : 5);
}

/* Where the changes after `since` begin in the list. */
static struct object *first_change(const struct request *r)
{
    const struct event_wait *w = wait_of(r);
    struct object *o = r->db->newest, *first = NULL;

    if (w->full)
        return r->db->oldest;
    for (; o && o->changed > w->since; o = o->older)
        first = o;
    return first;
}

static uint64_t first_tombstone(const struct db *db)
{
    return db->tombstones_nr > TOMBSTONES_MAX
               ? db->tombstones_nr - TOMBSTONES_MAX
               : 0;
}

/* Of those that were deleted after `since`: they are in the order of time. */
static uint64_t first_deletion(const struct request *r)
{
    const struct db *db = r->db;
    uint64_t first = first_tombstone(db), i = db->tombstones_nr;

    while (i > first &&
           db->tombstones[(i - 1) % TOMBSTONES_MAX].deleted > wait_of(r)->since)
        i--;
    return i;
}

static bool tells(const struct event_wait *w, const struct tombstone *t)
{
    return !w->full && t->deleted > w->since && t->created <= w->since &&
           wanted(w, t->class, t->ref);
}

static struct value collect(struct request *r)
{
    const struct event_wait *w = wait_of(r);
    const struct db *db = r->db;
    uint64_t deletion = first_deletion(r);
    size_t nr = 0, max = 0;
    struct value *events;

    for (struct object *o = first_change(r); o; o = o->newer)
        max += wanted(w, o->class, o->ref);
    for (uint64_t i = deletion; i < db->tombstones_nr; i++)
        max += tells(w, &db->tombstones[i % TOMBSTONES_MAX]);
    events = arena_alloc(r->arena, sizeof(*events) * max);
    for (struct object *o = first_change(r); o; o = o->newer)
        if (wanted(w, o->class, o->ref))
            events[nr++] =
                event_value(r, w->full || o->created > w->since ? "add" : "mod",
                            o->class, o->ref, o);
    for (uint64_t i = deletion; i < db->tombstones_nr; i++) {
        const struct tombstone *t = &db->tombstones[i % TOMBSTONES_MAX];

        if (tells(w, t))
            events[nr++] = event_value(r, "del", t->class, t->ref, NULL);
    }
    return value_set(events, nr);
}

static struct value counts(struct request *r)
{
    struct member *m =
        arena_alloc(r->arena, sizeof(*m) * (size_t)class_count());
    size_t nr = 0;

    for (int i = 0; i < class_count(); i++) {
        const struct class *c = class_at(i);

        if (!class_has_events(c))
            continue;
        m[nr].key = c->lower;
        m[nr].value = value_int(db_count(r->db, c));
        m[nr++].value.nr = INT_AS_I4;
    }
    return value_map(m, nr);
}

/* Only what came after the last look: that found nothing. */
static bool has_news(const struct request *r)
{
    const struct event_wait *w = wait_of(r);
    const struct db *db = r->db;
    uint64_t first = first_tombstone(db);

    for (const struct object *o = db->newest;
         o && (w->full || o->changed > w->since) && o->changed > w->looked;
         o = o->older)
        if (wanted(w, o->class, o->ref))
            return true;
    if (w->looked_deleted > first)
        first = w->looked_deleted;
    for (uint64_t i = db->tombstones_nr; i-- > first;) {
        const struct tombstone *t = &db->tombstones[i % TOMBSTONES_MAX];

        if (t->deleted <= w->since)
            break;
        if (tells(w, t))
            return true;
    }
    return false;
}

static bool event_ready(struct request *r)
{
    struct event_wait *w = wait_of(r);

    if (!session_find(r->ts, w->session))
        return true;
    w->ready = w->ready || has_news(r);
    w->looked = r->db->generation - 1;
    w->looked_deleted = r->db->tombstones_nr;
    return w->ready;
}

static struct value answer_of(struct request *r)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * 3);

    m[0] = (struct member){"events", collect(r)};
    m[1] = (struct member){"valid_ref_counts", counts(r)};
    m[2] = (struct member){"token",
                           value_string(token_text(r, r->db->generation - 1))};
    return value_map(m, 3);
}

static bool memo_fits(const struct request *r)
{
    const struct event_memo *memo = r->ts->event_memo;
    const struct event_wait *w = wait_of(r);

    if (!memo || memo->since != w->since || memo->nr != w->nr ||
        memo->generation != r->db->generation)
        return false;
    for (uint32_t i = 0; i < w->nr; i++) {
        const struct subscription *a = &memo->wanted[i], *b = &w->wanted[i];

        if (a->class != b->class || !a->ref != !b->ref ||
            (a->ref && strcmp(a->ref, b->ref) != 0))
            return false;
    }
    return true;
}

static void memo_drop(struct toolstack *ts)
{
    if (!ts->event_memo)
        return;
    rendering_drop(&ts->event_memo->rendering);
    arena_fini(&ts->event_memo->arena);
    free(ts->event_memo);
    ts->event_memo = NULL;
}

static struct value memo_value(struct arena *a, const void *of)
{
    (void)a;
    return ((const struct event_memo *)of)->value;
}

static void memo_make(struct request *r)
{
    const struct event_wait *w = wait_of(r);
    struct event_memo *memo = must_alloc(sizeof(*memo));
    struct request own = *r; /* with another arena */

    memo_drop(r->ts);
    *memo = (struct event_memo){
        .since = w->since, .generation = r->db->generation, .nr = w->nr};
    arena_init(&memo->arena);
    own.arena = &memo->arena;
    memo->wanted = arena_alloc(own.arena, sizeof(*memo->wanted) * w->nr);
    for (uint32_t i = 0; i < w->nr; i++) {
        memo->wanted[i] = w->wanted[i];
        if (w->wanted[i].ref)
            memo->wanted[i].ref = arena_strdup(own.arena, w->wanted[i].ref);
    }
    memo->value = answer_of(&own);
    memo->rendering = (struct rendering){
        .value = memo_value, .of = memo, .kept = &memo->kept};
    r->ts->event_memo = memo;
}

static int event_resume(struct request *r)
{
    struct event_wait *w = wait_of(r);

    if (!session_find(r->ts, w->session))
        return request_fail(r, "SESSION_INVALID", w->session, NULL);
    if (w->registration) {
        struct value events = collect(r);

        w->registration->since = r->db->generation - 1;
        w->registration->deleted = r->db->tombstones_nr;
        return reply(r, events);
    }
    if (!w->waited || w->full || !r->caller)
        return reply(r, answer_of(r));
    if (!memo_fits(r))
        memo_make(r);
    return reply(r, value_rendered(&r->ts->event_memo->rendering));
}

static void note_class(struct event_wait *w, const struct class *c)
{
    w->base.classes[c->nr / 64] |= UINT64_C(1) << c->nr % 64;
}

/* What the wait can be woken by: its classes, and the end of the session. */
static void note_classes(struct event_wait *w)
{
    note_class(w, class_find("session"));
    for (uint32_t i = 0; i < w->nr; i++) {
        if (w->wanted[i].class)
            note_class(w, w->wanted[i].class);
        else
            w->base.classes[0] = w->base.classes[1] = UINT64_MAX;
    }
}

/* Answers at once when there is something to tell. */
static int event_wait(struct request *r, struct event_wait *w)
{
    int rc;

    note_classes(w);
    w->base.ready = event_ready;
    w->base.resume = event_resume;
    r->wait = &w->base;
    rc = wait_resume(r);
    w->waited = true;
    return rc;
}

int event_from(struct request *r)
{
    struct event_wait *w = arena_alloc(r->arena, sizeof(*w));
    const struct value *classes = &r->args[0];
    double timeout_s = arg_float(r, 2);

    if (token_parse(r, arg_text(r, 1), w))
        return API_FAILED;
    w->session = arena_strdup(r->arena, r->session->ref);
    w->wanted = arena_alloc(r->arena, sizeof(*w->wanted) * classes->nr);
    for (uint32_t i = 0; i < classes->nr; i++)
        w->nr += subscribe(classes->items[i].s, &w->wanted[w->nr]);
    if (!(timeout_s > 0))
        timeout_s = 0;
    if (timeout_s > 1e9)
        timeout_s = 1e9;
    w->base.deadline_ms = now_ms(r) + (int64_t)(timeout_s * 1000);
    return event_wait(r, w);
}

int event_inject(struct request *r)
{
    const char *token = token_text(r, r->db->generation - 1);
    struct object *o = db_find(r->db, arg_text(r, 0), arg_text(r, 1));

    if (!o)
        return request_bad_handle(r, arg_text(r, 0), arg_text(r, 1));
    db_touch(r->db, o);
    return reply_text(r, token);
}

int event_get_current_id(struct request *r)
{
    return reply(r, value_int((int64_t)r->ts->event_id));
}

/* --- Events by registration --------------------------------------------- */

static void registrations_prune(struct request *r)
{
    struct registration **slot = &r->ts->registrations;

    while (*slot) {
        struct registration *reg = *slot;

        if (session_find(r->ts, reg->session)) {
            slot = &reg->next;
            continue;
        }
        *slot = reg->next;
        free(reg->classes);
        free(reg);
    }
}

static struct registration *registration_find(struct request *r)
{
    registrations_prune(r);
    for (struct registration *reg = r->ts->registrations; reg; reg = reg->next)
        if (strcmp(reg->session, r->session->ref) == 0)
            return reg;
    return NULL;
}

/* The names of `old` without those of `set`, and with them when `add`. */
static void classes_change(struct request *r, struct registration *reg,
                           const struct value *set, bool add)
{
    struct buf out = {0};
    const char *p = reg->classes;

    buf_putc(&out, ' ');
    while (*(p += strspn(p, " "))) {
        size_t len = strcspn(p, " ");

        if (!value_has(set, arena_strndup(r->arena, p, len)))
            buf_printf(&out, "%.*s ", (int)len, p);
        p += len;
    }
    for (uint32_t i = 0; add && i < set->nr; i++)
        if (out.len + strlen(set->items[i].s) < REGISTERED_BYTES_MAX)
            buf_printf(&out, "%s ", set->items[i].s);
    buf_putc(&out, '\0');
    free(reg->classes);
    reg->classes = out.data;
}

static struct value lower_names(struct request *r)
{
    const struct value *in = &r->args[0];
    struct value *items = arena_alloc(r->arena, sizeof(*items) * (in->nr + 1));

    for (uint32_t i = 0; i < in->nr; i++) {
        char *name = arena_strdup(r->arena, in->items[i].s);

        for (char *p = name; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        items[i] = value_string(name);
    }
    return value_set(items, in->nr);
}

int event_register(struct request *r)
{
    struct registration *reg = registration_find(r);
    struct value names = lower_names(r);

    if (!reg) {
        reg = must_alloc(sizeof(*reg));
        *reg = (struct registration){.since = r->db->generation - 1,
                                     .deleted = r->db->tombstones_nr,
                                     .next = r->ts->registrations};
        memcpy(reg->session, r->session->ref, sizeof(reg->session));
        reg->classes = memcpy(must_alloc(1), "", 1);
        r->ts->registrations = reg;
    }
    classes_change(r, reg, &names, true);
    return reply_void(r);
}

int event_unregister(struct request *r)
{
    struct registration *reg = registration_find(r);
    struct value names = lower_names(r);

    if (reg)
        classes_change(r, reg, &names, false);
    return reply_void(r);
}

/* Waits without end for what changed since the last call. */
int event_next(struct request *r)
{
    struct registration *reg = registration_find(r);
    struct event_wait *w;

    if (!reg || !reg->classes[1])
        return request_fail(r, "SESSION_NOT_REGISTERED", session_trackid(r),
                            NULL);
    w = arena_alloc(r->arena, sizeof(*w));
    w->session = arena_strdup(r->arena, r->session->ref);
    w->wanted =
        arena_alloc(r->arena, sizeof(*w->wanted) * strlen(reg->classes));
    for (const char *p = reg->classes; *(p += strspn(p, " "));) {
        size_t len = strcspn(p, " ");

        w->nr += subscribe(arena_strndup(r->arena, p, len), &w->wanted[w->nr]);
        p += len;
    }
    if (r->db->tombstones_nr - reg->deleted > TOMBSTONES_MAX) {
        reg->since = r->db->generation - 1;
        reg->deleted = r->db->tombstones_nr;
        return request_fail(r, "EVENTS_LOST", NULL);
    }
    w->since = reg->since;
    w->base.deadline_ms = INT64_MAX;
    w->registration = reg;
    return event_wait(r, w);
}

void events_fini(struct toolstack *ts)
{
    memo_drop(ts);
    while (ts->registrations) {
        struct registration *reg = ts->registrations;

        ts->registrations = reg->next;
        free(reg->classes);
        free(reg);
    }
}
