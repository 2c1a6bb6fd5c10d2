/*
 * Finds the message, checks the call in the order that clients rely on, and
 * carries it out: count, types, session, lifecycle, role, references.
 */
#include "dispatch.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "background.h"
#include "emergency.h"
#include "foreign.h"
#include "generic.h"
#include "limits.h"
#include "pool.h"
#include "session.h"
#include "task.h"
#include "unmarshal.h"
#include "wait.h"

static const char *const async_prefixes[] = {"Async.", "InternalAsync."};

struct call {
    const char *method; /* without a prefix */
    bool async;
    const struct value *params;
};

static void answer_fill(struct answer *answer, struct request *r, int rc)
{
    answer->waiting = rc == API_WAITING;
    answer->ok = rc == 0;
    answer->value = rc == 0 ? r->result : r->error;
    answer->request = r;
}

/* Fields that a constructor or a caller left out; 0 or API_FAILED. */
static int take_params(struct request *r, const struct call *call)
{
    const struct message *m = r->message;
    int first = m->flags & MSG_NO_SESSION ? 0 : 1;
    int given = (int)call->params->nr - first;

    if (given < m->required_nr ||
        (given > m->params_nr && m->required_nr == m->params_nr))
        return request_fail(r, "MESSAGE_PARAMETER_COUNT_MISMATCH", m->name,
                            arena_printf(r->arena, "%d", m->required_nr),
                            arena_printf(r->arena, "%d", given), NULL);
    if (first && call->params->items[0].kind != VALUE_STRING) {
        static const struct type text = {.elem = {.kind = BASE_STRING}};

        return unmarshal(r, &text, &call->params->items[0], &r->args[0]);
    }
    if (m->flags & MSG_REMOVED)
        return 0;
    r->args_nr = m->params_nr;
    for (int i = 0; i < m->params_nr; i++) {
        if (i >= given)
            r->args[i] = *m->params[i].fallback;
        else if (unmarshal(r, &m->params[i].type,
                           &call->params->items[i + first], &r->args[i]))
            return API_FAILED;
    }
    if (m->kind == KIND_CREATE)
        return generic_record(r, m->class, &r->args[0], &r->args[0]);
    return 0;
}

/* The session may be one of a database that is open beside the own one. */
static void foreign_enter(struct request *r)
{
    struct toolstack *ts = foreign_find(r->ts, r->session_ref);

    if (!ts || strcmp(r->message->class->name, "event") == 0)
        return; /* nothing changes there that one could wait for */
    r->ts = ts;
    r->db = &ts->db;
    r->session = session_find(ts, r->session_ref);
}

/* At a host that is not the master, only hosts and its own root may ask. */
static bool is_for_master(struct request *r)
{
    const struct object *here = r->ts->owner ? NULL : pool_here(r);

    return here && here != toolstack_master(r->ts) &&
           !db_bool(r->session, "pool") &&
           strcmp(db_text(r->session, "this_host"), here->ref) != 0;
}

static int check_session(struct request *r, const struct call *call)
{
    if (r->message->flags & MSG_NO_SESSION)
        return 0;
    r->session_ref = call->params->items[0].s;
    r->session = session_find(r->ts, r->session_ref);
    if (!r->session)
        foreign_enter(r);
    if (!r->session)
        return request_fail(r, "SESSION_INVALID", r->session_ref, NULL);
    if (is_for_master(r))
        return pool_is_slave_error(r);
    session_touch(r);
    if (r->message->flags & MSG_REMOVED)
        return request_fail(r, "MESSAGE_REMOVED", NULL);
    if ((r->message->flags & MSG_INTERNAL) && !db_bool(r->session, "pool"))
        return request_internal(
            r, arena_printf(r->arena,
                            "Internal API \"%s\" call attempted with non-pool "
                            "(external) session",
                            r->message->name));
    return session_check_role(r);
}

static int check_offline(struct request *r, int i)
{
    if (db_find(r->db, "host", arg_text(r, i)))
        return 0;
    return request_fail(r, "HOST_OFFLINE", arg_text(r, i), NULL);
}

static bool is_ref(const struct param *p)
{
    return p->type.shape == SHAPE_ONE && p->type.elem.kind == BASE_REF;
}

/* Without a rule of its own: a host if there is one, else the first. */
static int check_default(struct request *r)
{
    const struct message *m = r->message;

    for (int i = 0; i < m->params_nr && m->kind == KIND_CUSTOM; i++)
        if (is_ref(&m->params[i]) &&
            strcmp(m->params[i].type.elem.of, "host") == 0)
            return check_offline(r, i);
    for (int i = 0; i < m->params_nr; i++)
        if (is_ref(&m->params[i]))
            return arg_object(r, i, m->params[i].type.elem.of) ? 0 : API_FAILED;
    return 0;
}

/* Sessions may be of the pool that opened the database in use. */
static bool is_known(struct request *r, const char *class_name, const char *ref)
{
    return db_find(r->db, class_name, ref) ||
           (strcmp(class_name, "session") == 0 &&
            session_find(foreign_owner(r->ts), ref));
}

/* The rule of the table: "-", "param", "param=Name" or "@param". */
static int check_references(struct request *r)
{
    const struct message *m = r->message;
    const char *rule = m->check + (m->check[0] == '@');
    size_t len = strcspn(rule, "=");

    if (!*m->check)
        return check_default(r);
    for (int i = 0; i < m->params_nr; i++) {
        const char *class_name = m->params[i].type.elem.of;

        if (strncmp(m->params[i].name, rule, len) != 0 ||
            m->params[i].name[len])
            continue;
        if (m->check[0] == '@')
            return check_offline(r, i);
        if (is_known(r, class_name, arg_text(r, i)))
            return 0;
        return request_bad_handle(r, rule[len] ? rule + len + 1 : class_name,
                                  arg_text(r, i));
    }
    return 0;
}

static int carry_out(struct request *r)
{
    if (r->message->handler)
        return r->message->handler(r);
    if (generic_knows(r->message))
        return generic_call(r);
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}

/* The object that the first parameter leads to; NULL: none, or no reference. */
static struct object *find_self(const struct request *r)
{
    const struct message *m = r->message;

    if (!m->params_nr || !is_ref(&m->params[0]))
        return NULL;
    return db_find(r->db, m->params[0].type.elem.of, arg_text(r, 0));
}

static int perform_checked(struct request *r)
{
    const struct message *m = r->message;
    int rc = check_references(r);

    if (rc)
        return rc;
    r->self = find_self(r);
    if (!r->self && m->params_nr && is_ref(&m->params[0]) &&
        (m->check[0] != '-' || m->field))
        return request_bad_handle(r, m->params[0].type.elem.of, arg_text(r, 0));
    return carry_out(r);
}

static int perform(struct request *r)
{
    struct audit_subject subject = audit_subject(r);
    int rc = perform_checked(r);

    audit_note(r, &subject, rc);
    return rc;
}

/* Meanwhile the session may have ended. */
static int perform_late(struct request *r)
{
    if (r->session_ref) {
        r->session = session_find(r->ts, r->session_ref);
        if (!r->session)
            return request_fail(r, "SESSION_INVALID", r->session_ref, NULL);
    }
    return perform(r);
}

/* At once, or as late as the environment says. */
static int begin(struct request *r)
{
    const struct environment *env = &r->ts->env;
    int64_t delay_ms = limits_charge(r);

    if (env->delay_ms) {
        r->self = find_self(r);
        delay_ms += env->delay_ms(env->ctx, r);
    }
    return delay_ms > 0 ? wait_for_ms(r, delay_ms, perform_late) : perform(r);
}

/* Calls about tasks get none themselves; what comes back only looks like one. */
static int without_task(struct request *r)
{
    char uuid[UUID_BYTES];

    (void)perform(r); /* nobody would see the error */
    db_uuid(r->db, uuid);
    return reply_text(r, arena_printf(r->arena, "DummyRef:|%s|Async.%s", uuid,
                                      r->message->name));
}

static int run(struct request *r, const struct call *call)
{
    int rc = take_params(r, call);

    if (!rc)
        rc = check_session(r, call);
    if (rc) {
        struct audit_subject subject = audit_subject(r);

        audit_note(r, &subject, rc);
    }
    if (rc || !call->async)
        return rc ? rc : begin(r);
    if (!(r->message->flags & MSG_ASYNC))
        return request_fail(
            r, "Fault",
            arena_printf(r->arena, "No async mode for this operation (rpc: %s)",
                         r->message->name),
            NULL);
    if (strcmp(r->message->class->name, "task") == 0)
        return without_task(r);
    task_begin(r);
    rc = begin(r);
    return rc == API_WAITING ? background_keep(r) : task_finish(r, rc);
}

/*
 * An asynchronous call may outlive the one that began it: it gets an arena of
 * its own, and the answer is copied out of that.
 */
static void dispatch_async(const struct endpoint *at, struct arena *a,
                           const struct message *m, struct call *call,
                           struct answer *answer)
{
    struct request *r = background_begin(at);
    struct value params = value_copy(r->arena, call->params);
    int rc;

    r->message = m;
    call->params = &params;
    rc = run(r, call);
    answer->ok = rc == 0;
    answer->value = value_copy(a, rc == 0 ? &r->result : &r->error);
    background_end(r);
}

static int list_methods(struct arena *a, struct answer *answer)
{
    struct value *names =
        arena_alloc(a, sizeof(*names) * (size_t)message_count());

    for (int i = 0; i < message_count(); i++)
        names[i] = value_string(message_at(i)->name);
    answer->ok = answer->bare = true;
    answer->value = value_set(names, (size_t)message_count());
    return 0;
}

static void parse_call(const char *method, struct call *call)
{
    call->method = method;
    for (size_t i = 0; i < sizeof(async_prefixes) / sizeof(char *); i++) {
        size_t len = strlen(async_prefixes[i]);

        if (strncmp(method, async_prefixes[i], len) == 0) {
            call->method = method + len;
            call->async = true;
        }
    }
}

void dispatch(struct toolstack *ts, struct arena *a, const char *method,
              const struct value *params, struct answer *answer)
{
    const struct endpoint master = {.ts = ts};

    dispatch_at(&master, a, method, params, answer);
}

/* A host without its master serves emergency calls only. */
static int check_emergency(struct request *r)
{
    if (!r->at->emergency || message_emergency(r->message))
        return 0;
    return request_fail(r, "HOST_IN_EMERGENCY_MODE", NULL);
}

void dispatch_at(const struct endpoint *at, struct arena *a, const char *method,
                 const struct value *params, struct answer *answer)
{
    dispatch_from(at, NULL, a, method, params, answer);
}

void dispatch_from(const struct endpoint *at, const struct caller *caller,
                   struct arena *a, const char *method,
                   const struct value *params, struct answer *answer)
{
    struct request *r = arena_alloc(a, sizeof(*r));
    struct call call = {.params = params};

    *answer = (struct answer){0};
    r->at = memcpy(arena_alloc(a, sizeof(*at)), at, sizeof(*at));
    r->caller = caller;
    r->ts = at->ts;
    r->db = &at->ts->db;
    r->arena = a;
    if (strcmp(method, "system.listMethods") == 0) {
        (void)list_methods(a, answer); /* cannot fail */
        return;
    }
    if (strncmp(method, "system.", 7) == 0) {
        answer->malformed = true;
        return;
    }
    parse_call(method, &call);
    r->message = message_find(call.method);
    if (!r->message) {
        answer_fill(
            answer, r,
            request_fail(r, "MESSAGE_METHOD_UNKNOWN", call.method, NULL));
        return;
    }
    if (check_emergency(r))
        answer_fill(answer, r, API_FAILED);
    else if (call.async)
        dispatch_async(at, a, r->message, &call, answer);
    else
        answer_fill(answer, r, run(r, &call));
}

void answer_again(struct answer *answer)
{
    struct request *r = answer->request;

    answer_fill(answer, r, wait_resume(r));
}

int64_t answer_deadline_ms(const struct answer *answer)
{
    return wait_deadline_ms(answer->request);
}
