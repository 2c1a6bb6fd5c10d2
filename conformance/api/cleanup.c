/* Goes through cleanup.def, and first removes what keeps an object. */
#include "cleanup.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"

enum {
    METHOD_BYTES = 96,
};

static const char prefix[] = "conform-";

static const struct row {
    const char *class, *field, *value, *method; /* NULL: the prefix */
} rows[] = {
#define CLEAN(class, field, method)              {class, field, NULL, method},
#define CLEAN_VALUE(class, field, value, method) {class, field, value, method},
#include "cleanup.def"
#undef CLEAN_VALUE
#undef CLEAN
};

/* Sent whatever the answer; whether it was a success. */
static bool send(const char *method, const char *ref)
{
    struct rpc_answer answer;
    bool good;

    call_any(&answer, suite.session, method, "s", ref);
    good = answer.value != NULL;
    rpc_answer_free(&answer);
    return good;
}

/* A value that is read, to be freed; NULL: it was refused. */
static cJSON *read_value(const char *class, const char *verb, const char *ref)
{
    struct rpc_answer answer;
    char method[METHOD_BYTES];
    cJSON *value;

    (void)snprintf(method, sizeof(method), "%s.%s", class, verb);
    if (ref)
        call_any(&answer, suite.session, method, "s", ref);
    else
        call_any(&answer, suite.session, method, "");
    value = answer.value;
    answer.value = NULL;
    rpc_answer_free(&answer);
    return value;
}

/* The message is sent with every member of a set. */
static void send_each(const cJSON *set, const char *method)
{
    for (const cJSON *o = set ? set->child : NULL; o; o = o->next)
        if (cJSON_IsString(o))
            (void)send(method, o->valuestring);
}

static void remove_disk(const char *vbd)
{
    cJSON *record = read_value("VBD", "get_record", vbd);
    const char *type =
        cJSON_GetStringValue(cJSON_GetObjectItem(record, "type"));
    const char *vdi = cJSON_GetStringValue(cJSON_GetObjectItem(record, "VDI"));

    if (type && vdi && strcmp(type, "Disk") == 0 && send("VBD.destroy", vbd))
        (void)send("VDI.destroy", vdi);
    cJSON_Delete(record);
}

/* A machine's own disks go with it. */
static void prepare_vm(const cJSON *record)
{
    const cJSON *vbds = cJSON_GetObjectItem(record, "VBDs");
    struct rpc_answer answer;

    call_any(&answer, suite.session, "VM.set_blocked_operations", "sj",
             record->string, cJSON_CreateObject());
    rpc_answer_free(&answer);
    (void)send("VM.hard_shutdown", record->string);
    for (const cJSON *o = vbds ? vbds->child : NULL; o; o = o->next)
        remove_disk(o->valuestring);
}

/* Interfaces of hosts that were made for a network. */
static void prepare_network(const cJSON *record)
{
    const cJSON *pifs = cJSON_GetObjectItem(record, "PIFs");

    for (const cJSON *o = pifs ? pifs->child : NULL; o; o = o->next) {
        cJSON *pif = read_value("PIF", "get_record", o->valuestring);
        const char *vlan =
            cJSON_GetStringValue(cJSON_GetObjectItem(pif, "VLAN_master_of"));

        if (vlan && strcmp(vlan, REF_NULL) != 0)
            (void)send("VLAN.destroy", vlan);
        send_each(cJSON_GetObjectItem(pif, "bond_master_of"), "Bond.destroy");
        send_each(cJSON_GetObjectItem(pif, "tunnel_access_PIF_of"),
                  "tunnel.destroy");
        cJSON_Delete(pif);
    }
    send_each(cJSON_GetObjectItem(record, "VIFs"), "VIF.destroy");
}

static void prepare_sr(const cJSON *record)
{
    send_each(cJSON_GetObjectItem(record, "PBDs"), "PBD.unplug");
}

static void prepare_task(const cJSON *record)
{
    struct rpc_answer answer;

    call_any(&answer, suite.session, "task.set_status", "ss", record->string,
             "success");
    rpc_answer_free(&answer);
}

static void prepare_site(const cJSON *record)
{
    send_each(cJSON_GetObjectItem(record, "servers"), "PVS_server.forget");
    send_each(cJSON_GetObjectItem(record, "cache_storage"),
              "PVS_cache_storage.destroy");
}

static void prepare(const char *class, const cJSON *record)
{
    static const struct {
        const char *class;
        void (*prepare)(const cJSON *record);
    } preparations[] = {{"VM", prepare_vm},
                        {"network", prepare_network},
                        {"SR", prepare_sr},
                        {"PVS_site", prepare_site},
                        {"task", prepare_task}};

    for (size_t i = 0; i < sizeof(preparations) / sizeof(preparations[0]); i++)
        if (strcmp(preparations[i].class, class) == 0)
            preparations[i].prepare(record);
}

static bool is_ours(const struct row *row, const char *name)
{
    if (row->value)
        return strcmp(name, row->value) == 0;
    return strncmp(name, prefix, sizeof(prefix) - 1) == 0;
}

/* Whether the object is there no more. */
static bool remove_one(const struct row *row, const cJSON *record)
{
    const char *name =
        cJSON_GetStringValue(cJSON_GetObjectItem(record, row->field));
    cJSON *left;
    bool gone;

    if (!name || !is_ours(row, name))
        return false;
    prepare(row->class, record);
    (void)send(row->method, record->string);
    left = read_value(row->class, "get_record", record->string);
    gone = left == NULL;
    cJSON_Delete(left);
    if (!gone)
        fprintf(stderr, "conform: left behind: %s %s\n", row->class, name);
    return gone;
}

int cleanup_all(void)
{
    int removed = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cJSON *all = read_value(rows[i].class, "get_all_records", NULL);

        for (const cJSON *o = all ? all->child : NULL; o; o = o->next)
            removed += remove_one(&rows[i], o);
        cJSON_Delete(all);
    }
    return removed;
}
