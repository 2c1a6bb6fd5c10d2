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

/* Who is about to call, and what it will be done to: afterwards both may be
 * gone. */
struct audit_subject {
    const char *caller, *objects; /* in the arena; NULL: it is not noted */
};

struct audit_subject audit_subject(struct request *r);
/* Notes a call that is over, or was refused, or has begun to wait. */
void audit_note(struct request *r, const struct audit_subject *s, int rc);
/* Adds a line of somebody else's. */
void audit_append(struct toolstack *ts, const char *line);
/* The lines from that date on (as the API writes it; "": all). */
struct buf;
void audit_read(struct toolstack *ts, const char *since, struct buf *out);

#endif
