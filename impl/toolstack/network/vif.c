/* Network interfaces of machines. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "ip.h"
#include "net.h"
#include "plug.h"
#include "vm.h"

enum {
    MD5_BYTES = 16,
    DEVICE_NR_MAX = 1 << 16,
};

/* --- Create ----------------------------------------------------------------- */

/*
 * The address that a machine's seed gives to its n-th interface: the same for
 * every toolstack that knows the seed. Two rounds of MD5 a device.
 */
static const char *seeded_mac(struct request *r, const char *seed, long device)
{
    uint8_t one[MD5_BYTES], two[MD5_BYTES];

    (void)gnutls_hash_fast(GNUTLS_DIG_MD5, seed, strlen(seed), one);
    for (long i = 0; i < device * 2; i++) {
        (void)gnutls_hash_fast(GNUTLS_DIG_MD5, one, MD5_BYTES, two);
        memcpy(one, two, MD5_BYTES);
    }
    (void)gnutls_hash_fast(GNUTLS_DIG_MD5, one, MD5_BYTES, two);
    return arena_printf(r->arena, "%02x:%02x:%02x:%02x:%02x:%02x",
                        (one[0] & 0xfc) | 2, one[1], one[2], one[3], two[1],
                        two[2]);
}

static struct object *vif_at(struct request *r, const struct object *vm,
                             const char *device)
{
    struct objects vifs = objects_of(r, vm, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++)
        if (atol(db_text(vifs.at[i], "device")) == atol(device))
            return vifs.at[i];
    return NULL;
}

static bool device_valid(const char *device)
{
    return *device && strspn(device, "0123456789") == strlen(device) &&
           atol(device) < DEVICE_NR_MAX;
}

static const char *free_device(struct request *r, const struct object *vm)
{
    for (uint32_t i = 0;; i++) { /* ends: a machine has few interfaces */
        const char *device = arena_printf(r->arena, "%u", i);

        if (!vif_at(r, vm, device))
            return device;
    }
}

static int check_trunks_network(struct request *r, const struct object *network)
{
    struct objects pifs = objects_of(r, network, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++)
        if (db_int(pifs.at[i], "VLAN") != -1)
            return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_TRUNKS",
                                network->ref, NULL);
    return 0;
}

static int check_features(struct request *r, const struct value *args,
                          const struct object *network)
{
    bool locks = strcmp(value_text(args, "locking_mode", ""), "locked") == 0 ||
                 value_find(args, "ipv4_allowed")->nr ||
                 value_find(args, "ipv6_allowed")->nr;

    if (network_is_sriov(r, network) && feature_check(r, "network_sriov"))
        return API_FAILED;
    return locks ? feature_check(r, "vif_locking") : 0;
}

/* A proxy serves the first interface of its machine, and none before it. */
static int check_proxy(struct request *r, const struct object *vm,
                       const char *device)
{
    struct objects vifs = objects_of(r, vm, "VIFs"), proxies;
    const struct object *first = NULL;

    for (uint32_t i = 0; i < vifs.nr; i++)
        if (!first || atol(db_text(vifs.at[i], "device")) <
                          atol(db_text(first, "device")))
            first = vifs.at[i];
    if (!first || atol(device) > atol(db_text(first, "device")))
        return 0;
    proxies = objects_all(r, "PVS_proxy");
    for (uint32_t i = 0; i < proxies.nr; i++)
        if (strcmp(db_text(proxies.at[i], "VIF"), first->ref) == 0)
            return request_fail(r, "PVS_PROXY_PRESENT_ON_HIGHER_VIF_DEVICE",
                                db_text(first, "device"), NULL);
    return 0;
}

/* The address to have; NULL, with the error set. */
static const char *choose_mac(struct request *r, const struct object *vm,
                              const char *mac, const char *device)
{
    const char *seed = value_text(db_get(vm, "other_config"), "mac_seed", NULL);

    if (!*mac && seed)
        return seeded_mac(r, seed, atol(device));
    if (mac_valid(mac))
        return mac;
    (void)request_fail(r, "MAC_INVALID", mac, NULL);
    return NULL;
}

static int check_new(struct request *r, const struct object *vm,
                     const struct object *network, const char *device)
{
    const struct value *args = &r->args[0];

    if (value_find(args, "trunks")->nr && check_trunks_network(r, network))
        return API_FAILED;
    if (vif_at(r, vm, device))
        return request_fail(r, "DEVICE_ALREADY_EXISTS", device, NULL);
    return check_proxy(r, vm, device);
}

int vif_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *vm_ref = value_text(args, "VM", ""), *mac;
    const char *network_ref = value_text(args, "network", "");
    const char *device = value_text(args, "device", "");
    struct object *vm = db_find(r->db, "VM", vm_ref), *o;
    struct object *network = db_find(r->db, "network", network_ref);

    if (!vm)
        return request_bad_handle(r, "VM", vm_ref);
    if (!network)
        return request_bad_handle(r, "network", network_ref);
    if (strcmp(device, "autodetect") == 0)
        device = free_device(r, vm);
    if (check_features(r, args, network))
        return API_FAILED;
    if (!device_valid(device))
        return request_fail(r, "INVALID_DEVICE", device, NULL);
    mac = choose_mac(r, vm, value_text(args, "MAC", ""), device);
    if (!mac || check_new(r, vm, network, device))
        return API_FAILED;
    o = generic_create(r, args);
    db_set_text(r->db, o, "device", device);
    db_set_text(r->db, o, "MAC", mac);
    db_set_bool(r->db, o, "MAC_autogenerated", !*value_text(args, "MAC", ""));
    db_set_bool(r->db, o, "currently_attached", false);
    device_metrics(r, o);
    devices_refresh(r, vm);
    return reply_ref(r, o);
}

/* --- Plug -------------------------------------------------------------------- */

static bool active(struct request *r, const struct object *vif)
{
    const struct object *vm = db_ref(r->db, vif, "VM");

    return vm && db_bool(vif, "currently_attached") &&
           db_text(vm, "power_state")[0] != 'S';
}

/* What the guest says of its drivers; without a word they can. */
static int check_hotplug(struct request *r, const struct object *vm)
{
    if (db_bool(vm, "is_control_domain"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Control domain does not support hotplug", NULL);
    return device_check_drivers(r, vm, "can_use_hotplug_vif",
                                "VM states it does not support VIF hotplug.");
}

static int check_switch(struct request *r, struct object *vm, bool attach)
{
    if (!vm || db_text(vm, "power_state")[0] != 'R')
        return vm_bad_state(r, vm, "running");
    if (db_bool(r->self, "currently_attached") == attach)
        return request_fail(
            r, attach ? "DEVICE_ALREADY_ATTACHED" : "DEVICE_ALREADY_DETACHED",
            r->self->ref, NULL);
    return 0;
}

static struct object *vm_host(struct request *r, const struct object *vm)
{
    struct object *host = db_ref(r->db, vm, "resident_on");

    return host ? host : toolstack_master(r->ts);
}

int vif_plug(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");
    struct object *network = db_ref(r->db, r->self, "network");

    if (check_switch(r, vm, true) || check_hotplug(r, vm) ||
        network_check_visible(r, vm, network, vm_host(r, vm)) ||
        network_attach_on(r, network, vm_host(r, vm)) ||
        device_attach(r, vm, r->self))
        return API_FAILED;
    db_set_bool(r->db, r->self, "currently_attached", true);
    pvs_proxies_follow(r, r->self);
    devices_refresh(r, vm);
    return reply_void(r);
}

static int unplug(struct request *r, bool force)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (check_switch(r, vm, false) || (!force && check_hotplug(r, vm)) ||
        device_detach(r, vm, r->self, force))
        return API_FAILED;
    db_set_bool(r->db, r->self, "currently_attached", false);
    pvs_proxies_follow(r, r->self);
    network_detach_on(r, db_ref(r->db, r->self, "network"), vm_host(r, vm));
    devices_refresh(r, vm);
    return reply_void(r);
}

int vif_unplug(struct request *r)
{
    return unplug(r, false);
}

int vif_unplug_force(struct request *r)
{
    return unplug(r, true);
}

/* Works without the guest's help: only the far end moves. */
int vif_move(struct request *r)
{
    struct object *network = arg_object(r, 1, "network");
    struct object *vm = db_ref(r->db, r->self, "VM"), *host;

    if (!network)
        return API_FAILED;
    host = vm_host(r, vm);
    if (active(r, r->self) && (network_check_visible(r, vm, network, host) ||
                               network_attach_on(r, network, host)))
        return request_fail(r, "HOST_CANNOT_ATTACH_NETWORK", host->ref,
                            network->ref, NULL);
    if (db_get(r->self, "trunks")->nr && check_trunks_network(r, network))
        return API_FAILED;
    db_set_text(r->db, r->self, "network", network->ref);
    return reply_void(r);
}

/* --- Locking ------------------------------------------------------------------ */

static const char *effective_mode(struct request *r, const char *mode)
{
    const struct object *network = db_ref(r->db, r->self, "network");

    if (strcmp(mode, "network_default") != 0 || !network)
        return mode;
    return db_text(network, "default_locking_mode");
}

int vif_set_locking_mode(struct request *r)
{
    const char *mode = arg_text(r, 1);

    if (strcmp(effective_mode(r, mode), "locked") == 0) {
        if (db_first(r->db, "SDN_controller"))
            return request_fail(r, "OPERATION_NOT_ALLOWED",
                                "A vswitch controller is active", NULL);
        if (feature_check(r, "vif_locking"))
            return API_FAILED;
    }
    db_set_text(r->db, r->self, "locking_mode", mode);
    return reply_void(r);
}

static int set_allowed(struct request *r, const char *field, bool v6)
{
    const struct value *set = &r->args[1];
    struct value unique = value_set(NULL, 0);

    if (set->nr && feature_check(r, "vif_locking"))
        return API_FAILED;
    for (uint32_t i = 0; i < set->nr; i++) {
        if (!ip_valid(set->items[i].s, v6))
            return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", field, NULL);
        unique = value_set_with(r->arena, &unique, set->items[i].s);
    }
    db_set(r->db, r->self, field, unique);
    return reply_void(r);
}

static int add_allowed(struct request *r, const char *field, bool v6)
{
    if (feature_check(r, "vif_locking"))
        return API_FAILED;
    if (!ip_valid(arg_text(r, 1), v6))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", field, NULL);
    db_set(r->db, r->self, field,
           value_set_with(r->arena, db_get(r->self, field), arg_text(r, 1)));
    return reply_void(r);
}

int vif_set_ipv4_allowed(struct request *r)
{
    return set_allowed(r, "ipv4_allowed", false);
}

int vif_set_ipv6_allowed(struct request *r)
{
    return set_allowed(r, "ipv6_allowed", true);
}

int vif_add_ipv4_allowed(struct request *r)
{
    return add_allowed(r, "ipv4_allowed", false);
}

int vif_add_ipv6_allowed(struct request *r)
{
    return add_allowed(r, "ipv6_allowed", true);
}

/* --- Addresses in the guest ------------------------------------------------- */

static int check_agent(struct request *r)
{
    const struct object *vm = db_ref(r->db, r->self, "VM");
    const struct object *guest = vm ? db_ref(r->db, vm, "guest_metrics") : NULL;

    if (guest && strcmp(value_text(db_get(guest, "other"),
                                   "feature-static-ip-setting", ""),
                        "1") == 0)
        return 0;
    return request_fail(r, "VM_LACKS_FEATURE", db_text(r->self, "VM"), NULL);
}

static int check_lock(struct request *r, bool v6, const char *cidr)
{
    const char *field = v6 ? "ipv6_allowed" : "ipv4_allowed";
    const char *address = arena_strndup(r->arena, cidr, strcspn(cidr, "/"));

    if (strcmp(effective_mode(r, db_text(r->self, "locking_mode")), "locked") !=
            0 ||
        value_has(db_get(r->self, field), address))
        return 0;
    return request_fail(r, "ADDRESS_VIOLATES_LOCKING_CONSTRAINT", cidr, NULL);
}

static int check_static(struct request *r, bool v6)
{
    const char *address = arg_text(r, 2), *gateway = arg_text(r, 3);

    if (feature_check(r, "guest_ip_setting"))
        return API_FAILED;
    if (!ip_valid_cidr(address, v6))
        return request_fail(r, "INVALID_CIDR_ADDRESS_SPECIFIED", "address",
                            NULL);
    if (check_lock(r, v6, address))
        return API_FAILED;
    if (*gateway && !ip_valid(gateway, v6))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", "gateway", NULL);
    return 0;
}

static int configure(struct request *r, bool v6)
{
    const char *family = v6 ? "ipv6" : "ipv4", *address = arg_text(r, 2);

    if (strcmp(arg_text(r, 1), "Static") == 0 && check_static(r, v6))
        return API_FAILED;
    if (check_agent(r))
        return API_FAILED;
    db_set_text(r->db, r->self,
                arena_printf(r->arena, "%s_configuration_mode", family),
                arg_text(r, 1));
    db_set(r->db, r->self, arena_printf(r->arena, "%s_addresses", family),
           value_strings(r->arena, &address, 1));
    db_set_text(r->db, r->self, arena_printf(r->arena, "%s_gateway", family),
                arg_text(r, 3));
    return reply_void(r);
}

int vif_configure_ipv4(struct request *r)
{
    return configure(r, false);
}

int vif_configure_ipv6(struct request *r)
{
    return configure(r, true);
}

/* --- Trunks --------------------------------------------------------------------- */

static struct value with_tag(struct request *r, const struct value *set,
                             int64_t tag, bool keep)
{
    struct value *items = arena_alloc(r->arena, sizeof(*items) * (set->nr + 1));
    size_t nr = 0;

    for (uint32_t i = 0; i < set->nr; i++)
        if (set->items[i].i != tag)
            items[nr++] = set->items[i];
    if (keep)
        items[nr++] = value_int(tag);
    return value_set(items, nr);
}

int vif_add_trunks(struct request *r)
{
    if (vlan_check_tag(r, arg_int(r, 1)) ||
        check_trunks_network(r, db_ref(r->db, r->self, "network")))
        return API_FAILED;
    db_set(r->db, r->self, "trunks",
           with_tag(r, db_get(r->self, "trunks"), arg_int(r, 1), true));
    return reply_void(r);
}

int vif_remove_trunks(struct request *r)
{
    db_set(r->db, r->self, "trunks",
           with_tag(r, db_get(r->self, "trunks"), arg_int(r, 1), false));
    return reply_void(r);
}

int vif_set_trunks(struct request *r)
{
    const struct value *set = &r->args[1];
    struct value tags = value_set(NULL, 0);

    if (set->nr && check_trunks_network(r, db_ref(r->db, r->self, "network")))
        return API_FAILED;
    for (uint32_t i = 0; i < set->nr; i++) {
        if (vlan_check_tag(r, set->items[i].i))
            return API_FAILED;
        tags = with_tag(r, &tags, set->items[i].i, true);
    }
    db_set(r->db, r->self, "trunks", tags);
    return reply_void(r);
}
