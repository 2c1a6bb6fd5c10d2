/*
 * The seam to what runs virtual machines on hosts.
 *
 * Hosts and domains are named by uuid. Every function returns 0 or -Exxx:
 * -ENOENT no such domain there, -EEXIST it is there already, -EINVAL not in a
 * state for that, -EHOSTUNREACH the host does not answer, -ENOTSUP not offered,
 * -EBUSY the guest does not let a device go.
 * Called under the core lock; arguments are borrowed for the call. The real
 * side is host/domain_libvirt.c; a driver may leave out pace_ms only.
 */
#ifndef CORE_DOMAIN_DRIVER_H
#define CORE_DOMAIN_DRIVER_H

#include "value.h"

enum domain_device_kind {
    DEVICE_DISK,
    DEVICE_CDROM,
    DEVICE_NIC,
    DEVICE_PCI,
    DEVICE_USB,
    DEVICE_VGPU,
    DEVICE_TPM,
};

struct domain_device {
    enum domain_device_kind kind;
    const char *id;     /* uuid of the API's object */
    const char *target; /* xvda, 0: its place in the guest */
    const char *source; /* path of the volume, bridge, PCI address */
    const char *mac;    /* NICs */
    bool read_only;
};

struct domain_spec {
    const char *uuid, *name;
    int64_t memory_max_kib, memory_kib; /* ceiling and what it starts with */
    int vcpus_max, vcpus;
    bool hvm, paused;
    const char *kernel, *kernel_args; /* "": the guest's own loader */
    const char *boot_order;           /* "cdn", HVM */
    const struct domain_device *devices;
    int devices_nr;
    const struct value *other_config; /* of the machine; hints for drivers */
};

enum domain_condition {
    DOMAIN_ABSENT,
    DOMAIN_RUNNING,
    DOMAIN_PAUSED,
    DOMAIN_SHUTDOWN, /* the guest ended by itself */
    DOMAIN_CRASHED,
};

struct domain_state {
    enum domain_condition condition;
    int64_t memory_kib;
    int vcpus;
};

/* What can be asked of a guest, by its agent or by ACPI. */
enum domain_request {
    DOMAIN_ASK_SHUTDOWN,
    DOMAIN_ASK_REBOOT,
    DOMAIN_ASK_SUSPEND_DISK,
    DOMAIN_ASK_S3,
    DOMAIN_ASK_S3_RESUME,
};

struct domain_driver {
    int (*start)(void *ctx, const char *host, const struct domain_spec *spec);
    int (*stop)(void *ctx, const char *host, const char *uuid);
    int (*pause)(void *ctx, const char *host, const char *uuid);
    int (*resume)(void *ctx, const char *host, const char *uuid);
    int (*reboot)(void *ctx, const char *host, const char *uuid);

    /*
     * Asks the guest. The domain stays until it is stopped: 0 only says that
     * the guest agreed and has done its part. -ENODATA: nobody answers.
     */
    int (*ask)(void *ctx, const char *host, const char *uuid,
               enum domain_request what);

    /* Writes memory and state to `image` and stops; and back. */
    int (*save)(void *ctx, const char *host, const char *uuid,
                const char *image);
    int (*restore)(void *ctx, const char *host, const struct domain_spec *spec,
                   const char *image);

    /*
     * Moves a running domain to `to`, which knows it by `spec` afterwards;
     * `uri` is how `from` reaches `to`, NULL: as the driver knows it.
     */
    int (*migrate)(void *ctx, const char *from, const char *uuid,
                   const char *to, const char *uri,
                   const struct domain_spec *spec);

    int (*set_memory)(void *ctx, const char *host, const char *uuid,
                      int64_t kib);
    int (*set_vcpus)(void *ctx, const char *host, const char *uuid, int nr);
    int (*attach)(void *ctx, const char *host, const char *uuid,
                  const struct domain_device *device);
    int (*detach)(void *ctx, const char *host, const char *uuid,
                  const struct domain_device *device, bool force);

    /* Absent domains are a state, not an error. */
    int (*query)(void *ctx, const char *host, const char *uuid,
                 struct domain_state *state);
    /*
     * What the guest's agent tells, as a flat map of paths to texts, in the
     * arena: "os/name", "os/distro", "os/major", "os/minor", "os/uname",
     * "pv/major|minor|micro|build", "net/N/ipv4/K", "net/N/ipv6/K",
     * "control/feature-...", "data/...". -ENODATA: no agent.
     */
    int (*guest)(void *ctx, const char *host, const char *uuid, struct arena *a,
                 struct value *told);

    /* A SysRq letter; "nmi" and "power" and what else there is to press. */
    int (*sysrq)(void *ctx, const char *host, const char *uuid, char key);
    int (*trigger)(void *ctx, const char *host, const char *uuid,
                   const char *name);

    /*
     * How long an operation of vm_ops.def takes, in ms; NULL: nothing that is
     * worth waiting for elsewhere.
     */
    int64_t (*pace_ms)(void *ctx, const char *op);
    void *ctx;
};

#endif
