/*
 * High availability: hosts that watch each other, and machines that come back.
 *
 * While it is enabled each armed host writes to the heartbeat volume and hears
 * the others (liveset.c). Machines whose ha_restart_priority is "restart" are
 * protected: as many hosts as ha_host_failures_to_tolerate may fail, and there
 * is room for all of them.
 */
#ifndef POOL_HA_H
#define POOL_HA_H

#include "request.h"

bool ha_enabled(struct request *r);

/* Whether the host takes part. */
bool ha_armed(struct request *r, const struct object *host);

/* Whether the machine must run: its priority says so, and it was started. */
bool ha_protected(const struct object *vm);

/*
 * 0, or API_FAILED with HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN: without the
 * host, or with the machine on it in addition, too few failures could be survived.
 * Without HA always 0.
 */
int ha_check_without_host(struct request *r, const struct object *host);
int ha_check_with_vm(struct request *r, const struct object *vm,
                     const struct object *host);

/* Works out ha_plan_exists_for and ha_overcommitted, and says so if it changed. */
void ha_replan(struct request *r);

/* A host leaves on purpose: nobody waits for it. */
void ha_leave(struct request *r, struct object *host);

/* Whether a host that came back must wait before it is enabled. */
bool ha_keeps_out(struct request *r, struct object *host);

/* Hosts judge each other, and machines of the dead start again. */
void ha_step(struct request *r, int64_t now_ms);

/* Whether nothing is left to do until something changes. */
bool ha_quiet(const struct toolstack *ts);

void ha_fini(struct toolstack *ts);

#endif
