/* Start, console, memory, calls, and the loop that runs the tests. */
#include "abi.h"

#include <xen/arch-x86/hvm/start_info.h>

enum {
    HYPERCALL_BYTES = 32, /* one entry of the page */
    IDT_ENTRIES = 32,
    STUB_BYTES = 16,
    ARGUMENT_BYTES = 256,
    LARGE_PAGE = 2 << 20,
    UNMAPPED_AT = 64 << 20,
    READ_ONLY_AT = 66 << 20,
    FREE_GFN_AT = 0x3000000, /* 192 GiB: no memory there */
    DIGITS_MAX = 24,
};

extern const struct suite suites[];
extern char guest_end[], hypercall_page[];
extern uint64_t page_directories[], fault_address;
extern char trap_stubs[];
long attempt_raw(long (*fn)(void *arg), void *arg);
void guest_main(const struct hvm_start_info *info);
void guest_trap(uint64_t vector, uint64_t rip, uint64_t error)
    __attribute__((noreturn));

void *const UNMAPPED = (void *)UNMAPPED_AT;
void *const READ_ONLY = (void *)READ_ONLY_AT;
struct shared_info *shared_info;

static uintptr_t free_from;
static xen_pfn_t free_gfn = FREE_GFN_AT;
static void *giving_up[5]; /* of __builtin_setjmp */
static const char *outcome, *why_file, *why_what;
static int why_line;
static long why_found;

/* --- Console --- */

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

void say(const char *text)
{
    CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, length(text), text);
}

void say_number(long number)
{
    char digits[DIGITS_MAX], *p = digits + sizeof(digits) - 1;
    unsigned long value = (unsigned long)number;
    unsigned long rest = number < 0 ? -value : value;

    *p = '\0';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--p = '-';
    say(p);
}

/* --- Tests --- */

void test_fail(const char *file, int line, const char *what, long found)
{
    outcome = "fail";
    why_file = file;
    why_line = line;
    why_what = what;
    why_found = found;
    __builtin_longjmp(giving_up, 1);
}

void test_skip(const char *why)
{
    outcome = "skip";
    why_what = why;
    __builtin_longjmp(giving_up, 1);
}

static void say_name(const char *what, const struct suite *s,
                     const struct test *t)
{
    say("ABI ");
    say(what);
    say(" ");
    say(s->name);
    say("/");
    say(t->name);
}

static void run_test(const struct suite *s, const struct test *t)
{
    say_name("begin", s, t);
    say("\n");
    outcome = "pass";
    if (__builtin_setjmp(giving_up) == 0)
        t->run();
    say_name(outcome, s, t);
    if (outcome[0] == 'f') {
        say(" ");
        say(why_file);
        say(":");
        say_number(why_line);
        say(": ");
        say(why_what);
        say(" (found ");
        say_number(why_found);
        say(")");
    } else if (outcome[0] == 's') {
        say(" ");
        say(why_what);
    }
    say("\n");
}

long attempt(long (*fn)(void *arg), void *arg)
{
    return attempt_raw(fn, arg);
}

void guest_trap(uint64_t vector, uint64_t rip, uint64_t error)
{
    say("ABI trap vector ");
    say_number((long)vector);
    say(" rip ");
    say_number((long)rip);
    say(" error ");
    say_number((long)error);
    say(" address ");
    say_number((long)fault_address);
    say("\n");
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
              &(struct sched_shutdown){SHUTDOWN_crash});
}

/* --- Memory --- */

void *page_new(void)
{
    char *page = (char *)free_from;

    free_from += PAGE_BYTES;
    for (int i = 0; i < PAGE_BYTES; i++)
        page[i] = 0;
    return page;
}

xen_pfn_t gfn_free(void)
{
    return free_gfn++;
}

/* --- Calls --- */

const void *hypercall_entry(unsigned nr)
{
    return hypercall_page + nr * HYPERCALL_BYTES;
}

long hypercall(unsigned nr, unsigned long a, unsigned long b, unsigned long c,
               unsigned long d)
{
    register unsigned long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
                     : [entry] "r"(hypercall_page + nr * HYPERCALL_BYTES)
                     : "memory", "rcx", "r8", "r9", "r11");
    return result;
}

static void cpuid(uint32_t leaf, uint32_t *a, uint32_t *b)
{
    uint32_t c = 0, d;

    __asm__ volatile("cpuid"
                     : "=a"(*a), "=b"(*b), "+c"(c), "=d"(d)
                     : "a"(leaf));
}

static void find_hypervisor(void)
{
    uint64_t page = (uintptr_t)hypercall_page;
    uint32_t a, msr;

    cpuid(0x40000002, &a, &msr);
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)page),
                       "d"((uint32_t)(page >> 32)));
}

/* --- Traps --- */

static struct {
    uint16_t low, selector, flags, middle;
    uint32_t high, zero;
} idt[IDT_ENTRIES];

static void make_idt(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    for (int i = 0; i < IDT_ENTRIES; i++) {
        uintptr_t at = (uintptr_t)trap_stubs + (uintptr_t)i * STUB_BYTES;

        idt[i].low = (uint16_t)at;
        idt[i].selector = 8;
        idt[i].flags = 0x8e00;
        idt[i].middle = (uint16_t)(at >> 16);
        idt[i].high = (uint32_t)(at >> 32);
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void make_holes(void)
{
    page_directories[UNMAPPED_AT / LARGE_PAGE] = 0;
    page_directories[READ_ONLY_AT / LARGE_PAGE] &= ~2ul;
    __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
}

/* --- Events, time --- */

static void map_shared_info(void)
{
    struct xen_add_to_physmap map = {.domid = DOMID_SELF,
                                     .space = XENMAPSPACE_shared_info};

    shared_info = page_new();
    map.gpfn = gfn_of(shared_info);
    CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &map);
}

bool event_pending(evtchn_port_t port)
{
    return __atomic_load_n(&shared_info->evtchn_pending[port / 64],
                           __ATOMIC_ACQUIRE) >>
               port % 64 &
           1;
}

void event_clear(evtchn_port_t port)
{
    __atomic_and_fetch(&shared_info->evtchn_pending[port / 64],
                       ~(1ul << port % 64), __ATOMIC_ACQ_REL);
}

domid_t own_domid(void)
{
    return 0; /* these kernels run as the control domain */
}

uint64_t clock_ns(void)
{
    volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
    uint64_t ticks, ns;
    uint32_t version, low, high;

    do {
        version = t->version;
        __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
        ticks = ((uint64_t)high << 32 | low) - t->tsc_timestamp;
        ticks =
            t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
        ns = t->system_time +
             (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
    } while (version & 1 || version != t->version);
    return ns;
}

/* "from=N": the first N tests were judged by an earlier boot. */
static long first_test(const struct hvm_start_info *info)
{
    const char *text = (const char *)(uintptr_t)info->cmdline_paddr;
    long number = 0;

    for (int i = 0; text && text[i] && i < ARGUMENT_BYTES; i++)
        if (text[i] == 'f' && text[i + 1] == 'r' && text[i + 2] == 'o' &&
            text[i + 3] == 'm' && text[i + 4] == '=')
            for (const char *p = text + i + 5; *p >= '0' && *p <= '9'; p++)
                number = number * 10 + *p - '0';
    return number;
}

void guest_main(const struct hvm_start_info *info)
{
    long from = first_test(info), nr = 0;

    free_from = (uintptr_t)guest_end;
    make_idt();
    make_holes();
    find_hypervisor();
    map_shared_info();
    say("ABI start\n");
    for (const struct suite *s = suites; s->name; s++)
        for (const struct test *t = s->tests; t->name; t++)
            if (nr++ >= from)
                run_test(s, t);
    say("ABI end ");
    say_number(nr);
    say("\n");
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
              &(struct sched_shutdown){SHUTDOWN_poweroff});
}
