/*
 * The calls of the running check and their answers, as text to read: short,
 * without passwords and sessions. One thread.
 */
#ifndef API_CALLLOG_H
#define API_CALLLOG_H

#include <stdbool.h>

/* What is never to be seen; copied. NULL and "" are nothing. */
void calllog_hide(const char *secret);
void calllog_begin(void);
void calllog_add(const char *name, const char *request, const char *reply,
                 double seconds);
/* A line per call, good until the next begin: all that was kept, or the last
 * call only. */
const char *calllog_text(bool last_only);

#endif
