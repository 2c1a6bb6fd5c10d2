/* MSRs, control registers, exceptions. Source: SDM 3, APM 2. */
#include "cpu.h"
#include "suites.h"

enum {
    MSR_STAR = 0xc0000081,
    MSR_LSTAR = 0xc0000082,
    MSR_SYSCALL_MASK = 0xc0000084,
    MSR_FS_BASE = 0xc0000100,
    MSR_KERNEL_GS_BASE = 0xc0000102,
    MSR_SYSENTER_CS = 0x174,
    MSR_PAT = 0x277,
    MSR_MTRR_CAP = 0xfe,
    MSR_MTRR_DEFAULT = 0x2ff,
    MSR_NONE = 0xdeadbeef,
    EFER_SVME = 1 << 12,
    EFER_RESERVED = 1 << 2,
    ERROR_WRITE = 2,
    ERROR_PRESENT = 1,
    ERROR_FETCH = 16,
};

/* --- MSRs --- */

static void kept(uint32_t nr, uint64_t value)
{
    uint64_t before = msr_get(nr);

    msr_set(nr, value);
    SAME(msr_get(nr), value);
    msr_set(nr, before);
    SAME(msr_get(nr), before);
}

static void msr_syscall(void)
{
    kept(MSR_STAR, 0x0023001000000000);
    kept(MSR_LSTAR, 0xffff800000123456);
    kept(MSR_SYSCALL_MASK, 0x47700);
}

static void msr_bases(void)
{
    kept(MSR_FS_BASE, 0x123456789000);
    kept(MSR_KERNEL_GS_BASE, 0xffffffff80000000);
}

static void msr_sysenter(void)
{
    kept(MSR_SYSENTER_CS, 8);
}

static void msr_pat(void)
{
    kept(MSR_PAT, 0x0007040600070406);
}

static void msr_mtrr(void)
{
    uint64_t value;

    if (!(cpuid(1, 0).d & 1 << 12))
        test_skip("no MTRRs");
    CHECK(msr_try_get(MSR_MTRR_CAP, &value));
    CHECK(msr_try_get(MSR_MTRR_DEFAULT, &value));
    CHECK(!msr_try_set(MSR_MTRR_CAP, value));
}

static void msr_unknown(void)
{
    CHECK(!msr_try_get(MSR_NONE, NULL));
    CHECK(!msr_try_set(MSR_NONE, 0));
    SAME(this_cpu()->trap.vector, VECTOR_GP);
    SAME(this_cpu()->trap.error, 0);
}

static void efer(void)
{
    uint64_t value = msr_get(MSR_EFER);

    CHECK(value & 1 << 10 && value & 1 << 8); /* LMA, LME */
    CHECK(!(value & EFER_SVME));
    CHECK(!msr_try_set(MSR_EFER, value | EFER_RESERVED));
    CHECK(!msr_try_set(MSR_EFER, value | EFER_SVME));
    CHECK(!msr_try_set(MSR_EFER, value & ~(1ul << 8))); /* paging is on */
    msr_set(MSR_EFER, value | 1);
    SAME(msr_get(MSR_EFER), value | 1);
    msr_set(MSR_EFER, value);
}

static void msr_apic_base(void)
{
    uint64_t base = msr_get(MSR_APIC_BASE);

    SAME(base >> 12 << 12, 0xfee00000);
    CHECK(base & 1 << 8);  /* vCPU 0 is the first */
    CHECK(base & 1 << 11); /* on */
}

static long apic_base_here(void *arg)
{
    (void)arg;
    return (long)msr_get(MSR_APIC_BASE);
}

static void msr_apic_base_of_other(void)
{
    SAME(cpu_call(1, apic_base_here, NULL) >> 8 & 1, 0);
}

static void msr_hypercall_page(void)
{
    static char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
    uint32_t nr = cpuid(0x40000002, 0).b;

    msr_set(nr, (uintptr_t)page);
    CHECK(page[0] != 0); /* there is code now */
    SAME(bytes_same(page, hypercall_entry(0), 64), true);
    CHECK(!msr_try_set(nr, (uintptr_t)page | 5)); /* there is one page */
    CHECK(!msr_try_set(nr, gfn_free() * PAGE_BYTES));
}

static void msr_thermal(void)
{
    uint64_t value;

    CHECK(!msr_try_get(0x1a2, &value) || value == 0);
    CHECK(msr_try_get(0x8b, &value)); /* revision of the microcode */
}

/* --- Control registers --- */

static long set_cr0(void *value)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(value));
    return 0;
}

static long set_cr3(void *value)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(value));
    return 0;
}

static long set_cr4(void *value)
{
    __asm__ volatile("mov %0, %%cr4" ::"r"(value));
    return 0;
}

static uint64_t cr0(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static uint64_t cr4(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static void cr0_kept(void)
{
    uint64_t now = cr0();

    SAME(attempt(set_cr0, (void *)(now | 1 << 18)), 0);
    SAME(cr0(), now | 1 << 18); /* AM */
    SAME(attempt(set_cr0, (void *)now), 0);
}

static void cr4_refused(void)
{
    uint64_t now = cr4();

    SAME(attempt(set_cr4, (void *)(now | 1 << 13)), FAULTED - VECTOR_GP);
    SAME(attempt(set_cr4, (void *)(now | 1ul << 40)), FAULTED - VECTOR_GP);
    SAME(attempt(set_cr4, (void *)(now & ~(1ul << 5))), FAULTED - VECTOR_GP);
    SAME(cr4(), now);
}

static void cr3_reloads(void)
{
    uint64_t now;

    __asm__ volatile("mov %%cr3, %0" : "=r"(now));
    SAME(attempt(set_cr3, (void *)now), 0);
}

static void debug_registers(void)
{
    uint64_t value = 0x123456, found;

    __asm__ volatile("mov %1, %%dr0; mov %%dr0, %0" : "=r"(found) : "r"(value));
    SAME(found, value);
    __asm__ volatile("mov %0, %%dr0" ::"r"(0ul));
}

/* --- Exceptions --- */

static long undefined(void *arg)
{
    (void)arg;
    __asm__ volatile("ud2");
    return 0;
}

static void invalid_opcode(void)
{
    SAME(attempt(undefined, NULL), FAULTED - VECTOR_UD);
}

static long divide(void *by)
{
    uint32_t low = 1, high = 0;

    __asm__ volatile("divl %2"
                     : "+a"(low), "+d"(high)
                     : "r"((uint32_t)(uintptr_t)by));
    return low & 0;
}

static void divide_error(void)
{
    SAME(attempt(divide, NULL), FAULTED - VECTOR_DE);
    SAME(attempt(divide, (void *)3), 0);
}

static long breakpoint(void *arg)
{
    (void)arg;
    __asm__ volatile("int3");
    return 0;
}

static void breakpoint_trap(void)
{
    SAME(attempt(breakpoint, NULL), FAULTED - VECTOR_BP);
}

static long single_step(void *arg)
{
    (void)arg;
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" ::: "memory");
    return 0;
}

static void single_step_trap(void)
{
    uint64_t dr6;

    SAME(attempt(single_step, NULL), FAULTED - VECTOR_DB);
    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    CHECK(dr6 >> 14 & 1);
    __asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0ul));
}

/* A step over an instruction that the hypervisor carries out. */
static long step_over_cpuid(void *arg)
{
    (void)arg;
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf;"
                     "cpuid; nop; nop" ::"a"(0)
                     : "rbx", "rcx", "rdx", "memory");
    return 0;
}

static void single_step_over_exit(void)
{
    SAME(attempt(step_over_cpuid, NULL), FAULTED - VECTOR_DB);
}

static long touch_watched(void *at)
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" ::"r"(at),
                     "r"(0x00010402ul));
    *(volatile char *)at = 1;
    __asm__ volatile("nop");
    return 0;
}

static void watchpoint(void)
{
    static char watched[8] __attribute__((aligned(8)));
    uint64_t dr6;

    SAME(attempt(touch_watched, watched), FAULTED - VECTOR_DB);
    __asm__ volatile("mov %%dr6, %0; mov %1, %%dr7"
                     : "=&r"(dr6)
                     : "r"(0x400ul));
    CHECK(dr6 & 1);
    __asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0ul));
}

static long touch(void *at)
{
    return *(volatile char *)at & 0;
}

static long scribble(void *at)
{
    *(volatile char *)at = 1;
    return 0;
}

static long run_at(void *at)
{
    return ((long (*)(void))at)();
}

static void page_fault_read(void)
{
    SAME(attempt(touch, (char *)UNMAPPED + 123), FAULTED - VECTOR_PF);
    SAME(this_cpu()->trap.error, 0);
    SAME(this_cpu()->trap_address, (uintptr_t)UNMAPPED + 123);
}

static void page_fault_write(void)
{
    SAME(attempt(scribble, (char *)UNMAPPED + 77), FAULTED - VECTOR_PF);
    SAME(this_cpu()->trap.error, ERROR_WRITE);
    SAME(this_cpu()->trap_address, (uintptr_t)UNMAPPED + 77);
}

static void page_fault_protected(void)
{
    if (in_control) {
        SAME(attempt(touch, READ_ONLY), 0);
    }
    SAME(attempt(scribble, READ_ONLY), FAULTED - VECTOR_PF);
    SAME(this_cpu()->trap.error, ERROR_WRITE | ERROR_PRESENT);
}

static void page_fault_fetch(void)
{
    SAME(attempt(run_at, UNMAPPED), FAULTED - VECTOR_PF);
    CHECK(this_cpu()->trap.error == ERROR_FETCH || !this_cpu()->trap.error);
    SAME(this_cpu()->trap.rip, (uintptr_t)UNMAPPED);
}

static void not_canonical(void)
{
    SAME(attempt(touch, NON_CANONICAL), FAULTED - VECTOR_GP);
    SAME(this_cpu()->trap.error, 0);
}

static long load_segment(void *selector)
{
    __asm__ volatile("mov %w0, %%es" ::"r"(selector));
    return 0;
}

static void bad_selector(void)
{
    SAME(attempt(load_segment, (void *)0x1230), FAULTED - VECTOR_GP);
    SAME(this_cpu()->trap.error, 0x1230);
}

static long no_fpu(void *arg)
{
    uint64_t value = cr0();

    (void)arg;
    __asm__ volatile("mov %0, %%cr0" ::"r"(value | 8)); /* TS */
    __asm__ volatile("fnop");
    return 0;
}

static void device_not_available(void)
{
    SAME(attempt(no_fpu, NULL), FAULTED - VECTOR_NM);
    __asm__ volatile("clts");
}

static long vmrun(void *arg)
{
    (void)arg;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd8" ::"a"(0ul));
    return 0;
}

static long vmcall_of_others(void *arg)
{
    (void)arg;
    __asm__ volatile(".byte 0x0f, 0x01, 0xdf" ::"a"(0ul)); /* invlpga */
    return 0;
}

static void no_nesting(void)
{
    SAME(attempt(vmrun, NULL), FAULTED - VECTOR_UD);
    SAME(attempt(vmcall_of_others, NULL), FAULTED - VECTOR_UD);
}

static long monitor(void *arg)
{
    __asm__ volatile("monitor" ::"a"(arg), "c"(0ul), "d"(0ul));
    return 0;
}

static void monitor_refused(void)
{
    static char at[64];

    SAME(attempt(monitor, at), FAULTED - VECTOR_UD);
}

static long set_xcr0(void *value)
{
    __asm__ volatile("xsetbv" ::"a"((uint32_t)(uintptr_t)value), "d"(0),
                     "c"(0));
    return 0;
}

static void xsetbv_off(void)
{
    if (cr4() >> 18 & 1)
        test_skip("OSXSAVE is on");
    SAME(attempt(set_xcr0, (void *)1), FAULTED - VECTOR_UD);
}

/* --- Ring 3 --- */

static long user_hlt(long a, long b)
{
    __asm__ volatile("hlt");
    return a + b;
}

static long user_add(long a, long b)
{
    return a + b;
}

static void ring_3(void)
{
    SAME(user_call(user_add, 40, 2), 42);
    SAME(this_cpu()->trap.cs & 3, 3);
}

static void ring_3_privileged(void)
{
    SAME(user_attempt(user_hlt, 1, 2), FAULTED - VECTOR_GP);
    SAME(this_cpu()->trap.cs & 3, 3);
}

const struct test cpu_tests[] = {
    TEST(msr_syscall, "Registers of SYSCALL MUST be kept."),
    TEST(msr_bases, "Bases of segments MUST be kept."),
    TEST(msr_sysenter, "Registers of SYSENTER MUST be kept."),
    TEST(msr_pat, "Page attributes MUST be kept."),
    TEST(msr_mtrr, "Memory types MUST be readable where they are shown."),
    TEST(msr_unknown, "Unknown registers MUST raise #GP."),
    TEST(efer, "EFER MUST be kept, wrong bits raise #GP."),
    TEST(msr_apic_base, "vCPU 0 MUST be the first, its APIC on."),
    TEST(msr_apic_base_of_other, "vCPU 1 MUST NOT be the first."),
    TEST(msr_hypercall_page, "A page of calls MUST be placed where we say."),
    TEST(msr_thermal, "What others read at start MUST do no harm."),
    TEST(cr0_kept, "CR0 MUST be kept."),
    TEST_GUEST(cr4_refused, "Bits that are not shown MUST raise #GP."),
    TEST(cr3_reloads, "CR3 MUST be loaded."),
    TEST(debug_registers, "Debug registers MUST be kept."),
    TEST(invalid_opcode, "#UD MUST reach the guest."),
    TEST(divide_error, "#DE MUST reach the guest."),
    TEST(breakpoint_trap, "#BP MUST reach the guest."),
    TEST(single_step_trap, "A single step MUST raise #DB."),
    TEST(single_step_over_exit, "A step over CPUID MUST raise #DB."),
    TEST(watchpoint, "A watched write MUST raise #DB."),
    TEST(page_fault_read, "#PF MUST tell the address and a read."),
    TEST(page_fault_write, "#PF MUST tell the address and a write."),
    TEST(page_fault_protected, "#PF MUST tell a page that is there."),
    TEST(page_fault_fetch, "#PF MUST tell where code is missing."),
    TEST(not_canonical, "An address that cannot be MUST raise #GP."),
    TEST(bad_selector, "#GP MUST tell the selector."),
    TEST(device_not_available, "#NM MUST reach the guest."),
    TEST(no_nesting, "VMRUN and INVLPGA MUST raise #UD."),
    TEST(monitor_refused, "MONITOR is not shown: #UD."),
    TEST(xsetbv_off, "XSETBV without OSXSAVE MUST raise #UD."),
    TEST(ring_3, "Ring 3 MUST run and come back."),
    TEST(ring_3_privileged, "HLT in ring 3 MUST raise #GP."),
    {0},
};
