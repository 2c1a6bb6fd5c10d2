/* Scenarios: alerts, by object, by time, and many at once. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"

static const char *alert(const char *class, const char *uuid, const char *name)
{
    return later("message.destroy", ok_text("message.create", "sisss", name, 4,
                                            class, uuid, "of no consequence"));
}

static cJSON *of_object(const char *class, const char *uuid)
{
    return ok("message.get", "sss", class, uuid, "19700101T00:00:00Z");
}

static bool has(const cJSON *map, const char *ref)
{
    return cJSON_GetObjectItem(map, ref) != NULL;
}

/* An alert is found where it belongs and nowhere else. */
void check_alert_classes(int nr)
{
    const char *vm = new_machine("alert"), *host = the_master();
    const char *vm_uuid = get_text("VM", vm, "uuid"), *one, *two;
    const char *host_uuid = get_text("host", host, "uuid");
    cJSON *record;

    (void)nr;
    one = alert("VM", vm_uuid, made_name("vm"));
    two = alert("Host", host_uuid, made_name("host"));
    ck_assert(has(of_object("VM", vm_uuid), one));
    ck_assert(!has(of_object("VM", vm_uuid), two));
    ck_assert(has(of_object("Host", host_uuid), two));
    record = ok("message.get_record", "s", one);
    ck_assert_str_eq(field_text(record, "cls"), "VM");
    ck_assert_str_eq(field_text(record, "obj_uuid"), vm_uuid);
    ck_assert_str_eq(field_text(record, "body"), "of no consequence");
    ck_assert(cJSON_GetNumberValue(cJSON_GetObjectItem(record, "priority")) ==
              4);
    ck_assert_str_eq(
        ok_text("message.get_by_uuid", "s", field_text(record, "uuid")), one);
    refused("UUID_INVALID", "message.create", "sisss", "x", 4, "VM", host_uuid,
            "");
}

/* From a time on: what came before is left out. */
void check_alert_since(int nr)
{
    const char *pool_uuid, *one, *stamp;
    cJSON *later_ones;

    (void)nr;
    needs_destructive();
    pool_uuid = get_text("pool", the_pool(), "uuid");
    one = alert("Pool", pool_uuid, made_name("since"));
    stamp = field_text(ok("message.get_record", "s", one), "timestamp");
    ck_assert(has(ok("message.get_since", "s", "20200101T00:00:00Z"), one));
    later_ones = ok("message.get_since", "s", "20990101T00:00:00Z");
    ck_assert_ptr_null(later_ones->child);
    ck_assert(strncmp(stamp, "20", 2) == 0);
}

void check_alert_many(int nr)
{
    enum {
        MANY = 50,
    };
    const char *pool_uuid, *refs[MANY];
    cJSON *list = cJSON_CreateArray(), *all;

    (void)nr;
    needs_destructive();
    pool_uuid = get_text("pool", the_pool(), "uuid");
    for (int i = 0; i < MANY; i++) {
        refs[i] = alert("Pool", pool_uuid, made_name("many"));
        if (i > 0)
            cJSON_AddItemToArray(list, cJSON_CreateString(refs[i]));
    }
    all = ok("message.get_all", "");
    for (int i = 0; i < MANY; i++)
        ck_assert(lists(all, refs[i]));
    ok("message.destroy_many", "j", list);
    all = ok("message.get_all", "");
    ck_assert(lists(all, refs[0]));
    for (int i = 1; i < MANY; i++)
        ck_assert(!lists(all, refs[i]));
}

/* Alerts are told as events of a class of their own. */
void check_alert_events(int nr)
{
    const char *token, *one;

    (void)nr;
    needs_destructive();
    token = event_token();
    one =
        alert("Pool", get_text("pool", the_pool(), "uuid"), made_name("event"));
    ck_assert_str_eq(event_about("message", one, token), "add");
    token = event_token();
    ok("message.destroy", "s", one);
    ck_assert_str_eq(event_about("message", one, token), "del");
}

/* Machines that start and stop leave a trail. */
void check_alert_machines(int nr)
{
    const char *vm = new_machine("trail"), *uuid = get_text("VM", vm, "uuid");
    static const char *const wanted[] = {"VM_STARTED", "VM_SHUTDOWN"};
    cJSON *found;

    (void)nr;
    ok("VM.start", "sbb", vm, false, false);
    ok("VM.hard_shutdown", "s", vm);
    found = of_object("VM", uuid);
    for (int i = 0; i < 2; i++) {
        int seen = 0;

        for (cJSON *m = found->child; m; m = m->next)
            seen += strcmp(field_text(m, "name"), wanted[i]) == 0;
        ck_assert_msg(seen == 1, "%d alerts of %s", seen, wanted[i]);
    }
}
