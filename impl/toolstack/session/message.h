/* Alerts: objects of the class `message`. */
#ifndef SESSION_MESSAGE_H
#define SESSION_MESSAGE_H

#include "request.h"

/* A new one; the oldest makes way for one too many. `cls` as enumerated. */
struct object *message_make(struct request *r, const char *name,
                            int64_t priority, const char *cls,
                            const char *obj_uuid, const char *body);

/* The object of that class ("VM", "Host", ...) and uuid; NULL: none. */
struct object *message_subject(struct toolstack *ts, const char *cls,
                               const char *uuid);

#endif
