/* Calls of the API on the command's session. */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "cli_frame.h"
#include "cli_run.h"
#include "dispatch.h"
#include "wait.h"

enum {
    TASK_LOOK_MS = 1000,
    SIGN_OF_LIFE_MS = 5000, /* while waiting: a client that left is noticed */
};

static int take_answer(struct cli *c, const struct answer *answer,
                       struct value *result)
{
    struct value v = cli_keep(c, &answer->value);

    if (answer->ok) {
        if (result)
            *result = v;
        return 0;
    }
    c->failure = FAILURE_API;
    c->words = v;
    return CLI_FAILED;
}

int cli_pause(struct cli *c, int64_t ms)
{
    int64_t now = c->ts->env.now_ms(c->ts->env.ctx);

    if (!c->spoken_ms || c->out.len)
        c->spoken_ms = now;
    if (now - c->spoken_ms >= SIGN_OF_LIFE_MS) {
        cli_order_text(&c->out, ORDER_DEBUG, "waiting");
        c->spoken_ms = now;
    }
    if (cli_flush(c))
        return CLI_FAILED;
    if (c->io->wait(c->io->ctx, ms)) {
        c->failure = FAILURE_LOST;
        return CLI_FAILED;
    }
    return 0;
}

/* Until something changed or the call's time is up. */
static int await(struct cli *c, const struct answer *answer)
{
    int64_t now = c->ts->env.now_ms(c->ts->env.ctx);
    int64_t left = answer_deadline_ms(answer) - now;

    return cli_pause(c, left > TASK_LOOK_MS ? TASK_LOOK_MS : left);
}

static bool wants_session(const char *method)
{
    const struct message *m =
        message_find(strncmp(method, "Async.", 6) == 0 ? method + 6 : method);

    return m && !(m->flags & MSG_NO_SESSION);
}

int cli_call(struct cli *c, const char *method, struct value *result,
             const struct value *args, int nr)
{
    struct value items[PARAMS_MAX + 1], params;
    struct answer answer;
    int first = wants_session(method) ? 1 : 0;

    assert(nr <= PARAMS_MAX);
    items[0] = value_string(c->session ? c->session : "");
    for (int i = 0; i < nr; i++)
        items[first + i] = args[i];
    params = value_set(items, (size_t)(first + nr));
    dispatch_from(c->at, c->caller, cli_arena(c), method, &params, &answer);
    while (answer.waiting) {
        if (!wait_ready(answer.request) && await(c, &answer))
            return CLI_FAILED;
        if (wait_ready(answer.request))
            answer_again(&answer);
    }
    return take_answer(c, &answer, result);
}

static int ask(struct cli *c, const char *method, struct value *result,
               va_list args)
{
    struct value items[PARAMS_MAX];
    int nr = 0;

    for (const char *s = va_arg(args, const char *); s;
         s = va_arg(args, const char *)) {
        assert(nr < PARAMS_MAX);
        items[nr++] = value_string(s);
    }
    return cli_call(c, method, result, items, nr);
}

int cli_ask(struct cli *c, const char *method, struct value *result, ...)
{
    va_list args;
    int rc;

    va_start(args, result);
    rc = ask(c, method, result, args);
    va_end(args);
    return rc;
}

int cli_ask_text(struct cli *c, const char *method, const char **text, ...)
{
    struct value v = value_string("");
    va_list args;
    int rc;

    va_start(args, text);
    rc = ask(c, method, &v, args);
    va_end(args);
    *text = rc ? "" : v.s;
    return rc;
}

int cli_by_uuid(struct cli *c, const char *class_name, const char *uuid,
                const char **ref)
{
    return cli_ask_text(
        c, arena_printf(cli_arena(c), "%s.get_by_uuid", class_name), ref, uuid,
        NULL);
}

int cli_param_ref(struct cli *c, const char *class_name, const char *name,
                  const char **ref)
{
    const char *uuid = cli_param(c, name);

    *ref = REF_NULL;
    return uuid ? cli_by_uuid(c, class_name, uuid, ref) : 0;
}

int cli_pool(struct cli *c, const char *param, const char **ref)
{
    struct value pools;

    if (param && cli_param(c, param))
        return cli_param_ref(c, "pool", param, ref);
    if (cli_ask(c, "pool.get_all", &pools, NULL))
        return CLI_FAILED;
    *ref = pools.nr ? pools.items[0].s : REF_NULL;
    return 0;
}

int cli_host(struct cli *c, const char *param, const char **ref)
{
    if (param && cli_param(c, param))
        return cli_param_ref(c, "host", param, ref);
    return cli_ask_text(c, "session.get_this_host", ref, c->session, NULL);
}

static int task_result(struct cli *c, const char *task, const char *status)
{
    struct value words;

    if (strcmp(status, "success") == 0)
        return 0;
    if (strncmp(status, "cancel", 6) == 0) {
        const char *cancelled[] = {"TASK_CANCELLED", task};

        c->words = value_strings(cli_arena(c), cancelled, 2);
    } else {
        if (cli_ask(c, "task.get_error_info", &words, task, NULL))
            return CLI_FAILED;
        if (!words.nr)
            return cli_fail_internal(c, "Task failed but no error recorded");
        c->words = words;
    }
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

int cli_await_task(struct cli *c, const char *task)
{
    enum cli_failure failure;
    const char *status, *text;
    struct value words;
    int rc;

    do {
        rc = cli_ask_text(c, "task.get_status", &status, task, NULL);
        if (!rc && strcmp(status, "pending") == 0)
            rc = cli_pause(c, TASK_LOOK_MS);
    } while (!rc && strcmp(status, "pending") == 0);
    if (!rc)
        rc = task_result(c, task, status);
    failure = c->failure;
    text = c->text;
    words = c->words;
    if (failure != FAILURE_LOST)
        (void)cli_ask(c, "task.destroy", NULL, task, NULL); /* may be gone */
    c->failure = failure;
    c->text = text;
    c->words = words;
    return rc;
}

const char *cli_uuid_of(struct cli *c, const char *ref)
{
    const struct object *o = db_find_any(&c->ts->db, ref);

    if (!o || field_index(o->class, "uuid") < 0)
        return "";
    return arena_strdup(cli_arena(c), db_text(o, "uuid"));
}

const char *cli_label_of(struct cli *c, const char *ref)
{
    const struct object *o = db_find_any(&c->ts->db, ref);

    if (!o || field_index(o->class, "name_label") < 0)
        return NULL;
    return arena_strdup(cli_arena(c), db_text(o, "name_label"));
}

const char *cli_readable(struct cli *c, const char *text)
{
    const char *uuid = cli_uuid_of(c, text), *label;

    if (!*uuid)
        return text;
    label = cli_label_of(c, text);
    return label ? arena_printf(cli_arena(c), "%s (%s)", uuid, label) : uuid;
}
