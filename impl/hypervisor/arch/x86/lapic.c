/*
 * The host's local APICs.
 */
#include "x86/lapic.h"

#include "x86/acpi.h"
#include "x86/insn.h"
#include "x86/irq_vectors.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/percpu.h"

#include "hv/lock.h"
#include "hv/log.h"
#include "hv/option.h"

enum lapic_reg {
    LAPIC_ID = 0x020,
    LAPIC_TPR = 0x080,
    LAPIC_EOI = 0x0b0,
    LAPIC_SPURIOUS = 0x0f0,
    LAPIC_ESR = 0x280,
    LAPIC_ICR = 0x300,
    LAPIC_ICR_HIGH = 0x310,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define LAPIC_DEFAULT_BASE 0xfee00000UL
#define APIC_BASE_X2APIC   BIT(10)
#define APIC_BASE_ENABLE   BIT(11)
#define APIC_BASE_ADDRESS  0x000ffffffffff000UL
#define SPURIOUS_ENABLE    BIT(8)
#define LVT_MASKED         BIT(16)
#define LVT_NMI            BIT(10)
#define LVT_DEADLINE       (2UL << 17)
#define DIVIDE_BY_1        0xb
#define ICR_BUSY           BIT(12)
#define ICR_ASSERT         BIT(14)
#define ICR_INIT           (5UL << 8 | ICR_ASSERT)
#define ICR_STARTUP        (6UL << 8 | ICR_ASSERT)
#define ICR_NMI            (4UL << 8 | ICR_ASSERT)
#define ICR_ALL_BUT_SELF   (3UL << 18)
#define ICR_SURE_CYCLES    100000
#define ICR_SPINS_MAX      1000000
#define CPUID_X2APIC       BIT(21) /* 1 ECX */

static bool x2apic;
static volatile uint32_t *regs;

static uint32_t lapic_read(enum lapic_reg r)
{
    return x2apic ? (uint32_t)rdmsr(MSR_X2APIC + r / 16) : regs[r / 4];
}

static void lapic_write(enum lapic_reg r, uint32_t v)
{
    if (x2apic)
        wrmsr(MSR_X2APIC + r / 16, v);
    else
        regs[r / 4] = v;
}

void lapic_init(void)
{
    paddr_t base = rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS;
    bool on = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;

    /* Firmware that turned it on knows why: it cannot go straight back. */
    x2apic = on || (opt_x2apic && cpuid(1, 0).c & CPUID_X2APIC);
    if (!x2apic) {
        regs = mmio_map(base ? base : LAPIC_DEFAULT_BASE, PAGE_SIZE);
        if (!regs)
            panic("cannot map the local APIC at %lx", base);
    }
    log_info("lapic: %s mode", x2apic ? "x2apic" : "xapic");
}

void lapic_enable(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

    wrmsr(MSR_APIC_BASE, base);
    if (x2apic && !(base & APIC_BASE_X2APIC))
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
    lapic_write(LAPIC_LVT_ERROR, VECTOR_ERROR);
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_ESR, 0);
    lapic_eoi();
}

uint32_t lapic_self_id(void)
{
    uint32_t id = lapic_read(LAPIC_ID);

    return x2apic ? id : id >> 24;
}

/* Writing the priority makes the APIC weigh again what waits in its IRR. */
void lapic_look_again(void)
{
    lapic_write(LAPIC_TPR, 0);
}

void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

/* The last message must have left. After ICR_SURE_CYCLES it has, and the slow
   read is saved. */
static void icr_wait(void)
{
    struct percpu *p = percpu_self();
    uint64_t now = rdtsc();

    for (unsigned int i = 0;
         now - p->icr_tsc < ICR_SURE_CYCLES && i < ICR_SPINS_MAX &&
         lapic_read(LAPIC_ICR) & ICR_BUSY;
         i++)
        spin_relax();
    p->icr_tsc = now;
}

static void icr_write(uint32_t apic_id, uint32_t command)
{
    if (x2apic) {
        /* The MSR write does not wait for the stores before it. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        wrmsr(MSR_X2APIC + LAPIC_ICR / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    icr_wait();
    lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
    lapic_write(LAPIC_ICR, command);
}

void lapic_send(uint32_t apic_id, unsigned int vector)
{
    icr_write(apic_id, vector | ICR_ASSERT);
}

void lapic_send_init(uint32_t apic_id)
{
    icr_write(apic_id, ICR_INIT);
}

void lapic_send_startup(uint32_t apic_id, paddr_t code)
{
    icr_write(apic_id, (uint32_t)(ICR_STARTUP | code >> PAGE_SHIFT));
}

void lapic_nmi_others(void)
{
    icr_write(0, ICR_NMI | ICR_ALL_BUT_SELF);
}

void lapic_timer_setup(unsigned int vector, bool deadline)
{
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(LAPIC_LVT_TIMER, vector | (deadline ? LVT_DEADLINE : 0));
    /* SDM 3A 10.5.4.1: the mode change is ordered before deadline writes. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void lapic_timer_start(uint32_t count)
{
    lapic_write(LAPIC_TIMER_INITIAL, count);
}

uint32_t lapic_timer_left(void)
{
    return lapic_read(LAPIC_TIMER_CURRENT);
}
