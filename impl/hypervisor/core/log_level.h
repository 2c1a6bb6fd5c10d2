/*
 * What the console needs from the log beside hv/log.h.
 */
#ifndef CORE_LOG_LEVEL_H
#define CORE_LOG_LEVEL_H

struct domain;

/* Level up to which lines caused by guests reach the serial port. */
int log_level_guest(void);
/* Text that a guest wrote, as an information line "(d<id>) text", rate limited;
   no unprintable character may be in it. */
void log_guest_text(const struct domain *d, const char *text);

#endif
