/* One fault, and how it is written down. */
#ifndef SIM_FAULTS_SPEC_H
#define SIM_FAULTS_SPEC_H

#include "faults.h"

struct fault {
    int64_t id;
    enum fault_kind kind;
    char target[FAULT_TARGET_BYTES];
    double probability;
    int64_t count, hits;
    int64_t start_ms, end_ms; /* of the simulation's clock */
    int64_t delay_ms, period_ms;
    uint64_t dice;
    bool on;            /* a state that holds */
    bool tossed, lucky; /* a state's dice are thrown once */
    struct fault *next;
};

/* Fills all but id and dice. 0, or -EINVAL with the reason. */
int fault_parse(struct fault *fault, struct arena *a, const struct value *spec,
                int64_t now_ms, const char **why);
struct value fault_value(const struct fault *fault, struct arena *a);

/* Whether it begins and ends, rather than strikes calls. */
bool fault_is_state(const struct fault *fault);

#endif
