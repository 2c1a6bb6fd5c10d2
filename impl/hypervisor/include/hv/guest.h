/*
 * The only way to guest memory: checked copies.
 *
 * Virtual addresses are linear addresses of the running vCPU, translated by its
 * page tables as a supervisor access; SMAP does not apply to hypercall buffers.
 * Copy in once, check the copy, use the copy.
 */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include "hv/domain.h"

/* 0 or -XEN_EFAULT; a partial copy may have happened. */
int guest_copy_from(struct vcpu *v, void *dst, uint64_t src_va,
                    size_t bytes) MUST_CHECK;
int guest_copy_to(struct vcpu *v, uint64_t dst_va, const void *src,
                  size_t bytes) MUST_CHECK;

/* By guest physical address; -XEN_EFAULT when not plain (writable) RAM. */
int guest_phys_read(struct domain *d, void *dst, paddr_t src,
                    size_t bytes) MUST_CHECK;
int guest_phys_write(struct domain *d, paddr_t dst, const void *src,
                     size_t bytes) MUST_CHECK;

/* In a p2m window of the running vCPU's domain: its memory at 'gpa' up to the
   end of the page, to read; NULL when there is none. */
const void *guest_window_at(struct domain *d, paddr_t gpa);

/* Element 'i' of a guest array whose handle is 'h'. */
#define guest_at(h, i) (guest_ptr(h) + (uint64_t)(i) * sizeof(*(h).p))
#define guest_read(v, dst, h, i) \
    guest_copy_from((v), (dst), guest_at((h), (i)), sizeof(*(dst)))
#define guest_write(v, h, i, src) \
    guest_copy_to((v), guest_at((h), (i)), (src), sizeof(*(src)))

#endif
