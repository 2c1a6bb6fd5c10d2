/*
 * What transfers keep beside the database: which data sources are recorded
 * other than by default, and the trail of calls. It is small, bounded, and
 * forgotten with the process.
 */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include "buf.h"
#include "request.h"

struct transfer;

/* Frees ts->transfer. */
void transfer_fini(struct toolstack *ts);

/* Whether a data source of an object is kept other than its kind is. */
bool transfer_rrd_excepted(const struct toolstack *ts, const char *uuid,
                           const char *name);
void transfer_rrd_except(struct toolstack *ts, const char *uuid,
                         const char *name, bool excepted);

/* RRDs that were put here, by the uuid of their machine; NULL: none. The oldest
 * goes when there are too many. */
const struct buf *transfer_archived(const struct toolstack *ts,
                                    const char *uuid);
void transfer_archive(struct toolstack *ts, const char *uuid, const void *data,
                      size_t len);

/* The lines of the audit trail. */
struct buf *transfer_audit(struct toolstack *ts);

#endif
