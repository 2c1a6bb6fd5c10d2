/* Clusters: what other parts tell them. */
#ifndef SERVICE_CLUSTER_H
#define SERVICE_CLUSTER_H

#include "request.h"

/* After a host came or went: who is live, and whether that is a quorum. */
void clusters_refresh(struct toolstack *ts);
void cluster_refresh(struct request *r, struct object *cluster);

#endif
