/* Scenarios: events, as they are asked for, missed and waited for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "parked.h"
#include "scenario.h"
#include "suite.h"
#include "target.h"
#include "world.h"

static cJSON *from(const char *classes, const char *token, double timeout)
{
    return ok("event.from", "jsf", json_of("%s", classes), token, timeout);
}

static cJSON *events_of(const cJSON *news)
{
    return cJSON_GetObjectItem(news, "events");
}

/* Those that are about the object. */
static int about(const cJSON *news, const char *ref)
{
    int nr = 0;

    for (const cJSON *e = events_of(news)->child; e; e = e->next)
        nr += strcmp(field_text(e, "ref"), ref) == 0;
    return nr;
}

/* One object's events, and nobody else's; classes in any case. */
void check_event_filter(int nr)
{
    const char *one = new_machine("one"), *two = new_machine("two"), *token;
    char only[128];
    cJSON *news;

    (void)nr;
    (void)snprintf(only, sizeof(only), "['vm/%s']", one);
    token = field_text(from(only, "", 1), "token");
    ok("VM.set_name_description", "ss", two, "changed");
    ok("VM.set_name_description", "ss", one, "changed");
    news = from(only, token, 5);
    ck_assert_int_eq(about(news, one), 1);
    ck_assert_int_eq(about(news, two), 0);
    ck_assert_str_eq(field_text(events_of(news)->child, "class"), "vm");
    news = from("['Vm']", token, 5);
    ck_assert_int_eq(about(news, two), 1);
    news = from("['network']", token, 0);
    ck_assert_int_eq(about(news, one) + about(news, two), 0);
    news = from("['*']", token, 5);
    ck_assert_int_eq(about(news, one) + about(news, two), 2);
}

/* What came and went between two tokens was never there. */
void check_event_passing(int nr)
{
    const char *token = event_token(), *network;

    (void)nr;
    network = new_network("passing");
    ok("network.destroy", "s", network);
    ck_assert_int_eq(about(from("['network']", token, 0), network), 0);
}

void check_event_snapshot(int nr)
{
    const char *token = event_token(), *network = new_network("shown");
    cJSON *news = from("['network']", token, 5), *counts;

    (void)nr;
    for (cJSON *e = events_of(news)->child; e; e = e->next) {
        cJSON *record = cJSON_GetObjectItem(e, "snapshot");

        if (strcmp(field_text(e, "ref"), network) != 0)
            continue;
        ck_assert_str_eq(field_text(e, "operation"), "add");
        ck_assert(cJSON_Compare(record, ok("network.get_record", "s", network),
                                true));
    }
    ck_assert_int_eq(about(news, network), 1);
    counts = cJSON_GetObjectItem(news, "valid_ref_counts");
    ck_assert_int_eq(
        (int)cJSON_GetNumberValue(cJSON_GetObjectItem(counts, "network")),
        cJSON_GetArraySize(ok("network.get_all", "")));
    token = field_text(news, "token");
    ok("network.destroy", "s", network);
    news = from("['network']", token, 5);
    ck_assert_int_eq(about(news, network), 1);
    for (cJSON *e = events_of(news)->child; e; e = e->next)
        if (strcmp(field_text(e, "ref"), network) == 0) {
            ck_assert_str_eq(field_text(e, "operation"), "del");
            ck_assert_ptr_null(cJSON_GetObjectItem(e, "snapshot"));
        }
}

/* A marker: whatever was changed before it has been told before it. */
void check_event_inject(int nr)
{
    const char *vm = new_machine("before"), *pool = the_pool(), *token, *marker;
    cJSON *news;

    (void)nr;
    token = event_token();
    ok("VM.set_name_description", "ss", vm, "changed");
    marker = ok_text("event.inject", "ss", "pool", pool);
    news = from("['vm', 'pool']", token, 5);
    ck_assert_int_eq(about(news, vm), 1);
    ck_assert_int_eq(about(news, pool), 1);
    ck_assert(strcmp(field_text(news, "token"), marker) >= 0);
    ck_assert_int_eq(about(from("['pool']", marker, 1), pool), 1);
}

/* --- Waiting --- */

static cJSON *waiting_for(const char *classes, const char *token)
{
    return json_of("[%s, '%s', 30.0]", classes, token);
}

void check_event_wait(int nr)
{
    const char *vm = new_machine("awaited"), *code, *token;
    struct parked *waiting;
    cJSON *news;

    (void)nr;
    token = field_text(from("['vm']", "", 1), "token");
    waiting = park(suite.session, "event.from", waiting_for("['vm']", token));
    ok("VM.set_name_description", "ss", vm, "changed");
    news = parked_end(waiting, &code);
    ck_assert_ptr_nonnull(news);
    ck_assert_int_eq(about(news, vm), 1);
}

void check_event_timeout(int nr)
{
    const char *token = event_token(), *again;
    cJSON *news = from("['secret']", token, 0.2);

    (void)nr;
    token = field_text(news, "token");
    news = from("['secret']", token, 0.2);
    ck_assert_ptr_null(events_of(news)->child);
    again = field_text(news, "token");
    ck_assert(strcmp(again, token) >= 0);
}

/* A session that ends takes its waiting calls with it. */
void check_event_logout(int nr)
{
    const char *session = target_login(NULL, NULL), *code;
    struct parked *waiting;

    (void)nr;
    ck_assert_ptr_nonnull(session);
    waiting =
        park(session, "event.from", waiting_for("['secret']", event_token()));
    code = suite.session;
    suite.session = session;
    ok("session.logout", "");
    suite.session = code;
    ck_assert_ptr_null(parked_end(waiting, &code));
    ck_assert_str_eq(code, "SESSION_INVALID");
    free((void *)session);
}

/* Who waits while another host takes over has to ask again, there. */
void check_event_new_master(int nr)
{
    const char *code, *token, *host, *vm;
    struct parked *waiting;
    cJSON *news;

    (void)nr;
    world("--preset", "trio", "--clock", "still", NULL);
    vm = new_machine("stays");
    host = other_host(the_master());
    token = field_text(from("['vm']", "", 0), "token");
    waiting = park(suite.session, "event.from", waiting_for("['vm']", token));
    ok("pool.designate_new_master", "s", host);
    world_advance(5);
    ck_assert_ptr_null(parked_end(waiting, &code));
    world_at(world_answers("127.0.0.2") ? "127.0.0.2" : "127.0.0.3");
    ck_assert_str_eq(the_master(), host);
    news = from("['vm']", "", 0);
    ck_assert_int_eq(about(news, vm), 1);
    ok("VM.set_name_description", "ss", vm, "changed");
    ck_assert_int_eq(about(from("['vm']", field_text(news, "token"), 0), vm),
                     1);
}

/* --- By registration, as of old --- */

/* The description that the last event about the object shows. */
static const char *latest_of(const cJSON *events, const char *ref)
{
    const char *text = "";

    for (const cJSON *e = events->child; e; e = e->next)
        if (strcmp(field_text(e, "ref"), ref) == 0)
            text = field_text(cJSON_GetObjectItem(e, "snapshot"),
                              "name_description");
    return text;
}

static int next_about(const char *ref)
{
    int nr = 0;

    for (cJSON *e = ok("event.next", "")->child; e; e = e->next)
        nr += strcmp(field_text(e, "ref"), ref) == 0;
    return nr;
}

void check_event_register(int nr)
{
    const char *vm = new_machine("registered"), *own = suite.session;
    double id;

    (void)nr;
    suite.session =
        keep(cJSON_CreateString(target_login(NULL, NULL)))->valuestring;
    refused("SESSION_NOT_REGISTERED", "event.next", "");
    ok("event.register", "j", json_of("['vm']"));
    id = cJSON_GetNumberValue(ok("event.get_current_id", ""));
    ok("VM.set_name_description", "ss", vm, "changed");
    ck_assert_int_ge(next_about(vm), 1);
    ck_assert(cJSON_GetNumberValue(ok("event.get_current_id", "")) > id);
    ok("event.unregister", "j", json_of("['vm']"));
    refused("SESSION_NOT_REGISTERED", "event.next", "");
    ok("session.logout", "");
    suite.session = own;
}

/* Who has not listened is told the latest, or that something was missed. */
void check_event_lost(int nr)
{
    enum {
        CHANGES = 300,
        VALUE_BYTES = 60000,
    };
    char *value = calloc(1, VALUE_BYTES + 1);
    struct rpc_answer answer;
    const char *vm;

    (void)nr;
    ck_assert_ptr_nonnull(value);
    memset(value, 'x', VALUE_BYTES);
    world("--preset", "minimal", NULL);
    vm = new_machine("lost");
    ok("event.register", "j", json_of("['vm']"));
    for (int i = 0; i < CHANGES; i++) {
        value[0] = (char)('a' + i % 26);
        ok("VM.set_name_description", "ss", vm, value);
    }
    free(value);
    ok("VM.set_name_description", "ss", vm, "the last");
    call_any(&answer, suite.session, "event.next", "");
    if (answer.error) {
        words(keep(answer.error), "EVENTS_LOST", NULL);
        return;
    }
    ck_assert_str_eq(latest_of(keep(answer.value), vm), "the last");
}
