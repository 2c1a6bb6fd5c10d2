/* JSON-RPC and XML-RPC envelopes around dispatch. */
#ifndef WIRE_WIRE_RPC_H
#define WIRE_WIRE_RPC_H

#include "buf.h"
#include "dispatch.h"

enum rpc_form {
    RPC_XML,
    RPC_JSON1,
    RPC_JSON2,
};

struct rpc {
    enum rpc_form form;
    struct value id; /* of JSON-RPC */
    struct answer answer;
};

/* Carries out one body. answer.malformed: HTTP status 500. */
void rpc_call(const struct endpoint *at, const struct caller *caller,
              struct arena *a, bool json, const char *body, size_t len,
              struct rpc *rpc);

/* Writes the answer, which must not be waiting. */
void rpc_write(struct buf *out, struct arena *a, const struct rpc *rpc);
const char *rpc_content_type(const struct rpc *rpc);

#endif
