/*
 * Changes of a domain's address space with their references (physmap.c).
 */
#ifndef CORE_PHYSMAP_H
#define CORE_PHYSMAP_H

#include "hv/p2m.h"

/* The domain's own memory, in whatever mode. */
bool physmap_is_ram(enum p2m_type t);
/* May 'd' have more page tables? */
bool physmap_may_grow(const struct domain *d);
/* Put a frame at 'gfn' in place of what is there, which is released. The
   reference on 'take_mfn' goes to the entry, or is dropped on an error. */
int physmap_replace(struct domain *d, gfn_t gfn, mfn_t take_mfn,
                    enum p2m_type t) MUST_CHECK;
/* After setting an entry: -XEN_EINVAL, and it is cleared, if 'd' is dying. */
int physmap_check_alive(struct domain *d, gfn_t gfn,
                        unsigned int order) MUST_CHECK;
/* Clear a 4K entry of any kind; -XEN_ENOENT: nothing was there. */
int physmap_remove(struct domain *d, gfn_t gfn) MUST_CHECK;
/* Free 2^order pages of RAM; -XEN_ENOENT / -XEN_EINVAL: not all are RAM. */
int physmap_remove_ram(struct domain *d, gfn_t gfn,
                       unsigned int order) MUST_CHECK;

#endif
