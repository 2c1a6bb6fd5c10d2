/*
 * Heartbeats: which hosts live, who leads, and who has lost the master.
 *
 * Looked at every HEARTBEAT_MS. A host that does not answer is taken for dead
 * (host_metrics.live) after DEAD_MS; what ran there stays Running until
 * somebody declares it dead, HA does, or it comes back. A supporter whose
 * master is silent for EMERGENCY_MS, or that follows another one, serves
 * emergency calls only.
 */
#ifndef HOST_LIVENESS_H
#define HOST_LIVENESS_H

#include "request.h"

enum {
    HEARTBEAT_MS = 500,
    EMERGENCY_MS = 3 * 1000,
    DEAD_MS = 10 * 1000,
};

/* Keys of what a host remembers. */
#define LOCAL_AUTO_ENABLE "host_auto_enable"
#define LOCAL_CLEAN       "host_restarted_cleanly"
#define LOCAL_MASTER      "master" /* the address of the host it follows */
#define LOCAL_HA_ARMED    "ha.armed"

/* Does what is due; when more is (INT64_MAX: when somebody falls silent). */
int64_t liveness_step(struct toolstack *ts);

/* Looks at the hosts at the next step. */
void liveness_hurry(struct toolstack *ts);

/* The host is gone: at once, not only when it was silent for long. */
void liveness_lost(struct request *r, struct object *host);

void liveness_fini(struct toolstack *ts);

#endif
