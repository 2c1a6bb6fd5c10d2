/*
 * Fatal reports: registers, where we were, who else was running, then the end.
 *
 * Runs in any state, so it takes no lock and writes straight to the serial port.
 * The first CPU here stops the others by NMI before it prints.
 */
#include "x86/panic.h"

#include "x86/insn.h"
#include "x86/lapic.h"
#include "x86/machine_check.h"
#include "x86/paging.h"
#include "x86/percpu.h"

#include "base/fmt.h"
#include "hv/arch.h"
#include "hv/log.h"
#include "hv/option.h"

#define BACKTRACE_MAX   24
#define LINE_BYTES      160
#define STOP_WAIT_SPINS 1000000
#define NOBODY          (~0U)
#define PORT_NMI_STATUS 0x61
#define NMI_SERR        0x80
#define NMI_IOCHK       0x40

static unsigned int panic_cpu = NOBODY; /* [a] */
static unsigned int stopped;            /* [a] CPUs that obeyed the NMI */

void panic_say(const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_vprint(line, sizeof(line), fmt, ap);
    va_end(ap);
    arch_serial_write(line, MIN((size_t)n, sizeof(line) - 1));
    arch_serial_write("\n", 1);
}

static void say_address(const char *what, uintptr_t a)
{
    unsigned long offset = 0;
    const char *name = symbol_find(a, &offset);

    if (name)
        panic_say("%s %016lx %s+0x%lx", what, a, name, offset);
    else
        panic_say("%s %016lx", what, a);
}

static void say_backtrace(uintptr_t fp)
{
    uintptr_t last = 0;

    for (unsigned int i = 0; i < BACKTRACE_MAX; i++) {
        const uintptr_t *frame = (const uintptr_t *)fp;

        if (fp % 8 || fp <= last || !address_mapped(fp) ||
            !address_mapped(fp + 15))
            break;
        if (!frame[1])
            break;
        say_address("  called from", frame[1]);
        last = fp;
        fp = frame[0];
    }
}

static void say_registers(const struct trap_frame *f)
{
    panic_say("rax %016lx  rbx %016lx  rcx %016lx", f->rax, f->rbx, f->rcx);
    panic_say("rdx %016lx  rsi %016lx  rdi %016lx", f->rdx, f->rsi, f->rdi);
    panic_say("rbp %016lx  rsp %016lx  r8  %016lx", f->rbp, f->rsp, f->r8);
    panic_say("r9  %016lx  r10 %016lx  r11 %016lx", f->r9, f->r10, f->r11);
    panic_say("r12 %016lx  r13 %016lx  r14 %016lx", f->r12, f->r13, f->r14);
    panic_say("r15 %016lx  rflags %08lx  cs %04lx  ss %04lx", f->r15, f->rflags,
              f->cs, f->ss);
    panic_say("cr0 %016lx  cr2 %016lx  cr3 %016lx  cr4 %lx", read_cr0(),
              read_cr2(), read_cr3(), read_cr4());
}

/* Code that runs with a guest's rbp has no frame chain: what looks like a return
   address on this CPU's stack has to do. */
static void say_stack(const struct percpu *p, uintptr_t rsp)
{
    unsigned int said = 0;
    unsigned long offset;

    for (uintptr_t a = ALIGN_UP(rsp, 8);
         a >= p->stack && a < p->stack + CPU_STACK_BYTES &&
         said < BACKTRACE_MAX;
         a += 8) {
        if (!symbol_find(*(const uintptr_t *)a, &offset))
            continue;
        say_address("  perhaps called from", *(const uintptr_t *)a);
        said++;
    }
}

static void say_fault(const struct percpu *p, const struct trap_frame *f)
{
    say_registers(f);
    say_address("at", f->rip);
    if (f->rbp - p->stack < CPU_STACK_BYTES)
        say_backtrace(f->rbp);
    else
        say_stack(p, f->rsp);
}

static void say_running(unsigned int cpu)
{
    const struct vcpu *v = cpus[cpu].current;

    if (v)
        panic_say("cpu%u running d%uv%u", cpu, v->domain->id, v->id);
    else
        panic_say("cpu%u running no vcpu", cpu);
}

static NORETURN void halt_forever(void)
{
    for (;;) {
        interrupts_off();
        halt();
    }
}

/* Another CPU reports: this one got its NMI, or came second. */
static NORETURN void stop_here(void)
{
    __atomic_add_fetch(&stopped, 1, __ATOMIC_SEQ_CST);
    halt_forever();
}

static void stop_others(void)
{
    unsigned int others = cpu_count ? cpu_count - 1 : 0;

    if (!others)
        return;
    lapic_nmi_others();
    for (unsigned int i = 0; i < STOP_WAIT_SPINS; i++) {
        if (__atomic_load_n(&stopped, __ATOMIC_SEQ_CST) >= others)
            return;
        spin_relax();
    }
    panic_say("only %u of %u other CPUs stopped", stopped, others);
}

static NORETURN void end(void)
{
    if (opt_noreboot) {
        panic_say("halted (option noreboot)");
        halt_forever();
    }
    arch_reboot();
}

/* Are we first? Others that fault meanwhile wait for the NMI. */
static bool panic_claim(unsigned int cpu)
{
    unsigned int nobody = NOBODY;

    return __atomic_compare_exchange_n(&panic_cpu, &nobody, cpu, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
           nobody == cpu;
}

void arch_panic_stop(void)
{
    struct percpu *p = percpu_self();

    interrupts_off();
    if (!panic_claim(p->cpu))
        stop_here();
    if (p->panics++) {
        /* Rebooting may fault as well: it is tried once. */
        if (p->panics > 2)
            halt_forever();
        panic_say("another fault while reporting this one");
        end();
    }
    stop_others();
    say_running(p->cpu);
    if (p->fault)
        say_fault(p, p->fault);
    else
        say_backtrace((uintptr_t)__builtin_frame_address(0));
    end();
}

/* Those that a bug in the hypervisor can cause, or hardware. */
static const char *const trap_names[TRAP_LIMIT] = {
    [0] = "divide error",
    [2] = "NMI",
    [3] = "breakpoint",
    [6] = "invalid opcode",
    [7] = "device not available",
    [8] = "double fault",
    [11] = "segment not present",
    [12] = "stack fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [18] = "machine check",
};

static NORETURN void nmi_report(void)
{
    uint8_t why = inb(PORT_NMI_STATUS);

    panic("NMI: %s", why & NMI_SERR    ? "memory or PCI system error"
                     : why & NMI_IOCHK ? "I/O check"
                                       : "unknown source");
}

void trap_report(const struct trap_frame *f)
{
    struct percpu *p = percpu_self();
    const char *name = trap_names[f->vector];
    unsigned int reporter = __atomic_load_n(&panic_cpu, __ATOMIC_SEQ_CST);

    if (f->vector == TRAP_NMI && reporter != NOBODY && reporter != p->cpu)
        stop_here();
    if (p->panics)
        arch_panic_stop();
    p->fault = f;
    if (f->vector == TRAP_NMI)
        nmi_report();
    if (f->vector == TRAP_MACHINE_CHECK)
        machine_check_say();
    if (f->vector == TRAP_PAGE_FAULT)
        panic("page fault at %lx, error %lx", read_cr2(), f->error);
    panic("%s (trap %lu), error %lx", name ? name : "unexpected", f->vector,
          f->error);
}

void boot_refuse(const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;

    va_start(ap, fmt);
    fmt_vprint(line, sizeof(line), fmt, ap);
    va_end(ap);
    log_error("%s", line);
    end();
}
