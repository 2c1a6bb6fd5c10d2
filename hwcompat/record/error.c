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
    /* Names are somebody's: nothing of theirs is for the terminal. */
    for (char *p = e->text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == '\177')
            *p = '?';
    return rc;
}
