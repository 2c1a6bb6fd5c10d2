/* The load over all calls, in rounds that alternate between endpoints. */
#ifndef API_CAMPAIGN_H
#define API_CAMPAIGN_H

#include "measure.h"
#include "sample.h"

struct campaign {
    struct target *target[SAMPLE_PEERS]; /* open; the second may be NULL */
    const char *url[SAMPLE_PEERS];
    const char *only; /* a call; NULL: all */
    unsigned int rounds, connections, watchers;
    double rate; /* a second; 0: half of what is answered at most */
    uint64_t ns; /* each measurement of a round */
};

/* Whether a call has that name. */
bool campaign_knows(const char *call);
/* Prints a table to stdout; `json`: the lab's form to that file, or NULL. */
void campaign_run(const struct campaign *c, FILE *json);

#endif
