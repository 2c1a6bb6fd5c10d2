/* What libvirt's guest agent calls tell, as the domain seam wants it told. */
#ifndef HOST_DOMAIN_GUEST_H
#define HOST_DOMAIN_GUEST_H

#include <libvirt/libvirt.h>

#include "value.h"

/* The parameters of virDomainGetGuestInfo as a map; see domain_driver.h. */
void domain_guest_told(struct arena *a, const virTypedParameter *params, int nr,
                       struct value *told);

#endif
