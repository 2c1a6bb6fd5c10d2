/*
 * The audit trail: who called what that changes something, and what came of
 * it. One line a call, the newest AUDIT_BYTES_MAX of them.
 */
#ifndef TRANSFER_AUDIT_H
#define TRANSFER_AUDIT_H

#include "request.h"

enum {
    AUDIT_BYTES_MAX = 1 << 20,
};

/* Notes a call that is over, or was refused, or has begun to wait. */
void audit_note(struct request *r, int rc);
/* Adds a line of somebody else's. */
void audit_append(struct toolstack *ts, const char *line);
/* The lines from that date on (as the API writes it; "": all). */
struct buf;
void audit_read(struct toolstack *ts, const char *since, struct buf *out);

#endif
