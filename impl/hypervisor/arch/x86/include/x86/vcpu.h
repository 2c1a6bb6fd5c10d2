/*
 * Architecture part of vCPUs and domains (owner: vcpu.c), and what the files
 * that emulate for them share.
 *
 * Locking: [v] is touched only by the CPU that runs the vCPU, or by anybody
 * while it is paused and out; [a] atomic; [d] domain lock; [I] immutable.
 */
#ifndef X86_VCPU_H
#define X86_VCPU_H

#include "x86/io.h"
#include "x86/regs.h"

#include "hv/arch.h"

struct vmcb;
struct cpu_policy;

/* An exception or interrupt on its way into the guest. */
enum x86_event_type {
    EVENT_INTR = 0,
    EVENT_NMI = 2,
    EVENT_EXCEPTION = 3,
    EVENT_SOFT = 4,
};

struct x86_event {
    bool valid;
    uint8_t vector;
    uint8_t type; /* enum x86_event_type */
    bool has_error;
    uint32_t error;
};

#define VLAPIC_REGS 64 /* 16 bytes apart for the guest, packed here */

struct vlapic {
    uint64_t base; /* [v] APIC_BASE MSR */
    /* [v] but the IRR and TMR words, which are [a]; index = offset / 16. */
    uint32_t reg[VLAPIC_REGS] __attribute__((aligned(8)));
    struct timer timer;
    uint64_t timer_start_ns;  /* [v] when the count was written */
    uint64_t timer_period_ns; /* [v] of the present count */
    uint64_t tsc_deadline;    /* [v] 0: off */
};

#define SIPI_VALID 0x100

#define MTRR_CAP      0x508 /* 8 ranges, fixed ones, write combining */
#define MTRR_DEFAULT  0xc06 /* enabled, write-back */
#define MTRR_FIXED_NR 11
#define MTRR_VAR_NR   16 /* base and mask of 8 ranges */

struct mtrr {
    uint64_t def_type;
    uint64_t fixed[MTRR_FIXED_NR];
    uint64_t var[MTRR_VAR_NR];
};

/* Exit reasons, in the order of exit.def. */
enum exit_reason {
#define EXIT(code, name, fn) EXIT_##name,
#include "x86/exit.def"
#undef EXIT
    EXIT_REASON_NR
};

struct arch_vcpu {
    struct x86_regs regs;   /* [v] first: svm/entry.S */
    struct vmcb *vmcb;      /* [v] */
    paddr_t vmcb_pa;        /* [I] */
    struct x86_event event; /* [v] goes in at the next entry */
    bool loaded;            /* [v] its registers are on last_cpu */
    bool time_stale;        /* [v] vcpu_info.time is to be written */
    bool nmi_pending;       /* [a] */
    bool nmi_masked;        /* [v] until IRET */
    bool init_pending;      /* [a] INIT came and is not served yet */
    bool wait_sipi;         /* [a] INIT was served, or never started */
    bool evtchn_line;       /* [a] vCPU 0: the GSI or INTx line is up */
    uint8_t upcall_vector;  /* [d] through the local APIC; 0: none */
    uint16_t sipi_vector;   /* [a] SIPI_VALID | vector once one came */
    uint64_t walk_va;       /* [v] page of the last walk of this exit, or 1 */
    uint64_t walk_pa;       /* [v] */
    bool walk_write;        /* [v] */
    unsigned int last_cpu;  /* [v] whose TLB may hold its entries */
    uint64_t tsc_offset;    /* [v] guest TSC minus host TSC */
    uint64_t tsc_aux;       /* [v] */
    uint64_t dr[4];         /* [v] DR0..3 while off the CPU */
    uint64_t xcr0;          /* [v] while off the CPU */
    uint64_t xcr0_accum;    /* [v] all bits ever set */
    void *xsave;            /* [v] 64-byte aligned area */
    void *xsave_block;      /* [I] the allocation that it lies in */
    struct vlapic lapic;
    struct mtrr mtrr;               /* [v] kept, without effect */
    uint64_t exits[EXIT_REASON_NR]; /* [v] */
};

struct arch_domain {
    const uint8_t *io_map;     /* [I] permission maps for the vendor code */
    paddr_t io_map_pa;         /* [I] */
    uint8_t *own_io_map;       /* [d] dom0's, or NULL: the common one */
    uint32_t emulation_flags;  /* [I] XEN_X86_EMU_* */
    bool msr_relaxed;          /* [I] XEN_X86_MSR_RELAXED */
    struct cpu_policy *policy; /* [d] only changed before the first run */
    uint8_t callback_type;     /* [d] HVM_PARAM_CALLBACK_TYPE_* */
    uint8_t callback_vector;   /* [d] direct vector, 0: none */
    uint32_t callback_gsi;     /* [d] of the line types */
    uint32_t tsc_mode;         /* [d] XEN_DOMCTL_settscinfo */
    uint32_t tsc_incarnation;  /* [d] */
    uint64_t tsc_offset;       /* [d] for vCPUs that start */
};

/* --- Bring-up (vcpu_state.c) --- */

/* Register state after RESET or INIT; the vCPU is not in the guest. */
void vcpu_reset(struct vcpu *v);
/* May a vCPU be given these (from a guest or the toolstack)? */
bool vcpu_controls_valid(uint64_t cr0, uint64_t cr4, uint64_t efer);
/* Act on INIT and SIPI that came for 'v', on its CPU: may it run? */
bool vcpu_serve_init(struct vcpu *v);

/* --- Events (event.c) --- */

void vcpu_inject_exception(struct vcpu *v, uint8_t vector);
void vcpu_inject_error(struct vcpu *v, uint8_t vector, uint32_t error);
/* The guest cannot go on: shut down as its HVM parameter says. */
void vcpu_triple_fault(struct vcpu *v);
/* Choose what goes in at this entry and program the vendor's fields. */
void vcpu_prepare_events(struct vcpu *v);

/* --- Emulation --- */

/* Skip 'bytes' of the present instruction. */
void vcpu_skip(struct vcpu *v, unsigned int bytes);
/* An access to 'gpa' that nested paging refused: emulate, or crash. */
void emulate_mmio(struct vcpu *v, paddr_t gpa);
/* INS and OUTS of one port, repeated; 'in' as decoded by the exit. */
struct string_io {
    uint16_t port;
    uint8_t size;
    uint8_t address_size;
    uint8_t segment; /* enum x86_sreg of OUTS */
    bool in;
    bool rep;
    uint64_t next_rip;
};
void emulate_string_io(struct vcpu *v, const struct string_io *s);

/* --- CPUID, MSR, FPU --- */

struct cpuid_regs;
void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub,
                 struct cpuid_regs *out);
/* False: inject #GP. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

void xstate_init_cpu(void); /* on each CPU, after probing on the first */
int xstate_create(struct vcpu *v);
void xstate_destroy(struct vcpu *v);
void xstate_reset(struct vcpu *v);
void xstate_load(struct vcpu *v); /* onto this CPU */
void xstate_save(struct vcpu *v); /* off this CPU */
uint64_t xstate_mask(void);       /* XCR0 bits that are switched; 0: FXSAVE */
uint32_t xstate_bytes(uint64_t xcr0); /* area that these bits need */
uint32_t xstate_area_bytes(void);     /* of each vCPU's area */
uint64_t xstate_guest_xcr0(const struct vcpu *v);
/* May this image be loaded (hvm context)? */
bool xstate_area_valid(const void *area, uint32_t bytes);
/* XSETBV by the guest; false: #GP. */
bool xstate_set_xcr0(struct vcpu *v, uint64_t value);

/* --- Local APIC --- */

void vlapic_init(struct vcpu *v);
void vlapic_reset(struct vcpu *v);
void vlapic_fini(struct vcpu *v);
#define VLAPIC_NONE (-1)
/* Highest vector that may be taken by priority, or VLAPIC_NONE. */
int vlapic_pending(const struct vcpu *v);
/* It goes in: IRR to ISR. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);
bool vlapic_base_write(struct vcpu *v, uint64_t value);
uint8_t vlapic_tpr(const struct vcpu *v);
void vlapic_set_tpr(struct vcpu *v, uint8_t tpr);
io_fn vlapic_mmio;

/* --- Time --- */

uint64_t vcpu_guest_tsc(const struct vcpu *v);
void vcpu_set_guest_tsc(struct vcpu *v, uint64_t tsc);

#endif
