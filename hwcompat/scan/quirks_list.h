/*
 * All known quirks, for people and for tools.
 */
#ifndef SCAN_QUIRKS_LIST_H
#define SCAN_QUIRKS_LIST_H

#include <quirks/quirk.h>
#include <stdio.h>

struct cJSON;

void quirks_list(FILE *f);
/* An array; the caller deletes it. */
struct cJSON *quirks_json(void);
/* What our hypervisor does about the row; NULL: nothing. */
const char *quirk_action_of(const struct quirk *q);

#endif
