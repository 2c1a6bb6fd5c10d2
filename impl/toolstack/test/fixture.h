/* A toolstack to test with: seeded, with a clock and domains that stand still. */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include "toolstack.h"

struct fixture {
    struct toolstack ts;
    struct arena arena;
    uint64_t seed;
    int64_t now_ms;      /* the clock; still unless a test moves it */
    const char *session; /* of root */
};

/* With one host, one pool and a session. */
void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/*
 * Calls a message with parameters written as a JSON array; "$s" in it stands
 * for the session. The answer as JSON: its value, or {"error": [...]}.
 */
const char *fixture_call(struct fixture *f, const char *method,
                         const char *params);

#endif
