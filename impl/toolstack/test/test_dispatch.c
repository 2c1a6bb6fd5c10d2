/* The order of checks, generic messages, filters: calls and their answers. */
#include "dispatch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define UNPARSED "Xapi_database.Db_filter_parse.MenhirBasics.Error"

static struct fixture fixture;

static void set_up(void)
{
    fixture_init(&fixture);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

static const struct {
    const char *method, *params, *answer;
} calls[] = {
    {"VM.nope", "[\"$s\"]",
     "{\"error\":[\"MESSAGE_METHOD_UNKNOWN\",\"VM.nope\"]}"},
    {"VM.get_all", "[]",
     "{\"error\":[\"MESSAGE_PARAMETER_COUNT_MISMATCH\",\"VM.get_all\",\"0\","
     "\"-1\"]}"},
    {"VM.get_all", "[\"x\"]", "{\"error\":[\"SESSION_INVALID\",\"x\"]}"},
    {"VM_get_all", "[\"$s\"]", "[]"},
    {"VM.get_uuid", "[\"x\",5]",
     "{\"error\":[\"INTERNAL_ERROR\",\"Failure(\\\"Expected string, got "
     "'I(5)'\\\")\"]}"},
    {"VM.get_uuid", "[\"$s\",\"OpaqueRef:x\"]",
     "{\"error\":[\"HANDLE_INVALID\",\"VM\",\"OpaqueRef:x\"]}"},
    {"VM.get_by_uuid", "[\"$s\",\"x\"]",
     "{\"error\":[\"UUID_INVALID\",\"VM\",\"x\"]}"},
    {"VMPP.get_all", "[\"$s\"]", "{\"error\":[\"MESSAGE_REMOVED\"]}"},
    {"Async.VM.get_all", "[\"$s\"]",
     "{\"error\":[\"Fault\",\"No async mode for this operation (rpc: "
     "VM.get_all)\"]}"},
    {"host.get_data_sources", "[\"$s\",\"x\"]",
     "{\"error\":[\"HOST_OFFLINE\",\"x\"]}"},
    {"VM.migrate_send", "[\"$s\",\"x\",{},false,{},{},{}]",
     "{\"error\":[\"HANDLE_INVALID\",\"VM\",\"x\"]}"},
    {"VM.create", "[\"$s\",{}]",
     "{\"error\":[\"INTERNAL_ERROR\",\"Server_helpers.Dispatcher_FieldNotFound("
     "\\\"user_version\\\")\"]}"},
    {"session.login_with_password", "[\"root\",\"\"]",
     "{\"error\":[\"SESSION_AUTHENTICATION_FAILED\",\"root\",\"Authentication "
     "failure\"]}"},
    {"host.get_all_where", "[\"$s\",\"field \\\"name__label\\\" = \\\"x\\\"\"]",
     "[]"},
    {"host.get_all_where", "[\"$s\",\"true or true and false\"]", "[]"},
    {"host.get_all_where", "[\"$s\",\"not (not (false))\"]", "[]"},
    {"pool.get_all_where", "[\"$s\",\"(true\"]",
     "{\"error\":[\"INVALID_VALUE\",\"(true\",\"" UNPARSED "\"]}"},
    {"event.from", "[\"$s\",[\"vm\"],\"\",0]",
     NULL /* changes with the model; only that it answers counts */},
    {"event.from", "[\"$s\",[\"vm\"],\"\",30]", "waiting"},
    {"event.from", "[\"$s\",[\"vm\"],\",\",0]",
     "{\"error\":[\"EVENT_FROM_TOKEN_PARSE_FAILURE\",\",\"]}"},
};

START_TEST(calls_get_the_documented_answer)
{
    const char *answer =
        fixture_call(&fixture, calls[_i].method, calls[_i].params);

    if (calls[_i].answer)
        ck_assert_str_eq(answer, calls[_i].answer);
    else
        ck_assert_ptr_null(strstr(answer, "error"));
}
END_TEST

START_TEST(every_wire_name_is_found)
{
    ck_assert_int_eq(message_count(), MESSAGES_ON_WIRE);
    for (int i = 0; i < message_count(); i++)
        ck_assert_ptr_eq(message_find(message_at(i)->name), message_at(i));
}
END_TEST

START_TEST(logged_out_sessions_are_invalid)
{
    ck_assert_str_eq(fixture_call(&fixture, "session.logout", "[\"$s\"]"),
                     "\"\"");
    ck_assert_ptr_nonnull(strstr(
        fixture_call(&fixture, "VM.get_all", "[\"$s\"]"), "SESSION_INVALID"));
}
END_TEST

START_TEST(maps_refuse_a_second_value_and_an_empty_key)
{
    const char *ref = db_first(&fixture.ts.db, "pool")->ref;
    const char *text =
        arena_printf(&fixture.arena, "[\"$s\",\"%s\",\"k\",\"v\"]", ref);
    const char *empty =
        arena_printf(&fixture.arena, "[\"$s\",\"%s\",\"\",\"v\"]", ref);

    ck_assert_str_eq(fixture_call(&fixture, "pool.add_to_other_config", text),
                     "\"\"");
    ck_assert_ptr_nonnull(
        strstr(fixture_call(&fixture, "pool.add_to_other_config", text),
               "MAP_DUPLICATE_KEY"));
    ck_assert_ptr_nonnull(
        strstr(fixture_call(&fixture, "pool.add_to_other_config", empty),
               "Empty_key_in_map"));
}
END_TEST

START_TEST(async_calls_leave_a_task_that_failed)
{
    const char *answer = fixture_call(&fixture, "Async.VM.start",
                                      "[\"$s\",\"OpaqueRef:x\",false,false]");
    struct object *task = db_first(&fixture.ts.db, "task");

    ck_assert_ptr_nonnull(task);
    ck_assert_ptr_nonnull(strstr(answer, task->ref));
    ck_assert_str_eq(db_text(task, "status"), "failure");
    ck_assert_str_eq(db_get(task, "error_info")->items[0].s, "HANDLE_INVALID");
}
END_TEST

START_TEST(old_tasks_and_idle_sessions_go)
{
    (void)fixture_call(&fixture, "Async.VM.start",
                       "[\"$s\",\"OpaqueRef:x\",false,false]");
    ck_assert_ptr_nonnull(db_first(&fixture.ts.db, "task"));
    fixture.now_ms += 66 * 60 * 1000;
    toolstack_expire(&fixture.ts);
    ck_assert_ptr_null(db_first(&fixture.ts.db, "task"));
    ck_assert_ptr_nonnull(db_first(&fixture.ts.db, "session"));
    fixture.now_ms += 25 * 3600 * 1000;
    toolstack_expire(&fixture.ts);
    ck_assert_ptr_null(db_first(&fixture.ts.db, "session"));
}
END_TEST

START_TEST(sessions_of_one_originator_are_bounded)
{
    for (int i = 0; i < 600; i++)
        (void)fixture_call(&fixture, "session.login_with_password",
                           "[\"root\",\"x\",\"1.0\",\"me\"]");
    ck_assert_uint_eq(db_count(&fixture.ts.db, class_find("session")), 500 + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dispatch");
    TCase *tcase = tcase_create("dispatch");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, calls_get_the_documented_answer, 0,
                        sizeof(calls) / sizeof(calls[0]));
    tcase_add_test(tcase, every_wire_name_is_found);
    tcase_add_test(tcase, logged_out_sessions_are_invalid);
    tcase_add_test(tcase, maps_refuse_a_second_value_and_an_empty_key);
    tcase_add_test(tcase, old_tasks_and_idle_sessions_go);
    tcase_add_test(tcase, sessions_of_one_originator_are_bounded);
    tcase_add_test(tcase, async_calls_leave_a_task_that_failed);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
