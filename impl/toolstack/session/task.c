/* Tasks and their messages. */
#include "task.h"

#include <string.h>

#include "handlers.h"
#include "rbac.h"
#include "xmlrpc.h"

enum {
    TASKS_MAX = 10000,
    KEEP_OVER_MS = 65 * 60 * 1000,
    KEEP_PENDING_MS = 24 * 3600 * 1000,
};

static bool task_over(const struct object *o)
{
    const char *status = db_text(o, "status");

    return strcmp(status, "pending") != 0 && strcmp(status, "cancelling") != 0;
}

/* One that is over makes way for one too many; or, without such, the oldest. */
static void make_room(struct db *db)
{
    struct object *o = db_first(db, "task");

    if (db_count(db, class_find("task")) < TASKS_MAX)
        return;
    for (struct object *t = o; t; t = t->next)
        if (task_over(t)) {
            o = t;
            break;
        }
    db_destroy(db, o);
}

struct object *task_make(struct request *r, const char *label,
                         const char *description)
{
    struct object *o;

    make_room(r->db);
    o = db_create(r->db, "task");
    db_set_text(r->db, o, "name_label", label);
    db_set_text(r->db, o, "name_description", description);
    db_set_text(r->db, o, "created", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "status", "pending");
    db_set_text(r->db, o, "resident_on", toolstack_master(r->ts)->ref);
    db_set_text(r->db, o, "type", "<none/>");
    if (r->session)
        db_set_text(r->db, o, "session", r->session->ref);
    return o;
}

void task_begin(struct request *r)
{
    r->task =
        task_make(r, arena_printf(r->arena, "Async.%s", r->message->name), "");
}

/* How the call ended: "success", "failure" or "cancelled". */
static const char *status_of(const struct request *r, int rc)
{
    if (rc == 0)
        return "success";
    return r->error.nr && strcmp(r->error.items[0].s, "TASK_CANCELLED") == 0
               ? "cancelled"
               : "failure";
}

int task_finish(struct request *r, int rc)
{
    struct object *o = r->task;
    struct buf text = {0};
    bool doomed = value_find(db_get(o, "current_operations"), "task") != NULL;

    if (rc == 0) {
        xmlrpc_value(&text, &r->result);
        buf_putc(&text, '\0');
        db_set_text(r->db, o, "result", text.data);
        buf_fini(&text);
    } else {
        db_set(r->db, o, "error_info", r->error);
    }
    db_set(r->db, o, "allowed_operations", value_set(NULL, 0));
    db_set(r->db, o, "current_operations", value_map(NULL, 0));
    db_set_text(r->db, o, "status", status_of(r, rc));
    db_set_text(r->db, o, "finished", toolstack_now(r->ts, r->arena));
    db_set(r->db, o, "progress", value_float(1.0));
    (void)reply_ref(r, o); /* cannot fail */
    if (doomed)            /* it was destroyed while it ran */
        db_destroy(r->db, o);
    return 0;
}

bool task_is_cancelled(const struct object *task)
{
    const struct value *now = db_get(task, "current_operations");

    for (uint32_t i = 0; i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "cancel") == 0)
            return !task_over(task);
    return false;
}

void task_allow_cancel(struct request *r, bool allow)
{
    static const struct value cancel = {
        .kind = VALUE_STRING, .nr = 6, .s = "cancel"};

    db_set(r->db, r->task, "allowed_operations", value_set(&cancel, allow));
}

/* Its owner may, and whoever may destroy anybody's. 0 or API_FAILED. */
static int check_owner(struct request *r)
{
    struct object *session = db_ref(r->db, r->self, "session");
    const char *sid = db_text(r->session, "auth_user_sid");

    if (session == r->session ||
        (session && *sid &&
         strcmp(sid, db_text(session, "auth_user_sid")) == 0))
        return 0;
    return rbac_require(r, "task.destroy/any");
}

int task_create(struct request *r)
{
    return reply_ref(r, task_make(r, arg_text(r, 0), arg_text(r, 1)));
}

/* One that still runs goes when it ends; that is noted as an operation. */
int task_destroy(struct request *r)
{
    const struct value *now = db_get(r->self, "current_operations");

    if (check_owner(r))
        return API_FAILED;
    if (task_over(r->self)) {
        db_destroy(r->db, r->self);
        return reply_void(r);
    }
    if (value_find(now, "task"))
        return request_fail(r, "MAP_DUPLICATE_KEY", "task",
                            "current_operations", r->self->ref, "task", NULL);
    db_map_put(r->db, r->self, "current_operations", "task", "destroy");
    return reply_void(r);
}

int task_cancel(struct request *r)
{
    char uuid[UUID_BYTES];

    if (check_owner(r))
        return API_FAILED;
    if (task_over(r->self))
        return reply_void(r);
    db_uuid(r->db, uuid);
    db_map_put(r->db, r->self, "current_operations",
               arena_printf(r->arena, "DummyRef:|%s|task.cancel", uuid),
               "cancel");
    return reply_void(r);
}

int task_set_status(struct request *r)
{
    db_set_text(r->db, r->self, "status", arg_text(r, 1));
    return reply_void(r);
}

int task_set_progress(struct request *r)
{
    db_set(r->db, r->self, "progress", r->args[1]);
    return reply_void(r);
}

/* Records of what is over are kept for an hour, forgotten ones for a day. */
void tasks_expire(struct toolstack *ts)
{
    int64_t now = ts->env.now_ms(ts->env.ctx);
    const char *over, *forgotten;
    struct arena a;

    arena_init(&a);
    over = date_text(&a, now - KEEP_OVER_MS);
    forgotten = date_text(&a, now - KEEP_PENDING_MS);
    for (struct object *o = db_first(&ts->db, "task"), *next; o; o = next) {
        bool old = strcmp(db_text(o, "created"), forgotten) < 0;

        next = o->next;
        if (task_over(o))
            old |= strcmp(db_text(o, "finished"), DATE_0) != 0 &&
                   strcmp(db_text(o, "finished"), over) < 0;
        if (old)
            db_destroy(&ts->db, o);
    }
    arena_fini(&a);
}

void tasks_recover(struct toolstack *ts)
{
    struct value words[] = {
        value_string("INTERNAL_ERROR"),
        value_string("The toolstack ended while the task was running")};
    struct arena a;

    arena_init(&a);
    for (struct object *o = db_first(&ts->db, "task"); o; o = o->next) {
        db_set(&ts->db, o, "allowed_operations", value_set(NULL, 0));
        if (task_over(o))
            continue;
        db_set(&ts->db, o, "error_info", value_set(words, 2));
        db_set_text(&ts->db, o, "status", "failure");
        db_set_text(&ts->db, o, "finished", toolstack_now(ts, &a));
    }
    arena_fini(&a);
}
