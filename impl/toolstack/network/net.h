/*
 * Networks and interfaces: what the parts of this folder know of each other,
 * and what machines and pools need of networks.
 *
 * Functions that return int give 0 or API_FAILED with the error set.
 */
#ifndef NETWORK_NET_H
#define NETWORK_NET_H

#include "network_driver.h"
#include "request.h"

#define DUMMY_MAC "fe:ff:ff:ff:ff:ff" /* of interfaces without one */

/* Objects as they were when asked: safe to walk while they change. */
struct objects {
    struct object **at;
    uint32_t nr;
};

/* What a field (a set of references) leads to. */
struct objects objects_of(struct request *r, const struct object *o,
                          const char *field);
/* All of a class. */
struct objects objects_all(struct request *r, const char *class_name);
/* The first object of a set; NULL: the set is empty. */
struct object *first_of(const struct request *r, const struct object *o,
                        const char *field);

/* --- Hardware --- */
int nics_read(struct request *r, const struct object *host, struct nic *nics);
const struct nic *nic_find(const struct nic *nics, int nr, const char *device);

/* --- Interfaces --- */
enum pif_kind {
    PIF_PHYSICAL,
    PIF_BOND,
    PIF_VLAN,
    PIF_TUNNEL,
    PIF_SRIOV,
};

enum pif_kind pif_kind(const struct object *pif);
/* What the interface stands on; NULL for physical ones and bonds. */
struct object *pif_below(const struct request *r, const struct object *pif);
/* The interface of a network on a host; NULL: none. */
struct object *pif_on(const struct request *r, const struct object *network,
                      const struct object *host);
struct object *pif_host(const struct request *r, const struct object *pif);
struct object *management_pif(const struct request *r,
                              const struct object *host);
bool pif_is_slave(const struct request *r, const struct object *pif);

/* A new interface that stands on another, not plugged. */
struct object *pif_make(struct request *r, struct object *network,
                        struct object *host, const char *device,
                        const char *mac, int64_t mtu);
/* Takes an interface away, with metrics that are its own. */
void pif_unmake(struct request *r, struct object *pif);
/* Interfaces for NICs that have none; flags and fields of the others. */
int pifs_scan(struct request *r, struct object *host);

int pif_check_managed(struct request *r, const struct object *pif);
int pif_check_not_management(struct request *r, const struct object *pif);
/* HA and the redo log need the interface as it is. */
int pif_check_unprotected(struct request *r, const struct object *pif);
int pif_check_no_cluster(struct request *r, const struct object *pif);
/* Nor may a cluster be taking somebody in just now. */
int pif_check_no_cluster_work(struct request *r);
/* NETWORK_ALREADY_CONNECTED: one interface for each network and host. */
int network_check_free(struct request *r, const struct object *network,
                       const struct object *host);
int network_check_managed(struct request *r, const struct object *network);
bool network_is_sriov(const struct request *r, const struct object *network);
int vlan_check_tag(struct request *r, int64_t tag);

/* Bring an interface and all below it up or down; the first with the checks. */
int pif_do_plug(struct request *r, struct object *pif);
int pif_do_unplug(struct request *r, struct object *pif);
int pif_up(struct request *r, struct object *pif);
void pif_down(struct request *r, struct object *pif);

/* Makes a VLAN, a tunnel; the interface is not plugged. */
struct object *vlan_make(struct request *r, struct object *tagged, int64_t tag,
                         struct object *network);
struct object *tunnel_make(struct request *r, struct object *transport,
                           struct object *network, const char *protocol);

/*
 * Makes a bond, which takes over what its members carried. `mac` may be empty.
 * NULL, with the error set, when it cannot be brought up.
 */
struct object *bond_make(struct request *r, struct object *network,
                         struct objects members, const char *mac,
                         const char *mode, struct value settings);

/* The host's address becomes that of its management interface. */
void management_follow(struct request *r, struct object *host);
int management_move(struct request *r, struct object *from, struct object *to);

/* --- For machines --- */
/* Whether a machine on the host reaches the network: VM_REQUIRES_NETWORK,
 * HOST_CANNOT_ATTACH_NETWORK. */
int network_check_visible(struct request *r, struct object *vm,
                          struct object *network, struct object *host);
/* The bridge of a network; an internal one goes when nobody uses it. */
int network_attach_on(struct request *r, struct object *network,
                      struct object *host);
void network_detach_on(struct request *r, struct object *network,
                       struct object *host);
/* Proxies of an interface run while it is plugged. */
void pvs_proxies_follow(struct request *r, struct object *vif);
/* Virtual functions that no machine has. */
int64_t sriov_remaining(struct request *r, const struct object *sriov);
/* The networks of a machine that starts on the host, or has left it. */
int networks_attach(struct request *r, struct object *vm, struct object *host);
void networks_detach(struct request *r, struct object *vm, struct object *host);

/* --- For pools --- */
/* A host that joined: bonds, VLANs and tunnels like the master's. */
int networks_adopt(struct request *r, struct object *host);
void networks_sync_vlans(struct request *r, struct object *host);
void networks_sync_tunnels(struct request *r, struct object *host);
/* A host has booted: what it plugs then. The daemon has: what was plugged. */
void networks_boot(struct request *r, struct object *host);
void networks_recover(struct toolstack *ts);

/* Looks at all links: metrics, bonds, alerts. The second does when the driver
 * says that one has changed, and is cheap otherwise. */
void network_poll(struct toolstack *ts);
void network_poll_changes(struct toolstack *ts);

/* An alert about an object. */
struct object *alert(struct request *r, const char *name, int priority,
                     const char *cls, const struct object *about,
                     const char *body);

/* FEATURE: LICENCE_RESTRICTION when the pool's edition leaves it out. */
int feature_check(struct request *r, const char *feature);
/* The same for starting machines, which an entitlement that ended forbids. */
int feature_check_start(struct request *r);

#endif
