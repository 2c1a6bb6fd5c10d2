/*
 * Save and restore of vCPU state as records (public/arch-x86/hvm/save.h).
 *
 * Each record type is a row: which vCPUs have it now, how long it is, how it is
 * written and how it is read back. Records of types that we have no state for
 * are accepted when they come from elsewhere, and dropped.
 */
#include "x86/hvm_context.h"

#include "x86/hvm_record.h"

#include "hv/guest.h"
#include "hv/heap.h"
#include "hv/log.h"

#include "base/string.h"

static const struct hvm_record records[] = {
    {HVM_SAVE_CODE(CPU), sizeof(struct hvm_hw_cpu), hvm_cpu_length,
     hvm_cpu_save, hvm_cpu_load},
    {HVM_SAVE_CODE(LAPIC), sizeof(struct hvm_hw_lapic), NULL, hvm_lapic_save,
     hvm_lapic_load},
    {HVM_SAVE_CODE(LAPIC_REGS), sizeof(struct hvm_hw_lapic_regs), NULL,
     hvm_lapic_regs_save, hvm_lapic_regs_load},
    {HVM_SAVE_CODE(MTRR), sizeof(struct hvm_hw_mtrr), NULL, hvm_mtrr_save,
     hvm_mtrr_load},
    {HVM_SAVE_CODE(TSC_ADJUST), sizeof(struct hvm_tsc_adjust), NULL,
     hvm_zero_save, hvm_zero_load},
    {CPU_XSAVE_CODE, 0, hvm_xsave_length, hvm_xsave_save, hvm_xsave_load},
    {HVM_SAVE_CODE(VMCE_VCPU), 0, NULL, NULL, hvm_zero_load},
    {CPU_MSR_CODE, 0, NULL, NULL, hvm_zero_load},
};

static const struct hvm_record *record_find(uint32_t type)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(records); i++)
        if (records[i].type == type)
            return &records[i];
    return NULL;
}

static uint32_t record_bytes(const struct hvm_record *r, struct vcpu *v)
{
    if (!r->save)
        return 0;
    return r->length ? r->length(v) : r->bytes;
}

uint32_t hvm_context_bytes(struct domain *d)
{
    const uint32_t descriptor = sizeof(struct hvm_save_descriptor);
    uint32_t bytes =
        descriptor + sizeof(struct hvm_save_header) + descriptor; /* END */

    for (unsigned int i = 0; i < d->max_vcpus; i++)
        for (unsigned int r = 0; d->vcpu[i] && r < ARRAY_SIZE(records); r++) {
            uint32_t n = record_bytes(&records[r], d->vcpu[i]);

            bytes += n ? descriptor + n : 0;
        }
    return bytes;
}

/* --- Saving --- */

struct out {
    struct vcpu *caller;
    uint64_t at; /* guest address of the next byte */
    uint64_t end;
};

static int put(struct out *o, uint16_t type, uint16_t instance,
               const void *data, uint32_t bytes)
{
    const struct hvm_save_descriptor desc = {type, instance, bytes};

    if (o->end - o->at < sizeof(desc) + bytes)
        return -XEN_ENOSPC;
    if (guest_copy_to(o->caller, o->at, &desc, sizeof(desc)) ||
        guest_copy_to(o->caller, o->at + sizeof(desc), data, bytes))
        return -XEN_EFAULT;
    o->at += sizeof(desc) + bytes;
    return 0;
}

static int put_record(struct out *o, const struct hvm_record *r, struct vcpu *v)
{
    uint32_t bytes = record_bytes(r, v);
    void *data;
    int rc;

    if (!bytes)
        return 0;
    data = heap_alloc(bytes);
    if (!data)
        return -XEN_ENOMEM;
    r->save(v, data, bytes);
    rc = put(o, r->type, v->id, data, bytes);
    heap_free(data);
    return rc;
}

long hvm_context_save(struct vcpu *caller, struct domain *d, uint64_t u,
                      uint32_t bytes)
{
    struct out o = {caller, u, u + bytes};
    struct hvm_save_header header;
    int rc;

    hvm_header_save(&header);
    rc = put(&o, HVM_SAVE_CODE(HEADER), 0, &header, sizeof(header));
    for (unsigned int r = 0; !rc && r < ARRAY_SIZE(records); r++)
        for (unsigned int i = 0; !rc && i < d->max_vcpus; i++)
            if (d->vcpu[i])
                rc = put_record(&o, &records[r], d->vcpu[i]);
    if (!rc)
        rc = put(&o, HVM_SAVE_CODE(END), 0, NULL, 0);
    return rc ? rc : (long)(o.at - u);
}

int hvm_context_save_one(struct vcpu *caller, struct domain *d, uint32_t type,
                         uint32_t instance, uint64_t u, uint64_t bytes)
{
    const struct hvm_record *r = record_find(type);
    struct vcpu *v = instance < d->max_vcpus ? d->vcpu[instance] : NULL;
    uint32_t need;
    void *data;
    int rc;

    if (!r || !v)
        return -XEN_ENOENT;
    need = record_bytes(r, v);
    if (!need)
        return -XEN_ENOENT;
    if (bytes < need)
        return -XEN_ENOSPC;
    data = heap_alloc(need);
    if (!data)
        return -XEN_ENOMEM;
    r->save(v, data, need);
    rc = guest_copy_to(caller, u, data, need);
    heap_free(data);
    return rc;
}

/* --- Loading --- */

static int load_record(struct domain *d, const struct hvm_save_descriptor *desc,
                       const void *data)
{
    const struct hvm_record *r = record_find(desc->typecode);
    struct vcpu *v = NULL;

    if (desc->instance < d->max_vcpus)
        v = d->vcpu[desc->instance];
    if (!r || !v || (r->bytes && desc->length != r->bytes)) {
        log_warn("d%u: bad state record type %u instance %u length %u", d->id,
                 desc->typecode, desc->instance, desc->length);
        return -XEN_EINVAL;
    }
    return r->load(v, data, desc->length);
}

static int take_record(struct vcpu *caller, struct domain *d,
                       const struct hvm_save_descriptor *desc, uint64_t u)
{
    void *data = heap_alloc(desc->length);
    int rc = -XEN_EFAULT;

    if (!data)
        return -XEN_ENOMEM;
    if (!guest_copy_from(caller, data, u, desc->length))
        rc = desc->typecode == HVM_SAVE_CODE(HEADER)
                 ? hvm_header_check(data, desc->length)
                 : load_record(d, desc, data);
    heap_free(data);
    return rc;
}

int hvm_context_load(struct vcpu *caller, struct domain *d, uint64_t u,
                     uint32_t bytes)
{
    uint64_t end = u + bytes;
    bool first = true;

    for (;;) {
        struct hvm_save_descriptor desc;
        int rc;

        if (end - u < sizeof(desc))
            return -XEN_EINVAL;
        if (guest_copy_from(caller, &desc, u, sizeof(desc)))
            return -XEN_EFAULT;
        u += sizeof(desc);
        if (first != (desc.typecode == HVM_SAVE_CODE(HEADER)) ||
            end - u < desc.length || desc.length > HVM_RECORD_MAX)
            return -XEN_EINVAL;
        if (desc.typecode == HVM_SAVE_CODE(END))
            return 0;
        if (!desc.length)
            return -XEN_EINVAL;
        rc = take_record(caller, d, &desc, u);
        if (rc)
            return rc;
        u += desc.length;
        first = false;
    }
}
