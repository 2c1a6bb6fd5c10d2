/* Errors about records: what is wrong, in which file, where. */
#include "record/error.h"

#include <stdarg.h>
#include <stdio.h>

int record_fail(struct record_error *e, int rc, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return rc;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    return rc;
}
