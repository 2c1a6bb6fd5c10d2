/*
 * Seconds since 1970 of a date (base/calendar.h).
 */
#include "base/calendar.h"

/* March starts the year, so that the leap day is its last. */
static uint64_t days_since_1970(const struct calendar *t)
{
    unsigned int year = t->month > 2 ? t->year : t->year - 1;
    unsigned int month = t->month > 2 ? t->month - 3 : t->month + 9;

    return year * 365UL + year / 4 - year / 100 + year / 400 +
           (month * 153 + 2) / 5 + t->day - 1 - 719468;
}

uint64_t calendar_seconds(const struct calendar *t)
{
    return days_since_1970(t) * 86400 + t->hour * 3600UL + t->minute * 60UL +
           t->second;
}
