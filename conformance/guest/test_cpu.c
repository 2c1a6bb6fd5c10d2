/* CPUID, MSRs, exceptions, time. Source: public/arch-x86/cpuid.h, SDM, APM. */
#include "suites.h"

struct leaf {
    uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t nr, uint32_t sub)
{
    struct leaf l = {.a = nr, .c = sub};

    __asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l;
}

static void signature(void)
{
    struct leaf l = cpuid(0x40000000, 0);

    SAME(l.b, 0x566e6558); /* XenVMMXenVMM */
    SAME(l.c, 0x65584d4d);
    SAME(l.d, 0x4d4d566e);
    CHECK(l.a >= 0x40000002);
    CHECK(cpuid(1, 0).c >> 31 & 1);
}

static void leaf_version(void)
{
    SAME(cpuid(0x40000001, 0).a,
         CALL2(__HYPERVISOR_xen_version, XENVER_version, NULL));
    SAME(cpuid(0x40000002, 0).a, 1); /* pages of hypercalls */
}

static void unknown_leaf(void)
{
    struct leaf l = cpuid(0x400000fe, 0);

    SAME(l.a | l.b | l.c | l.d, 0);
}

static long read_msr(void *nr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr"
                     : "=a"(low), "=d"(high)
                     : "c"((uint32_t)(uintptr_t)nr));
    return 0;
}

static long write_msr(void *nr)
{
    __asm__ volatile("wrmsr" ::"c"((uint32_t)(uintptr_t)nr), "a"(-1), "d"(-1));
    return 0;
}

static void msr(void)
{
    SAME(attempt(read_msr, (void *)0xc0000080), 0);
    SAME(attempt(read_msr, (void *)0xdeadbeef), FAULTED - VECTOR_GP);
    SAME(attempt(write_msr, (void *)0xdeadbeef), FAULTED - VECTOR_GP);
    SAME(attempt(write_msr, (void *)0xc0000080), FAULTED - VECTOR_GP);
}

static long undefined(void *arg)
{
    (void)arg;
    __asm__ volatile("ud2");
    return 0;
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

static void exceptions(void)
{
    SAME(attempt(undefined, NULL), FAULTED - VECTOR_UD);
    SAME(attempt(touch, NON_CANONICAL), FAULTED - VECTOR_GP);
    SAME(attempt(touch, UNMAPPED), FAULTED - VECTOR_PF);
    SAME(attempt(touch, READ_ONLY), 0);
    SAME(attempt(scribble, READ_ONLY), FAULTED - VECTOR_PF);
}

static long virtualise(void *arg)
{
    (void)arg;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd8" ::"a"(0ul)); /* vmrun */
    return 0;
}

static void no_nesting(void)
{
    long result = attempt(virtualise, NULL);

    CHECK(result == FAULTED - VECTOR_UD || result == FAULTED - VECTOR_GP);
}

static void clock(void)
{
    uint64_t before = clock_ns();

    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_ns();

        CHECK(now >= before);
        before = now;
    }
    CHECK(before > 0);
}

static void wall_clock(void)
{
    CHECK(!(shared_info->wc_version & 1));
    CHECK(shared_info->wc_sec > 1500000000);
}

const struct test cpu_tests[] = {
    {"signature", "The leaves of Xen MUST be there.", signature},
    {"leaf_version", "CPUID and xen_version MUST agree.", leaf_version},
    {"unknown_leaf", "Leaves that are not there MUST be zero.", unknown_leaf},
    {"msr", "Unknown registers and reserved bits MUST raise #GP.", msr},
    {"exceptions", "Exceptions MUST reach the guest with their vector.",
     exceptions},
    {"no_nesting", "VMRUN MUST be refused.", no_nesting},
    {"clock", "The PV clock MUST never go back.", clock},
    {"wall_clock", "The wall clock MUST be set.", wall_clock},
    {0},
};
