/*
 * What a check has in hand: the target, its session, calls with a verdict.
 *
 * A call that does not end as demanded fails the check. Calls of the format
 * take a letter per parameter: s string, b bool, i int, f double, j cJSON tree
 * (taken over); the session goes in front by itself. Trees that are returned
 * belong to the check and are freed after it.
 */
#ifndef API_SUITE_H
#define API_SUITE_H

#include <check.h>

#include "coverage.h"
#include "rpc.h"

#define REF_NULL "OpaqueRef:NULL"
#define BOGUS    "OpaqueRef:ffffffff-0000-4000-8000-00000000beef"

struct options;

struct suite {
    const struct options *options;
    struct rpc *rpc, *xml;
    const char *session;
    const char *role_sessions[8]; /* by rank; NULL: nobody of that role */
    const char *skipped;          /* why the running check is skipped */
};

extern struct suite suite;

/* The value of a successful call. */
cJSON *ok(const char *method, const char *format, ...);
const char *ok_text(const char *method, const char *format, ...);
/* The error of a refused call, whose code must be this. */
cJSON *refused(const char *code, const char *method, const char *format, ...);
/* A call whose end the check judges itself. Free by rpc_answer_free. */
void call_any(struct rpc_answer *answer, const char *session,
              const char *method, const char *format, ...);
/* Parameters of the types that the message wants, harmless as far as possible:
 * empty texts, references that lead nowhere. */
cJSON *sample_params(const struct message *m, bool all);

/* Waits until a task is over; its record. */
cJSON *task_wait(const char *task);

/* An event about the object since the token: "add", "mod", "del", or NULL. */
const char *event_about(const char *class, const char *ref, const char *token);
const char *event_token(void);

/* Takes over a tree until the end of the check. */
cJSON *keep(cJSON *tree);
const char *field_text(const cJSON *record, const char *field);

/* A name for what a check makes; the prefix tells what to clean up. */
const char *made_name(const char *what);

/*
 * Whether the end of the call is one that exceptions.def grants the check;
 * `code` is "" for a success.
 */
bool excepted(const char *check, const char *message, const char *code);

/* Ends the check as skipped. */
void skip(const char *why) __attribute__((noreturn));
/* Ends the check as skipped unless the run may change the target. */
void needs_destructive(void);

/* A halted machine of the check's own, cloned from a template; it is removed
 * at the end of the check. */
const char *new_machine(const char *what);
/* Stops and destroys it. */
void end_machine(const char *vm);

/* For the runner, around each check. */
void suite_begin(void);
void suite_end(bool passed);

#endif
