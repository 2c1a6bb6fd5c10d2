/* Scenarios: sessions, machines, tasks, events, alerts. */
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "target.h"

void check_methods(int nr)
{
    cJSON *names = ok("system.listMethods", "");
    int found = 0;

    (void)nr;
    for (cJSON *n = names->child; n; n = n->next)
        found += message_find(n->valuestring) >= 0;
    ck_assert_msg(found == message_count(), "%d of %d messages are listed",
                  found, message_count());
}

void check_login(int nr)
{
    const char *session = target_login(NULL, NULL), *own = suite.session;

    (void)nr;
    ck_assert_ptr_nonnull(session);
    ck_assert_str_ne(session, own);
    suite.session = session;
    ok("pool.get_all", "");
    ok("session.logout", "");
    refused("SESSION_INVALID", "pool.get_all", "");
    suite.session = own;
}

/* --- Machines --- */

static const char *some_template(void)
{
    cJSON *all = ok("VM.get_all_records_where", "s",
                    "field \"is_a_template\" = \"true\" and "
                    "field \"is_a_snapshot\" = \"false\"");

    if (!all->child)
        skip("the target has no template");
    return all->child->string;
}

const char *new_machine(const char *what)
{
    const char *vm;

    needs_destructive();
    vm = later_machine(
        ok_text("VM.clone", "ss", some_template(), made_name(what)));
    ok("VM.provision", "s", vm);
    return vm;
}

void end_machine(const char *vm)
{
    if (strcmp(ok_text("VM.get_power_state", "s", vm), "Halted") != 0)
        ok("VM.hard_shutdown", "s", vm);
    ok("VM.destroy", "s", vm);
}

void check_snapshot(int nr)
{
    const char *vm = new_machine("snapshot"), *snapshot;
    cJSON *record;

    (void)nr;
    ok("VM.set_name_description", "ss", vm, "before");
    snapshot = ok_text("VM.snapshot", "ss", vm, made_name("kept"));
    record = ok("VM.get_record", "s", snapshot);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(record, "is_a_snapshot")));
    ck_assert_str_eq(field_text(record, "snapshot_of"), vm);
    ck_assert_str_eq(
        cJSON_GetArrayItem(ok("VM.get_snapshots", "s", vm), 0)->valuestring,
        snapshot);
    ok("VM.set_name_description", "ss", vm, "after");
    ok("VM.revert", "s", snapshot);
    ck_assert_str_eq(ok_text("VM.get_name_description", "s", vm), "before");
    ok("VM.destroy", "s", snapshot);
    ck_assert_ptr_null(ok("VM.get_snapshots", "s", vm)->child);
    end_machine(vm);
}

/* --- Tasks and events --- */

void check_task(int nr)
{
    const char *vm = new_machine("task"), *task;
    cJSON *record;

    (void)nr;
    task = ok_text("Async.VM.start", "sbb", vm, false, false);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "success");
    ck_assert_ptr_null(cJSON_GetObjectItem(record, "error_info")->child);
    ok("task.destroy", "s", task);
    task = ok_text("Async.VM.start", "sbb", vm, false, false);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "failure");
    ck_assert_str_eq(
        cJSON_GetObjectItem(record, "error_info")->child->valuestring,
        "VM_BAD_POWER_STATE");
    ok("task.destroy", "s", task);
    refused("HANDLE_INVALID", "task.get_record", "s", task);
    end_machine(vm);
}

void check_event_coalesce(int nr)
{
    const char *vm = new_machine("coalesce"), *token = event_token();
    cJSON *classes = cJSON_CreateArray(), *news;
    int seen = 0;

    (void)nr;
    for (int i = 0; i < 5; i++)
        ok("VM.set_name_description", "ss", vm, made_name("change"));
    ok("VM.set_name_description", "ss", vm, "the last");
    cJSON_AddItemToArray(classes, cJSON_CreateString("VM"));
    news = cJSON_GetObjectItem(ok("event.from", "jsf", classes, token, 5.0),
                               "events");
    for (cJSON *e = news->child; e; e = e->next) {
        if (strcmp(field_text(e, "ref"), vm) != 0)
            continue;
        seen++;
        ck_assert_str_eq(
            field_text(cJSON_GetObjectItem(e, "snapshot"), "name_description"),
            "the last");
    }
    ck_assert_int_eq(seen, 1);
    end_machine(vm);
}

void check_event_token(int nr)
{
    cJSON *classes = cJSON_CreateArray(), *all, *again;
    const char *token;

    (void)nr;
    cJSON_AddItemToArray(classes, cJSON_CreateString("pool"));
    all = ok("event.from", "jsf", cJSON_Duplicate(classes, true), "", 5.0);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(all, "events")),
                     cJSON_GetArraySize(ok("pool.get_all", "")));
    token = field_text(all, "token");
    again = ok("event.from", "jsf", classes, token, 0.1);
    ck_assert_ptr_null(cJSON_GetObjectItem(again, "events")->child);
    ck_assert_str_ne(field_text(again, "token"), "");
    classes = cJSON_CreateArray();
    cJSON_AddItemToArray(classes, cJSON_CreateString("pool"));
    refused("EVENT_FROM_TOKEN_PARSE_FAILURE", "event.from", "jsf", classes,
            "no token", 1.0);
}

void check_event_del(int nr)
{
    const char *vm = new_machine("del"), *token = event_token(), *what;

    (void)nr;
    ok("VM.destroy", "s", vm);
    what = event_about("VM", vm, token);
    ck_assert_ptr_nonnull(what);
    ck_assert_str_eq(what, "del");
    coverage_mark(message_find("VM.destroy"), COLUMN_EVENT);
}

void check_message(int nr)
{
    const char *pool, *uuid, *alert;

    (void)nr;
    needs_destructive();
    pool = ok("pool.get_all", "")->child->valuestring;
    uuid = ok_text("pool.get_uuid", "s", pool);
    alert = ok_text("message.create", "sisss", made_name("alert"), 5, "Pool",
                    uuid, "of no consequence");
    ck_assert_ptr_nonnull(cJSON_GetObjectItem(
        ok("message.get", "sss", "Pool", uuid, "19700101T00:00:00Z"), alert));
    ck_assert_ptr_nonnull(cJSON_GetObjectItem(
        ok("message.get_since", "s", "19700101T00:00:00Z"), alert));
    ok("message.destroy", "s", alert);
    ck_assert_ptr_null(
        cJSON_GetObjectItem(ok("message.get_all_records", ""), alert));
}
