/*
 * Grant table operations as guests make them.
 */
#include "grants.h"

#include "hv/gnttab.h"

static void *frame(struct domain *d, unsigned long idx, bool status)
{
    mfn_t m;

    ck_assert_int_eq(gnttab_frame(d, idx, status, &m), 0);
    return mfn_to_virt(m);
}

grant_entry_v1_t *grant_v1(struct domain *d, grant_ref_t ref)
{
    return (grant_entry_v1_t *)frame(d, ref / 512, false) + ref % 512;
}

grant_entry_v2_t *grant_v2(struct domain *d, grant_ref_t ref)
{
    return (grant_entry_v2_t *)frame(d, ref / 256, false) + ref % 256;
}

grant_status_t *grant_status_word(struct domain *d, grant_ref_t ref)
{
    return (grant_status_t *)frame(d, ref / 2048, true) + ref % 2048;
}

unsigned int grant_in_use(struct domain *d, grant_ref_t ref)
{
    struct gnttab_get_version v = {.dom = DOMID_SELF};

    ck_assert_int_eq(grant_call(d, get_version, &v), 0);
    return (v.version == 1 ? grant_v1(d, ref)->flags
                           : *grant_status_word(d, ref)) &
           (GTF_reading | GTF_writing);
}

void grant_offer(struct domain *d, grant_ref_t ref, domid_t to, uint64_t gfn,
                 unsigned int flags)
{
    grant_entry_v1_t *e = grant_v1(d, ref);

    e->domid = to;
    e->frame = (uint32_t)gfn;
    e->flags = (uint16_t)(GTF_permit_access | flags);
}

void grant_version(struct domain *d, unsigned int version)
{
    struct gnttab_set_version v = {.version = version};

    ck_assert_int_eq(grant_call(d, set_version, &v), 0);
    ck_assert_uint_eq(v.version, version);
}

int grant_map(struct domain *d, domid_t of, grant_ref_t ref, unsigned int flags,
              uint64_t addr, grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = addr, .flags = flags, .ref = ref, .dom = of};

    ck_assert_int_eq(grant_call(d, map_grant_ref, &op), 0);
    if (!op.status)
        *handle = op.handle;
    return op.status;
}

int grant_unmap(struct domain *d, grant_handle_t handle, uint64_t addr)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = addr, .handle = handle};

    ck_assert_int_eq(grant_call(d, unmap_grant_ref, &op), 0);
    return op.status;
}
