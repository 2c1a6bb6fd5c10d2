/* Leaves of CPUID. Source: public/arch-x86/cpuid.h, SDM 2A, APM 3. */
#include "cpu.h"
#include "suites.h"

#include <xen/arch-x86/cpuid.h>

enum {
    XEN_LEAVES = 0x40000000,
    HYPERVISOR_BIT = 31, /* of leaf 1, ECX */
};

static void signature(void)
{
    struct leaf l = cpuid(XEN_LEAVES, 0);

    SAME(l.b, XEN_CPUID_SIGNATURE_EBX);
    SAME(l.c, XEN_CPUID_SIGNATURE_ECX);
    SAME(l.d, XEN_CPUID_SIGNATURE_EDX);
    CHECK(l.a >= XEN_LEAVES + 4);
    CHECK(l.a < XEN_LEAVES + 0x100);
}

static void hypervisor_bit(void)
{
    CHECK(cpuid(1, 0).c >> HYPERVISOR_BIT & 1);
}

static void version(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 1, 0);

    SAME(l.a, CALL2(__HYPERVISOR_xen_version, XENVER_version, NULL));
    SAME(l.b | l.c | l.d, 0);
}

static void hypercall_pages(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 2, 0);

    SAME(l.a, 1);
    SAME(l.b, XEN_LEAVES); /* the register that places it */
}

static void time_of_guest(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 3, 0);

    CHECK(l.c > 1000); /* kHz of the TSC */
    SAME(cpuid(XEN_LEAVES + 3, 1).c, cpuid(XEN_LEAVES + 3, 1).c);
    CHECK(cpuid(XEN_LEAVES + 3, 2).a > 1000); /* kHz of the machine's */
}

static void hvm_features(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 4, 0);

    CHECK(l.a & XEN_HVM_CPUID_VCPU_ID_PRESENT);
    SAME(l.b, this_cpu()->nr);
}

static void hvm_domid(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 4, 0);

    if (!(l.a & XEN_HVM_CPUID_DOMID_PRESENT))
        test_skip("the leaf does not tell the domain");
    SAME(l.c, own_domid());
}

static long vcpu_id_here(void *arg)
{
    (void)arg;
    return cpuid(XEN_LEAVES + 4, 0).b;
}

static void hvm_vcpu_id(void)
{
    SAME(cpu_call(1, vcpu_id_here, NULL), 1);
}

static void beyond_the_last(void)
{
    struct leaf l = cpuid(XEN_LEAVES + 0xfe, 0);

    SAME(l.a | l.b | l.c | l.d, 0);
    l = cpuid(cpuid(XEN_LEAVES, 0).a + 1, 0);
    SAME(l.a | l.b | l.c | l.d, 0);
}

static void needs(void)
{
    CHECK(cpuid(0, 0).a >= 1);
    CHECK(cpuid(1, 0).d & 1 << 9);  /* a local APIC */
    CHECK(cpuid(1, 0).d & 1 << 25); /* SSE */
    CHECK(cpuid(0x80000000, 0).a >= 0x80000008);
    CHECK(cpuid(0x80000001, 0).d & 1 << 29); /* long mode */
    CHECK(cpuid(0x80000001, 0).d & 1 << 11); /* SYSCALL */
}

static void no_vmx_svm(void)
{
    CHECK(!(cpuid(1, 0).c & 1 << 5));
    CHECK(!(cpuid(0x80000001, 0).c & 1 << 2));
}

static void no_monitor(void)
{
    CHECK(!(cpuid(1, 0).c & 1 << 3)); /* MWAIT would be #UD */
}

static void address_sizes(void)
{
    uint32_t a = cpuid(0x80000008, 0).a;

    CHECK((a & 0xff) >= 36 && (a & 0xff) <= 52);
    SAME(a >> 8 & 0xff, 48);
}

static void apic_id(void)
{
    SAME(cpuid(1, 0).b >> 24, this_cpu()->nr * 2);
    SAME(lapic_read(LAPIC_ID) >> 24, this_cpu()->nr * 2);
}

static long apic_id_here(void *arg)
{
    (void)arg;
    SAME(lapic_read(LAPIC_ID) >> 24, cpuid(1, 0).b >> 24);
    return cpuid(1, 0).b >> 24;
}

static void apic_id_of_other(void)
{
    SAME(cpu_call(1, apic_id_here, NULL), 2);
}

static void osxsave_follows(void)
{
    uint64_t cr4;

    if (!(cpuid(1, 0).c & 1 << 26))
        test_skip("no XSAVE");
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    SAME(cpuid(1, 0).c >> 27 & 1, cr4 >> 18 & 1);
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | 1 << 18));
    CHECK(cpuid(1, 0).c >> 27 & 1);
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
}

/* Leaves that must not differ from one vCPU to another. */
static const uint32_t constant[] = {
    0,          6,          7,          0x40000000, 0x40000001, 0x40000002,
    0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000008};

static long leaf_here(void *arg)
{
    struct leaf *l = arg;

    *l = cpuid(l->a, 0);
    return 0;
}

static void same_on_all(void)
{
    for (size_t i = 0; i < sizeof(constant) / sizeof(*constant); i++) {
        struct leaf here = {.a = constant[i]}, there = {.a = constant[i]};

        leaf_here(&here);
        SAME(cpu_call(1, leaf_here, &there), 0);
        CHECK(bytes_same(&here, &there, sizeof(here)));
    }
}

static void features_same_on_all(void)
{
    struct leaf here = {.a = 1}, there = {.a = 1};

    leaf_here(&here);
    SAME(cpu_call(1, leaf_here, &there), 0);
    SAME(here.a, there.a);
    SAME(here.c, there.c);
    SAME(here.d, there.d);
    SAME(here.b & 0xffff, there.b & 0xffff);
}

static long cpuid_in_user(long leaf, long sub)
{
    struct leaf l = {.a = (uint32_t)leaf, .c = (uint32_t)sub};

    __asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
    return l.b;
}

static void in_ring_3(void)
{
    SAME(user_call(cpuid_in_user, XEN_LEAVES, 0), XEN_CPUID_SIGNATURE_EBX);
}

const struct test cpuid_tests[] = {
    TEST(signature, "The leaves of Xen MUST be there."),
    TEST(hypervisor_bit, "A guest MUST be told that it is one."),
    TEST(version, "CPUID and xen_version MUST agree."),
    TEST(hypercall_pages, "A page of hypercalls and its register."),
    TEST(time_of_guest, "The rates of the clocks MUST be told."),
    TEST(hvm_features, "The number of the vCPU MUST be told."),
    TEST(hvm_domid, "The number of the domain MUST be right."),
    TEST(hvm_vcpu_id, "Each vCPU MUST be told its own number."),
    TEST(beyond_the_last, "Leaves that are not there MUST be zero."),
    TEST(needs, "What every kernel needs MUST be there."),
    TEST(no_vmx_svm, "Virtualisation MUST NOT be shown."),
    TEST(no_monitor, "MONITOR MUST NOT be shown."),
    TEST(address_sizes, "Sizes of addresses MUST be told."),
    TEST(apic_id, "The id of the APIC MUST be twice the vCPU's number."),
    TEST(apic_id_of_other, "CPUID and the APIC MUST agree."),
    TEST(osxsave_follows, "OSXSAVE MUST follow CR4."),
    TEST(same_on_all, "Leaves MUST be the same on all vCPUs."),
    TEST(features_same_on_all, "Features MUST be the same on all vCPUs."),
    TEST(in_ring_3, "Ring 3 MUST see the leaves of Xen."),
    {0},
};
