/* The border itself: unknown calls, multicalls, arguments at the edge. */
#include "suites.h"

static void unknown(void)
{
    SAME(CALL1(__HYPERVISOR_xen_version + 40, 0), NEG_ENOSYS);
    SAME(CALL1(63, 0), NEG_ENOSYS);
}

static void multicall(void)
{
    struct multicall_entry calls[3] = {
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize}},
        {.op = 63},
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
    };

    SAME(CALL2(__HYPERVISOR_multicall, calls, 3), 0);
    SAME(calls[0].result, PAGE_BYTES);
    SAME(calls[1].result, NEG_ENOSYS);
    CHECK((long)calls[2].result >> 16 == 4);
}

static void multicall_refused(void)
{
    SAME(CALL2(__HYPERVISOR_multicall, UNMAPPED, 1), NEG_EFAULT);
    SAME(CALL2(__HYPERVISOR_multicall, NON_CANONICAL, 1), NEG_EFAULT);
    SAME(CALL2(__HYPERVISOR_multicall, NULL, 0), 0);
}

/* A structure that begins on the last bytes before the hole. */
static void crossing(void)
{
    struct evtchn_status *s = (void *)((char *)UNMAPPED - 4);

    *(uint32_t *)s = DOMID_SELF;
    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_status, s), NEG_EFAULT);
}

static void console(void)
{
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, 5, UNMAPPED),
         NEG_EFAULT);
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, 0, UNMAPPED), 0);
    SAME(CALL3(__HYPERVISOR_console_io, 99, 0, NULL), NEG_ENOSYS);
}

static void registers_kept(void)
{
    unsigned long rbx = 0x1122334455667788, r12 = 0x99aabbccddeeff00, b, c;
    const void *entry = hypercall_entry(__HYPERVISOR_xen_version);

    __asm__ volatile("mov %[rbx], %%rbx; mov %[r12], %%r12;"
                     "mov $7, %%edi; xor %%esi, %%esi; call *%[entry];"
                     "mov %%rbx, %[b]; mov %%r12, %[c]"
                     : [b] "=m"(b), [c] "=m"(c), [entry] "+a"(entry)
                     : [rbx] "m"(rbx), [r12] "m"(r12)
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
                       "r11", "r12", "memory");
    SAME(b, rbx);
    SAME(c, r12);
}

const struct test border_tests[] = {
    TEST(unknown, "Unknown hypercalls MUST answer -ENOSYS."),
    TEST(multicall, "Each call of a list MUST have its own result."),
    TEST(multicall_refused, "Lists that are not there."),
    TEST(crossing, "An argument that runs into a hole MUST be refused."),
    TEST_CONTROL(console, "Texts that are not there."),
    TEST(registers_kept, "A call MUST keep the registers it does not use."),
    {0},
};
