/* Waiting for events: who is woken by what. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "fixture.h"
#include "json.h"
#include "wait.h"

static struct fixture fixture;

static void set_up(void)
{
    fixture_init(&fixture);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

/* The token of everything up to now. */
static const char *token_now(void)
{
    const char *answer =
        fixture_call(&fixture, "event.from", "[\"$s\",[\"pool\"],\"\",0.0]");

    return strstr(answer, "\"token\":") + strlen("\"token\":");
}

/* A call that waits for changes of a class, for ten seconds. */
static struct request *watch(const char *class_name)
{
    const char *token = token_now();
    const char *text = arena_printf(
        &fixture.arena, "[\"%s\",[\"%s\"],%.*s,10.0]", fixture.session,
        class_name, (int)strcspn(token, "}"), token);
    struct answer answer;
    struct value params;
    int rc = json_decode(&fixture.arena, text, strlen(text), &params);

    ck_assert_int_eq(rc, 0);
    dispatch(&fixture.ts, &fixture.arena, "event.from", &params, &answer);
    ck_assert(answer.waiting);
    waits_look(&fixture.ts);
    return answer.request;
}

START_TEST(only_who_cares_is_stirred)
{
    struct request *pool = watch("pool"), *host = watch("host");
    struct request *all = watch("*");

    waits_look(&fixture.ts);
    (void)fixture_call(&fixture, "pool.get_all", "[\"$s\"]");
    waits_look(&fixture.ts);
    ck_assert(!wait_stirred(pool));
    ck_assert(!wait_stirred(all));
    db_touch(&fixture.ts.db, db_first(&fixture.ts.db, "pool"));
    waits_look(&fixture.ts);
    ck_assert(wait_stirred(pool) && wait_ready(pool));
    ck_assert(wait_stirred(all) && wait_ready(all));
    ck_assert(!wait_stirred(host));
    ck_assert_int_eq(wait_resume(pool), 0);
    ck_assert_int_eq(value_find(&pool->result, "events")->nr, 1);
}
END_TEST

START_TEST(the_end_of_the_session_ends_the_wait)
{
    struct request *host = watch("host");

    waits_look(&fixture.ts);
    (void)fixture_call(&fixture, "session.logout", "[\"$s\"]");
    waits_look(&fixture.ts);
    ck_assert(wait_stirred(host) && wait_ready(host));
    ck_assert_int_eq(wait_resume(host), API_FAILED);
    ck_assert_str_eq(host->error.items[0].s, "SESSION_INVALID");
}
END_TEST

START_TEST(the_time_ends_the_wait)
{
    struct request *host = watch("host");

    fixture.now_ms += 9999;
    waits_look(&fixture.ts);
    ck_assert(!wait_stirred(host));
    fixture.now_ms += 1;
    ck_assert(wait_stirred(host));
    ck_assert_int_eq(wait_resume(host), 0);
    ck_assert_int_eq(value_find(&host->result, "events")->nr, 0);
}
END_TEST

START_TEST(deletions_without_end_lose_events)
{
    (void)fixture_call(&fixture, "event.register", "[\"$s\",[\"vm\"]]");
    ck_assert_str_eq(fixture_call(&fixture, "event.next", "[\"$s\"]"),
                     "waiting");
    for (int i = 0; i <= TOMBSTONES_MAX; i++)
        db_destroy(&fixture.ts.db, db_create(&fixture.ts.db, "VM"));
    ck_assert_str_eq(fixture_call(&fixture, "event.next", "[\"$s\"]"),
                     "{\"error\":[\"EVENTS_LOST\"]}");
    ck_assert_str_eq(fixture_call(&fixture, "event.next", "[\"$s\"]"),
                     "waiting");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *tcase = tcase_create("event");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, only_who_cares_is_stirred);
    tcase_add_test(tcase, the_end_of_the_session_ends_the_wait);
    tcase_add_test(tcase, the_time_ends_the_wait);
    tcase_add_test(tcase, deletions_without_end_lose_events);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
