/* What the parts of HA share: state that no database holds. */
#ifndef POOL_HA_STATE_H
#define POOL_HA_STATE_H

#include "ha.h"
#include "planner.h"

enum {
    HA_TIMEOUT_MS = 60 * 1000, /* unless ha_configuration:timeout says */
    HA_RETRY_MS = 30 * 1000,   /* before a failed restart is tried again */
};

#define LOCAL_HA_NO_DECISIONS "ha.disable_failover_decisions"

/* A host as the others see it. */
struct ha_member {
    char host[REF_BYTES];
    int64_t fine_ms; /* when it was last seen in good health */
    bool running, fine, dead;
    size_t group; /* who hears whom: the index of its first member */
    bool storage;
};

struct ha_restart {
    char vm[REF_BYTES];
    int64_t due_ms;
    bool failed;
};

struct ha {
    struct ha_member *members;
    size_t members_nr;
    struct ha_restart *restarts;
    size_t restarts_nr;
    int64_t prevented_until_ms;
    bool statefile_lost;
};

/* Made when it is first needed. */
struct ha *ha_state(struct toolstack *ts);
void ha_forget(struct toolstack *ts);

void ha_arm(struct request *r, const struct object *host, bool armed);
bool ha_sees_statefile(struct request *r, const struct object *host);
int64_t ha_timeout_ms(struct request *r);

/* A volume of that type on the SR: the one that is there, or a new one. */
struct object *ha_volume(struct request *r, struct object *sr, const char *type,
                         const char *label, int64_t bytes);

/* Starts machines that should run, in order; on the master. */
void ha_restart_machines(struct request *r, int64_t now_ms);

#endif
