/*
 * One call while it is carried out: what a handler gets and gives.
 *
 * A handler returns 0 and leaves `result`, or returns what request_fail gave
 * it. Everything lives in the request's arena.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <errno.h>

#include "toolstack.h"

enum {
    API_FAILED = -EPROTO,  /* `error` says why */
    API_WAITING = -EAGAIN, /* `wait` says for what */
};

struct wait;

/* Who calls, as the server knows it. Lives as long as the exchange. */
struct caller {
    bool local;                       /* by the unix socket: trusted */
    const char *address, *user_agent; /* NULL: not known */
};

struct request {
    struct toolstack *ts;
    const struct endpoint *at;   /* where the call came in; a copy */
    const struct caller *caller; /* NULL: this process */
    struct db *db;
    struct arena *arena;
    const struct message *message;
    struct value args[PARAMS_MAX]; /* typed, without the session */
    int args_nr;
    struct object *session;  /* NULL: the message needs none */
    const char *session_ref; /* of it, to find it again after a wait */
    struct object *task;     /* of an asynchronous call */
    struct object *self;     /* the first argument, when that is a reference
                               to an object that exists */
    struct value result;
    struct value error; /* set of strings: code, parameters */
    struct wait *wait;  /* of a call that waits: wait.h */
};

/* Ends with NULL. Always API_FAILED. */
int request_fail(struct request *r, const char *code, ...)
    __attribute__((sentinel));
int request_internal(struct request *r, const char *text);
int request_bad_handle(struct request *r, const char *class_name,
                       const char *ref);

/* Arguments by position. */
const char *arg_text(const struct request *r, int nr);
int64_t arg_int(const struct request *r, int nr);
bool arg_bool(const struct request *r, int nr);
double arg_float(const struct request *r, int nr);
/* NULL, with the error set, when the reference does not lead to the class. */
struct object *arg_object(struct request *r, int nr, const char *class_name);

/*
 * The object's record as part of a result: of a call that comes over the wire,
 * its kept text.
 */
struct value request_record(struct request *r, struct object *o);

/* A result. Always 0. */
int reply(struct request *r, struct value v);
int reply_void(struct request *r);
int reply_ref(struct request *r, const struct object *o);
int reply_text(struct request *r, const char *text);

#endif
