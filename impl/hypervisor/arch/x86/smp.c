/*
 * Starting the other CPUs: INIT to all, then one by one SIPI, hand-shake, TSC
 * agreement, run queue.
 *
 *   AP_NONE -> AP_OFFERED -> AP_CLAIMED -> AP_READY -> AP_GO -> AP_NONE
 *           boot          new           new         boot     new
 *
 * With spare_boot_cpu the last CPU is started when all is built, becomes CPU 0,
 * and the boot CPU halts for ever. QEMU needs it: FXRSTOR on any CPU clears a
 * flag of its first CPU (cpu_clear_ignne()) without a lock, and what that CPU's
 * VMRUN or #VMEXIT changes in the same word at this moment is undone; then
 * nested paging stays on in the host, and the guest's state is lost.
 *
 * The boot CPU withdraws an offer (to AP_NONE) only by compare and exchange, so
 * a CPU that answers too late never runs on what was given to the next one.
 */
#include "x86/smp.h"

#include "x86/acpi.h"
#include "x86/boot.h"
#include "x86/insn.h"
#include "x86/lapic.h"
#include "x86/machine_check.h"
#include "x86/paging.h"
#include "x86/percpu.h"
#include "x86/quirks.h"
#include "x86/serial.h"
#include "x86/svm.h"
#include "x86/time.h"

#include "base/string.h"
#include "hv/arch.h"
#include "hv/lock.h"
#include "hv/log.h"
#include "hv/option.h"
#include "hv/page.h"

#define INIT_WAIT_US   100 /* no CPU with SVM needs the 10 ms of old ones */
#define SECOND_SIPI_US 300
#define ANSWER_MAX_US  2000000
#define POLL_US        10
#define STACK_ORDER    2

/* Used by trampoline.S. */
extern const uint8_t trampoline[], trampoline_end[];
extern unsigned int ap_state;
extern uint64_t ap_root;
extern uint64_t ap_stack_end;
extern struct percpu *ap_percpu;
void ap_main(struct percpu *p) NORETURN;

unsigned int ap_state; /* [a] */
uint64_t ap_root;
uint64_t ap_stack_end;
struct percpu *ap_percpu;

static paddr_t trampoline_page;
static bool trampoline_kept;
static const uint32_t *successor; /* APIC id of the next CPU 0, or NULL */
static struct percpu *percpus[CPU_MAX] = {&percpu_boot}; /* [I] once online */

static_assert(CPU_STACK_BYTES == PAGE_SIZE << STACK_ORDER, "one allocation");

struct percpu *percpu_of(unsigned int cpu)
{
    return cpu < CPU_MAX ? percpus[cpu] : NULL;
}

void smp_reserve(void)
{
    trampoline_page = boot_alloc_low();
    if (!trampoline_page)
        log_warn("no memory below 1 MiB: secondary CPUs stay off");
}

static bool state_move(unsigned int from, unsigned int to)
{
    return __atomic_compare_exchange_n(&ap_state, &from, to, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static bool state_await(unsigned int state, unsigned int us)
{
    for (; us >= POLL_US; us -= POLL_US) {
        if (__atomic_load_n(&ap_state, __ATOMIC_SEQ_CST) == state)
            return true;
        time_wait_us(POLL_US);
    }
    return false;
}

/* --- The new CPU's side --- */

void ap_main(struct percpu *p)
{
    percpu_load(p);
    paging_load();
    lapic_enable();
    time_cpu_init();
    machine_check_init();
    quirks_cpu_init();
    svm_cpu_init();
    cpus[p->cpu].id = p->cpu;
    /* Too late: given up, and the area is never used again. */
    while (!state_move(AP_CLAIMED, AP_READY))
        halt();
    tsc_sync_new_side();
    while (!state_move(AP_GO, AP_NONE))
        spin_relax();
    if (!p->cpu)
        serial_receive_init();
    cpu_loop(&cpus[p->cpu]);
}

/* --- The boot CPU's side --- */

static struct percpu *percpu_create(uint32_t apic_id, unsigned int cpu)
{
    mfn_t area, stack;

    if (page_alloc(NULL, STACK_ORDER, PAGE_ALLOC_ZERO, &area))
        return NULL;
    if (page_alloc(NULL, STACK_ORDER, 0, &stack)) {
        page_free(area, STACK_ORDER);
        return NULL;
    }
    ap_percpu = mfn_to_virt(area);
    percpu_init(ap_percpu, cpu, (uintptr_t)mfn_to_virt(stack));
    ap_percpu->apic_id = apic_id;
    ap_stack_end = ap_percpu->stack + CPU_STACK_BYTES;
    return ap_percpu;
}

static void percpu_destroy(struct percpu *p)
{
    page_free(virt_to_mfn((void *)p->stack), STACK_ORDER);
    page_free(virt_to_mfn(p), STACK_ORDER);
}

static bool cpu_wake(uint32_t apic_id)
{
    __atomic_store_n(&ap_state, AP_OFFERED, __ATOMIC_SEQ_CST);
    lapic_send_startup(apic_id, trampoline_page);
    if (state_await(AP_READY, SECOND_SIPI_US))
        return true;
    if (__atomic_load_n(&ap_state, __ATOMIC_SEQ_CST) == AP_OFFERED)
        lapic_send_startup(apic_id, trampoline_page);
    return state_await(AP_READY, ANSWER_MAX_US);
}

/* False: it answered at the last moment. The area of one that began and got
   lost is never used again. */
static bool cpu_give_up(struct percpu *p)
{
    if (state_move(AP_OFFERED, AP_NONE)) {
        percpu_destroy(p);
        return true;
    }
    return state_move(AP_CLAIMED, AP_NONE);
}

static bool cpu_start(uint32_t apic_id, unsigned int cpu)
{
    struct percpu *p = percpu_create(apic_id, cpu);

    if (!p) {
        log_error("cpu with apic id %u left out: no memory", apic_id);
        return false;
    }
    if (!cpu_wake(apic_id) && cpu_give_up(p)) {
        log_error("cpu with apic id %u does not answer: left out", apic_id);
        trampoline_kept = true; /* it may still come */
        return false;
    }
    percpus[cpu] = p;
    tsc_sync_boot_side();
    cpus[cpu].online = true;
    cpu_count = MAX(cpu_count, cpu + 1);
    __atomic_store_n(&ap_state, AP_GO, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&ap_state, __ATOMIC_SEQ_CST) != AP_NONE)
        spin_relax();
    return true;
}

/* Ids of the CPUs to start, without this one and without doubles. */
static unsigned int cpus_listed(uint32_t *ids, unsigned int max)
{
    const struct acpi_madt *madt = acpi_madt();
    unsigned int nr = 0;

    for (unsigned int i = 0; madt && i < madt->cpus; i++) {
        const struct acpi_cpu *c = &madt->cpu[i];
        bool known = c->apic_id == percpu_boot.apic_id;

        for (unsigned int j = 0; j < nr; j++)
            known = known || ids[j] == c->apic_id;
        if (!c->enabled || known)
            continue;
        if (c->apic_id > LAPIC_ID_MAX)
            log_warn("cpu with apic id %u left out: more than 8 bits",
                     c->apic_id);
        else if (nr < max)
            ids[nr++] = c->apic_id;
    }
    return nr;
}

static void cpus_start(const uint32_t *ids, unsigned int nr)
{
    memcpy(maddr_to_virt(trampoline_page), trampoline,
           trampoline_end - trampoline);
    ap_root = paging_root();
    for (unsigned int i = 0; i < nr; i++)
        lapic_send_init(ids[i]);
    time_wait_us(INIT_WAIT_US);
    for (unsigned int i = 0; i < nr; i++)
        if (&ids[i] != successor)
            (void)cpu_start(ids[i], cpu_count);
}

void smp_start(void)
{
    static uint32_t ids[CPU_MAX];
    unsigned int nr = cpus_listed(ids, CPU_MAX - 1);
    unsigned int limit = opt_maxcpus ? MIN(opt_maxcpus, CPU_MAX) : CPU_MAX;

    if (!opt_smp)
        limit = 1;
    if (opt_spare_boot_cpu && nr && trampoline_page) {
        trampoline_kept = true;
        successor = ids;
        limit++;
    }
    if (nr > limit - 1) {
        log_info("%u of %u cpus are used, as the command line says", limit,
                 nr + 1);
        nr = limit - 1;
    }
    if (nr && trampoline_page)
        cpus_start(ids, nr);
    if (trampoline_page && !trampoline_kept)
        page_free(_mfn(trampoline_page >> PAGE_SHIFT), 0);
    log_info("%u cpus online", cpu_count);
}

void smp_hand_over(void)
{
    if (!successor || !cpu_start(*successor, 0))
        return;
    for (;;) /* with interrupts off */
        halt();
}
