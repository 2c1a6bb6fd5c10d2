/* Certificates that end: alerts 30, 14 and 7 days before, and after. */
#ifndef SERVICE_EXPIRY_H
#define SERVICE_EXPIRY_H

#include "toolstack.h"

/* Makes the alerts that are due and not there yet. Cheap without any. */
void certificates_watch(struct toolstack *ts);

#endif
