/*
 * What a host's network hardware is, and what makes bridges over it: the seam
 * below networks.
 *
 * `host` is the uuid of a host. Functions return 0 (or a number) or -Exxx:
 * -ENODEV for a device that is not there, -EIO for one that does not work.
 * Called under the core lock; the driver keeps nothing that it is given.
 */
#ifndef NETWORK_NETWORK_DRIVER_H
#define NETWORK_NETWORK_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NICS_MAX = 32,
    NIC_DEVICE_BYTES = 16,
    NIC_MAC_BYTES = 18,
    NIC_TEXT_BYTES = 64,
    UPLINKS_MAX = 8, /* members of a bond */
};

struct nic {
    char device[NIC_DEVICE_BYTES], mac[NIC_MAC_BYTES];
    char pci[NIC_DEVICE_BYTES]; /* 0000:03:00.0 */
    char vendor_id[8], device_id[8];
    char vendor_name[NIC_TEXT_BYTES], device_name[NIC_TEXT_BYTES];
    int64_t speed_mbps;
    bool duplex, carrier;
    int mtu_max;
    int vfs_max; /* 0: no SR-IOV */
    bool fcoe;   /* carries storage over Ethernet */
};

/* A bridge and what connects it to the world. */
struct bridge_config {
    const char *bridge;
    const char *uplinks[UPLINKS_MAX]; /* NICs; none for an internal bridge */
    int uplinks_nr;
    const char *bond_mode;                    /* NULL: no bond */
    int vlan;                                 /* -1: untagged */
    const char *tunnel;                       /* protocol; NULL: no tunnel */
    int64_t mtu;                              /* wanted */
    const char *mode;                         /* None, DHCP, Static */
    const char *ip, *netmask, *gateway, *dns; /* of Static */
};

/* What became of it: addresses are the ones that the bridge has. */
struct bridge_state {
    int64_t mtu;
    char ip[NIC_TEXT_BYTES], netmask[NIC_TEXT_BYTES];
    char gateway[NIC_TEXT_BYTES], dns[NIC_TEXT_BYTES];
};

struct network_driver {
    /* The physical NICs in the order of their slots; how many, up to max. */
    int (*nics)(void *ctx, const char *host, struct nic *nics, int max);
    /* Another number whenever a link of any host has changed. */
    uint64_t (*changes)(void *ctx);
    /* Makes the bridge, or changes it to this. */
    int (*bridge_up)(void *ctx, const char *host, const struct bridge_config *c,
                     struct bridge_state *state);
    int (*bridge_down)(void *ctx, const char *host, const char *bridge);
    bool (*bridge_exists)(void *ctx, const char *host, const char *bridge);
    /* Virtual functions of a NIC: how many there are from now on. */
    int (*vfs_enable)(void *ctx, const char *host, const char *device,
                      bool enable);
    void *ctx;
};

#endif
