/* High availability: switched on and off, and what it forbids. */
#include "ha.h"

#include <stdlib.h>
#include <string.h>

#include "ha_state.h"
#include "handlers.h"
#include "host.h"
#include "inner.h"
#include "liveness.h"
#include "placement.h"
#include "pool.h"
#include "sm.h"
#include "storage.h"

enum {
    STATEFILE_BYTES = 4 << 20,
    METADATA_BYTES = 256 << 20,
};

bool ha_enabled(struct request *r)
{
    const struct object *pool = toolstack_pool(r->ts);

    return pool && db_bool(pool, "ha_enabled");
}

bool ha_armed(struct request *r, const struct object *host)
{
    const char *word = host_local_get(r->ts, host, LOCAL_HA_ARMED);

    return word && strcmp(word, "true") == 0;
}

void ha_arm(struct request *r, const struct object *host, bool armed)
{
    host_local_put(r->ts, host, LOCAL_HA_ARMED, armed ? "true" : "false");
}

bool ha_protected(const struct object *vm)
{
    char state = db_text(vm, "power_state")[0];

    return strcmp(db_text(vm, "ha_restart_priority"), "restart") == 0 &&
           !db_bool(vm, "is_a_template") &&
           (state == 'R' || state == 'P' || db_bool(vm, "ha_always_run"));
}

void ha_leave(struct request *r, struct object *host)
{
    if (ha_enabled(r))
        ha_arm(r, host, false);
}

bool ha_keeps_out(struct request *r, struct object *host)
{
    if (!ha_enabled(r))
        return false;
    if (!ha_sees_statefile(r, host))
        return true;
    host_local_put(r->ts, host, LOCAL_MASTER,
                   db_text(toolstack_master(r->ts), "address"));
    ha_arm(r, host, true);
    return false;
}

/* --- Switching it on ---------------------------------------------------------- */

static bool every_host_sees(struct request *r, const struct object *sr)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!host_sees_sr(r, h, sr))
            return false;
    return true;
}

static int check_hosts(struct request *r)
{
    for (struct object *p = db_first(r->db, "PIF"); p; p = p->next)
        if (db_bool(p, "disallow_unplug") && !db_bool(p, "currently_attached"))
            return request_fail(r, "REQUIRED_PIF_IS_UNPLUGGED", p->ref, NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!host_live(r, h) || !host_answers(r, h))
            return request_fail(r, "HOST_OFFLINE", h->ref, NULL);
    return 0;
}

int sr_assert_can_host_ha_statefile(struct request *r)
{
    const struct object *sr = r->self;

    if (!db_get(sr, "PBDs")->nr)
        return request_fail(r, "SR_HAS_NO_PBDS", sr->ref, NULL);
    if (!db_bool(sr, "shared"))
        return request_fail(r, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr->ref,
                            NULL);
    if (!sm_has(db_text(sr, "type"), "VDI_ATTACH_OFFLINE"))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (!every_host_sees(r, sr))
        return request_fail(r, "HA_HOST_CANNOT_ACCESS_STATEFILE", NULL);
    return reply_void(r);
}

/* The SR for the heartbeats; NULL, with the reason: there is none. */
static struct object *choose_sr(struct request *r, const struct value *given)
{
    struct object *sr;

    if (given->nr) {
        sr = db_find(r->db, "SR", given->items[0].s);
        if (!sr)
            (void)request_bad_handle(r, "SR", given->items[0].s);
        else if (!db_bool(sr, "shared"))
            (void)request_fail(r, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED",
                               sr->ref, NULL);
        else if (!every_host_sees(r, sr))
            (void)request_fail(r, "HA_HOST_CANNOT_ACCESS_STATEFILE", NULL);
        else
            return sr;
        return NULL;
    }
    for (sr = db_first(r->db, "SR"); sr; sr = sr->next)
        if (db_bool(sr, "shared") && every_host_sees(r, sr) &&
            strcmp(db_text(sr, "content_type"), "iso") != 0)
            return sr;
    (void)request_fail(r, "CANNOT_CREATE_STATE_FILE", NULL);
    return NULL;
}

struct object *ha_volume(struct request *r, struct object *sr, const char *type,
                         const char *label, int64_t bytes)
{
    const struct value *vdis = db_get(sr, "VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        struct object *vdi = db_find_any(r->db, vdis->items[i].s);

        if (strcmp(db_text(vdi, "type"), type) == 0)
            return vdi; /* of the last time */
    }
    return vdi_make(r, sr, type, label, bytes);
}

static void arm_all(struct request *r, bool armed)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        ha_arm(r, h, armed);
        if (armed)
            continue;
        db_set(r->db, h, "ha_statefiles", value_set(NULL, 0));
        db_set(r->db, h, "ha_network_peers", value_set(NULL, 0));
    }
}

/* What runs is wanted to run. */
static void note_running(struct request *r)
{
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (*db_text(vm, "ha_restart_priority") &&
            db_text(vm, "power_state")[0] == 'R')
            db_set_bool(r->db, vm, "ha_always_run", true);
}

int pool_enable_ha(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts), *sr, *statefile, *metadata;
    const char *refs[1];

    if (ha_enabled(r))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (check_hosts(r))
        return API_FAILED;
    sr = choose_sr(r, &r->args[0]);
    if (!sr)
        return API_FAILED;
    statefile =
        ha_volume(r, sr, "ha_statefile", "Statefile for HA", STATEFILE_BYTES);
    metadata = statefile ? ha_volume(r, sr, "redo_log", "Metadata for HA",
                                     METADATA_BYTES)
                         : NULL;
    if (!metadata)
        return API_FAILED;
    refs[0] = statefile->ref;
    db_set(r->db, pool, "ha_statefiles", value_strings(r->arena, refs, 1));
    db_set(r->db, pool, "ha_configuration", r->args[1]);
    db_set_text(r->db, pool, "ha_cluster_stack", "xhad");
    db_set_int(r->db, pool, "ha_plan_exists_for", 0);
    arm_all(r, true);
    db_set_bool(r->db, pool, "ha_enabled", true);
    note_running(r);
    ha_forget(r->ts);
    ha_replan(r);
    liveness_hurry(r->ts);
    return reply_void(r);
}

static void switch_off(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts);

    arm_all(r, false);
    db_set_bool(r->db, pool, "ha_enabled", false);
    db_set(r->db, pool, "ha_statefiles", value_set(NULL, 0));
    db_set_bool(r->db, pool, "ha_overcommitted", false);
    db_set_int(r->db, pool, "ha_plan_exists_for", 0);
    ha_forget(r->ts);
}

int pool_disable_ha(struct request *r)
{
    if (!ha_enabled(r))
        return request_fail(r, "HA_NOT_ENABLED", NULL);
    switch_off(r);
    return reply_void(r);
}

/* --- Messages to one host ----------------------------------------------------- */

/* The last resort of an admin: this host no longer takes part. */
int host_emergency_ha_disable(struct request *r)
{
    struct object *host = pool_here(r);

    if (!ha_armed(r, host))
        return arg_bool(r, 0) ? reply_void(r)
                              : request_fail(r, "HA_NOT_ENABLED", NULL);
    ha_arm(r, host, false);
    return reply_void(r);
}

static int arm_one(struct request *r, bool armed)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    ha_arm(r, host, armed);
    return reply_void(r);
}

int host_ha_disarm_fencing(struct request *r)
{
    return arm_one(r, false);
}

int host_ha_stop_daemon(struct request *r)
{
    return arm_one(r, false);
}

int host_ha_join_liveset(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (db_get(toolstack_pool(r->ts), "ha_statefiles")->nr &&
        !ha_sees_statefile(r, host))
        return request_fail(r, "HA_HOST_CANNOT_ACCESS_STATEFILE", NULL);
    return arm_one(r, true);
}

/* The volumes are attached where they are; the generation is remembered. */
int host_preconfigure_ha(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    const struct value *files = &r->args[1];

    if (!host)
        return API_FAILED;
    for (uint32_t i = 0; i < files->nr; i++)
        if (!db_find(r->db, "VDI", files->items[i].s))
            return request_bad_handle(r, "VDI", files->items[i].s);
    host_local_put(r->ts, host, "ha.generation", arg_text(r, 3));
    return reply_void(r);
}

int host_ha_disable_failover_decisions(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    host_local_put(r->ts, host, LOCAL_HA_NO_DECISIONS, "true");
    return reply_void(r);
}

/* Over at once: everybody reads the same statefile in this process. */
int host_ha_wait_for_shutdown_via_statefile(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (ha_enabled(r))
        return request_fail(r, "HA_LOST_STATEFILE", NULL);
    return reply_void(r);
}

int host_ha_release_resources(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (ha_armed(r, host))
        return request_fail(r, "HA_HOST_IS_ARMED", host->ref, NULL);
    db_set(r->db, host, "ha_statefiles", value_set(NULL, 0));
    return reply_void(r);
}

int host_ha_xapi_healthcheck(struct request *r)
{
    return reply(r, value_bool(pool_here(r) != NULL));
}
