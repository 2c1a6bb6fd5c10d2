/*
 * Save and restore of vCPU state as records (public/arch-x86/hvm/save.h).
 *
 * Each record type is a row: which vCPUs have it now, how long it is, how it is
 * written and how it is read back. Records of types that we have no state for
 * are accepted when they come from elsewhere, and dropped.
 */
#include "x86/hvm_context.h"

#include "x86/cpuid.h"
#include "x86/time.h"
#include "x86/vcpu.h"
#include "x86/vlapic_regs.h"
#include "x86/vt.h"

#include "hv/guest.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "hv/sched.h"

#include "base/string.h"

#define HVM_RECORD_MAX 16384

struct hvm_record {
    uint16_t type;
    uint32_t bytes; /* fixed length, 0: varies */
    /* Bytes that 'v' has to save now, 0: none. NULL: always 'bytes'. */
    uint32_t (*length)(struct vcpu *v);
    void (*save)(struct vcpu *v, void *out, uint32_t bytes);
    /* 0, -XEN_EINVAL: the state is refused. */
    int (*load)(struct vcpu *v, const void *in, uint32_t bytes);
};

#define XSTATE_BV    512
#define XSTATE_X87   (XCR0_X87 | XCR0_SSE)
#define RFLAGS_VALID 0x3f7fd7UL
#define APIC_STRIDE  16

static void hvm_header_save(struct hvm_save_header *h)
{
    *h = (struct hvm_save_header){
        .magic = HVM_FILE_MAGIC,
        .version = HVM_FILE_VERSION,
        .cpuid = cpuid(1, 0).a,
        .gtsc_khz = tsc_khz(),
    };
}

static int hvm_header_check(const void *in, uint32_t bytes)
{
    const struct hvm_save_header *h = in;

    if (bytes != sizeof(*h) || h->magic != HVM_FILE_MAGIC ||
        h->version != HVM_FILE_VERSION)
        return -XEN_EINVAL;
    return 0;
}

static void hvm_zero_save(struct vcpu *v, void *out, uint32_t bytes)
{
    memset(out, 0, bytes);
}

static int hvm_zero_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    return 0;
}

/* --- Registers --- */

/* A vCPU that is down has nothing to save. */
static uint32_t hvm_cpu_length(struct vcpu *v)
{
    return bit_test(&v->pause_flags, VPF_DOWN) ? 0 : sizeof(struct hvm_hw_cpu);
}

#define SEGMENTS(op)                                                  \
    op(CS, cs) op(DS, ds) op(ES, es) op(FS, fs) op(GS, gs) op(SS, ss) \
        op(TR, tr) op(LDTR, ldtr)
#define GPRS(op)                                                          \
    op(0, rax) op(1, rcx) op(2, rdx) op(3, rbx) op(4, rsp) op(5, rbp)     \
        op(6, rsi) op(7, rdi) op(8, r8) op(9, r9) op(10, r10) op(11, r11) \
            op(12, r12) op(13, r13) op(14, r14) op(15, r15)
#define CONTROLS(op)                                                       \
    op(cr0, cr0) op(cr2, cr2) op(cr3, cr3) op(cr4, cr4) op(dr6, dr6)       \
        op(dr7, dr7) op(efer, msr_efer) op(star, msr_star)                 \
            op(lstar, msr_lstar) op(cstar, msr_cstar)                      \
                op(sfmask, msr_syscall_mask) op(kernel_gs_base, shadow_gs) \
                    op(sysenter_cs, sysenter_cs)                           \
                        op(sysenter_esp, sysenter_esp)                     \
                            op(sysenter_eip, sysenter_eip)

static void save_event(const struct x86_event *e, struct hvm_hw_cpu *c)
{
    if (!e->valid)
        return;
    c->pending_vector = e->vector;
    c->pending_type = e->type;
    c->pending_error_valid = e->has_error;
    c->pending_valid = 1;
    c->error_code = e->error;
}

static void hvm_cpu_save(struct vcpu *v, void *out, uint32_t bytes)
{
    const struct arch_vcpu *a = v->arch;
    struct hvm_hw_cpu *c = out;
    struct x86_state s;

    memset(c, 0, bytes);
    vt_state_get(v, &s);
#define SAVE_GPR(i, n) c->n = a->regs.gpr[i];
#define SAVE_SEGMENT(S, n)                \
    c->n##_sel = s.seg[SREG_##S].sel;     \
    c->n##_limit = s.seg[SREG_##S].limit; \
    c->n##_base = s.seg[SREG_##S].base;   \
    c->n##_arbytes = s.seg[SREG_##S].attr;
#define SAVE_CONTROL(f, n) c->n = s.f;
    GPRS(SAVE_GPR)
    SEGMENTS(SAVE_SEGMENT)
    CONTROLS(SAVE_CONTROL)
    c->rip = a->regs.rip;
    c->rflags = a->regs.rflags;
    c->gdtr_base = s.seg[SREG_GDTR].base;
    c->gdtr_limit = s.seg[SREG_GDTR].limit;
    c->idtr_base = s.seg[SREG_IDTR].base;
    c->idtr_limit = s.seg[SREG_IDTR].limit;
    memcpy(&c->dr0, a->dr, sizeof(a->dr));
    memcpy(c->fpu_regs, a->xsave, sizeof(c->fpu_regs));
    c->flags = XEN_X86_FPU_INITIALISED;
    c->msr_tsc_aux = a->tsc_aux;
    c->tsc = vcpu_guest_tsc(v);
    save_event(&a->event, c);
}

static bool cpu_valid(const struct hvm_hw_cpu *c)
{
    if (!vcpu_controls_valid(c->cr0, c->cr4, c->msr_efer))
        return false;
    if (c->rflags & ~RFLAGS_VALID || c->dr6 >> 32 || c->dr7 >> 32)
        return false;
    if (c->flags & ~XEN_X86_FPU_INITIALISED || c->pending_reserved)
        return false;
    return !(c->flags & XEN_X86_FPU_INITIALISED) ||
           xstate_area_valid(c->fpu_regs, sizeof(c->fpu_regs));
}

static void load_fpu(struct vcpu *v, const struct hvm_hw_cpu *c)
{
    const uint64_t present = XSTATE_X87;

    xstate_reset(v);
    if (!(c->flags & XEN_X86_FPU_INITIALISED))
        return;
    memcpy(v->arch->xsave, c->fpu_regs, sizeof(c->fpu_regs));
    if (xstate_mask())
        memcpy((uint8_t *)v->arch->xsave + XSTATE_BV, &present,
               sizeof(present));
}

/* All vCPUs of a domain have one TSC: the first one's record says which. */
static void load_tsc(struct vcpu *v, uint64_t tsc)
{
    struct domain *d = v->domain;

    if (v->id)
        return;
    d->arch->tsc_offset = tsc - tsc_now();
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        if (d->vcpu[i]) {
            vt_set_tsc_offset(d->vcpu[i], d->arch->tsc_offset);
            d->vcpu[i]->arch->time_stale = true;
        }
}

static void load_event(struct x86_event *e, const struct hvm_hw_cpu *c)
{
    *e = (struct x86_event){
        .valid = c->pending_valid && c->pending_type != EVENT_SOFT,
        .vector = c->pending_vector,
        .type = c->pending_type,
        .has_error = c->pending_error_valid,
        .error = c->error_code,
    };
}

static int hvm_cpu_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    const struct hvm_hw_cpu *c = in;
    struct arch_vcpu *a = v->arch;
    struct x86_state s;

    if (!cpu_valid(c))
        return -XEN_EINVAL;
    vt_state_get(v, &s);
#define LOAD_GPR(i, n) a->regs.gpr[i] = c->n;
#define LOAD_SEGMENT(S, n)                                        \
    s.seg[SREG_##S] = (struct x86_segment){.sel = c->n##_sel,     \
                                           .limit = c->n##_limit, \
                                           .base = c->n##_base,   \
                                           .attr = c->n##_arbytes};
#define LOAD_CONTROL(f, n) s.f = c->n;
    GPRS(LOAD_GPR)
    SEGMENTS(LOAD_SEGMENT)
    CONTROLS(LOAD_CONTROL)
    a->regs.rip = c->rip;
    a->regs.rflags = c->rflags | RFLAGS_1;
    s.seg[SREG_GDTR].base = c->gdtr_base;
    s.seg[SREG_GDTR].limit = c->gdtr_limit;
    s.seg[SREG_IDTR].base = c->idtr_base;
    s.seg[SREG_IDTR].limit = c->idtr_limit;
    vt_state_set(v, &s);
    memcpy(a->dr, &c->dr0, sizeof(a->dr));
    a->tsc_aux = (uint32_t)c->msr_tsc_aux;
    load_fpu(v, c);
    load_tsc(v, c->tsc);
    load_event(&a->event, c);
    a->wait_sipi = false;
    v->initialised = true;
    if (bit_test_and_clear(&v->pause_flags, VPF_DOWN))
        vcpu_wake(v);
    return 0;
}

/* --- Local APIC --- */

static void hvm_lapic_save(struct vcpu *v, void *out, uint32_t bytes)
{
    const struct vlapic *l = &v->arch->lapic;
    struct hvm_hw_lapic *h = out;

    *h = (struct hvm_hw_lapic){
        .apic_base_msr = l->base,
        .disabled = (l->base & APIC_BASE_ENABLE ? 0 : 1) |
                    (l->reg[LAPIC_SVR] & SVR_ENABLE ? 0 : 2),
        .timer_divisor = vlapic_divisor(l),
        .tdt_msr = l->tsc_deadline,
    };
}

static int hvm_lapic_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    const struct hvm_hw_lapic *h = in;

    if (!vlapic_load_base(v, h->apic_base_msr))
        return -XEN_EINVAL;
    v->arch->lapic.tsc_deadline = h->tdt_msr;
    return 0;
}

static void hvm_lapic_regs_save(struct vcpu *v, void *out, uint32_t bytes)
{
    const struct vlapic *l = &v->arch->lapic;

    memset(out, 0, bytes);
    for (unsigned int i = 0; i < VLAPIC_REGS; i++)
        memcpy((uint8_t *)out + i * APIC_STRIDE, &l->reg[i], sizeof(l->reg[i]));
}

static int hvm_lapic_regs_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    uint32_t reg[VLAPIC_REGS];

    for (unsigned int i = 0; i < VLAPIC_REGS; i++)
        memcpy(&reg[i], (const uint8_t *)in + i * APIC_STRIDE, sizeof(reg[i]));
    vlapic_load_regs(v, reg);
    return 0;
}

/* --- Memory types --- */

static void hvm_mtrr_save(struct vcpu *v, void *out, uint32_t bytes)
{
    const struct mtrr *m = &v->arch->mtrr;
    struct hvm_hw_mtrr *h = out;

    memset(h, 0, bytes);
    h->msr_pat_cr = vt_get(v, VT_PAT);
    h->msr_mtrr_cap = MTRR_CAP;
    h->msr_mtrr_def_type = m->def_type;
    memcpy(h->msr_mtrr_var, m->var, sizeof(h->msr_mtrr_var));
    memcpy(h->msr_mtrr_fixed, m->fixed, sizeof(h->msr_mtrr_fixed));
}

static int hvm_mtrr_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    const struct hvm_hw_mtrr *h = in;
    struct mtrr *m = &v->arch->mtrr;

    if ((h->msr_mtrr_cap & 0xff) > MTRR_VAR_NR / 2)
        return -XEN_EINVAL;
    if (!guest_wrmsr(v, MSR_PAT, h->msr_pat_cr))
        return -XEN_EINVAL;
    m->def_type = h->msr_mtrr_def_type;
    memcpy(m->var, h->msr_mtrr_var, sizeof(m->var));
    memcpy(m->fixed, h->msr_mtrr_fixed, sizeof(m->fixed));
    return 0;
}

/* --- Extended state --- */

#define XSAVE_FIXED offsetof(struct hvm_hw_cpu_xsave, save_area)

static uint32_t hvm_xsave_length(struct vcpu *v)
{
    if (!xstate_mask() || bit_test(&v->pause_flags, VPF_DOWN))
        return 0;
    return XSAVE_FIXED + xstate_bytes(v->arch->xcr0_accum);
}

static void hvm_xsave_save(struct vcpu *v, void *out, uint32_t bytes)
{
    struct hvm_hw_cpu_xsave *x = out;

    x->xfeature_mask = xstate_mask();
    x->xcr0 = v->arch->xcr0;
    x->xcr0_accum = v->arch->xcr0_accum;
    memcpy(&x->save_area, v->arch->xsave, bytes - XSAVE_FIXED);
}

static int hvm_xsave_load(struct vcpu *v, const void *in, uint32_t bytes)
{
    const struct hvm_hw_cpu_xsave *x = in;
    uint32_t area = bytes - XSAVE_FIXED;

    if (bytes < sizeof(*x) || !xstate_mask())
        return -XEN_EINVAL;
    if (x->xcr0_accum & ~xstate_mask() || x->xcr0 & ~x->xcr0_accum ||
        !(x->xcr0 & XCR0_X87) || area < xstate_bytes(x->xcr0_accum) ||
        !xstate_area_valid(&x->save_area, area) ||
        x->save_area.xsave_hdr.xstate_bv & ~x->xcr0_accum)
        return -XEN_EINVAL;
    xstate_reset(v);
    memcpy(v->arch->xsave, &x->save_area, MIN(area, xstate_area_bytes()));
    v->arch->xcr0 = x->xcr0;
    v->arch->xcr0_accum = x->xcr0_accum;
    return 0;
}

/* --- All records --- */

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
