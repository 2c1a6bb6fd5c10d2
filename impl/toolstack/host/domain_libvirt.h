/*
 * Domains through libvirt's public API, over any connection URI.
 *
 * One connection per host, opened when it is first needed and opened again
 * after it was lost. What a hypervisor's driver does not offer answers
 * -ENOTSUP.
 */
#ifndef HOST_DOMAIN_LIBVIRT_H
#define HOST_DOMAIN_LIBVIRT_H

#include <stddef.h>

#include "domain_driver.h"

enum {
    LIBVIRT_URI_BYTES = 256,
};

struct domain_libvirt;

/*
 * Says the URI of a host's hypervisor: "xen:///system",
 * "qemu+tls://host/system", "test:///FILE". 0, or -EHOSTUNREACH.
 */
typedef int (*libvirt_uri_fn)(void *ctx, const char *host, char *uri,
                              size_t bytes);

struct domain_libvirt *domain_libvirt_create(libvirt_uri_fn uri, void *ctx);
void domain_libvirt_destroy(struct domain_libvirt *d);

/* Closes the connection to a host; its domains are none of our business. */
void domain_libvirt_forget(struct domain_libvirt *d, const char *host);

/* The driver borrows `d`. */
struct domain_driver domain_libvirt_driver(struct domain_libvirt *d);

#endif
