/*
 * The architecture as hosted tests see it: it records, and obeys the test.
 */
#include "double.h"

#include "hv/heap.h"
#include "hv/log.h"
#include "hv/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SERIAL_BYTES (1 << 20)

uint64_t double_now_ns;
_Thread_local unsigned int double_self;
struct double_cpu double_cpu[CPU_MAX];
void (*double_run_fn)(struct vcpu *v);
void (*double_kick_fn)(unsigned int cpu);
void (*double_idle_fn)(struct cpu *c);
uint64_t double_walk_fails_at = ~0ULL;

static char serial[SERIAL_BYTES + 1];
static size_t serial_used;
static uint64_t wallclock_ns = 1700000000000000000ULL;

/* --- Machine --- */

void double_init_regions(uint64_t bytes, const struct page_region *r,
                         unsigned int nr)
{
    void *ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (ram == MAP_FAILED)
        abort();
    hv_direct_base = (uintptr_t)ram;
    double_cpus(1);
    sched_init();
    page_init(r, nr);
}

void double_init(unsigned int mib)
{
    struct page_region r = {.start = 1 << 20, .end = (uint64_t)mib << 20};

    double_init_regions(r.end, &r, 1);
}

void double_cpus(unsigned int nr)
{
    cpu_count = nr;
    for (unsigned int i = 0; i < nr; i++) {
        cpus[i].id = i;
        cpus[i].online = true;
    }
}

void double_exhaust(uint64_t keep)
{
    struct page_stats s;
    mfn_t m;

    for (page_stats(&s); s.free > keep; page_stats(&s))
        if (page_alloc(NULL, 0, 0, &m))
            return;
}

unsigned int arch_cpu_self(void)
{
    return double_self;
}

uint64_t arch_now_ns(void)
{
    return __atomic_load_n(&double_now_ns, __ATOMIC_RELAXED);
}

void arch_timer_program(uint64_t deadline_ns)
{
    double_cpu[double_self].programs++;
    double_cpu[double_self].timer_ns = deadline_ns;
}

void arch_cpu_kick(unsigned int cpu)
{
    double_cpu[cpu].kicks++;
    if (double_kick_fn)
        double_kick_fn(cpu);
}

void arch_cpu_idle(struct cpu *c)
{
    double_cpu[c->id].idles++;
    if (double_idle_fn)
        double_idle_fn(c);
}

uint64_t arch_wallclock_ns(void)
{
    return wallclock_ns;
}

void arch_wallclock_set(uint64_t utc_ns_at_boot)
{
    wallclock_ns = utc_ns_at_boot;
}

void arch_quirks_dump(void)
{
}

void arch_poweroff(void)
{
    exit(EXIT_SUCCESS);
}

void arch_reboot(void)
{
    exit(EXIT_SUCCESS);
}

void arch_panic_stop(void)
{
    (void)fputs(double_serial(), stderr);
    abort();
}

/* --- Serial port --- */

void arch_serial_write(const char *s, size_t n)
{
    if (n > SERIAL_BYTES)
        return;
    if (serial_used + n > SERIAL_BYTES) {
        memmove(serial, serial + n, serial_used - n);
        serial_used -= n;
    }
    memcpy(serial + serial_used, s, n);
    serial_used += n;
    serial[serial_used] = '\0';
}

const char *double_serial(void)
{
    return serial;
}

void double_serial_clear(void)
{
    serial_used = 0;
    serial[0] = '\0';
}

/* --- Domains and vCPUs --- */

int arch_domain_check(const struct domain_config *c)
{
    return c->abi.arch.emulation_flags & ~XEN_X86_EMU_ALL ? -XEN_EINVAL : 0;
}

int arch_domain_create(struct domain *d, const struct domain_config *c)
{
    (void)c;
    d->arch = heap_alloc(sizeof(*d->arch));
    return d->arch ? 0 : -XEN_ENOMEM;
}

int arch_domain_relinquish(struct domain *d)
{
    if (d->arch)
        d->arch->relinquishes++;
    return 0;
}

void arch_domain_destroy(struct domain *d)
{
    heap_free(d->arch);
    d->arch = NULL;
}

int arch_vcpu_create(struct vcpu *v)
{
    v->arch = heap_alloc(sizeof(*v->arch));
    return v->arch ? 0 : -XEN_ENOMEM;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    heap_free(v->arch);
    v->arch = NULL;
}

void arch_vcpu_run(struct vcpu *v)
{
    double_cpu[double_self].ran = v;
    double_cpu[double_self].runs++;
    if (double_run_fn)
        double_run_fn(v);
}

void arch_vcpu_switch_out(struct vcpu *v)
{
    (void)v;
    double_cpu[double_self].switchouts++;
}

void arch_vcpu_event(struct vcpu *v)
{
    if (v->arch)
        v->arch->events++;
}

bool arch_vcpu_interruptible_pending(struct vcpu *v)
{
    return v->arch && v->arch->pending;
}

void arch_vcpu_down(struct vcpu *v)
{
    if (v->arch)
        v->arch->down = true;
}

void arch_vcpu_nmi(struct vcpu *v)
{
    v->arch->nmis++;
}

void arch_vcpu_time_update(struct vcpu *v)
{
    if (v->arch)
        v->arch->time_updates++;
}

int arch_hvm_param_set(struct domain *d, uint32_t index, uint64_t value)
{
    (void)index;
    (void)value;
    d->arch->hvm_params_set++;
    return 0;
}

int arch_set_upcall_vector(struct vcpu *v, uint8_t vector)
{
    if (vector < 16)
        return -XEN_EINVAL;
    v->arch->upcall_vector = vector;
    return 0;
}

int arch_guest_walk(struct vcpu *v, uint64_t va, bool write, paddr_t *out)
{
    (void)v;
    (void)write;
    if (va >= DOUBLE_VA_END || (va & PAGE_MASK) == double_walk_fails_at)
        return -XEN_EFAULT;
    *out = va;
    return 0;
}

bool arch_vcpu_is_64bit(struct vcpu *v)
{
    (void)v;
    return true;
}

unsigned int arch_max_gfn_bits(void)
{
    return 36;
}

/* --- Control-tool interfaces --- */

long arch_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op,
                 uint64_t u_domctl)
{
    (void)v;
    (void)d;
    (void)op;
    (void)u_domctl;
    return -XEN_ENOSYS;
}

long arch_sysctl(struct vcpu *v, struct xen_sysctl *op, uint64_t u_sysctl)
{
    (void)v;
    (void)op;
    (void)u_sysctl;
    return -XEN_ENOSYS;
}

long arch_physdev_op(struct vcpu *v, unsigned int cmd, uint64_t u_arg)
{
    (void)v;
    (void)cmd;
    (void)u_arg;
    return -XEN_ENOSYS;
}

void arch_cpu_ids(struct xenpf_pcpuinfo *i)
{
}

void arch_physinfo(struct xen_sysctl_physinfo *pi)
{
    pi->cpu_khz = 1000000;
    pi->max_mfn = 0x3fff;
}

void arch_cputopo(unsigned int cpu, struct xen_sysctl_cputopo *t)
{
    *t = (struct xen_sysctl_cputopo){.core = cpu};
}

const struct build_id_note arch_build_id = {.id = {1, [19] = 20}};

const char *arch_capabilities(void)
{
    return "hvm-3.0-x86_64";
}

unsigned int arch_exit_reasons(void)
{
    return 2;
}

const char *arch_exit_name(unsigned int reason)
{
    return reason ? "hlt" : "intr";
}

uint64_t arch_exit_count(const struct domain *d, unsigned int reason)
{
    (void)d;
    return reason;
}
