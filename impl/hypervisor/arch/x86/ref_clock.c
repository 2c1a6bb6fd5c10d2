/*
 * HPET (IA-PC HPET 1.0a 2.3), ACPI PM timer (ACPI 4.8.3.3), PIT channel 2 (8254)
 * and the CMOS clock's seconds (MC146818) as free running counters.
 */
#include "x86/ref_clock.h"

#include "x86/acpi.h"
#include "x86/insn.h"
#include "x86/paging.h"
#include "x86/quirks.h"

#define HPET_BYTES      1024
#define HPET_CAPS       0x000
#define HPET_CONFIG     0x010
#define HPET_COUNTER    0x0f0
#define HPET_ENABLE     BIT(0)
#define HPET_PERIOD_MAX 100000000 /* femtoseconds */
#define FEMTO           1000000000000000ULL
#define PM_TIMER_HZ     3579545
#define PM_TRIES        10
#define PIT_HZ          1193182
#define PIT_CHANNEL2    0x42
#define PIT_COMMAND     0x43
#define PIT_CH2_MODE2   0xb4 /* low and high byte, rate generator */
#define PIT_CH2_LATCH   0x80
#define RTC_PORT        0x70 /* and data behind it */
#define RTC_SECOND      0
#define RTC_A           10
#define RTC_BUSY        0x80 /* seconds are about to change */
#define PORT_B          0x61
#define PORT_B_GATE2    0x01
#define PORT_B_SPEAKER  0x02

static volatile uint8_t *hpet;
static uint16_t pm_port;
static bool pm_reads_wrongly;

static uint32_t hpet_reg(unsigned int reg)
{
    return *(volatile uint32_t *)(hpet + reg);
}

static bool hpet_init(void)
{
    bool stops = quirk_acts(QUIRK_KIND_hpet_idle);
    const struct acpi_hpet *t = stops ? NULL : acpi_hpet();
    uint32_t period;

    hpet = t ? mmio_map(t->base.address, HPET_BYTES) : NULL;
    if (!hpet)
        return false;
    period = hpet_reg(HPET_CAPS + 4);
    if (!period || period > HPET_PERIOD_MAX)
        return false;
    ref_clocks[0].hz = FEMTO / period;
    *(volatile uint32_t *)(hpet + HPET_CONFIG) =
        hpet_reg(HPET_CONFIG) | (uint32_t)HPET_ENABLE;
    return true;
}

static uint64_t hpet_read(void)
{
    return hpet_reg(HPET_COUNTER);
}

static bool pm_init(void)
{
    const struct acpi_fadt *t = acpi_fadt();

    if (!t || t->pm_timer.space != ACPI_IO || !t->pm_timer.address ||
        t->pm_timer.address > 0xfffc)
        return false;
    pm_port = (uint16_t)t->pm_timer.address;
    pm_reads_wrongly = quirk_acts(QUIRK_KIND_pm_timer_reads);
    return true;
}

/* Where the counter is read wrongly while it changes, three reads must be in
   order; around its wrap they are not. */
static uint64_t pm_read(void)
{
    uint32_t a = inl(pm_port), b = a, c = a;
    unsigned int tries = pm_reads_wrongly ? PM_TRIES : 0;

    while (tries--) {
        a = inl(pm_port);
        b = inl(pm_port);
        c = inl(pm_port);
        if (a <= b && b <= c)
            break;
    }
    return b;
}

static bool pit_init(void)
{
    outb(PORT_B, (inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2);
    outb(PIT_COMMAND, PIT_CH2_MODE2);
    outb(PIT_CHANNEL2, 0);
    outb(PIT_CHANNEL2, 0);
    return true;
}

/* It counts down. */
static uint64_t pit_read(void)
{
    unsigned int v;

    outb(PIT_COMMAND, PIT_CH2_LATCH);
    v = inb(PIT_CHANNEL2);
    v |= (unsigned int)inb(PIT_CHANNEL2) << 8;
    return -(uint64_t)v;
}

static uint8_t rtc_get(uint8_t reg)
{
    outb(RTC_PORT, reg);
    return inb(RTC_PORT + 1);
}

static bool rtc_init(void)
{
    return rtc_get(RTC_A) != 0xff;
}

/* Its seconds, as far as somebody saw them change. */
static uint64_t rtc_read(void)
{
    static uint64_t seconds;
    static uint8_t last;
    uint8_t now = rtc_get(RTC_SECOND);

    if (now != last && !(rtc_get(RTC_A) & RTC_BUSY)) {
        last = now;
        seconds++;
    }
    return seconds;
}

struct ref_clock ref_clocks[REF_CLOCKS] = {
    {"hpet", hpet_init, hpet_read, 0xffffffff, 0},
    {"acpi", pm_init, pm_read, 0x00ffffff, PM_TIMER_HZ},
    {"pit", pit_init, pit_read, 0x0000ffff, PIT_HZ},
    {"rtc", rtc_init, rtc_read, 0xffffffff, 1},
};
