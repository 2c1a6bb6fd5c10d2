/*
 * Start states of vCPUs: RESET and INIT, SIPI, PVH entry
 * (public/arch-x86/hvm/start_info.h).
 */
#include "x86/dom0.h"
#include "x86/vcpu.h"
#include "x86/vt.h"

#include "hv/log.h"
#include "hv/sched.h"

#include "base/string.h"

#define ATTR_CODE16 0x009b
#define ATTR_CODE32 0x0c9b
#define ATTR_DATA16 0x0093
#define ATTR_DATA32 0x0c93
#define ATTR_LDT    0x0082
#define ATTR_TSS    0x008b

#define CR0_VALID  0xe005003fUL
#define CR4_VALID  0x00ff7fffUL
#define EFER_VALID (EFER_SCE | EFER_LME | EFER_LMA | EFER_NX | EFER_FFXSR)

#define DR6_RESET 0xffff0ff0UL
#define DR7_RESET 0x400UL

static void flat(struct x86_state *s, uint16_t code, uint16_t data,
                 uint32_t limit)
{
    for (unsigned int i = SREG_ES; i <= SREG_GS; i++)
        s->seg[i] = (struct x86_segment){.attr = i == SREG_CS ? code : data,
                                         .limit = limit};
    s->seg[SREG_TR] = (struct x86_segment){.attr = ATTR_TSS, .limit = 0x67};
    s->seg[SREG_LDTR] = (struct x86_segment){.attr = ATTR_LDT};
}

static void set_regs_clear(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    memset(&a->regs, 0, sizeof(a->regs));
    a->regs.rflags = RFLAGS_1;
    a->event.valid = false;
    a->nmi_pending = false;
    a->nmi_masked = false;
    vt_nmi_window(v, false);
}

void vcpu_reset(struct vcpu *v)
{
    struct x86_state s = {
        .cr0 = CR0_ET,
        .dr6 = DR6_RESET,
        .dr7 = DR7_RESET,
        .pat = PAT_RESET,
    };

    flat(&s, ATTR_CODE16, ATTR_DATA16, 0xffff);
    s.seg[SREG_TR].limit = 0xffff;
    s.seg[SREG_LDTR].limit = 0xffff;
    s.seg[SREG_GDTR].limit = 0xffff;
    s.seg[SREG_IDTR].limit = 0xffff;
    s.seg[SREG_CS].sel = 0xf000;
    s.seg[SREG_CS].base = 0xffff0000;
    vt_state_set(v, &s);
    set_regs_clear(v);
    v->arch->regs.rip = 0xfff0;
    memset(v->arch->dr, 0, sizeof(v->arch->dr));
    memset(&v->arch->mtrr, 0, sizeof(v->arch->mtrr));
    v->arch->mtrr.def_type = MTRR_DEFAULT;
    xstate_reset(v);
    vlapic_reset(v);
    v->arch->wait_sipi = true;
}

static void start_at(struct vcpu *v, uint8_t vector)
{
    struct x86_state s;

    vt_state_get(v, &s);
    s.seg[SREG_CS].sel = vector << 8;
    s.seg[SREG_CS].base = (uint64_t)vector << 12;
    vt_state_set(v, &s);
    v->arch->regs.rip = 0;
    v->arch->wait_sipi = false;
    v->initialised = true;
}

bool vcpu_serve_init(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;
    uint16_t sipi;

    if (__atomic_exchange_n(&a->init_pending, false, __ATOMIC_SEQ_CST)) {
        vcpu_reset(v);
        /* TSCs of one domain agree. */
        vt_set_tsc_offset(v, v->domain->vcpu[0]->arch->tsc_offset);
        bit_test_and_set(&v->pause_flags, VPF_DOWN);
    }
    sipi = __atomic_exchange_n(&a->sipi_vector, 0, __ATOMIC_SEQ_CST);
    /* A SIPI that comes from here on wakes it: then we are called again. */
    if (!(sipi & SIPI_VALID))
        return !a->wait_sipi;
    start_at(v, sipi);
    bit_test_and_clear(&v->pause_flags, VPF_DOWN);
    return true;
}

void arch_vcpu_down(struct vcpu *v)
{
    v->arch->wait_sipi = false;
}

void arch_vcpu_set_pvh_entry(struct vcpu *v, uint32_t eip, uint32_t ebx)
{
    struct x86_state s = {
        .cr0 = CR0_PE | CR0_ET,
        .dr6 = DR6_RESET,
        .dr7 = DR7_RESET,
        .pat = PAT_RESET,
    };

    flat(&s, ATTR_CODE32, ATTR_DATA32, 0xffffffff);
    vt_state_set(v, &s);
    set_regs_clear(v);
    v->arch->regs.rip = eip;
    v->arch->regs.gpr[GPR_RBX] = ebx;
    v->arch->wait_sipi = false;
    v->initialised = true;
}

bool vcpu_controls_valid(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (cr0 & ~CR0_VALID || cr4 & ~CR4_VALID || efer & ~EFER_VALID)
        return false;
    if (cr0 & CR0_PG && !(cr0 & CR0_PE))
        return false;
    if (efer & EFER_LMA && !(efer & EFER_LME && cr0 & CR0_PG))
        return false;
    return !(efer & EFER_LME && cr0 & CR0_PG && !(cr4 & CR4_PAE));
}
