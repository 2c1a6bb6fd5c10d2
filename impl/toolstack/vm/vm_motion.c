/* Where machines can go: destinations, maps, and the checks of both. */
#include "vm_motion.h"

#include <string.h>

#include "handlers.h"
#include "levelling.h"
#include "net.h"
#include "placement.h"
#include "session.h"
#include "vm.h"

/* Positions of migrate_send's parameters; assert_can_migrate has the same. */
enum {
    ARG_DEST = 1,
    ARG_VDI_MAP = 3,
    ARG_VIF_MAP = 4,
    ARG_OPTIONS = 5,
};

/* "127.0.1.1" of "http://127.0.1.1:8081/". */
static const char *address_of(struct request *r, const char *url)
{
    const char *from = strstr(url, "://");
    size_t len;

    from = from ? from + 3 : url;
    len = strcspn(from, ":/");
    return arena_strndup(r->arena, from, len);
}

int destination_find(struct request *r, const struct value *dest,
                     struct destination *d)
{
    const char *host = value_text(dest, "host", NULL);
    const char *master = value_text(dest, "master", NULL);
    const char *session = value_text(dest, "session_id", NULL);
    const char *from = db_text(toolstack_master(r->ts), "uuid");

    if (!host || !master || !session || !value_text(dest, "xenops", NULL))
        return request_internal(r, "Not_found");
    *d = (struct destination){.ts = r->ts};
    d->host = db_find(r->db, "host", host);
    d->within = d->host != NULL;
    if (d->within)
        return 0;
    d->ts = r->ts->peers.find ? r->ts->peers.find(r->ts->peers.ctx, from,
                                                  address_of(r, master))
                              : NULL;
    if (!d->ts)
        return request_fail(r, "CANNOT_CONTACT_HOST", address_of(r, master),
                            NULL);
    d->host = db_find(&d->ts->db, "host", host);
    if (!d->host)
        return request_bad_handle(r, "host", host);
    if (!session_find(d->ts, session))
        return request_fail(r, "SESSION_INVALID", session, NULL);
    return 0;
}

static bool option(const struct request *r, const char *key)
{
    return strcmp(value_text(&r->args[ARG_OPTIONS], key, ""), "true") == 0;
}

/* A disk that leaves its repository leaves its history and its key behind. */
static int check_disk(struct request *r, const struct object *vdi,
                      const char *sr)
{
    if (strcmp(db_text(vdi, "on_boot"), "reset") == 0)
        return request_fail(r, "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
                            vdi->ref, NULL);
    if (strcmp(db_text(vdi, "SR"), sr) == 0)
        return 0;
    if (db_bool(vdi, "cbt_enabled"))
        return request_fail(r, "VDI_CBT_ENABLED", vdi->ref, NULL);
    if (value_find(db_get(vdi, "sm_config"), "key_hash"))
        return request_fail(r, "VDI_IS_ENCRYPTED", vdi->ref, NULL);
    return 0;
}

static int check_disks(struct request *r, const struct object *vm,
                       const struct destination *d)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        const struct object *vdi = db_ref(r->db, vbd, "VDI"), *sr;
        const char *ref;

        if (!vdi || strcmp(db_text(vbd, "type"), "Disk") != 0)
            continue;
        ref = value_text(&r->args[ARG_VDI_MAP], vdi->ref, NULL);
        if (!ref)
            return request_fail(r, "VDI_NOT_IN_MAP", vdi->ref, NULL);
        sr = db_find(&d->ts->db, "SR", ref);
        if (!sr)
            return request_bad_handle(r, "SR", ref);
        if (check_disk(r, vdi, d->within ? ref : ""))
            return API_FAILED;
    }
    return 0;
}

/* One that is not in the map goes where its machine's others on its network go. */
const char *motion_network(struct request *r, const struct object *vif)
{
    const struct value *map = &r->args[ARG_VIF_MAP];
    const char *network = value_text(map, vif->ref, NULL);

    for (uint32_t i = 0; !network && i < map->nr; i++) {
        const struct object *o = db_find(r->db, "VIF", map->members[i].key);

        if (o && strcmp(db_text(o, "network"), db_text(vif, "network")) == 0)
            network = map->members[i].value.s;
    }
    if (!network)
        (void)request_fail(r, "VIF_NOT_IN_MAP", vif->ref, NULL);
    return network;
}

static int check_vifs(struct request *r, const struct object *vm,
                      const struct destination *d)
{
    const struct value *vifs = db_get(vm, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++) {
        const char *network =
            motion_network(r, db_find_any(r->db, vifs->items[i].s));

        if (!network)
            return API_FAILED;
        if (!db_find(&d->ts->db, "network", network))
            return request_bad_handle(r, "network", network);
    }
    return 0;
}

static int check_within(struct request *r, struct object *vm,
                        const struct destination *d)
{
    unsigned without = PLACEMENT_STORAGE;

    if (option(r, "copy"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Copy mode is disallowed on intra pool storage "
                            "migration, try efficient alternatives, for "
                            "example, VM.copy/clone.",
                            NULL);
    if (option(r, "force"))
        without |= PLACEMENT_CPU;
    if (db_ref(r->db, vm, "resident_on") == d->host)
        without |= PLACEMENT_MEMORY | PLACEMENT_ENABLED;
    if (placement_check(r, vm, d->host, without))
        return API_FAILED;
    if (!r->args[ARG_VIF_MAP].nr)
        return 0;
    return request_fail(r, "OPERATION_NOT_ALLOWED",
                        "VIF mapping is not allowed for intra-pool migration "
                        "-all VIFs must be on the same network",
                        NULL);
}

static int check_across(struct request *r, struct object *vm,
                        const struct destination *d)
{
    bool force = option(r, "force");

    if (option(r, "copy") && !force && db_text(vm, "power_state")[0] != 'H')
        return vm_bad_state(r, vm, "halted");
    if (!db_bool(d->host, "enabled"))
        return request_fail(r, "HOST_DISABLED", d->host->ref, NULL);
    if (placement_hardware_platform(r, vm, d->host) ||
        placement_pcpus(r, vm, d->host) || check_vifs(r, vm, d))
        return API_FAILED;
    if (!force &&
        levelling_compare(r, vm, d->host->ref, db_get(d->host, "cpu_info")))
        return API_FAILED;
    return 0;
}

int motion_check(struct request *r, struct object *vm,
                 const struct destination *d)
{
    if (feature_check(r, "storage_xen_motion") || check_disks(r, vm, d))
        return API_FAILED;
    return d->within ? check_within(r, vm, d) : check_across(r, vm, d);
}

int vm_assert_can_migrate(struct request *r)
{
    struct destination d;

    if (destination_find(r, &r->args[ARG_DEST], &d) ||
        motion_check(r, r->self, &d))
        return API_FAILED;
    return reply_void(r);
}

/* The half of the sending host: GPUs of a machine that runs must be there. */
int vm_assert_can_migrate_sender(struct request *r)
{
    struct destination d;

    if (destination_find(r, &r->args[ARG_DEST], &d))
        return API_FAILED;
    if (d.within && vm_is_live(r->self) && db_get(r->self, "VGPUs")->nr &&
        placement_gpus(r, r->self, d.host))
        return API_FAILED;
    return reply_void(r);
}

/* What a pool tells a sender: where to go, and a session to go with. */
int host_migrate_receive(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    const char *address = host ? db_text(host, "address") : "";
    const char *master = db_text(toolstack_master(r->ts), "address");
    const char *session = r->session ? r->session->ref : "";
    struct member *m = arena_alloc(r->arena, sizeof(*m) * 5);

    if (!host)
        return request_bad_handle(r, "host", arg_text(r, 0));
    m[0] = (struct member){"host", value_string(host->ref)};
    m[1] = (struct member){
        "master", value_string(arena_printf(r->arena, "http://%s/", master))};
    m[2] = (struct member){"session_id", value_string(session)};
    m[3] = (struct member){
        "SM", value_string(arena_printf(r->arena,
                                        "http://%s/services/SM?session_id=%s",
                                        address, session))};
    m[4] = (struct member){
        "xenops", value_string(arena_printf(
                      r->arena, "http://%s/services/xenops?session_id=%s",
                      address, session))};
    return reply(r, value_map(m, 5));
}
