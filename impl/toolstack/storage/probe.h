/* What there is at a device config, and what the config lacks. */
#ifndef STORAGE_PROBE_H
#define STORAGE_PROBE_H

#include "sm.h"

/*
 * API_FAILED: the config lacks `key`. Where clients are used to it, the error
 * lists what there is to choose from, as XML.
 */
int probe_missing(struct request *r, const struct sm_driver *d,
                  const struct value *config, const char *key);

#endif
