/* Domains through libvirt: connections, and one call for each function. */
#include "domain_libvirt.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_guest.h"
#include "domain_xml.h"

enum {
    HOST_NAME_BYTES = 64,
    SYSRQ_KEYS = 3,
};

struct libvirt_host {
    char name[HOST_NAME_BYTES];
    virConnectPtr connection;
    const char *type; /* in domain XML */
    struct libvirt_host *next;
};

struct domain_libvirt {
    libvirt_uri_fn uri;
    void *uri_ctx;
    struct libvirt_host *hosts; /* the last one used comes first */
};

/* Errors are answers here, not lines on stderr. */
static void quiet_cb(void *ctx, virErrorPtr error)
{
    (void)ctx;
    (void)error;
}

struct domain_libvirt *domain_libvirt_create(libvirt_uri_fn uri, void *ctx)
{
    struct domain_libvirt *d = must_alloc(sizeof(*d));

    *d = (struct domain_libvirt){.uri = uri, .uri_ctx = ctx};
    return d;
}

static void host_close(struct libvirt_host *h)
{
    if (h->connection)
        (void)virConnectClose(h->connection); /* a count; nobody else's */
    free(h);
}

void domain_libvirt_destroy(struct domain_libvirt *d)
{
    while (d->hosts) {
        struct libvirt_host *next = d->hosts->next;

        host_close(d->hosts);
        d->hosts = next;
    }
    free(d);
}

static struct libvirt_host **slot_find(struct domain_libvirt *d,
                                       const char *host)
{
    struct libvirt_host **slot = &d->hosts;

    while (*slot && strcmp((*slot)->name, host) != 0)
        slot = &(*slot)->next;
    return slot;
}

void domain_libvirt_forget(struct domain_libvirt *d, const char *host)
{
    struct libvirt_host **slot = slot_find(d, host), *h = *slot;

    if (!h)
        return;
    *slot = h->next;
    host_close(h);
}

static int failed(void)
{
    static const struct {
        int code, rc;
    } codes[] = {
        {VIR_ERR_NO_DOMAIN, -ENOENT},
        {VIR_ERR_DOM_EXIST, -EEXIST},
        {VIR_ERR_OPERATION_INVALID, -EINVAL},
        {VIR_ERR_INVALID_ARG, -EINVAL},
        {VIR_ERR_XML_ERROR, -EINVAL},
        {VIR_ERR_CONFIG_UNSUPPORTED, -ENOTSUP},
        {VIR_ERR_NO_SUPPORT, -ENOTSUP},
        {VIR_ERR_OPERATION_UNSUPPORTED, -ENOTSUP},
        {VIR_ERR_ARGUMENT_UNSUPPORTED, -ENOTSUP},
        {VIR_ERR_AGENT_UNRESPONSIVE, -ENODATA},
        {VIR_ERR_OPERATION_TIMEOUT, -ETIMEDOUT},
        {VIR_ERR_NO_MEMORY, -ENOMEM},
        {VIR_ERR_NO_CONNECT, -EHOSTUNREACH},
        {VIR_ERR_RPC, -EHOSTUNREACH},
    };
    int code = virGetLastErrorCode();

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return codes[i].rc;
    return -EIO;
}

static int result(int rc)
{
    return rc < 0 ? failed() : 0;
}

/* What connections call themselves, and what their domain XML says. */
static const char *xml_type(virConnectPtr connection)
{
    static const char *const types[][2] = {
        {"Xen", "xen"}, {"QEMU", "kvm"}, {"TEST", "test"}, {"LXC", "lxc"}};
    const char *name = virConnectGetType(connection);

    for (size_t i = 0; name && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i][0], name) == 0)
            return types[i][1];
    return "xen";
}

static int host_open(struct domain_libvirt *d, const char *name,
                     struct libvirt_host **host)
{
    char uri[LIBVIRT_URI_BYTES];
    virConnectPtr connection;
    int rc;

    if (strlen(name) >= HOST_NAME_BYTES)
        return -EINVAL;
    virSetErrorFunc(NULL, quiet_cb);
    rc = d->uri(d->uri_ctx, name, uri, sizeof(uri));
    if (rc)
        return rc;
    connection = virConnectOpen(uri);
    if (!connection)
        return -EHOSTUNREACH;
    *host = must_alloc(sizeof(**host));
    **host = (struct libvirt_host){.connection = connection,
                                   .type = xml_type(connection),
                                   .next = d->hosts};
    memcpy((*host)->name, name, strlen(name) + 1);
    d->hosts = *host;
    return 0;
}

/* The connection, moved to the front: calls come in runs for one host. */
static int host_find(struct domain_libvirt *d, const char *name,
                     struct libvirt_host **host)
{
    struct libvirt_host **slot = slot_find(d, name);

    *host = *slot;
    if (!*host)
        return host_open(d, name, host);
    *slot = (*host)->next;
    (*host)->next = d->hosts;
    d->hosts = *host;
    if (virConnectIsAlive((*host)->connection) != 0)
        return 0;
    domain_libvirt_forget(d, name);
    return host_open(d, name, host);
}

/* The domain; the caller frees it. */
static int domain_find(void *ctx, const char *host, const char *uuid,
                       virDomainPtr *domain)
{
    struct libvirt_host *h;
    int rc = host_find(ctx, host, &h);

    if (rc)
        return rc;
    *domain = virDomainLookupByUUIDString(h->connection, uuid);
    return *domain ? 0 : failed();
}

/* Drivers that cannot start a domain paused run it for a moment. */
static virDomainPtr create_paused(virConnectPtr connection, const char *xml)
{
    virDomainPtr domain =
        virDomainCreateXML(connection, xml, VIR_DOMAIN_START_PAUSED);

    if (domain || virGetLastErrorCode() != VIR_ERR_INVALID_ARG)
        return domain;
    domain = virDomainCreateXML(connection, xml, 0);
    if (domain && virDomainSuspend(domain)) {
        (void)virDomainDestroy(domain); /* the first error is told */
        (void)virDomainFree(domain);
        return NULL;
    }
    return domain;
}

static int libvirt_start(void *ctx, const char *host,
                         const struct domain_spec *spec)
{
    struct buf xml = {0};
    struct libvirt_host *h;
    virDomainPtr domain;
    int rc = host_find(ctx, host, &h);

    if (rc)
        return rc;
    domain_xml(&xml, h->type, spec);
    buf_putc(&xml, '\0');
    domain = spec->paused ? create_paused(h->connection, xml.data)
                          : virDomainCreateXML(h->connection, xml.data, 0);
    buf_fini(&xml);
    if (!domain)
        return failed();
    (void)virDomainFree(domain); /* a handle, not the domain */
    return 0;
}

/* A call that needs the domain alone. */
static int on_domain(void *ctx, const char *host, const char *uuid,
                     int (*function)(virDomainPtr domain))
{
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    rc = result(function(domain));
    (void)virDomainFree(domain);
    return rc;
}

static int libvirt_stop(void *ctx, const char *host, const char *uuid)
{
    return on_domain(ctx, host, uuid, virDomainDestroy);
}

static int libvirt_pause(void *ctx, const char *host, const char *uuid)
{
    return on_domain(ctx, host, uuid, virDomainSuspend);
}

static int libvirt_resume(void *ctx, const char *host, const char *uuid)
{
    return on_domain(ctx, host, uuid, virDomainResume);
}

static int libvirt_query(void *ctx, const char *host, const char *uuid,
                         struct domain_state *state)
{
    static const enum domain_condition conditions[] = {
        [VIR_DOMAIN_RUNNING] = DOMAIN_RUNNING,
        [VIR_DOMAIN_BLOCKED] = DOMAIN_RUNNING,
        [VIR_DOMAIN_PAUSED] = DOMAIN_PAUSED,
        [VIR_DOMAIN_SHUTDOWN] = DOMAIN_SHUTDOWN,
        [VIR_DOMAIN_SHUTOFF] = DOMAIN_ABSENT,
        [VIR_DOMAIN_CRASHED] = DOMAIN_CRASHED,
        [VIR_DOMAIN_PMSUSPENDED] = DOMAIN_RUNNING,
    };
    virDomainInfo info;
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    *state = (struct domain_state){.condition = DOMAIN_ABSENT};
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    rc = result(virDomainGetInfo(domain, &info));
    (void)virDomainFree(domain);
    if (rc)
        return rc;
    if (info.state < sizeof(conditions) / sizeof(conditions[0]))
        state->condition = conditions[info.state];
    state->memory_kib = (int64_t)info.memory;
    state->vcpus = info.nrVirtCpu;
    return 0;
}

static int reset(virDomainPtr domain)
{
    return virDomainReset(domain, 0);
}

/* A paused domain runs after a reboot. */
static int libvirt_reboot(void *ctx, const char *host, const char *uuid)
{
    struct domain_state state;
    int rc = on_domain(ctx, host, uuid, reset);

    if (rc)
        return rc;
    rc = libvirt_query(ctx, host, uuid, &state);
    if (!rc && state.condition == DOMAIN_PAUSED)
        rc = libvirt_resume(ctx, host, uuid);
    return rc;
}

/* Through ACPI or the guest's agent, as the hypervisor's driver has it. */
static int libvirt_ask(void *ctx, const char *host, const char *uuid,
                       enum domain_request what)
{
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    if (what == DOMAIN_ASK_SHUTDOWN)
        rc = result(virDomainShutdown(domain));
    else if (what == DOMAIN_ASK_REBOOT)
        rc = result(virDomainReboot(domain, 0));
    else if (what == DOMAIN_ASK_S3_RESUME)
        rc = result(virDomainPMWakeup(domain, 0));
    else
        rc = result(virDomainPMSuspendForDuration(
            domain,
            what == DOMAIN_ASK_S3 ? VIR_NODE_SUSPEND_TARGET_MEM
                                  : VIR_NODE_SUSPEND_TARGET_DISK,
            0, 0));
    (void)virDomainFree(domain);
    return rc;
}

static int libvirt_save(void *ctx, const char *host, const char *uuid,
                        const char *image)
{
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    rc = result(virDomainSave(domain, image));
    (void)virDomainFree(domain);
    return rc;
}

/* The image keeps the domain's description; memory and devices are its own. */
static int libvirt_restore(void *ctx, const char *host,
                           const struct domain_spec *spec, const char *image)
{
    struct libvirt_host *h;
    int rc = host_find(ctx, host, &h);

    if (rc)
        return rc;
    return result(virDomainRestoreFlags(
        h->connection, image, NULL, spec->paused ? VIR_DOMAIN_SAVE_PAUSED : 0));
}

static int libvirt_migrate(void *ctx, const char *from, const char *uuid,
                           const char *to, const char *uri,
                           const struct domain_spec *spec)
{
    struct domain_libvirt *d = ctx;
    char known[LIBVIRT_URI_BYTES];
    virDomainPtr domain;
    int rc;

    (void)spec; /* travels with the domain */
    if (!uri) {
        rc = d->uri(d->uri_ctx, to, known, sizeof(known));
        if (rc)
            return rc;
        uri = known;
    }
    rc = domain_find(d, from, uuid, &domain);
    if (rc)
        return rc;
    rc = result(virDomainMigrateToURI3(
        domain, uri, NULL, 0, VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER));
    (void)virDomainFree(domain);
    return rc;
}

static int libvirt_set_memory(void *ctx, const char *host, const char *uuid,
                              int64_t kib)
{
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    rc = result(virDomainSetMemoryFlags(domain, (unsigned long)kib,
                                        VIR_DOMAIN_AFFECT_LIVE));
    (void)virDomainFree(domain);
    return rc;
}

static int libvirt_set_vcpus(void *ctx, const char *host, const char *uuid,
                             int nr)
{
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    rc = result(
        virDomainSetVcpusFlags(domain, (unsigned)nr, VIR_DOMAIN_AFFECT_LIVE));
    (void)virDomainFree(domain);
    return rc;
}

/* With a device's description; `function` attaches it or detaches it. */
static int with_device(void *ctx, const char *host, const char *uuid,
                       const struct domain_device *device,
                       int (*function)(virDomainPtr, const char *, unsigned))
{
    struct buf xml = {0};
    virDomainPtr domain;
    int rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    domain_xml_device(&xml, device);
    buf_putc(&xml, '\0');
    rc = result(function(domain, xml.data, VIR_DOMAIN_AFFECT_LIVE));
    buf_fini(&xml);
    (void)virDomainFree(domain);
    return rc;
}

static int libvirt_attach(void *ctx, const char *host, const char *uuid,
                          const struct domain_device *device)
{
    return with_device(ctx, host, uuid, device, virDomainAttachDeviceFlags);
}

/* libvirt has no force of its own here: devices go when the guest lets go. */
static int libvirt_detach(void *ctx, const char *host, const char *uuid,
                          const struct domain_device *device, bool force)
{
    (void)force;
    return with_device(ctx, host, uuid, device, virDomainDetachDeviceFlags);
}

static int libvirt_guest(void *ctx, const char *host, const char *uuid,
                         struct arena *a, struct value *told)
{
    virTypedParameterPtr params = NULL;
    virDomainPtr domain;
    int nr = 0, rc = domain_find(ctx, host, uuid, &domain);

    if (rc)
        return rc;
    rc = result(virDomainGetGuestInfo(domain, 0, &params, &nr, 0));
    if (!rc)
        domain_guest_told(a, params, nr, told);
    virTypedParamsFree(params, nr);
    (void)virDomainFree(domain);
    return rc == -ENOTSUP ? -ENODATA : rc;
}

/* Linux key codes (linux/input-event-codes.h) of Alt, SysRq and a letter. */
static int libvirt_sysrq(void *ctx, const char *host, const char *uuid,
                         char key)
{
    static const unsigned char codes[] = {30, 48, 46, 32, 18, 33, 34, 35, 23,
                                          36, 37, 38, 50, 49, 24, 25, 16, 19,
                                          31, 20, 22, 47, 17, 45, 21, 44};
    unsigned keys[SYSRQ_KEYS] = {56, 99};
    virDomainPtr domain;
    int rc;

    if (key < 'a' || key > 'z')
        return -EINVAL;
    keys[2] = codes[key - 'a'];
    rc = domain_find(ctx, host, uuid, &domain);
    if (rc)
        return rc;
    rc = result(virDomainSendKey(domain, VIR_KEYCODE_SET_LINUX, 0, keys,
                                 SYSRQ_KEYS, 0));
    (void)virDomainFree(domain);
    return rc;
}

static int inject_nmi(virDomainPtr domain)
{
    return virDomainInjectNMI(domain, 0);
}

static int libvirt_trigger(void *ctx, const char *host, const char *uuid,
                           const char *name)
{
    static const struct {
        const char *name;
        int (*function)(virDomainPtr domain);
    } triggers[] = {
        {"nmi", inject_nmi}, {"power", virDomainShutdown}, {"reset", reset}};

    for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
        if (strcmp(triggers[i].name, name) == 0)
            return on_domain(ctx, host, uuid, triggers[i].function);
    return -ENOTSUP;
}

struct domain_driver domain_libvirt_driver(struct domain_libvirt *d)
{
    return (struct domain_driver){.start = libvirt_start,
                                  .stop = libvirt_stop,
                                  .pause = libvirt_pause,
                                  .resume = libvirt_resume,
                                  .reboot = libvirt_reboot,
                                  .ask = libvirt_ask,
                                  .save = libvirt_save,
                                  .restore = libvirt_restore,
                                  .migrate = libvirt_migrate,
                                  .set_memory = libvirt_set_memory,
                                  .set_vcpus = libvirt_set_vcpus,
                                  .attach = libvirt_attach,
                                  .detach = libvirt_detach,
                                  .query = libvirt_query,
                                  .guest = libvirt_guest,
                                  .sysrq = libvirt_sysrq,
                                  .trigger = libvirt_trigger,
                                  .ctx = d};
}
