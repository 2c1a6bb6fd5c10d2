/* The border itself: unknown calls, lists of calls, arguments at the edge.
   Source: public/xen.h. */
#include "cpu.h"
#include "ports.h"
#include "suites.h"

#include <xen/domctl.h>

enum {
    CALLS_MANY = 64,
    CALLS_LONG = 500, /* the call is interrupted and goes on */
};

static long version_call(void)
{
    return CALL2(__HYPERVISOR_xen_version, XENVER_version, NULL);
}

static void unknown(void)
{
    SAME(CALL1(__HYPERVISOR_xen_version + 40, 0), NEG_ENOSYS);
    SAME(CALL1(63, 0), NEG_ENOSYS);
}

static long direct_call(unsigned long nr)
{
    long result;

    __asm__ volatile("vmmcall"
                     : "=a"(result)
                     : "a"(nr), "D"(0ul), "S"(0ul)
                     : "memory", "rcx", "rdx", "r8", "r9", "r10", "r11");
    return result;
}

static void without_page(void)
{
    SAME(direct_call(__HYPERVISOR_xen_version), version_call());
    SAME(direct_call(10000), NEG_ENOSYS);
    SAME(direct_call(~0u), NEG_ENOSYS);
}

static void not_for_translated(void)
{
    static const unsigned calls[] = {
        __HYPERVISOR_set_trap_table,    __HYPERVISOR_mmu_update,
        __HYPERVISOR_set_gdt,           __HYPERVISOR_stack_switch,
        __HYPERVISOR_set_callbacks,     __HYPERVISOR_fpu_taskswitch,
        __HYPERVISOR_set_debugreg,      __HYPERVISOR_get_debugreg,
        __HYPERVISOR_update_descriptor, __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_set_segment_base,  __HYPERVISOR_iret};

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
        SAME(direct_call(calls[i]), NEG_ENOSYS);
}

static long user_hypercall(long nr, long arg)
{
    return hypercall((unsigned)nr, (unsigned long)arg, 0, 0, 0);
}

static void from_ring_3(void)
{
    SAME(user_call(user_hypercall, __HYPERVISOR_xen_version, XENVER_version),
         NEG_EPERM);
    SAME(user_call(user_hypercall, 63, 0), NEG_EPERM);
}

/* --- Lists of calls --- */

static struct multicall_entry call_of(unsigned nr, unsigned long a)
{
    struct multicall_entry m = {.op = nr, .args = {a}};

    return m;
}

static void multicall(void)
{
    struct multicall_entry calls[3] = {
        call_of(__HYPERVISOR_xen_version, XENVER_pagesize), call_of(63, 0),
        call_of(__HYPERVISOR_xen_version, XENVER_version)};

    SAME(CALL2(__HYPERVISOR_multicall, calls, 3), 0);
    SAME(calls[0].result, PAGE_BYTES);
    SAME(calls[1].result, NEG_ENOSYS);
    SAME(calls[2].result, version_call());
}

static void multicall_refused(void)
{
    SAME(CALL2(__HYPERVISOR_multicall, UNMAPPED, 1), NEG_EFAULT);
    SAME(CALL2(__HYPERVISOR_multicall, NON_CANONICAL, 1), NEG_EFAULT);
    SAME(CALL2(__HYPERVISOR_multicall, NULL, 0), 0);
}

static void multicall_many(void)
{
    static struct multicall_entry calls[CALLS_MANY];

    for (int i = 0; i < CALLS_MANY; i++)
        calls[i] = call_of(__HYPERVISOR_xen_version, XENVER_pagesize);
    SAME(CALL2(__HYPERVISOR_multicall, calls, CALLS_MANY), 0);
    for (int i = 0; i < CALLS_MANY; i++)
        SAME(calls[i].result, PAGE_BYTES);
}

static void multicall_long(void)
{
    static struct multicall_entry calls[CALLS_LONG];

    for (int i = 0; i < CALLS_LONG; i++)
        calls[i] = call_of(__HYPERVISOR_sched_op, SCHEDOP_yield);
    SAME(CALL2(__HYPERVISOR_multicall, calls, CALLS_LONG), 0);
    for (int i = 0; i < CALLS_LONG; i++)
        SAME(calls[i].result, 0);
}

static void multicall_nested(void)
{
    static struct multicall_entry inner[1], outer[1];

    inner[0] = call_of(__HYPERVISOR_xen_version, XENVER_pagesize);
    outer[0] = call_of(__HYPERVISOR_multicall, (unsigned long)inner);
    outer[0].args[1] = 1;
    SAME(CALL2(__HYPERVISOR_multicall, outer, 1), 0);
    SAME(outer[0].result, NEG_EINVAL); /* no list in a list */
}

static void multicall_into_hole(void)
{
    struct multicall_entry *calls = (void *)((char *)UNMAPPED - sizeof(*calls));

    *calls = call_of(__HYPERVISOR_xen_version, XENVER_pagesize);
    SAME(CALL2(__HYPERVISOR_multicall, calls, 2), NEG_EFAULT);
    SAME(calls->result, PAGE_BYTES); /* the first was done */
}

static void multicall_read_only(void)
{
    SAME(CALL2(__HYPERVISOR_multicall, READ_ONLY, 1), NEG_EFAULT);
}

static void multicall_huge(void)
{
    struct multicall_entry *calls = (void *)((char *)UNMAPPED - sizeof(*calls));

    *calls = call_of(__HYPERVISOR_xen_version, XENVER_pagesize);
    SAME(CALL2(__HYPERVISOR_multicall, calls, ~0u), NEG_EFAULT);
}

/* --- Arguments --- */

static void crossing(void)
{
    struct evtchn_status *s = (void *)((char *)UNMAPPED - 4);

    *(uint32_t *)s = DOMID_SELF;
    SAME(event_op(EVTCHNOP_status, s), NEG_EFAULT);
}

static void misaligned(void)
{
    static char room[64];
    struct evtchn_status s = {.dom = DOMID_SELF, .port = 0};

    for (int i = 1; i < 8; i++) {
        bytes_copy(room + i, &s, sizeof(s));
        SAME(event_op(EVTCHNOP_status, room + i), 0);
    }
}

static void across_pages(void)
{
    char *pages = pages_new(2, 1);
    struct evtchn_status s = {.dom = DOMID_SELF, .port = 0, .status = 99};

    bytes_copy(pages + PAGE_BYTES - 8, &s, sizeof(s));
    SAME(event_op(EVTCHNOP_status, pages + PAGE_BYTES - 8), 0);
    bytes_copy(&s, pages + PAGE_BYTES - 8, sizeof(s));
    SAME(s.status, EVTCHNSTAT_closed);
}

static void in_a_hole(void)
{
    SAME(event_op(EVTCHNOP_status, memory_at(gfn_apart())), NEG_EFAULT);
}

static void in_device_memory(void)
{
    /* The local APIC is no memory: refused, or read as something. */
    CHECK(event_op(EVTCHNOP_close, (void *)0xfee00000ul) < 0);
}

static void null_argument(void)
{
    struct evtchn_close *c = NULL; /* address 0 is memory like any other */
    long rc = event_op(EVTCHNOP_close, c);

    CHECK(rc == NEG_EINVAL || rc == NEG_EFAULT || rc == 0);
}

static volatile uint32_t changing_port;

static long change_port(void *arg)
{
    uint32_t real = (uint32_t)(uintptr_t)arg;

    while (cpu_go_on()) {
        changing_port = real;
        changing_port = ~0u;
    }
    return 0;
}

static void changing(void)
{
    evtchn_port_t port = port_ipi(0);

    cpu_start(1);
    cpu_run(1, change_port, (void *)(uintptr_t)port);
    for (int i = 0; i < 300; i++) {
        long rc = event_op(EVTCHNOP_send, (void *)&changing_port);

        CHECK(rc == 0 || rc == NEG_EINVAL);
    }
    SAME(cpu_wait(1), 0);
    event_clear(port);
    SAME(port_close(port), 0);
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

static void flags_kept(void)
{
    unsigned long flags;

    __asm__ volatile("stc; std; mov $17, %%eax; xor %%edi, %%edi;"
                     "vmmcall; pushf; pop %0; cld"
                     : "=r"(flags)
                     :
                     : "rax", "rdi", "rsi", "memory");
    CHECK(flags >> 10 & 1); /* direction */
}

/* --- Console, assists --- */

static void console(void)
{
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, 5, UNMAPPED),
         NEG_EFAULT);
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, 0, UNMAPPED), 0);
    SAME(CALL3(__HYPERVISOR_console_io, 99, 0, NULL), NEG_ENOSYS);
}

static void console_read(void)
{
    char text[16];

    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_read, sizeof(text), text),
         0); /* nobody typed */
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_read, 0, UNMAPPED), 0);
}

static void console_of_guest(void)
{
    char text[16];

    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, 1, "x"), NEG_EPERM);
    SAME(CALL3(__HYPERVISOR_console_io, CONSOLEIO_read, sizeof(text), text),
         NEG_EPERM);
}

static void assist(void)
{
    SAME(CALL2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
               VMASST_TYPE_runstate_update_flag),
         0);
    SAME(CALL2(__HYPERVISOR_vm_assist, VMASST_CMD_disable,
               VMASST_TYPE_runstate_update_flag),
         0);
    SAME(CALL2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 60), NEG_EINVAL);
    SAME(CALL2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 1000), NEG_EINVAL);
    SAME(CALL2(__HYPERVISOR_vm_assist, 7, VMASST_TYPE_runstate_update_flag),
         NEG_ENOSYS);
}

static void security_module_none(void)
{
    static char argument[256];

    SAME(CALL1(__HYPERVISOR_xsm_op, argument), NEG_ENOSYS);
}

const struct test border_tests[] = {
    TEST(unknown, "Unknown hypercalls MUST answer -ENOSYS."),
    TEST(without_page, "VMMCALL MUST work without the page."),
    TEST(not_for_translated, "Calls for others MUST answer -ENOSYS."),
    TEST(from_ring_3, "Ring 3 MUST be refused."),
    TEST(multicall, "Each call of a list MUST have its own result."),
    TEST(multicall_refused, "Lists that are not there."),
    TEST(multicall_many, "A long list MUST be done to its end."),
    TEST(multicall_long, "A list that is interrupted MUST go on."),
    TEST(multicall_nested, "A list in a list MUST be refused."),
    TEST(multicall_into_hole, "What was done before the hole MUST stay."),
    TEST(multicall_read_only, "Results MUST have a place."),
    TEST(multicall_huge, "A count beyond memory MUST end at the hole."),
    TEST(crossing, "An argument that runs into a hole MUST be refused."),
    TEST(misaligned, "An argument MUST be taken from any address."),
    TEST(across_pages, "An argument MUST be taken across pages."),
    TEST(in_a_hole, "An argument where no memory is MUST be refused."),
    TEST(in_device_memory, "An argument in a device MUST do no harm."),
    TEST(null_argument, "Address 0 MUST do no harm."),
    TEST(changing, "An argument that changes MUST be read once."),
    TEST(registers_kept, "A call MUST keep the registers it does not use."),
    TEST(flags_kept, "A call MUST keep the flags."),
    TEST_CONTROL(console, "Texts that are not there."),
    TEST_CONTROL(console_read, "Nothing MUST be read where nobody types."),
    TEST_GUEST(console_of_guest, "The console is not a guest's."),
    TEST(assist, "One assist is there, others MUST be refused."),
    TEST(security_module_none, "No module: -ENOSYS."),
    {0},
};
