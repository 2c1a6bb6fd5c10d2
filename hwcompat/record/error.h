/* Errors about records: what is wrong, in which file, where. */
#ifndef RECORD_ERROR_H
#define RECORD_ERROR_H

#include "hwcompat/record.h"

/* Returns `rc`. `e` may be NULL. */
int record_fail(struct record_error *e, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
