/* What may become of a test. */
#include "outcome.h"

#include <assert.h>

static const struct outcome outcomes[] = {
#define OUTCOME(n, g, j, o, d) \
    {.name = n, .good = g, .junit_tag = j, .tap_ok = o, .tap_directive = d},
#include "outcomes.def"
#undef OUTCOME
};
static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == OUTCOMES_NR,
              "counts by outcome have room for all");

const struct outcome *outcome_at(int nr)
{
    return &outcomes[nr];
}

const struct outcome *outcome_find(struct bytes name)
{
    for (int i = 0; i < OUTCOMES_NR; i++)
        if (bytes_is(name, outcomes[i].name))
            return &outcomes[i];
    return NULL;
}
