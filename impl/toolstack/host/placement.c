/* Which host can run a machine, and which one shall. */
#include "placement.h"

#include <stdlib.h>
#include <string.h>

#include "host_memory.h"
#include "net.h"

static const struct {
    int (*check)(struct request *r, struct object *vm, struct object *host);
    unsigned flags;
} checks[] = {
#define PLACEMENT_CHECK(function, flags) {function, flags},
#include "placement_checks.def"
#undef PLACEMENT_CHECK
};

int placement_check(struct request *r, struct object *vm, struct object *host,
                    unsigned without)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!(checks[i].flags & without) && checks[i].check(r, vm, host))
            return API_FAILED;
    return 0;
}

bool placement_possible(struct request *r, struct object *vm,
                        struct object *host, unsigned without)
{
    struct value error = r->error;
    bool possible = placement_check(r, vm, host, without) == 0;

    r->error = error; /* of the caller, not of what is refused here */
    return possible;
}

/* --- The checks ------------------------------------------------------------ */

bool host_live(struct request *r, const struct object *host)
{
    const struct object *metrics = db_ref(r->db, host, "metrics");

    return metrics && db_bool(metrics, "live");
}

int placement_host_live(struct request *r, struct object *vm,
                        struct object *host)
{
    (void)vm;
    return host_live(r, host) ? 0 : request_fail(r, "HOST_NOT_LIVE", NULL);
}

int placement_affinity_of_control_domain(struct request *r, struct object *vm,
                                         struct object *host)
{
    const char *affinity = db_text(vm, "affinity");

    if (!db_bool(vm, "is_control_domain") || strcmp(affinity, REF_NULL) == 0 ||
        strcmp(affinity, host->ref) == 0)
        return 0;
    return request_fail(r, "OPERATION_NOT_ALLOWED",
                        "Cannot boot a control domain on a host different from "
                        "its affinity",
                        NULL);
}

int placement_host_enabled(struct request *r, struct object *vm,
                           struct object *host)
{
    if (db_bool(host, "enabled") || db_bool(vm, "is_control_domain"))
        return 0;
    return request_fail(r, "HOST_DISABLED", host->ref, NULL);
}

int placement_hardware_platform(struct request *r, struct object *vm,
                                struct object *host)
{
    const struct value *has =
        db_get(host, "virtual_hardware_platform_versions");
    int64_t wanted = db_int(vm, "hardware_platform_version");
    const char *text = "";

    for (uint32_t i = 0; i < has->nr; i++) {
        if (has->items[i].i == wanted)
            return 0;
        text = arena_printf(r->arena, "%s%s%lld", text, i ? "; " : "",
                            (long long)has->items[i].i);
    }
    if (!has->nr && !wanted) /* a host that says nothing has version 0 */
        return 0;
    return request_fail(
        r, "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION", host->ref,
        arena_printf(r->arena, "[%s]", text), vm->ref,
        arena_printf(r->arena, "%lld", (long long)wanted), NULL);
}

bool host_sees_sr(struct request *r, const struct object *host,
                  const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++) {
        const struct object *pbd = db_find_any(r->db, pbds->items[i].s);

        if (pbd && db_bool(pbd, "currently_attached") &&
            strcmp(db_text(pbd, "host"), host->ref) == 0)
            return true;
    }
    return false;
}

/* The SR of a disk, when the host does not see it. */
static struct object *unseen_sr(struct request *r, const struct object *vdi,
                                const struct object *host)
{
    struct object *sr = vdi ? db_ref(r->db, vdi, "SR") : NULL;

    return sr && !host_sees_sr(r, host, sr) ? sr : NULL;
}

struct object *placement_missing_sr(struct request *r, struct object *vm,
                                    const struct object *host)
{
    const struct value *vbds = db_get(vm, "VBDs");
    struct object *sr = NULL;

    for (uint32_t i = 0; !sr && i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);

        if (vbd && !db_bool(vbd, "empty"))
            sr = unseen_sr(r, db_ref(r->db, vbd, "VDI"), host);
    }
    if (!sr && strcmp(db_text(vm, "power_state"), "Suspended") == 0)
        sr = unseen_sr(r, db_ref(r->db, vm, "suspend_VDI"), host);
    return sr;
}

int placement_storage(struct request *r, struct object *vm, struct object *host)
{
    const struct object *sr = placement_missing_sr(r, vm, host);

    return sr ? request_fail(r, "VM_REQUIRES_SR", vm->ref, sr->ref, NULL) : 0;
}

/* A network with no NIC behind it is where its running machines are. */
static bool network_is_elsewhere(struct request *r,
                                 const struct object *network,
                                 const struct object *host)
{
    const struct value *vifs = db_get(network, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++) {
        const struct object *vif = db_find_any(r->db, vifs->items[i].s);
        const struct object *vm = vif ? db_ref(r->db, vif, "VM") : NULL;

        if (vm && db_bool(vif, "currently_attached") &&
            strcmp(db_text(vm, "resident_on"), REF_NULL) != 0 &&
            strcmp(db_text(vm, "resident_on"), host->ref) != 0)
            return true;
    }
    return false;
}

bool host_sees_network(struct request *r, const struct object *host,
                       const struct object *network)
{
    const struct value *pifs = db_get(network, "PIFs");

    for (uint32_t i = 0; i < pifs->nr; i++) {
        const struct object *pif = db_find_any(r->db, pifs->items[i].s);

        if (pif && strcmp(db_text(pif, "host"), host->ref) == 0)
            return true;
    }
    return !pifs->nr && !network_is_elsewhere(r, network, host);
}

/* Networks that are there may still have no bridge of their own. */
static int placement_bridges(struct request *r, struct object *vm,
                             struct object *host)
{
    const struct value *vifs = db_get(vm, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++) {
        const struct object *vif = db_find_any(r->db, vifs->items[i].s);
        struct object *net = vif ? db_ref(r->db, vif, "network") : NULL;

        if (net && network_check_visible(r, vm, net, host))
            return API_FAILED;
    }
    return 0;
}

int placement_networks(struct request *r, struct object *vm,
                       struct object *host)
{
    const struct value *vifs = db_get(vm, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++) {
        const struct object *vif = db_find_any(r->db, vifs->items[i].s);
        const struct object *net = vif ? db_ref(r->db, vif, "network") : NULL;

        if (net && !host_sees_network(r, host, net))
            return request_fail(r, "VM_REQUIRES_NETWORK", vm->ref, net->ref,
                                NULL);
    }
    return placement_bridges(r, vm, host);
}

int placement_memory(struct request *r, struct object *vm, struct object *host)
{
    int64_t needed = vm_memory_needed(vm);
    int64_t available = host_memory_available(r->ts, host);

    if (needed <= available)
        return 0;
    return request_fail(r, "HOST_NOT_ENOUGH_FREE_MEMORY",
                        arena_printf(r->arena, "%lld", (long long)needed),
                        arena_printf(r->arena, "%lld", (long long)available),
                        NULL);
}

int placement_pcpus(struct request *r, struct object *vm, struct object *host)
{
    const char *count = value_text(db_get(host, "cpu_info"), "cpu_count", NULL);
    const char *free_rein =
        value_text(db_get(vm, "platform"), "vcpu-unrestricted", "false");
    int64_t vcpus = db_int(vm, "VCPUs_max");

    if (!count || vcpus <= atoll(count) || strcmp(free_rein, "true") == 0)
        return 0;
    return request_fail(r, "HOST_NOT_ENOUGH_PCPUS",
                        arena_printf(r->arena, "%lld", (long long)vcpus), count,
                        NULL);
}
