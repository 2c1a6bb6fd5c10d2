/* What there is to ask for over HTTP: each action has a handler, or is missing. */
#include "route.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "server.h"

static const struct action {
    const char *name, *method, *path;
    bool checked;
} actions[] = {
#define HTTP_ACTION(name, method, path, checked) {#name, method, path, checked},
#include "datamodel/http_actions.def"
#undef HTTP_ACTION
};

/* Nobody answers these; whoever gives one a handler takes it off. */
static const char *const missing[] = {
    "post_services",
    "put_services",
    "post_remote_db_access",
    "post_remote_db_access_v2",
    "get_services_xenops",
    "post_services_xenops",
    "put_services_xenops",
    "get_services_sm",
    "post_services_sm",
    "put_services_sm",
    "get_config_sync",
    "connect_remotecmd",
    "get_pool_update_download",
    "get_repository",
    "get_enabled_repository",
    "get_host_updates",
    "get_updates",
};

static struct fixture fixture;

static void set_up(void)
{
    fixture_init(&fixture);
}

static void tear_down(void)
{
    fixture_fini(&fixture);
}

static bool is_missing(const char *name)
{
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
        if (strcmp(missing[i], name) == 0)
            return true;
    return false;
}

START_TEST(every_action_has_a_handler_or_is_missing)
{
    const struct action *a = &actions[_i];
    const struct route *route = route_find(&fixture.ts, a->method, a->path);
    /* Calls and the page have one handler for all paths below "/". */
    bool found = route && (strcmp(route->path, a->path) == 0 ||
                           (!a->checked && strcmp(route->path, "/") == 0 &&
                            strcmp(a->method, "GET") != 0 &&
                            strcmp(a->name, "post_cli") != 0));

    ck_assert_msg(found || is_missing(a->name), "%s: %s %s", a->name, a->method,
                  a->path);
    if (found && route->action)
        ck_assert_str_eq(route->action, a->name);
    if (found && a->checked)
        ck_assert_ptr_nonnull(route->action);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_actions");
    TCase *tcase = tcase_create("http_actions");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, every_action_has_a_handler_or_is_missing, 0,
                        (int)(sizeof(actions) / sizeof(actions[0])));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
