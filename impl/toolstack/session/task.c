/* Tasks and their messages. */
#include "task.h"

#include <string.h>

#include "handlers.h"
#include "xmlrpc.h"

enum {
    KEEP_OVER_MS = 65 * 60 * 1000,
    KEEP_PENDING_MS = 24 * 3600 * 1000,
};

struct object *task_make(struct request *r, const char *label,
                         const char *description)
{
    struct object *o = db_create(r->db, "task");

    db_set_text(r->db, o, "name_label", label);
    db_set_text(r->db, o, "name_description", description);
    db_set_text(r->db, o, "created", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "status", "pending");
    db_set_text(r->db, o, "resident_on", toolstack_master(r->ts)->ref);
    db_set_text(r->db, o, "type", "<none/>");
    return o;
}

void task_begin(struct request *r)
{
    r->task =
        task_make(r, arena_printf(r->arena, "Async.%s", r->message->name), "");
}

/* Of a task that failed with the error. */
static const char *status_of(const struct value *error)
{
    return error->nr && strcmp(error->items[0].s, "TASK_CANCELLED") == 0
               ? "cancelled"
               : "failure";
}

int task_finish(struct request *r, int rc)
{
    struct object *o = r->task;
    struct buf text = {0};

    if (rc == 0) {
        xmlrpc_value(&text, &r->result);
        buf_putc(&text, '\0');
        db_set_text(r->db, o, "result", text.data);
        buf_fini(&text);
    } else {
        db_set(r->db, o, "error_info", r->error);
    }
    db_set_text(r->db, o, "status", rc ? status_of(&r->error) : "success");
    db_set_text(r->db, o, "finished", toolstack_now(r->ts, r->arena));
    db_set(r->db, o, "progress", value_float(1.0));
    return reply_ref(r, o);
}

int task_create(struct request *r)
{
    return reply_ref(r, task_make(r, arg_text(r, 0), arg_text(r, 1)));
}

static bool task_over(const struct object *o)
{
    const char *status = db_text(o, "status");

    return strcmp(status, "pending") != 0 && strcmp(status, "cancelling") != 0;
}

/* One that still runs goes when it ends; that is noted as an operation. */
int task_destroy(struct request *r)
{
    const struct value *now = db_get(r->self, "current_operations");

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
