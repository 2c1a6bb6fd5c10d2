/*
 * Dates and seconds since 1970, by the Gregorian calendar, without leap seconds.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/types.h"

struct calendar {
    unsigned int year, month, day; /* month and day from 1 */
    unsigned int hour, minute, second;
};

/* For years from 1970 on. */
uint64_t calendar_seconds(const struct calendar *t);

#endif
