/*
 * SVM on this machine: probing, enabling per CPU, control blocks of vCPUs and
 * the permission maps (APM 2 chapter 15).
 *
 * Guests run with nested paging and own CR0, CR3, CR4 and CR8: only what needs
 * the hypervisor is intercepted. No CR read or write is, nor RDTSC.
 *
 * ASID 1 serves all guests: the TLB is flushed when another vCPU enters a CPU.
 * Flush by ASID and clean bits are not relied upon.
 */
#include "x86/svm.h"

#include "x86/cpuid.h"
#include "x86/insn.h"
#include "x86/p2m.h"
#include "x86/percpu.h"
#include "x86/vt.h"

#include "hv/log.h"

#include "vmcb.h"

#define IOPM_ORDER  2 /* 12 KiB and what is left of four pages */
#define MSRPM_ORDER 1

#define E1_EDX_PAGE1GB BIT(26)
#define VM_CR_SVMDIS   BIT(4)

#define PAUSE_COUNT     3000
#define PAUSE_THRESHOLD 128

uint32_t svm_features;

/* MSRs that VMLOAD and VMSAVE switch, and that the guest may have. */
static const uint32_t passed_msrs[] = {
    MSR_FS_BASE,      MSR_GS_BASE,      MSR_KERNEL_GS_BASE, MSR_STAR,
    MSR_LSTAR,        MSR_CSTAR,        MSR_SFMASK,         MSR_SYSENTER_CS,
    MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
};

static uint8_t *io_map_all;
static uint8_t *msr_map;

static void *alloc_filled(unsigned int order)
{
    mfn_t mfn;

    if (page_alloc(NULL, order, PAGE_ALLOC_ZERO, &mfn))
        return NULL;
    __builtin_memset(mfn_to_virt(mfn), 0xff, PAGE_SIZE << order);
    return mfn_to_virt(mfn);
}

/* Two bits per MSR, three ranges of 0x2000 (APM 2 15.11). */
static void msr_map_pass(uint32_t msr)
{
    uint32_t range = msr < 0x2000 ? 0 : msr >> 16 == 0xc000 ? 1 : 2;
    uint32_t bit = range * 0x4000 + (msr & 0x1fff) * 2;

    msr_map[bit / 8] &= ~(3U << bit % 8);
}

const char *svm_probe(void)
{
    if (cpuid(0x80000000, 0).a < 0x8000000a ||
        !(cpuid(0x80000001, 0).c & BIT(2)))
        return "the CPU has no SVM";
    if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
        return "SVM is disabled by the firmware";
    svm_features = cpuid(0x8000000a, 0).d;
    if (!(svm_features & SVM_FEATURE_NPT))
        return "the CPU has no nested paging";
    return NULL;
}

static void svm_init_maps(void)
{
    io_map_all = alloc_filled(IOPM_ORDER);
    msr_map = alloc_filled(MSRPM_ORDER);
    if (!io_map_all || !msr_map)
        panic("no memory for the SVM permission maps");
    for (unsigned int i = 0; i < ARRAY_SIZE(passed_msrs); i++)
        msr_map_pass(passed_msrs[i]);
}

void svm_cpu_init(void)
{
    struct percpu *p = percpu_self();
    void *hsave = page_alloc_virt();
    void *host = page_alloc_virt();

    if (!hsave || !host)
        panic("no memory for SVM on CPU %u", p->cpu);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, virt_to_maddr(hsave));
    p->vmsave_pa = virt_to_maddr(host);
    asm volatile("vmsave %0" : : "a"(p->vmsave_pa) : "memory");
    xstate_init_cpu();
    if (!msr_map) {
        svm_init_maps();
        if (!(cpuid(0x80000001, 0).d & E1_EDX_PAGE1GB))
            p2m_limit_leaves(PAGE_ORDER_2M);
        cpu_policy_init();
    }
}

/* --- Port maps --- */

const uint8_t *vt_io_map_all(void)
{
    return io_map_all;
}

uint8_t *vt_io_map_create(void)
{
    return alloc_filled(IOPM_ORDER);
}

void vt_io_map_destroy(uint8_t *map)
{
    if (map)
        page_free(virt_to_mfn(map), IOPM_ORDER);
}

paddr_t vt_io_map_address(const uint8_t *map)
{
    return virt_to_maddr(map);
}

/* --- Control block --- */

static void vmcb_init_controls(struct vmcb *b)
{
    b->intercept_exceptions = BIT(EXC_DB) | BIT(EXC_AC) | BIT(EXC_MC);
    b->intercept1 = INT1_INTR | INT1_NMI | INT1_SMI | INT1_INIT | INT1_CPUID |
                    INT1_RSM | INT1_INVD | INT1_HLT | INT1_INVLPGA | INT1_IOIO |
                    INT1_MSR | INT1_TASK_SWITCH | INT1_FERR | INT1_SHUTDOWN;
    b->intercept2 = INT2_VMRUN | INT2_VMMCALL | INT2_VMLOAD | INT2_VMSAVE |
                    INT2_STGI | INT2_CLGI | INT2_SKINIT | INT2_ICEBP |
                    INT2_WBINVD | INT2_MONITOR | INT2_MWAIT | INT2_MWAIT_ARMED |
                    INT2_XSETBV | INT2_RDPRU;
    if (svm_features & SVM_FEATURE_PAUSE_FILTER) {
        b->intercept1 |= INT1_PAUSE;
        b->pause_count = PAUSE_COUNT;
        if (svm_features & SVM_FEATURE_PAUSE_THRESH)
            b->pause_threshold = PAUSE_THRESHOLD;
    }
    b->msrpm_base = virt_to_maddr(msr_map);
    b->asid = 1;
    b->vintr = VINTR_MASKING;
    b->np_enable = NP_ENABLE;
}

int vt_vcpu_create(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    a->vmcb = page_alloc_virt();
    if (!a->vmcb)
        return -XEN_ENOMEM;
    a->vmcb_pa = virt_to_maddr(a->vmcb);
    vmcb_init_controls(a->vmcb);
    a->vmcb->iopm_base = v->domain->arch->io_map_pa;
    a->vmcb->n_cr3 = p2m_root(v->domain);
    return 0;
}

void vt_vcpu_destroy(struct vcpu *v)
{
    if (v->arch->vmcb)
        page_free_virt(v->arch->vmcb);
    v->arch->vmcb = NULL;
}

/* --- Running --- */

void vt_load(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    asm volatile("mov %0, %%dr0" : : "r"(a->dr[0]));
    asm volatile("mov %0, %%dr1" : : "r"(a->dr[1]));
    asm volatile("mov %0, %%dr2" : : "r"(a->dr[2]));
    asm volatile("mov %0, %%dr3" : : "r"(a->dr[3]));
    vt_set_tsc_offset(v, a->tsc_offset);
    a->vmcb->tlb_control = TLB_FLUSH_ALL;
}

void vt_save(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    asm volatile("mov %%dr0, %0" : "=r"(a->dr[0]));
    asm volatile("mov %%dr1, %0" : "=r"(a->dr[1]));
    asm volatile("mov %%dr2, %0" : "=r"(a->dr[2]));
    asm volatile("mov %%dr3, %0" : "=r"(a->dr[3]));
}

/* What was on its way into the guest when it exited goes in again. */
static void take_exit_event(struct arch_vcpu *a)
{
    uint64_t info = a->vmcb->exit_int_info;
    uint8_t type = info >> EVENT_TYPE_SHIFT & 7;
    uint8_t vector = info;

    if (!(info & EVENT_VALID))
        return;
    /* Software interrupts are executed again: rip is still at them. */
    if (type == EVENT_SOFT ||
        (type == EVENT_EXCEPTION && (vector == EXC_BP || vector == EXC_OF)))
        return;
    /* Interrupts that meet a nested fault carry this type on TCG. */
    if (type == EVENT_EXCEPTION && vector >= 32)
        type = EVENT_INTR;
    a->event = (struct x86_event){
        .valid = true,
        .vector = vector,
        .type = type,
        .has_error = info & EVENT_ERROR,
        .error = info >> 32,
    };
}

void vt_run(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;
    struct vmcb *b = a->vmcb;
    uint64_t tpr = vlapic_tpr(v) >> 4;

    if (p2m_enter(v->domain))
        b->tlb_control = TLB_FLUSH_ALL;
    b->rax = a->regs.gpr[GPR_RAX];
    b->rsp = a->regs.gpr[GPR_RSP];
    b->rip = a->regs.rip;
    b->rflags = a->regs.rflags;
    b->vintr = (b->vintr & ~VINTR_TPR_MASK) | tpr;

    cpu_away_begin();
    svm_enter(&a->regs, a->vmcb_pa, percpu_self()->vmsave_pa);

    cpu_away_end();
    p2m_leave();
    b->tlb_control = TLB_KEEP;
    b->event_inject = 0;
    a->regs.gpr[GPR_RAX] = b->rax;
    a->regs.gpr[GPR_RSP] = b->rsp;
    a->regs.rip = b->rip;
    a->regs.rflags = b->rflags;
    a->walk_va = 1;
    if ((b->vintr & VINTR_TPR_MASK) != tpr)
        vlapic_set_tpr(v, (b->vintr & VINTR_TPR_MASK) << 4);
    take_exit_event(a);
    svm_handle_exit(v);
}

void vt_inject(struct vcpu *v, const struct x86_event *e)
{
    v->arch->vmcb->event_inject =
        e->vector | (uint64_t)e->type << EVENT_TYPE_SHIFT | EVENT_VALID |
        (e->has_error ? EVENT_ERROR | (uint64_t)e->error << 32 : 0);
}

/* A virtual interrupt of the highest priority (APM 2 15.21.4). To get an exit,
   it is intercepted and never gets in itself. */
void vt_irq_window(struct vcpu *v, uint16_t what)
{
    struct vmcb *b = v->arch->vmcb;
    const uint64_t window = VINTR_IRQ | VINTR_IGN_TPR | VINTR_PRIO(0xf);

    b->intercept1 &= ~INT1_VINTR;
    b->vintr &= ~(window | VINTR_VECTOR(0xff));
    if (what == IRQ_WINDOW_EXIT)
        b->intercept1 |= INT1_VINTR;
    if (what != IRQ_WINDOW_NONE)
        b->vintr |= window | VINTR_VECTOR(what & 0xff);
}

void vt_nmi_window(struct vcpu *v, bool on)
{
    v->arch->vmcb->intercept1 &= ~INT1_IRET;
    if (on)
        v->arch->vmcb->intercept1 |= INT1_IRET;
}

bool vt_shadow(const struct vcpu *v)
{
    return v->arch->vmcb->interrupt_shadow & INT_SHADOW;
}

void vt_clear_shadow(struct vcpu *v)
{
    v->arch->vmcb->interrupt_shadow &= ~INT_SHADOW;
}
