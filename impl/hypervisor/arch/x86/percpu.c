/*
 * Per-CPU area, GDT and TSS (APM 2 4.8, 12.2).
 */
#include "x86/percpu.h"

#include "x86/insn.h"
#include "x86/layout.h"
#include "x86/msr.h"
#include "x86/trap.h"

#include "hv/arch.h"

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GDT_CODE64 0x00af9b000000ffffULL
#define GDT_DATA   0x00cf93000000ffffULL
#define GDT_TSS    0x0000890000000000ULL /* present, available 64-bit TSS */

struct percpu percpu_boot;

static_assert(offsetof(struct percpu, cpu) == 8, "arch_cpu_self() reads GS:8");
static_assert(sizeof(struct tss) == 104, "APM 2 figure 12-8");

/* Both halves of the TSS descriptor; it stays "available" in the source, since
   LTR marks the loaded copy busy. */
static void gdt_set_tss(uint64_t *gdt, const struct tss *tss)
{
    uint64_t base = (uintptr_t)tss;

    gdt[0] = GDT_TSS | (sizeof(*tss) - 1) | (base & 0xffffff) << 16 |
             (base >> 24 & 0xff) << 56;
    gdt[1] = base >> 32;
}

void percpu_init(struct percpu *p, unsigned int cpu, uintptr_t stack)
{
    p->self = p;
    p->cpu = cpu;
    p->stack = stack;
    p->tss.iomap = sizeof(p->tss);
    for (unsigned int i = 0; i < IST_LIMIT - 1; i++)
        p->tss.ist[i] = (uintptr_t)p->ist_stack[i] + IST_STACK_BYTES;
    p->gdt[HOST_CS / 8] = GDT_CODE64;
    p->gdt[HOST_DS / 8] = GDT_DATA;
    gdt_set_tss(&p->gdt[HOST_TSS / 8], &p->tss);
}

void percpu_load(struct percpu *p)
{
    struct table_pointer gdt = {sizeof(p->gdt) - 1, (uintptr_t)p->gdt};

    asm volatile("lgdt %0\n\t"
                 "pushq %1\n\t"
                 "lea 1f(%%rip), %%rax\n\t"
                 "pushq %%rax\n\t"
                 "lretq\n"
                 "1:\n\t"
                 "mov %2, %%ds\n\t"
                 "mov %2, %%es\n\t"
                 "mov %2, %%ss\n\t"
                 "ltr %w3"
                 :
                 : "m"(gdt), "i"(HOST_CS), "r"(HOST_DS), "r"(HOST_TSS)
                 : "rax", "memory");
    wrmsr(MSR_GS_BASE, (uintptr_t)p);
    trap_load_idt();
}

unsigned int arch_cpu_self(void)
{
    unsigned int cpu;

    asm volatile("movl %%gs:8, %0" : "=r"(cpu));
    return cpu;
}
