/*
 * What interrupts a vCPU: event channel upcalls, its local APIC, NMIs and
 * exceptions, and in which order they go in.
 *
 * The event channel upcall of type "vector" goes in beside the local APIC, as
 * long as vcpu_info says that an upcall is pending: no EOI, no extra exit.
 */
#include "x86/vlapic.h"
#include "x86/vt.h"

#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/log.h"
#include "hv/sched.h"

#define OPCODE_HLT 0xf4

/* --- Exceptions --- */

static bool is_contributory(uint8_t vector)
{
    return vector == EXC_DE || (vector >= 10 && vector <= 13);
}

/* A second exception while the first is delivered (APM 2 8.2.9). */
static bool makes_double_fault(const struct x86_event *first, uint8_t second)
{
    return (is_contributory(first->vector) && is_contributory(second)) ||
           (first->vector == EXC_PF &&
            (second == EXC_PF || is_contributory(second)));
}

void vcpu_triple_fault(struct vcpu *v)
{
    struct domain *d = v->domain;

    log_warn("d%u vcpu %u: triple fault at 0x%lx", d->id, v->id,
             v->arch->regs.rip);
    domain_shutdown(d, (uint8_t)d->hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON]);
}

static void inject(struct vcpu *v, uint8_t vector, bool has_error,
                   uint32_t error)
{
    struct x86_event *e = &v->arch->event;

    /* An interrupt being delivered was accepted by the APIC: not to be lost. */
    if (e->valid && e->type != EVENT_EXCEPTION)
        return;
    if (e->valid && e->vector == EXC_DF) {
        vcpu_triple_fault(v);
        return;
    }
    if (e->valid && makes_double_fault(e, vector)) {
        vector = EXC_DF;
        has_error = true;
        error = 0;
    }
    *e = (struct x86_event){
        .valid = true,
        .vector = vector,
        .type = EVENT_EXCEPTION,
        .has_error = has_error,
        .error = error,
    };
}

void vcpu_inject_exception(struct vcpu *v, uint8_t vector)
{
    inject(v, vector, false, 0);
}

void vcpu_inject_error(struct vcpu *v, uint8_t vector, uint32_t error)
{
    inject(v, vector, true, error);
}

void arch_vcpu_nmi(struct vcpu *v)
{
    __atomic_store_n(&v->arch->nmi_pending, true, __ATOMIC_SEQ_CST);
    vcpu_unblock(v);
}

/* --- Event channels --- */

static bool callback_is_line(const struct arch_domain *ad)
{
    return ad->callback_gsi != 0;
}

void arch_vcpu_event(struct vcpu *v)
{
    const struct arch_domain *ad = v->domain->arch;
    uint8_t vector = READ_ONCE(v->arch->upcall_vector);

    if (vector) {
        vlapic_set_irq(v, vector, false);
        return;
    }
    if (v->id == 0 && callback_is_line(ad) &&
        !__atomic_exchange_n(&v->arch->evtchn_line, true, __ATOMIC_SEQ_CST))
        vioapic_set_line(v->domain, ad->callback_gsi, true);
    vcpu_unblock(v);
}

static void lower_line(struct vcpu *v)
{
    if (evtchn_upcall_wanted(v))
        return;
    __atomic_store_n(&v->arch->evtchn_line, false, __ATOMIC_SEQ_CST);
    vioapic_set_line(v->domain, v->domain->arch->callback_gsi, false);
}

int arch_set_upcall_vector(struct vcpu *v, uint8_t vector)
{
    v->arch->upcall_vector = vector;
    return 0;
}

/* Device and pin of a PCI INTx line to the IO-APIC pin that PVH wires it to. */
static uint32_t intx_gsi(uint64_t value)
{
    uint32_t device = value >> 11 & 0x1f;
    uint32_t intx = value & 3;

    return ((device * 4 + (device >> 3) + intx) & 31) + 16;
}

int arch_hvm_param_set(struct domain *d, uint32_t index, uint64_t value)
{
    struct arch_domain *ad = d->arch;
    uint8_t type = value >> 56;

    if (index != HVM_PARAM_CALLBACK_IRQ)
        return 0;
    ad->callback_vector = 0;
    ad->callback_gsi = 0;
    ad->callback_type = type;
    switch (type) {
    case HVM_PARAM_CALLBACK_TYPE_VECTOR:
        ad->callback_vector = value;
        break;
    case HVM_PARAM_CALLBACK_TYPE_GSI:
        ad->callback_gsi = value & 0xff;
        break;
    case HVM_PARAM_CALLBACK_TYPE_PCI_INTX:
        ad->callback_gsi = intx_gsi(value);
        break;
    }
    return 0;
}

/* --- Choice --- */

struct pending {
    int vector;  /* -1: none */
    bool direct; /* the upcall, not through the local APIC */
};

static struct pending pending_irq(const struct vcpu *v)
{
    uint8_t direct = v->domain->arch->callback_vector;

    if (direct && evtchn_upcall_wanted(v))
        return (struct pending){direct, true};
    return (struct pending){vlapic_pending(v), false};
}

bool arch_vcpu_interruptible_pending(struct vcpu *v)
{
    const struct arch_vcpu *a = v->arch;

    if (READ_ONCE(a->nmi_pending) && !a->nmi_masked)
        return true;
    return a->regs.rflags & RFLAGS_IF && pending_irq(v).vector >= 0;
}

/* The CPU may forget the shadow of STI on entry (TCG 7.2). If HLT follows it is
   skipped here, as the interrupt would end it: between the two it would be
   taken too early, and HLT would then sleep. */
static void shadowed_hlt(struct vcpu *v)
{
    uint64_t rip = v->arch->regs.rip;
    uint8_t opcode;

    if (!arch_vcpu_is_64bit(v))
        rip = (uint32_t)(rip + vt_segment(v, SREG_CS)->base);
    if (guest_copy_from(v, &opcode, rip, 1) || opcode != OPCODE_HLT)
        return;
    vcpu_skip(v, 1);
}

/* For what cannot go in now. The upcall, if alone, goes in without an exit; it
   may be taken back at any exit before. */
static uint16_t window_for(const struct vcpu *v, struct pending irq)
{
    if (irq.vector < 0)
        return IRQ_WINDOW_NONE;
    return irq.direct && vlapic_pending(v) < 0 ? (uint16_t)irq.vector
                                               : IRQ_WINDOW_EXIT;
}

static void inject_nmi(struct vcpu *v)
{
    const struct x86_event e = {
        .valid = true, .vector = EXC_NMI, .type = EVENT_NMI};

    __atomic_store_n(&v->arch->nmi_pending, false, __ATOMIC_SEQ_CST);
    v->arch->nmi_masked = true;
    vt_inject(v, &e);
    vt_nmi_window(v, true);
}

static void inject_irq(struct vcpu *v, struct pending irq)
{
    const struct x86_event e = {
        .valid = true, .vector = irq.vector, .type = EVENT_INTR};

    if (!irq.direct)
        vlapic_accept(v, irq.vector);
    vt_inject(v, &e);
}

/* What takes the place of an interrupt at this entry; false: nothing. */
static bool inject_other(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    if (a->event.valid) {
        vt_inject(v, &a->event);
        a->event.valid = false;
        return true;
    }
    if (unlikely(READ_ONCE(a->nmi_pending)) && !a->nmi_masked &&
        !vt_shadow(v)) {
        inject_nmi(v);
        return true;
    }
    return false;
}

void vcpu_prepare_events(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;
    bool busy = inject_other(v);
    struct pending irq;

    if (unlikely(a->evtchn_line))
        lower_line(v);
    irq = pending_irq(v);
    if (irq.vector < 0 || busy) {
        vt_irq_window(v, window_for(v, irq));
        return;
    }
    if (vt_shadow(v) && a->regs.rflags & RFLAGS_IF)
        shadowed_hlt(v);
    if (!(a->regs.rflags & RFLAGS_IF) || vt_shadow(v)) {
        vt_irq_window(v, window_for(v, irq));
        return;
    }
    inject_irq(v, irq);
    vt_irq_window(v, vlapic_pending(v) < 0 ? IRQ_WINDOW_NONE : IRQ_WINDOW_EXIT);
}
