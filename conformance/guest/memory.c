/* Free memory, the holes in the map, and calls to the hypervisor. */
#include "memory.h"
#include "abi.h"
#include "cpu.h"

enum {
    SLOP_NS = 1000000,    /* clocks are scaled, timers are rounded */
    HYPERCALL_BYTES = 32, /* one entry of the page */
    LARGE_PAGE = 2 << 20,
    UNMAPPED_AT = 28 << 20,
    READ_ONLY_AT = 30 << 20,
    HOLES_END = 32 << 20,
    FREE_GFN_AT = 0x3000000, /* 192 GiB: no memory there */
};

extern char guest_end[], hypercall_page[];
extern uint64_t page_directories[];

void *const UNMAPPED = (void *)UNMAPPED_AT;
void *const READ_ONLY = (void *)READ_ONLY_AT;

static uintptr_t free_from;
static xen_pfn_t free_gfn = FREE_GFN_AT;

void memory_setup(void)
{
    free_from = (uintptr_t)guest_end;
    *(volatile domid_t *)READ_ONLY = DOMID_SELF; /* as arguments begin */
    __asm__ volatile("" ::: "memory");
    page_directories[UNMAPPED_AT / LARGE_PAGE] = 0;
    page_directories[READ_ONLY_AT / LARGE_PAGE] &= ~2ul;
    __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
}

void *pages_new(size_t count, size_t align)
{
    uintptr_t at = (free_from + align - 1) / align * align;

    if (at < HOLES_END && at + count * PAGE_BYTES > UNMAPPED_AT - LARGE_PAGE) {
        CHECK(in_control); /* a guest ends here */
        at = HOLES_END;
    }
    free_from = at + count * PAGE_BYTES;
    bytes_set((void *)at, 0, count * PAGE_BYTES);
    return (void *)at;
}

void *page_new(void)
{
    return pages_new(1, 1);
}

xen_pfn_t gfns_free(size_t count)
{
    xen_pfn_t gfn = free_gfn;

    free_gfn += count;
    return gfn;
}

xen_pfn_t gfn_apart(void)
{
    xen_pfn_t gfn = (free_gfn + LARGE_PAGE / PAGE_BYTES) &
                    -(xen_pfn_t)(LARGE_PAGE / PAGE_BYTES);

    free_gfn = gfn + LARGE_PAGE / PAGE_BYTES;
    return gfn;
}

xen_pfn_t gfn_free(void)
{
    return gfns_free(1);
}

void bytes_copy(void *to, const void *from, size_t count)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}

void bytes_set(void *at, int value, size_t count)
{
    __asm__ volatile("rep stosb"
                     : "+D"(at), "+c"(count)
                     : "a"(value)
                     : "memory");
}

bool bytes_same(const void *a, const void *b, size_t count)
{
    const uint8_t *x = a, *y = b;

    for (size_t i = 0; i < count; i++)
        if (x[i] != y[i])
            return false;
    return true;
}

/* What the compiler may call by itself. */
void *memcpy(void *to, const void *from, size_t count)
{
    bytes_copy(to, from, count);
    return to;
}

void *memset(void *at, int value, size_t count)
{
    bytes_set(at, value, count);
    return at;
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

void hypercalls_setup(void)
{
    msr_set(cpuid(0x40000002, 0).b, (uintptr_t)hypercall_page);
}

/* --- Events, time --- */

struct shared_info *shared_info;

void shared_info_setup(void)
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

/* The shared page may move while another vCPU is here: all ones are odd. */
static const volatile struct vcpu_time_info *time_now(void)
{
    const struct cpu *c = this_cpu();

    return c->info ? &c->info->time
                   : &((volatile struct shared_info *)__atomic_load_n(
                           &shared_info, __ATOMIC_ACQUIRE))
                          ->vcpu_info[c->nr]
                          .time;
}

uint64_t clock_ns(void)
{
    const volatile struct vcpu_time_info *t;
    uint64_t ticks, ns;
    uint32_t version;

    do {
        t = time_now();
        version = t->version;
        ticks = tsc() - t->tsc_timestamp;
        ticks =
            t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
        ns = t->system_time +
             (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
    } while (version & 1 || version != t->version);
    return ns;
}

long early_ns(uint64_t at)
{
    uint64_t now = clock_ns();

    return now + SLOP_NS < at ? (long)(at - now) : 0;
}
