/*
 * Disks that a template asks for, as text:
 * <provision><disk device="0" size="8589934592" sr="UUID" bootable="true"
 * type="system"/>...</provision>
 */
#ifndef VM_PROVISION_H
#define VM_PROVISION_H

#include "arena.h"

enum {
    DISK_ORDERS_MAX = 256,
};

struct disk_order {
    const char *device, *size, *sr, *bootable, *type; /* in the arena */
};

/* How many there are; -EINVAL: it is nothing of the kind. Hostile text. */
int disk_orders_decode(struct arena *a, const char *text,
                       struct disk_order orders[DISK_ORDERS_MAX]);

#endif
