/*
 * Exits of SVM guests: one handler per reason, found by table (exit.def).
 *
 * A handler leaves rip at the instruction to run next. Not every CPU saves the
 * next rip, so the length of the one that exited is known or decoded.
 */
#include "x86/cpuid.h"
#include "x86/dom0.h"
#include "x86/insn.h"
#include "x86/p2m.h"
#include "x86/vt.h"

#include "hv/hypercall.h"
#include "hv/log.h"
#include "hv/sched.h"

#include "vmcb.h"

typedef void exit_fn(struct vcpu *v, struct vmcb *b);

#define IO_IN         BIT(0)
#define IO_STRING     BIT(2)
#define IO_REP        BIT(3)
#define IO_SIZE(i)    ((i) >> 4 & 7)
#define IO_ADDRESS(i) (((i) >> 7 & 7) * 2)
#define IO_SEGMENT(i) ((i) >> 10 & 7)
#define IO_PORT(i)    ((uint16_t)((i) >> 16))

/* Nested fault: the page-fault error code and who accessed. */
#define NPF_WRITE BIT(1)
#define NPF_FETCH BIT(4)

#define EXIT(code, name, fn) static exit_fn fn;
#include "x86/exit.def"
#undef EXIT

static const struct {
    exit_fn *fn;
    const char *name;
} exits[EXIT_REASON_NR] = {
#define EXIT(code, name, fn) [EXIT_##name] = {fn, #name},
#include "x86/exit.def"
#undef EXIT
};

/* Reason of each low code; EXIT_EXC_DB (0) stands for "none" elsewhere. */
static const uint8_t exit_index[0x800] = {
#define EXIT(code, name, fn) [code] = EXIT_##name,
#include "x86/exit.def"
#undef EXIT
};

static enum exit_reason exit_reason_of(uint32_t code)
{
    if (code >= ARRAY_SIZE(exit_index))
        return EXIT_OTHER;
    if (!exit_index[code] && code != 0x041)
        return EXIT_OTHER;
    return exit_index[code];
}

void svm_handle_exit(struct vcpu *v)
{
    struct vmcb *b = v->arch->vmcb;
    uint32_t code = b->exit_code;
    enum exit_reason reason = exit_reason_of(code);

    v->arch->exits[reason]++;
    if (unlikely(code == EXIT_CODE_INVALID)) {
        domain_crash(v->domain, "vcpu %u: state refused by the CPU", v->id);
        return;
    }
    exits[reason].fn(v, b);
}

unsigned int arch_exit_reasons(void)
{
    return EXIT_REASON_NR;
}

const char *arch_exit_name(unsigned int reason)
{
    return exits[reason].name;
}

/* --- Handlers --- */

/* Among others: the window for an interrupt opened; the next entry injects. */
static void exit_none(struct vcpu *v, struct vmcb *b)
{
}

static void exit_unexpected(struct vcpu *v, struct vmcb *b)
{
    domain_crash(v->domain, "vcpu %u: exit 0x%lx info 0x%lx 0x%lx at 0x%lx",
                 v->id, b->exit_code, b->exit_info1, b->exit_info2, b->rip);
}

static void exit_ud(struct vcpu *v, struct vmcb *b)
{
    vcpu_inject_exception(v, EXC_UD);
}

/* #DB and #AC are intercepted because a guest can make either recur for ever
   inside its own delivery, where no interrupt is taken (CVE-2015-5307). */
static void exit_db(struct vcpu *v, struct vmcb *b)
{
    vcpu_inject_exception(v, EXC_DB);
}

static void exit_ac(struct vcpu *v, struct vmcb *b)
{
    vcpu_inject_error(v, EXC_AC, 0);
}

/* The machine's own: let the host's handler see it. */
static void exit_mc(struct vcpu *v, struct vmcb *b)
{
    asm volatile("int $18");
}

/* The interrupt is still pending: take it through the IDT. */
static void exit_intr(struct vcpu *v, struct vmcb *b)
{
    interrupts_take();
}

/* Seen before IRET runs: the NMI goes in once it did. */
static void exit_iret(struct vcpu *v, struct vmcb *b)
{
    vt_nmi_window(v, false);
    v->arch->nmi_masked = false;
    b->interrupt_shadow |= INT_SHADOW;
}

static void exit_wbinvd(struct vcpu *v, struct vmcb *b)
{
    vcpu_skip(v, 2);
}

static void exit_pause(struct vcpu *v, struct vmcb *b)
{
    vcpu_skip(v, 2);
    vcpu_yield(v);
}

static void exit_hlt(struct vcpu *v, struct vmcb *b)
{
    vcpu_skip(v, 1);
    if (b->rflags & RFLAGS_IF)
        vcpu_block(v);
    else
        (void)vcpu_set_down(v); /* nothing wakes it any more */
}

static void exit_cpuid(struct vcpu *v, struct vmcb *b)
{
    struct x86_regs *r = &v->arch->regs;
    struct cpuid_regs out;

    guest_cpuid(v, r->gpr[GPR_RAX], r->gpr[GPR_RCX], &out);
    r->gpr[GPR_RAX] = out.a;
    r->gpr[GPR_RBX] = out.b;
    r->gpr[GPR_RCX] = out.c;
    r->gpr[GPR_RDX] = out.d;
    vcpu_skip(v, 2);
}

static void exit_msr(struct vcpu *v, struct vmcb *b)
{
    struct x86_regs *r = &v->arch->regs;
    uint32_t msr = r->gpr[GPR_RCX];
    uint64_t value = (uint32_t)r->gpr[GPR_RAX] | r->gpr[GPR_RDX] << 32;
    bool write = b->exit_info1 & 1;
    bool ok = write ? guest_wrmsr(v, msr, value) : guest_rdmsr(v, msr, &value);

    if (!ok) {
        vcpu_inject_error(v, EXC_GP, 0);
        return;
    }
    if (!write) {
        r->gpr[GPR_RAX] = (uint32_t)value;
        r->gpr[GPR_RDX] = value >> 32;
    }
    vcpu_skip(v, 2);
}

static void exit_io(struct vcpu *v, struct vmcb *b)
{
    uint32_t info = b->exit_info1;
    uint64_t *rax = &v->arch->regs.gpr[GPR_RAX];
    struct io_access io = {
        .address = IO_PORT(info),
        .size = IO_SIZE(info),
        .write = !(info & IO_IN),
    };
    uint64_t mask = io.size == 4 ? 0xffffffff : BIT(io.size * 8) - 1;

    if (info & IO_STRING) {
        bool given = IO_ADDRESS(info) != 0; /* and the segment; not so on TCG */
        const struct string_io s = {
            .port = io.address,
            .size = io.size,
            .address_size = given                   ? IO_ADDRESS(info)
                            : arch_vcpu_is_64bit(v) ? 8
                                                    : 4,
            .segment = given ? IO_SEGMENT(info) : SREG_DS,
            .in = !io.write,
            .rep = info & IO_REP,
            .next_rip = b->exit_info2,
        };
        emulate_string_io(v, &s);
        return;
    }
    io.value = *rax & mask;
    io_port_access(v, &io);
    if (!io.write) /* a 32-bit result clears the upper half */
        *rax = (io.size == 4 ? 0 : *rax & ~mask) | (io.value & mask);
    v->arch->regs.rip = b->exit_info2;
    vt_clear_shadow(v);
}

static void exit_shutdown(struct vcpu *v, struct vmcb *b)
{
    vcpu_triple_fault(v);
}

static void exit_icebp(struct vcpu *v, struct vmcb *b)
{
    vcpu_skip(v, 1);
    vcpu_inject_exception(v, EXC_DB);
}

static void exit_vmmcall(struct vcpu *v, struct vmcb *b)
{
    static const uint8_t arg_reg[5] = {GPR_RDI, GPR_RSI, GPR_RDX, GPR_R10,
                                       GPR_R8};
    struct x86_regs *r = &v->arch->regs;
    unsigned long arg[5];
    long rc;

    if (b->cpl) {
        r->gpr[GPR_RAX] = -XEN_EPERM;
        vcpu_skip(v, 3);
        return;
    }
    if (!arch_vcpu_is_64bit(v)) { /* 32-bit callers: not there */
        r->gpr[GPR_RAX] = (uint32_t)-XEN_ENOSYS;
        vcpu_skip(v, 3);
        return;
    }
    for (unsigned int i = 0; i < 5; i++)
        arg[i] = r->gpr[arg_reg[i]];
    rc = hypercall_run(v, r->gpr[GPR_RAX], arg);
    if (rc == -XEN_ERESTART) { /* progress is in the arguments */
        for (unsigned int i = 0; i < 5; i++)
            r->gpr[arg_reg[i]] = arg[i];
        return;
    }
    r->gpr[GPR_RAX] = rc;
    vcpu_skip(v, 3);
}

static void exit_xsetbv(struct vcpu *v, struct vmcb *b)
{
    struct x86_regs *r = &v->arch->regs;
    uint64_t value = (uint32_t)r->gpr[GPR_RAX] | r->gpr[GPR_RDX] << 32;

    if (b->cpl || (uint32_t)r->gpr[GPR_RCX] || !xstate_set_xcr0(v, value)) {
        vcpu_inject_error(v, EXC_GP, 0);
        return;
    }
    vcpu_skip(v, 3);
}

static bool is_ram_write(const struct p2m_entry *e, uint64_t info)
{
    return (e->type == P2M_RAM_RO || e->type == P2M_GRANT_RO) &&
           info & NPF_WRITE;
}

static void exit_npf(struct vcpu *v, struct vmcb *b)
{
    paddr_t gpa = b->exit_info2;
    uint64_t info = b->exit_info1;
    struct domain *d = v->domain;
    struct p2m_entry e = p2m_get(d, _gfn(gpa >> PAGE_SHIFT));

    if (e.type == P2M_NONE && d == dom0 && dom0_map_mmio(v, gpa))
        return;
    if (info & NPF_FETCH && e.type == P2M_NONE) {
        domain_crash(d, "vcpu %u: fetches from nothing at 0x%lx", v->id, gpa);
        return;
    }
    if (e.type == P2M_GRANT_RO && is_ram_write(&e, info)) {
        vcpu_inject_error(v, EXC_GP, 0);
        return;
    }
    if (e.type == P2M_NONE || is_ram_write(&e, info)) {
        emulate_mmio(v, gpa);
        return;
    }
    /* Anything else was mapped meanwhile, or a fetch from a no-execute page. */
    if (info & NPF_FETCH && p2m_type_noexec(e.type))
        domain_crash(d, "vcpu %u: fetches from a shared page at 0x%lx", v->id,
                     gpa);
}
