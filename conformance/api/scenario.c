/* What scenarios share, and what is removed after them. */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "world.h"

enum {
    TEXT_BYTES = 2048,
    PUT_OFF_MAX = 4096,
};

/* --- What is put off until the end --- */

static struct {
    char *method, *ref;
} put_off[PUT_OFF_MAX];
static int put_off_nr;

const char *later(const char *method, const char *ref)
{
    ck_assert_int_lt(put_off_nr, PUT_OFF_MAX);
    put_off[put_off_nr].method = strdup(method);
    put_off[put_off_nr++].ref = strdup(ref);
    return ref;
}

static const char machine_method[] = "machine";

const char *later_machine(const char *vm)
{
    return later(machine_method, vm);
}

static const char task_method[] = "task";

const char *later_task(const char *task)
{
    return later(task_method, task);
}

/* A call whose end does not matter; its value, to be freed. */
static cJSON *try_with(const char *method, const char *ref, const char *more)
{
    struct rpc_answer answer;
    cJSON *params = cJSON_CreateArray(), *value;

    cJSON_AddItemToArray(params, cJSON_CreateString(suite.session));
    cJSON_AddItemToArray(params, cJSON_CreateString(ref));
    if (more)
        cJSON_AddItemToArray(params, cJSON_CreateString(more));
    rpc_call(suite.rpc, method, params, &answer);
    value = answer.value;
    answer.value = NULL;
    rpc_answer_free(&answer);
    return value;
}

static cJSON *try_call(const char *method, const char *ref)
{
    return try_with(method, ref, NULL);
}

static void remove_task(const char *task)
{
    cJSON_Delete(try_with("task.set_status", task, "success"));
    cJSON_Delete(try_call("task.destroy", task));
}

/* The machine's own disks: those that no other machine uses. */
static void remove_machine(const char *vm)
{
    cJSON *record = try_call("VM.get_record", vm), *disks[64];
    int nr = 0;

    if (!record)
        return;
    for (cJSON *vbd = cJSON_GetObjectItem(record, "VBDs")->child;
         vbd && nr < 64; vbd = vbd->next) {
        cJSON *type = try_call("VBD.get_type", vbd->valuestring);

        if (type && strcmp(cJSON_GetStringValue(type), "Disk") == 0)
            disks[nr++] = try_call("VBD.get_VDI", vbd->valuestring);
        cJSON_Delete(type);
    }
    cJSON_Delete(try_call("VM.hard_shutdown", vm));
    cJSON_Delete(try_call("VM.destroy", vm));
    while (nr > 0) {
        const char *vdi = cJSON_GetStringValue(disks[--nr]);
        cJSON *vbds = vdi ? try_call("VDI.get_VBDs", vdi) : NULL;

        if (vbds && !vbds->child)
            cJSON_Delete(try_call("VDI.destroy", vdi));
        cJSON_Delete(vbds);
        cJSON_Delete(disks[nr]);
    }
    cJSON_Delete(record);
}

/* The last ones first. Machines hold disks and networks: they go before. */
static void remove_all(bool machines)
{
    for (int i = put_off_nr; i-- > 0;) {
        const char *method = put_off[i].method, *ref = put_off[i].ref;
        bool machine = strcmp(method, machine_method) == 0;

        if (machine && machines)
            remove_machine(ref);
        else if (!machine && !machines && strcmp(method, task_method) == 0)
            remove_task(ref);
        else if (!machine && !machines)
            cJSON_Delete(try_call(method, ref));
    }
}

void scenario_end(void)
{
    bool gone = world_is_own(); /* and everything in it */

    world_end();
    if (!gone) {
        remove_all(true);
        remove_all(false);
    }
    while (put_off_nr > 0) {
        free(put_off[--put_off_nr].method);
        free(put_off[put_off_nr].ref);
    }
}

/* --- Parameters and answers --- */

cJSON *json_of(const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;
    cJSON *tree;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ck_assert_int_lt(len, TEXT_BYTES);
    for (char *at = text; *at; at++)
        if (*at == '\'')
            *at = '"';
    tree = cJSON_Parse(text);
    ck_assert_msg(tree, "not JSON: %s", text);
    return tree;
}

/* What of the error comes after these words. */
static const cJSON *after_words(const cJSON *error, const char *word,
                                va_list *args)
{
    const cJSON *found = error->child;
    char *text = cJSON_PrintUnformatted(error);
    const char *all = keep(cJSON_CreateString(text))->valuestring;

    free(text);
    for (; word; word = va_arg(*args, const char *)) {
        ck_assert_msg(found, "the error %s ends before '%s'", all, word);
        ck_assert_msg(strcmp(cJSON_GetStringValue(found), word) == 0,
                      "the error %s should say '%s'", all, word);
        found = found->next;
    }
    return found;
}

void words(const cJSON *error, const char *word, ...)
{
    const cJSON *rest;
    va_list args;

    va_start(args, word);
    rest = after_words(error, word, &args);
    va_end(args);
    ck_assert_msg(!rest, "the error goes on: %s", cJSON_GetStringValue(rest));
}

void words_first(const cJSON *error, const char *word, ...)
{
    va_list args;

    va_start(args, word);
    (void)after_words(error, word, &args);
    va_end(args);
}

bool lists(const cJSON *set, const char *text)
{
    for (const cJSON *one = set->child; one; one = one->next)
        if (cJSON_IsString(one) && strcmp(one->valuestring, text) == 0)
            return true;
    return false;
}

cJSON *get(const char *class, const char *ref, const char *field)
{
    char method[TEXT_BYTES];

    (void)snprintf(method, sizeof(method), "%s.get_%s", class, field);
    return ok(method, "s", ref);
}

const char *get_text(const char *class, const char *ref, const char *field)
{
    const char *text = cJSON_GetStringValue(get(class, ref, field));

    ck_assert_msg(text, "%s of the %s is no text", field, class);
    return text;
}

double get_number(const char *class, const char *ref, const char *field)
{
    cJSON *value = get(class, ref, field);

    ck_assert_msg(cJSON_IsNumber(value), "%s of the %s is no number", field,
                  class);
    return value->valuedouble;
}

bool get_flag(const char *class, const char *ref, const char *field)
{
    return cJSON_IsTrue(get(class, ref, field));
}

bool exists(const char *class, const char *ref)
{
    char method[TEXT_BYTES];

    (void)snprintf(method, sizeof(method), "%s.get_all", class);
    return lists(ok(method, ""), ref);
}

/* --- Things to work on --- */

const char *the_pool(void)
{
    return ok("pool.get_all", "")->child->valuestring;
}

const char *the_master(void)
{
    return get_text("pool", the_pool(), "master");
}

const char *other_host(const char *host)
{
    cJSON *all = ok("host.get_all", "");

    for (cJSON *h = all->child; h; h = h->next)
        if (strcmp(h->valuestring, host) != 0)
            return h->valuestring;
    skip("the pool has one host only");
}

const char *storage(void)
{
    const char *sr = get_text("pool", the_pool(), "default_SR");

    if (strcmp(sr, REF_NULL) == 0 || !exists("SR", sr))
        skip("the pool has no default storage");
    return sr;
}

const char *new_network(const char *what)
{
    needs_destructive();
    return later("network.destroy",
                 ok_text("network.create", "j",
                         json_of("{'name_label': '%s', 'name_description': '', "
                                 "'MTU': 1500, 'other_config': {}}",
                                 made_name(what))));
}

const char *new_disk(const char *sr, double bytes)
{
    needs_destructive();
    return later(
        "VDI.destroy",
        ok_text("VDI.create", "j",
                json_of("{'name_label': '%s', 'name_description': '', 'SR': "
                        "'%s', 'virtual_size': %.0f, 'type': 'user', "
                        "'sharable': false, 'read_only': false, "
                        "'other_config': {}}",
                        made_name("disk"), sr, bytes)));
}

const char *new_drive(const char *vm, const char *vdi, const char *device)
{
    return ok_text("VBD.create", "j",
                   json_of("{'VM': '%s', 'VDI': '%s', 'userdevice': '%s', "
                           "'bootable': false, 'mode': 'RW', 'type': 'Disk', "
                           "'empty': false, 'other_config': {}, "
                           "'qos_algorithm_type': '', "
                           "'qos_algorithm_params': {}}",
                           vm, vdi, device));
}

const char *new_interface(const char *vm, const char *network,
                          const char *device)
{
    return ok_text("VIF.create", "j",
                   json_of("{'VM': '%s', 'network': '%s', 'device': '%s', "
                           "'MAC': '', 'MTU': 1500, 'other_config': {}, "
                           "'qos_algorithm_type': '', "
                           "'qos_algorithm_params': {}}",
                           vm, network, device));
}

bool allows(const char *vm, const char *operation)
{
    return lists(get("VM", vm, "allowed_operations"), operation);
}

const char *running_machine(const char *what, const char *op)
{
    const char *vm = new_machine(what);

    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    ok("VM.start_on", "ssbb", vm, the_master(), false, false);
    if (!allows(vm, op))
        skip("machines of this target have no guest that can");
    return vm;
}
