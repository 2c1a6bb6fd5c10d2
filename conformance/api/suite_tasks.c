/* Scenarios: tasks, their progress, and how they are ended. */
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

static const char *new_task(const char *what)
{
    needs_destructive();
    return later_task(ok_text("task.create", "ss", made_name(what), "about"));
}

void check_task_custom(int nr)
{
    const char *task = new_task("custom");

    (void)nr;
    ck_assert_str_eq(get_text("task", task, "status"), "pending");
    ck_assert(get_number("task", task, "progress") == 0);
    ok("task.set_progress", "sf", task, 0.5);
    ck_assert(get_number("task", task, "progress") == 0.5);
    ok("task.set_status", "ss", task, "success");
    ck_assert_str_eq(get_text("task", task, "status"), "success");
    ok("task.destroy", "s", task);
    ck_assert(!exists("task", task));
    refused("HANDLE_INVALID", "task.set_progress", "sf", task, 1.0);
}

/* What an operation gives is in its task, as XML-RPC has it. */
void check_task_result(int nr)
{
    const char *vm = new_machine("result"), *task, *made;
    cJSON *record;

    (void)nr;
    task = later("task.destroy",
                 ok_text("Async.VM.clone", "ss", vm, made_name("clone")));
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "success");
    ck_assert(cJSON_GetNumberValue(cJSON_GetObjectItem(record, "progress")) ==
              1);
    ck_assert_str_ne(field_text(record, "finished"), "19700101T00:00:00Z");
    ck_assert_str_eq(field_text(record, "type"), "<none/>");
    made = strstr(field_text(record, "result"), "<value>");
    ck_assert_ptr_nonnull(made);
    made = keep(json_of("'%.46s'", made + strlen("<value>")))->valuestring;
    ck_assert(exists("VM", made));
    later_machine(made);
    task = later("task.destroy", ok_text("Async.VM.set_memory_limits", "sffff",
                                         vm, 4.0, 3.0, 2.0, 1.0));
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "failure");
    ck_assert_str_eq(field_text(record, "result"), "");
    words(cJSON_GetObjectItem(record, "error_info"),
          "MEMORY_CONSTRAINT_VIOLATION_ORDER", NULL);
}

void check_task_progress(int nr)
{
    const char *vm, *task;
    double progress;
    cJSON *record;

    (void)nr;
    world("--pace", "500", "--clock", "virtual", NULL);
    vm = new_machine("progress");
    task = ok_text("Async.VM.start", "sbb", vm, false, false);
    ck_assert_str_eq(get_text("task", task, "status"), "pending");
    progress = get_number("task", task, "progress");
    ck_assert(progress >= 0 && progress < 1);
    ck_assert_str_eq(get_text("task", task, "finished"), "19700101T00:00:00Z");
    record = task_wait(task);
    ck_assert(cJSON_GetNumberValue(cJSON_GetObjectItem(record, "progress")) ==
              1);
}

/* What is cancelled ends as such, and leaves nothing. */
void check_task_cancel(int nr)
{
    const char *vm, *task;
    cJSON *record;
    int before;

    (void)nr;
    world("--pace", "3000", "--preset", "trio", "--clock", "virtual", NULL);
    vm = new_machine("cancelled");
    (void)new_drive(vm, new_disk(storage(), DISK_BYTES), "6");
    before = cJSON_GetArraySize(ok("VDI.get_all", ""));
    task = ok_text("Async.VM.copy", "sss", vm, made_name("copy"), storage());
    ck_assert(lists(get("task", task, "allowed_operations"), "cancel"));
    ok("task.cancel", "s", task);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "cancelled");
    words(cJSON_GetObjectItem(record, "error_info"), "TASK_CANCELLED", task,
          NULL);
    ck_assert_ptr_null(get("VM", vm, "current_operations")->child);
    ck_assert_int_eq(cJSON_GetArraySize(ok("VDI.get_all", "")), before);
    ok("task.cancel", "s", task); /* changes nothing any more */
    ck_assert_str_eq(get_text("task", task, "status"), "cancelled");
}

/* A machine whose start is cancelled is as it was. */
void check_task_cancel_start(int nr)
{
    const char *vm, *task;
    cJSON *record;

    (void)nr;
    world("--pace", "3000", "--clock", "virtual", NULL);
    vm = new_machine("cancelled");
    task = ok_text("Async.VM.start", "sbb", vm, false, false);
    ok("task.cancel", "s", task);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "cancelled");
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
    ck_assert_ptr_null(get("VM", vm, "current_operations")->child);
    ok("VM.destroy", "s", vm);
}

/* --- Whose task it is --- */

/* The session of a role, or the check is skipped. */
static const char *role_session(const char *role)
{
    const char *session = suite.role_sessions[role_rank(role)];

    if (!session)
        skip("nobody of the role is known; --users");
    return session;
}

static void call_as(const char *session, const char *code, const char *method,
                    const char *ref)
{
    struct rpc_answer answer;

    call_any(&answer, session, method, "s", ref);
    if (answer.value)
        (void)keep(answer.value);
    if (answer.error)
        (void)keep(answer.error);
    ck_assert_msg(strcmp(rpc_code(&answer), code) == 0, "%s: '%s', not '%s'",
                  method, rpc_code(&answer), code);
}

void check_task_of_others(int nr)
{
    const char *task = new_task("owned"), *operator, * own;
    struct rpc_answer answer;

    (void)nr;
    operator= role_session("vm-operator");
    call_as(operator, "RBAC_PERMISSION_DENIED", "task.destroy", task);
    call_as(operator, "RBAC_PERMISSION_DENIED", "task.cancel", task);
    ck_assert(exists("task", task));
    call_any(&answer, operator, "task.create", "ss", made_name("own"), "");
    ck_assert_ptr_nonnull(answer.value);
    own = keep(answer.value)->valuestring;
    later_task(own);
    call_any(&answer, operator, "task.set_status", "ss", own, "success");
    rpc_answer_free(&answer);
    call_as(operator, "", "task.destroy", own);
    ck_assert(!exists("task", own));
}
