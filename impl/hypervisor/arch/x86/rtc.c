/*
 * Wall clock: read from the CMOS clock at boot (MC146818), then kept by
 * XENPF_settime64.
 */
#include "x86/insn.h"

#include "base/calendar.h"
#include "hv/arch.h"

#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define RTC_SPINS_MAX   100000
#define RTC_READS_MAX   4
#define STATUS_A_BUSY   0x80
#define STATUS_B_BINARY 0x04
#define STATUS_B_24H    0x02
#define HOUR_PM         0x80
#define NS_PER_S        1000000000ULL
#define YEAR_PIVOT      70 /* two digits below are of this century */

enum rtc_reg {
    RTC_SECOND = 0,
    RTC_MINUTE = 2,
    RTC_HOUR = 4,
    RTC_DAY = 7,
    RTC_MONTH = 8,
    RTC_YEAR = 9,
    RTC_STATUS_A = 10,
    RTC_STATUS_B = 11,
};

static uint64_t utc_at_boot; /* [a] */

static uint8_t cmos_read(enum rtc_reg reg)
{
    outb(CMOS_INDEX, (uint8_t)reg);
    return inb(CMOS_DATA);
}

static unsigned int rtc_number(uint8_t v, bool binary)
{
    return binary ? v : (v >> 4) * 10U + (v & 15);
}

static void rtc_read(struct calendar *t)
{
    uint8_t b = cmos_read(RTC_STATUS_B);
    bool binary = b & STATUS_B_BINARY;
    uint8_t hour;

    for (unsigned int i = 0;
         i < RTC_SPINS_MAX && cmos_read(RTC_STATUS_A) & STATUS_A_BUSY; i++)
        continue;
    t->second = rtc_number(cmos_read(RTC_SECOND), binary);
    t->minute = rtc_number(cmos_read(RTC_MINUTE), binary);
    hour = cmos_read(RTC_HOUR);
    t->hour = rtc_number(hour & (uint8_t)~HOUR_PM, binary);
    if (!(b & STATUS_B_24H))
        t->hour = t->hour % 12 + (hour & HOUR_PM ? 12 : 0);
    t->day = rtc_number(cmos_read(RTC_DAY), binary);
    t->month = rtc_number(cmos_read(RTC_MONTH), binary);
    t->year = rtc_number(cmos_read(RTC_YEAR), binary);
    t->year += t->year < YEAR_PIVOT ? 2000 : 1900;
}

/* Reads until two agree: an update may have come in between. */
static uint64_t rtc_seconds(void)
{
    uint64_t last = 0, now = 1;

    for (unsigned int i = 0; i < RTC_READS_MAX && last != now; i++) {
        struct calendar t;

        rtc_read(&t);
        last = now;
        now = calendar_seconds(&t);
    }
    return now;
}

uint64_t arch_wallclock_ns(void)
{
    uint64_t utc = __atomic_load_n(&utc_at_boot, __ATOMIC_RELAXED);

    if (!utc) {
        utc = rtc_seconds() * NS_PER_S - arch_now_ns();
        arch_wallclock_set(utc);
    }
    return utc;
}

void arch_wallclock_set(uint64_t utc_ns_at_boot)
{
    __atomic_store_n(&utc_at_boot, utc_ns_at_boot, __ATOMIC_RELAXED);
}
