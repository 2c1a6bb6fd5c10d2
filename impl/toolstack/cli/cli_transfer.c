/* Transfers: a task, an order to the client, and what became of both. */
#include "cli_transfer.h"

#include <string.h>

#include "cli_frame.h"

enum {
    LOOK_MS = 1000,
    LOOKS_AFTER_FAILURE = 1, /* the handler may still say why */
};

static int make_task(struct cli *c, const struct transfer *t, const char *text,
                     const char **task)
{
    if (t->task_uuid)
        return cli_by_uuid(c, "task", t->task_uuid, task);
    return cli_ask_text(c, "task.create", task, t->label, text, NULL);
}

static void order(struct cli *c, const struct transfer *t, const char *task)
{
    const char *path =
        arena_printf(cli_arena(c), "%s?session_id=%s&task_id=%s%s", t->path,
                     c->session, task, t->query);

    cli_order_http(&c->out, t->put ? ORDER_HTTP_PUT : ORDER_HTTP_GET, t->file,
                   path);
}

static int task_status(struct cli *c, const char *task, const char **status)
{
    return cli_ask_text(c, "task.get_status", status, task, NULL);
}

/* Fails with what the task says, or with CLIENT_ERROR. */
static int client_failed(struct cli *c, const char *task)
{
    static const char *const code[] = {"CLIENT_ERROR"};
    struct value words = value_set(NULL, 0);

    for (int i = 0; i <= LOOKS_AFTER_FAILURE && !words.nr; i++)
        if ((i && cli_pause(c, LOOK_MS)) ||
            cli_ask(c, "task.get_error_info", &words, task, NULL))
            return CLI_FAILED;
    c->words = words.nr ? words : value_strings(cli_arena(c), code, 1);
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

static int task_done(struct cli *c, const char *task, const char **status)
{
    do {
        if (task_status(c, task, status))
            return CLI_FAILED;
        if (strcmp(*status, "pending") == 0 && cli_pause(c, LOOK_MS))
            return CLI_FAILED;
    } while (strcmp(*status, "pending") == 0);
    return 0;
}

static int carry_out(struct cli *c, const struct transfer *t, const char *task,
                     const char **result)
{
    struct value words;
    const char *status;
    bool ok;

    order(c, t, task);
    if (cli_client_works(c, &ok))
        return CLI_FAILED;
    if (!ok)
        return client_failed(c, task);
    if (task_done(c, task, &status))
        return CLI_FAILED;
    if (strcmp(status, "success") == 0)
        return cli_ask_text(c, "task.get_result", result, task, NULL);
    if (cli_ask(c, "task.get_error_info", &words, task, NULL))
        return CLI_FAILED;
    if (!words.nr)
        return cli_fail_internal(c, "");
    c->words = words;
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

/* The failure outlives this. */
static void end_task(struct cli *c, const struct transfer *t, const char *task)
{
    enum cli_failure failure = c->failure;
    const char *text = c->text;
    struct value words = c->words;

    if (!t->task_uuid)
        (void)cli_ask(c, "task.destroy", NULL, task, NULL); /* may be gone */
    c->failure = failure;
    c->text = text;
    c->words = words;
}

int cli_transfer(struct cli *c, const struct transfer *t, const char **result)
{
    const char *task, *text = "";
    int rc;

    if (make_task(c, t, "", &task))
        return CLI_FAILED;
    rc = carry_out(c, t, task, result ? result : &text);
    end_task(c, t, task);
    return rc;
}

static int complain_and_end(struct cli *c, const char *label, const char *what)
{
    cli_complain(c, "%s %s\n", label, what);
    return cli_fail_exit(c, 1);
}

/* What a download came to, in words. */
static int download_result(struct cli *c, const struct transfer *t,
                           const char *task, bool ok, const char *label)
{
    struct value words;
    const char *status;

    if (task_done(c, task, &status))
        return CLI_FAILED;
    if (strcmp(status, "success") == 0) {
        if (!ok)
            return complain_and_end(c, label, "failed, unknown error.");
        if (*t->file)
            cli_tell(c, arena_printf(cli_arena(c), "%s succeeded", label));
        return 0;
    }
    if (strcmp(status, "cancelled") == 0)
        return complain_and_end(c, label, "cancelled");
    if (cli_ask(c, "task.get_error_info", &words, task, NULL))
        return CLI_FAILED;
    if (!words.nr) {
        cli_complain(c, "%s failed, unknown error\n", label);
        return 0;
    }
    c->words = words;
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

static int download_with(struct cli *c, const struct transfer *t,
                         const char *task, const char *label)
{
    struct value args[2] = {value_string(task), value_float(-1)};
    struct value progress;
    const char *status;
    bool ok;

    if (cli_call(c, "task.set_progress", NULL, args, 2))
        return CLI_FAILED;
    order(c, t, task);
    if (cli_client_works(c, &ok))
        return CLI_FAILED;
    /* A handler for anybody knows of no task: the client's word counts. */
    if (task_status(c, task, &status) ||
        (strcmp(status, "pending") == 0 && cli_pause(c, LOOK_MS)) ||
        task_status(c, task, &status) ||
        cli_ask(c, "task.get_progress", &progress, task, NULL))
        return CLI_FAILED;
    if (strcmp(status, "pending") == 0 && progress.f < 0 &&
        cli_ask(c, "task.set_status", NULL, task, ok ? "success" : "failure",
                NULL))
        return CLI_FAILED;
    return download_result(c, t, task, ok, label);
}

int cli_download(struct cli *c, const struct transfer *t, const char *text,
                 const char *label)
{
    const char *task;
    int rc;

    if (make_task(c, t, text, &task))
        return CLI_FAILED;
    rc = download_with(c, t, task, label);
    end_task(c, t, task);
    return rc;
}
