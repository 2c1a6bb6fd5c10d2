/*
 * The verdict, from the files of a bundle: every required test must have
 * passed, or be waived. Run when a bundle is made and when it is verified.
 */
#ifndef CERTIFY_JUDGE_H
#define CERTIFY_JUDGE_H

#include "outcome.h"
#include "table.h"

enum {
    DATE_BYTES = 11, /* 2026-01-31 and a zero */
};

struct judgement {
    struct table results, required, waivers;
    int counts[OUTCOMES_NR]; /* by outcome */
    int missing, waived;
    struct findings blockers; /* what stands against passing */
    const char *verdict;
};

#define VERDICT_PASSED "passed"
#define VERDICT_WAIVED "passed with waivers"
#define VERDICT_FAILED "failed"

/*
 * `today` decides which waivers still hold. Damage of the tables goes to `f`,
 * and waivers that were used into `waived`. To be ended with judge_fini().
 */
void judge(struct judgement *j, const struct archive *a, const char *today,
           struct findings *waived, struct findings *f);
void judge_fini(struct judgement *j);

/* The top-level `key: value` of PRODUCT.yaml, without quotes; else empty. */
struct bytes product_fact(const struct archive *a, const char *key);

/* JUnit and TAP must tell what results.tsv tells. */
void agree_check(const struct archive *a, const struct table *results,
                 struct findings *f);

#endif
