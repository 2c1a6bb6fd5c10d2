/* Event wake-up: changes at fixed times, and how long watchers take to know. */
#ifndef API_WATCHERS_H
#define API_WATCHERS_H

#include "hist.h"
#include "measure.h"

struct watch_result {
    struct hist wake; /* from the meant time of a change, for each watcher */
    uint64_t changes, missed;
};

/* `watchers` on one machine; `rate` changes a second. */
void watchers_run(struct target *t, unsigned int watchers, double rate,
                  uint64_t ns, struct watch_result *r);

#endif
