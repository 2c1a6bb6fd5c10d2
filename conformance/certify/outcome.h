/* What may become of a test, and how the result files say it: outcomes.def. */
#ifndef CERTIFY_OUTCOME_H
#define CERTIFY_OUTCOME_H

#include "bytes.h"

enum {
    OUTCOMES_NR = 5,
};

struct outcome {
    const char *name;
    bool good;             /* it does not block */
    const char *junit_tag; /* NULL: none */
    bool tap_ok;
    const char *tap_directive; /* NULL: none */
};

const struct outcome *outcome_at(int nr);
/* NULL: there is none of that name. */
const struct outcome *outcome_find(struct bytes name);

#endif
