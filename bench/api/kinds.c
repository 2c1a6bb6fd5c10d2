/* The operations of the load. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <string.h>

#include "load.h"

enum {
    PARAMS_BYTES = 512,
    MANY_LANES = 32,
    FEW_LANES = 8,
};

static void ask(struct lane *lane, const char *method, const char *params)
{
    request_json(&lane->request, method, params);
}

/* In with a name, out with the session that came of it. */
static void ask_login(struct target *t, struct lane *lane)
{
    char params[PARAMS_BYTES];
    const char *body, *ref;
    size_t len;

    if (lane->step == 0) {
        (void)snprintf(params, sizeof(params), "[\"%s\",\"%s\"]", t->user,
                       t->password);
        ask(lane, "session.login_with_password", params);
        return;
    }
    body = client_body(&lane->client, &len);
    ref = memmem(body, len, "OpaqueRef:", 10);
    if (!ref)
        die("login gave no session: %.*s", (int)(len < 200 ? len : 200), body);
    (void)snprintf(params, sizeof(params), "[\"%.*s\"]",
                   (int)strcspn(ref, "\""), ref);
    ask(lane, "session.logout", params);
}

static void ask_record(struct target *t, struct lane *lane)
{
    char params[PARAMS_BYTES];

    (void)snprintf(params, sizeof(params), "[\"%s\",\"%s\"]", t->session,
                   t->vm);
    ask(lane, "VM.get_record", params);
}

static void ask_all_records(struct target *t, struct lane *lane)
{
    char params[PARAMS_BYTES];

    (void)snprintf(params, sizeof(params), "[\"%s\"]", t->session);
    ask(lane, "VM.get_all_records", params);
}

static void ask_start_stop(struct target *t, struct lane *lane)
{
    char params[PARAMS_BYTES];

    (void)snprintf(params, sizeof(params), "[\"%s\",\"%s\"%s]", t->session,
                   lane->ref, lane->step ? "" : ",false,false");
    ask(lane, lane->step ? "VM.hard_shutdown" : "VM.start", params);
}

const struct load_kind load_kinds[] = {
    {"login", 2, ask_login, false, MANY_LANES},
    {"get-record", 1, ask_record, false, MANY_LANES},
    {"get-all-records", 1, ask_all_records, false, FEW_LANES},
    {"start-stop", 2, ask_start_stop, true, FEW_LANES},
};
const unsigned int load_kinds_nr = sizeof(load_kinds) / sizeof(*load_kinds);
