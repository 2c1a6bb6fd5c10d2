/* Domains as libvirt describes them: domain XML from a specification. */
#ifndef HOST_DOMAIN_XML_H
#define HOST_DOMAIN_XML_H

#include "buf.h"
#include "domain_driver.h"

/* `type` is the hypervisor's name in domain XML: xen, kvm, test. */
void domain_xml(struct buf *out, const char *type,
                const struct domain_spec *spec);

/* One device alone, as attaching and detaching want it. */
void domain_xml_device(struct buf *out, const struct domain_device *device);

#endif
