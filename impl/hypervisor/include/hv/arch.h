/*
 * What the portable core needs from the architecture; also the list of test
 * doubles. x86 implements it in arch/x86, hosted tests in test/double.
 */
#ifndef HV_ARCH_H
#define HV_ARCH_H

#include "hv/domain.h"
#include "hv/sched.h"

/* --- CPUs, time --- */

unsigned int arch_cpu_self(void); /* index of the executing CPU */
uint64_t arch_now_ns(void);       /* monotonic on all CPUs, 0 at boot */
/* Next timer interrupt of this CPU at 'deadline_ns'; ~0: none. */
void arch_timer_program(uint64_t deadline_ns);
/* Make 'cpu' leave the guest or the idle wait soon; no effect if it is in the
   hypervisor. Only 'cpu->resched'/'work' say what to do then. */
void arch_cpu_kick(unsigned int cpu);
/* Wait with interrupts on until one came; returns with interrupts off. Must not
   sleep when cpu_must_leave() became true before (no lost wake-up). */
void arch_cpu_idle(struct cpu *c);
uint64_t arch_wallclock_ns(void); /* UTC at arch_now_ns() == 0 */
void arch_wallclock_set(uint64_t utc_ns_at_boot);
void arch_poweroff(void) NORETURN;
void arch_reboot(void) NORETURN;
/* Log what is odd about the machine, and what is done about it. */
void arch_quirks_dump(void);
void arch_panic_stop(void) NORETURN; /* registers, backtrace, stop all CPUs */

/* --- Console --- */

void arch_serial_write(const char *s, size_t n);

/* --- Domains and vCPUs --- */

/* Check what only the architecture can (emulation flags..): 0 / -EINVAL. */
int arch_domain_check(const struct domain_config *c);
int arch_domain_create(struct domain *d, const struct domain_config *c);
int arch_domain_relinquish(struct domain *d); /* -XEN_ERESTART: call again */
void arch_domain_destroy(struct domain *d);
int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_destroy(struct vcpu *v);

/* Run 'v' on this CPU until cpu_must_leave(), block, pause or crash. */
void arch_vcpu_run(struct vcpu *v);
/* 'v' will not run on this CPU next: save what was left loaded (FPU..). */
void arch_vcpu_switch_out(struct vcpu *v);
/* An event channel upcall became pending for 'v' (per-vCPU vector, GSI, PCI
   INTx or direct vector as HVM_PARAM_CALLBACK_IRQ says). */
void arch_vcpu_event(struct vcpu *v);
/* An interrupt or event that can be taken now waits for 'v'. */
bool arch_vcpu_interruptible_pending(struct vcpu *v);
void arch_vcpu_down(struct vcpu *v);
/* Make an NMI pending for 'v' and kick it. */
void arch_vcpu_nmi(struct vcpu *v);
/* Update vcpu_info.time; before entry when stale. */
void arch_vcpu_time_update(struct vcpu *v);
/* HVM_PARAM_CALLBACK_IRQ or another parameter with an arch effect was set. */
int arch_hvm_param_set(struct domain *d, uint32_t index, uint64_t value);
/* HVMOP_set_evtchn_upcall_vector. */
int arch_set_upcall_vector(struct vcpu *v, uint8_t vector);

/* --- Guest address translation --- */

/* Linear to guest physical by v's page tables; 0 / -XEN_EFAULT. */
int arch_guest_walk(struct vcpu *v, uint64_t va, bool write, paddr_t *out);
/* Is the guest in 64-bit mode (hypercall ABI)? */
bool arch_vcpu_is_64bit(struct vcpu *v);

/* --- p2m helpers used by the core --- */

unsigned int arch_max_gfn_bits(void);

/* --- Control-tool interfaces with arch content --- */

long arch_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op,
                 uint64_t u_domctl); /* rows that domctl.c does not have */
long arch_sysctl(struct vcpu *v, struct xen_sysctl *op, uint64_t u_sysctl);
/* APIC and ACPI ids of the CPU that 'i' asks for, which there is. */
void arch_cpu_ids(struct xenpf_pcpuinfo *i);
/* PHYSDEVOP_*; -XEN_ENOSYS for what a domain without pirqs lacks. */
long arch_physdev_op(struct vcpu *v, unsigned int cmd, uint64_t u_arg);
void arch_physinfo(struct xen_sysctl_physinfo *pi);
void arch_cputopo(unsigned int cpu, struct xen_sysctl_cputopo *t);
const char *arch_capabilities(void); /* XENVER_capabilities text */

/* The linker's note about this image: a hash of all of it. */
struct build_id_note {
    uint32_t name_bytes, id_bytes, type;
    char name[4];
    uint8_t id[20];
};
extern const struct build_id_note arch_build_id;

/* --- Statistics: exit reasons per domain (debug key 'x') --- */

unsigned int arch_exit_reasons(void);
const char *arch_exit_name(unsigned int reason);
uint64_t arch_exit_count(const struct domain *d, unsigned int reason);

#endif
