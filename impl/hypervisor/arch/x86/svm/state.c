/*
 * Fields of the control block by name, for code that knows no vendor.
 */
#include "x86/insn.h"
#include "x86/percpu.h"
#include "x86/vt.h"

#include "vmcb.h"

/* Offset of each enum x86_sreg in the state save area. */
static const uint16_t segment_offset[SREG_NR] = {
    [SREG_ES] = offsetof(struct vmcb, es),
    [SREG_CS] = offsetof(struct vmcb, cs),
    [SREG_SS] = offsetof(struct vmcb, ss),
    [SREG_DS] = offsetof(struct vmcb, ds),
    [SREG_FS] = offsetof(struct vmcb, fs),
    [SREG_GS] = offsetof(struct vmcb, gs),
    [SREG_TR] = offsetof(struct vmcb, tr),
    [SREG_LDTR] = offsetof(struct vmcb, ldtr),
    [SREG_GDTR] = offsetof(struct vmcb, gdtr),
    [SREG_IDTR] = offsetof(struct vmcb, idtr),
};

#define STATE_FIELD(f)                                          \
    {                                                           \
        offsetof(struct x86_state, f), offsetof(struct vmcb, f) \
    }

/* 64-bit fields that are copied as they are. */
static const struct {
    uint16_t state;
    uint16_t vmcb;
} fields[] = {
    STATE_FIELD(cr0),          STATE_FIELD(cr2),
    STATE_FIELD(cr3),          STATE_FIELD(cr4),
    STATE_FIELD(efer),         STATE_FIELD(dr6),
    STATE_FIELD(dr7),          STATE_FIELD(star),
    STATE_FIELD(lstar),        STATE_FIELD(cstar),
    STATE_FIELD(sfmask),       STATE_FIELD(kernel_gs_base),
    STATE_FIELD(sysenter_cs),  STATE_FIELD(sysenter_esp),
    STATE_FIELD(sysenter_eip),
};

static void *at(const void *p, size_t offset)
{
    return (char *)(uintptr_t)p + offset;
}

void vt_state_get(struct vcpu *v, struct x86_state *s)
{
    const struct vmcb *b = v->arch->vmcb;

    for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
        __builtin_memcpy(at(s, fields[i].state), at(b, fields[i].vmcb), 8);
    for (unsigned int i = 0; i < SREG_NR; i++)
        s->seg[i] = *vt_segment(v, i);
    s->efer &= ~EFER_SVME;
    s->pat = b->g_pat;
}

void vt_state_set(struct vcpu *v, const struct x86_state *s)
{
    struct vmcb *b = v->arch->vmcb;

    for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
        __builtin_memcpy(at(b, fields[i].vmcb), at(s, fields[i].state), 8);
    for (unsigned int i = 0; i < SREG_NR; i++)
        __builtin_memcpy(at(b, segment_offset[i]), &s->seg[i],
                         sizeof(s->seg[i]));
    b->efer |= EFER_SVME;
    b->g_pat = s->pat;
    b->cpl = s->seg[SREG_SS].attr >> 5 & 3;
    b->interrupt_shadow = 0;
    b->exit_int_info = 0;
    b->event_inject = 0;
}

static const uint16_t field_offset[] = {
    [VT_CR0] = offsetof(struct vmcb, cr0),
    [VT_CR2] = offsetof(struct vmcb, cr2),
    [VT_CR3] = offsetof(struct vmcb, cr3),
    [VT_CR4] = offsetof(struct vmcb, cr4),
    [VT_EFER] = offsetof(struct vmcb, efer),
    [VT_PAT] = offsetof(struct vmcb, g_pat),
};

static uint64_t hidden(enum vt_field f)
{
    return f == VT_EFER ? EFER_SVME : 0;
}

uint64_t vt_get(const struct vcpu *v, enum vt_field f)
{
    return *(uint64_t *)at(v->arch->vmcb, field_offset[f]) & ~hidden(f);
}

void vt_set(struct vcpu *v, enum vt_field f, uint64_t value)
{
    *(uint64_t *)at(v->arch->vmcb, field_offset[f]) = value | hidden(f);
}

bool arch_vcpu_is_64bit(struct vcpu *v)
{
    const struct vmcb *b = v->arch->vmcb;

    return b->efer & EFER_LMA && b->cs.attr & SEG_ATTR_L;
}

unsigned int vt_cpl(const struct vcpu *v)
{
    return v->arch->vmcb->cpl;
}

const struct x86_segment *vt_segment(const struct vcpu *v, enum x86_sreg s)
{
    return at(v->arch->vmcb, segment_offset[s]);
}

/* The VMCB's offset is against this CPU's own TSC. */
void vt_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
    v->arch->tsc_offset = offset;
    v->arch->vmcb->tsc_offset = offset + percpu_self()->tsc_offset;
}
