/*
 * A client of one endpoint: a connection, a dialect, calls one at a time.
 *
 * Values are cJSON trees in both dialects: XML-RPC's untyped scalars arrive as
 * strings, as the API sends them. Not for several threads.
 */
#ifndef API_RPC_H
#define API_RPC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum rpc_dialect {
    RPC_JSON2,
    RPC_XML,
};

enum {
    RPC_TIMEOUT_S = 120,
    RPC_REPLY_BYTES_MAX = 256 << 20,
};

struct rpc;

/* One answer. Owns its trees: rpc_answer_free. */
struct rpc_answer {
    long status;    /* of HTTP; 0: nobody answered */
    cJSON *value;   /* of a success */
    cJSON *error;   /* of a failure: a list, its code first */
    double seconds; /* from the request to the last byte */
    char why[256];  /* without an answer: the reason */
};

/* `url` has no path: http://host:port. */
struct rpc *rpc_open(const char *url, enum rpc_dialect dialect);
void rpc_close(struct rpc *rpc);
const char *rpc_url(const struct rpc *rpc);

/*
 * For every connection from now on. Certificates are checked against the
 * system's authorities, or those in `ca_file` (NULL: none given; borrowed), or
 * not at all.
 */
void rpc_trust(const char *ca_file, bool anybody);
/* How long a call may take, in seconds. */
void rpc_patience(long seconds);

/*
 * Who watches all calls of this process; members may be NULL. `may` is asked
 * before anything is sent: a message's name, or "PUT /path". What it forbids
 * is told to `stopped`, which need not return, and is never sent. `told` gets
 * both texts as they went over the wire.
 */
struct rpc_watch {
    bool (*may)(const char *name);
    void (*stopped)(const char *name);
    void (*told)(const char *name, const char *request, const char *reply,
                 double seconds);
};
void rpc_watch(const struct rpc_watch *watch);
/* Seconds that this process has waited for endpoints, and calls made. */
double rpc_waited(void);
/* Waiting of another kind: for a simulation to start or to end. */
void rpc_waited_more(double seconds);
long rpc_calls(void);

/* Takes over `params`, a list. */
void rpc_call(struct rpc *rpc, const char *method, cJSON *params,
              struct rpc_answer *answer);
void rpc_answer_free(struct rpc_answer *answer);

/* The error's code, or "" for a success. */
const char *rpc_code(const struct rpc_answer *answer);
/* Word number `nr` of the error; 0 is the code. "" past the end. */
const char *rpc_word(const struct rpc_answer *answer, int nr);

/*
 * One exchange of bytes: a body up (NULL: none), a body down. The reply is to
 * be freed, and ends with a NUL that `reply_len` does not count. Returns the
 * HTTP status; 0: nobody answered, and the reply says why.
 */
long rpc_http(struct rpc *rpc, const char *method, const char *path,
              const char *type, const void *body, size_t len, char **reply,
              size_t *reply_len);

#endif
