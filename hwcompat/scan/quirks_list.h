/*
 * All known quirks, for people and for tools.
 */
#ifndef SCAN_QUIRKS_LIST_H
#define SCAN_QUIRKS_LIST_H

#include <quirks/quirk.h>

/* To standard output; not 0: no memory. */
int quirks_list(bool json);
/* What our hypervisor does about the row; NULL: nothing. */
const char *quirk_action_of(const struct quirk *q);

#endif
