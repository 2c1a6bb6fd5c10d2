/* XML-RPC: calls in, answers out. */
#ifndef WIRE_XMLRPC_H
#define WIRE_XMLRPC_H

#include "buf.h"
#include "value.h"

enum {
    INT_AS_I4 = 4, /* nr of a VALUE_INT that is shown as <i4> */
};

/* 0, or -EINVAL: not a well-formed methodCall. Results live in the arena. */
int xmlrpc_decode(struct arena *a, const char *text, size_t len,
                  const char **method, struct value *params);

/* 0, or -EINVAL: not one <value>, as files hold it. */
int xmlrpc_decode_value(struct arena *a, const char *text, size_t len,
                        struct value *v);

/* One <value>. */
void xmlrpc_value(struct buf *out, const struct value *v);
void xmlrpc_text(struct buf *out, const char *s);

/* A whole methodResponse around one value. */
void xmlrpc_response(struct buf *out, const struct value *v);

#endif
