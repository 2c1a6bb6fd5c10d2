/* Hosts as records, and what hosts of a pool tell each other about. */
#include <string.h>

#include "handlers.h"
#include "host.h"
#include "host_memory.h"
#include "liveness.h"
#include "placement.h"

enum {
    CRASHDUMP_BYTES = 4 << 20, /* of the hypervisor's memory */
};

/* A field of the record from the argument of the same name. */
static void copy_args(struct request *r, struct object *host)
{
    const struct message *m = r->message;

    for (int i = 0; i < r->args_nr; i++)
        if (field_index(host->class, m->params[i].name) >= 0)
            db_set(r->db, host, m->params[i].name, r->args[i]);
}

/* What a joining host is entered with; it is disabled until it says hello. */
int host_create(struct request *r)
{
    struct object *host, *metrics;

    if (db_find_uuid(r->db, "host", arg_text(r, 0)))
        return request_fail(r, "UUID_INVALID", "host", arg_text(r, 0), NULL);
    host = db_create(r->db, "host");
    metrics = db_create(r->db, "host_metrics");
    copy_args(r, host);
    db_set_text(r->db, metrics, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, host, "metrics", metrics->ref);
    db_set_bool(r->db, host, "enabled", false);
    host_refresh(r, host);
    return reply_ref(r, host);
}

/* Everything that was answered is written already. */
int host_request_backup(struct request *r)
{
    if (!arg_object(r, 0, "host"))
        return API_FAILED;
    toolstack_commit(r->ts);
    return reply_void(r);
}

int host_request_config_file_sync(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    host_local_put(r->ts, host, "config_files", arg_text(r, 1));
    return reply_void(r);
}

/* Of events in a host's domain 0, none has a follower in this process. */
int host_notify(struct request *r)
{
    (void)arg_text(r, 0);
    return reply_void(r);
}

/* A host that says it goes down is believed. */
int host_tickle_heartbeat(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (value_find(&r->args[1], "shutting-down"))
        liveness_lost(r, host);
    return reply(r, value_map(NULL, 0));
}

/* Blobs and statistics of all hosts are kept in one place. */
int host_sync_data(struct request *r)
{
    toolstack_commit(r->ts);
    return reply_void(r);
}

/* All have been cooperative for long: there is nothing left to tell. */
int host_get_uncooperative_domains(struct request *r)
{
    if (!arg_object(r, 0, "host"))
        return API_FAILED;
    return reply(r, value_set(NULL, 0));
}

#define LOCAL_STATIC_VDIS "static_vdis"

static bool in_list(const char *list, const char *uuid)
{
    return list && strstr(list, uuid);
}

int host_attach_static_vdis(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    const struct value *map = &r->args[1];

    if (!host)
        return API_FAILED;
    for (uint32_t i = 0; i < map->nr; i++) {
        struct object *vdi = db_find(r->db, "VDI", map->members[i].key);
        const char *list = host_local_get(r->ts, host, LOCAL_STATIC_VDIS);
        const struct object *sr = vdi ? db_ref(r->db, vdi, "SR") : NULL;

        if (!vdi)
            return request_bad_handle(r, "VDI", map->members[i].key);
        if (sr && !host_sees_sr(r, host, sr))
            return request_fail(r, "SR_NOT_ATTACHED", sr->ref, NULL);
        if (!in_list(list, db_text(vdi, "uuid")))
            host_local_put(r->ts, host, LOCAL_STATIC_VDIS,
                           arena_printf(r->arena, "%s%s ", list ? list : "",
                                        db_text(vdi, "uuid")));
    }
    return reply_void(r);
}

int host_detach_static_vdis(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    const struct value *set = &r->args[1];

    if (!host)
        return API_FAILED;
    for (uint32_t i = 0; i < set->nr; i++) {
        const struct object *vdi = db_find(r->db, "VDI", set->items[i].s);
        const char *list = host_local_get(r->ts, host, LOCAL_STATIC_VDIS);
        const char *at =
            vdi && list ? strstr(list, db_text(vdi, "uuid")) : NULL;

        if (!vdi)
            return request_bad_handle(r, "VDI", set->items[i].s);
        if (at)
            host_local_put(r->ts, host, LOCAL_STATIC_VDIS,
                           arena_printf(r->arena, "%.*s%s", (int)(at - list),
                                        list, at + UUID_BYTES));
    }
    return reply_void(r);
}

/* A datapath that is not there is as good as destroyed. */
int host_sm_dp_destroy(struct request *r)
{
    const struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (!host_answers(r, host))
        return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    return reply_void(r);
}

/* The host is kept for the machine: it counts as there. */
int host_allocate_resources_for_vm(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    struct object *vm = host ? arg_object(r, 1, "VM") : NULL;

    if (!vm || placement_check(r, vm, host, 0))
        return API_FAILED;
    db_set_text(r->db, vm, "scheduled_to_be_resident_on", host->ref);
    host_memory_account(r->ts, vm);
    return reply_void(r);
}

void host_note_crash(struct request *r, struct object *host)
{
    struct object *o = db_create(r->db, "host_crashdump");
    const char *now = toolstack_now(r->ts, r->arena);

    db_set_text(r->db, o, "host", host->ref);
    db_set_text(r->db, o, "timestamp", now);
    db_set_int(r->db, o, "size", CRASHDUMP_BYTES);
    db_set_text(r->db, o, "filename",
                arena_printf(r->arena, "/var/crash/%s", now));
}

int host_crashdump_destroy(struct request *r)
{
    db_destroy(r->db, r->self);
    return reply_void(r);
}
