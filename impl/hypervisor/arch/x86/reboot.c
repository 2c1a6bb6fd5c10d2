/*
 * Power off and reboot, by whatever way the machine has.
 */
#include "x86/reboot.h"
#include "x86/acpi.h"
#include "x86/insn.h"
#include "x86/paging.h"
#include "x86/quirks.h"
#include "x86/time.h"

#include "hv/arch.h"
#include "hv/log.h"

#define SLEEP_ENABLE    BIT(13)
#define SLEEP_TYPE(t)   ((uint32_t)(t) << 10)
#define SLEEP_TYPE_MASK (7U << 10)
#define SCI_ENABLED     BIT(0)
#define SCI_WAIT_US     300000
#define STEP_US         1000
#define RESET_WAIT_US   50000
#define PORT_CF9        0xcf9
#define KBC_STATUS      0x64
#define KBC_BUSY        0x02
#define KBC_RESET       0xfe
#define KBC_SPINS_MAX   100000

static bool have_s5;
static uint8_t s5_a, s5_b;
static volatile uint8_t *reset_register; /* in memory; NULL: it is not */

/* The DSDT is read while it is certainly still what firmware left; a panic must
   not have to map anything. */
void poweroff_init(void)
{
    const struct acpi_fadt *f = acpi_fadt();

    if (f && f->has_reset && f->reset.space == ACPI_MEMORY)
        reset_register = mmio_map(f->reset.address, 1);
    have_s5 = acpi_s5_find(acpi_table("DSDT", 0), &s5_a, &s5_b);
    if (!have_s5)
        log_info("acpi: no \\_S5 package: power-off only halts");
}

bool poweroff_sleep_type(uint8_t *a)
{
    *a = s5_a;
    return have_s5;
}

static uint32_t gas_port(const struct acpi_gas *g)
{
    return g->space == ACPI_IO && g->address && g->address <= 0xfffe
               ? (uint32_t)g->address
               : 0;
}

static void pm1_sleep(const struct acpi_gas *g, uint8_t type)
{
    uint16_t port = (uint16_t)gas_port(g);
    uint32_t v;

    if (!port)
        return;
    v = inw(port) & ~(SLEEP_TYPE_MASK | (uint32_t)SLEEP_ENABLE);
    v |= SLEEP_TYPE(type & 7);
    outw(port, (uint16_t)v);
    outw(port, (uint16_t)(v | SLEEP_ENABLE));
}

/* Here and not in dom0: firmware may expect this SMI on the boot CPU, and what
   QEMU's does about one on another CPU is to lose that CPU. */
bool acpi_mode_enter(void)
{
    const struct acpi_fadt *f = acpi_fadt();
    uint16_t port = f ? (uint16_t)gas_port(&f->pm1a_control) : 0;

    if (!port || !f->smi_port || f->smi_port > 0xffff)
        return true;
    if (!(inw(port) & SCI_ENABLED))
        outb((uint16_t)f->smi_port, f->acpi_enable);
    for (unsigned int us = 0; us < SCI_WAIT_US; us += STEP_US) {
        if (inw(port) & SCI_ENABLED)
            return true;
        time_wait_us(STEP_US);
    }
    log_warn("acpi: command %x at port %x does not switch ACPI on",
             f->acpi_enable, f->smi_port);
    return false;
}

void arch_poweroff(void)
{
    const struct acpi_fadt *f = acpi_fadt();

    interrupts_off();
    if (f && have_s5) {
        pm1_sleep(&f->pm1a_control, s5_a);
        pm1_sleep(&f->pm1b_control, s5_b);
        time_wait_us(RESET_WAIT_US);
    }
    log_error("this machine cannot be switched off by software: halted");
    for (;;)
        halt();
}

/* --- Reboot: each way gets time to work, then the next one is tried --- */

static void reset_acpi(void)
{
    const struct acpi_fadt *f = acpi_fadt();

    if (!f || !f->has_reset)
        return;
    if (gas_port(&f->reset))
        outb((uint16_t)f->reset.address, f->reset_value);
    else if (reset_register)
        *reset_register = f->reset_value;
}

static void reset_cf9(void)
{
    outb(PORT_CF9, 0x02);
    outb(PORT_CF9, 0x06);
}

static void reset_keyboard(void)
{
    for (unsigned int i = 0; i < KBC_SPINS_MAX && inb(KBC_STATUS) & KBC_BUSY;
         i++)
        continue;
    outb(KBC_STATUS, KBC_RESET);
}

/* No IDT: the first exception cannot be delivered, nor its double fault. */
static void reset_triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) nothing = {0, 0};

    asm volatile("lidt %0; int3" : : "m"(nothing));
}

void arch_reboot(void)
{
    static const struct {
        void (*reset)(void);
        enum quirk_kind first; /* on a machine of that kind */
    } ways[] = {
        {reset_acpi, QUIRK_KIND_reboot_acpi},
        {reset_cf9, QUIRK_KIND_reboot_cf9},
        {reset_keyboard, QUIRK_KIND_reboot_keyboard},
    };

    interrupts_off();
    for (unsigned int i = 0; i < 2 * ARRAY_SIZE(ways); i++) {
        unsigned int way = i % ARRAY_SIZE(ways);

        if (i < ARRAY_SIZE(ways) && !quirk_acts(ways[way].first))
            continue;
        ways[way].reset();
        time_wait_us(RESET_WAIT_US);
    }
    reset_triple_fault();
    for (;;)
        halt();
}
