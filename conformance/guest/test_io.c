/* Ports and memory where nothing answers. Source: public/arch-x86/hvm/start_info.h
   (a PVH guest has a local APIC and no other device). */
#include "cpu.h"
#include "suites.h"

enum {
    PORT_NOBODY = 0x5e0,
};

static uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint16_t in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %w1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %w1" ::"a"(value), "Nd"(port));
}

/* --- Ports --- */

static void ports_read_ones(void)
{
    SAME(in8(PORT_NOBODY), 0xff);
    SAME(in16(PORT_NOBODY), 0xffff);
    SAME(in32(PORT_NOBODY), 0xffffffff);
}

static void ports_keep_the_rest(void)
{
    uint64_t rax = 0x1122334455667788;

    __asm__ volatile("inb %w1, %%al" : "+a"(rax) : "d"(PORT_NOBODY));
    SAME(rax, 0x11223344556677ff);
    rax = 0x1122334455667788;
    __asm__ volatile("inw %w1, %%ax" : "+a"(rax) : "d"(PORT_NOBODY));
    SAME(rax, 0x112233445566ffff);
    rax = 0x1122334455667788;
    __asm__ volatile("inl %w1, %%eax" : "+a"(rax) : "d"(PORT_NOBODY));
    SAME(rax, 0xffffffff);
}

static void ports_take_writes(void)
{
    out8(PORT_NOBODY, 0x5a);
    __asm__ volatile("outw %w0, %w1" ::"a"(0x1234), "d"(PORT_NOBODY));
    __asm__ volatile("outl %0, %w1" ::"a"(0x12345678), "d"(PORT_NOBODY));
    SAME(in8(PORT_NOBODY), 0xff);
}

static void port_strings(void)
{
    static uint8_t buffer[16];
    void *to = buffer;
    unsigned long count = 8;

    bytes_set(buffer, 0x11, sizeof(buffer));
    __asm__ volatile("rep insb"
                     : "+D"(to), "+c"(count)
                     : "d"(PORT_NOBODY)
                     : "memory");
    SAME(count, 0);
    SAME((uint8_t *)to - buffer, 8);
    SAME(buffer[7], 0xff);
    SAME(buffer[8], 0x11);
}

static long insb_at(void *at)
{
    unsigned long count = 4;

    __asm__ volatile("rep insb"
                     : "+D"(at), "+c"(count)
                     : "d"(PORT_NOBODY)
                     : "memory");
    return 0;
}

static void port_string_faults(void)
{
    SAME(attempt(insb_at, UNMAPPED), FAULTED - VECTOR_PF);
    SAME(this_cpu()->trap_address, (uintptr_t)UNMAPPED);
    SAME(attempt(insb_at, READ_ONLY), FAULTED - VECTOR_PF);
}

static long user_in(long port, long unused)
{
    return in8((uint16_t)port) + unused * 0;
}

static void ports_of_ring_3(void)
{
    SAME(user_attempt(user_in, PORT_NOBODY, 0), FAULTED - VECTOR_GP);
}

static long step_over_port(void *arg)
{
    (void)arg;
    __asm__ volatile(
        "pushf; orl $0x100, (%%rsp); popf; inb %w0, %%al; nop; nop" ::"d"(
            PORT_NOBODY)
        : "rax", "memory");
    return 0;
}

static void step_over_in(void)
{
    SAME(attempt(step_over_port, NULL), FAULTED - VECTOR_DB);
    __asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0ul));
}

/* --- Memory --- */

static volatile void *hole(void)
{
    static volatile void *at;

    if (!at)
        at = memory_at(gfn_apart());
    return at;
}

static void hole_reads_ones(void)
{
    SAME(*(volatile uint8_t *)hole(), 0xff);
    SAME(*(volatile uint16_t *)hole(), 0xffff);
    SAME(*(volatile uint32_t *)hole(), 0xffffffff);
    SAME(*(volatile uint64_t *)hole(), -1);
}

static void hole_takes_writes(void)
{
    *(volatile uint8_t *)hole() = 1;
    *(volatile uint16_t *)hole() = 2;
    *(volatile uint32_t *)hole() = 3;
    *(volatile uint64_t *)hole() = 4;
    SAME(*(volatile uint32_t *)hole(), 0xffffffff);
}

static void hole_extends(void)
{
    uint64_t zero, sign;

    __asm__ volatile("movzbl (%1), %k0" : "=r"(zero) : "r"(hole()));
    SAME(zero, 0xff);
    __asm__ volatile("movsbq (%1), %0" : "=r"(sign) : "r"(hole()));
    SAME(sign, -1);
    __asm__ volatile("movslq (%1), %0" : "=r"(sign) : "r"(hole()));
    SAME(sign, -1);
}

static void hole_arithmetic(void)
{
    uint64_t value = 0x1234;

    __asm__ volatile("andl (%1), %k0" : "+r"(value) : "r"(hole()));
    SAME(value, 0x1234);
    __asm__ volatile("orq (%1), %0" : "+r"(value) : "r"(hole()));
    SAME(value, -1);
    value = 1;
    __asm__ volatile("addl (%1), %k0" : "+r"(value) : "r"(hole()));
    SAME(value, 0);
}

static void hole_compares(void)
{
    uint8_t equal;

    __asm__ volatile("cmpl $-1, (%1); sete %0" : "=r"(equal) : "r"(hole()));
    SAME(equal, 1);
    __asm__ volatile("testb $1, (%1); setnz %0" : "=r"(equal) : "r"(hole()));
    SAME(equal, 1);
}

static void hole_in_strings(void)
{
    static uint8_t buffer[32];
    const volatile void *from = hole();
    void *to = buffer;
    unsigned long count = 4;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    SAME(count, 0);
    SAME(buffer[0], 0xff);
    SAME(buffer[31], 0xff);
    to = (void *)hole();
    count = 4;
    __asm__ volatile("rep stosl"
                     : "+D"(to), "+c"(count)
                     : "a"(0x5a5a5a5a)
                     : "memory");
    SAME(count, 0);
}

static void hole_exchanged(void)
{
    uint64_t value = 77;

    __asm__ volatile("xchgl %k0, (%1)" : "+r"(value) : "r"(hole()) : "memory");
    SAME(value, 0xffffffff);
}

static void into_hole_from_memory(void)
{
    char *pages = pages_new(1, 1);
    xen_pfn_t gfn = gfn_of(pages_new(1, 1));
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &gfn);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r), 1);
    SAME(gfn_of(pages) + 1, gfn);
    /* Four bytes of memory, four of the page that was given back. */
    SAME(*(volatile uint32_t *)(pages + PAGE_BYTES - 4), 0);
    SAME(*(volatile uint32_t *)(pages + PAGE_BYTES), 0xffffffff);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), 1);
}

static void beyond_address_size(void)
{
    CHECK(gfn_free() * PAGE_BYTES < 1ul << (cpuid(0x80000008, 0).a & 0xff));
}

const struct test io_tests[] = {
    TEST_GUEST(ports_read_ones, "A port without a device MUST read ones."),
    TEST_GUEST(ports_keep_the_rest, "A narrow read MUST keep the rest."),
    TEST_GUEST(ports_take_writes, "A port without a device takes writes."),
    TEST_GUEST(port_strings, "INS MUST fill memory and count."),
    TEST_GUEST(port_string_faults, "INS to nowhere MUST raise #PF."),
    TEST(ports_of_ring_3, "A port in ring 3 MUST raise #GP."),
    TEST_GUEST(step_over_in, "A step over IN MUST raise #DB."),
    TEST_GUEST(hole_reads_ones, "A hole MUST read ones of any width."),
    TEST_GUEST(hole_takes_writes, "A hole MUST take writes and keep none."),
    TEST_GUEST(hole_extends, "A read that extends MUST extend ones."),
    TEST_GUEST(hole_arithmetic, "Arithmetic with a hole MUST see ones."),
    TEST_GUEST(hole_compares, "Comparisons with a hole MUST see ones."),
    TEST_GUEST(hole_in_strings, "Strings from and to a hole MUST be moved."),
    TEST_GUEST(hole_exchanged, "An exchange with a hole MUST see ones."),
    TEST_GUEST(into_hole_from_memory, "A page given back MUST read ones."),
    TEST(beyond_address_size, "Holes lie within the size of addresses."),
    {0},
};
