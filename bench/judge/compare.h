/*
 * Now against then: the same measures of the same machine, before a change
 * and after it.
 */
#ifndef JUDGE_COMPARE_H
#define JUDGE_COMPARE_H

#include "matrix.h"

enum {
    REASONS_MAX = 4,
};

struct change {
    const struct measure *now, *then;
    struct judged judged; /* x is now, y is then */
    bool refused;         /* times of another machine are not compared */
    char reason[REASONS_MAX][160];
    size_t reasons;
};

struct comparison {
    const struct run *then; /* borrowed */
    const char *baseline;   /* as it was named */
    bool same_machine;
    char difference[160]; /* of the machines, when they are not the same */
    struct change *change;
    size_t changes;
    size_t fresh, gone; /* measures on one side only */
    size_t count[VERDICTS];
};

/* The peer compared is ours, or the first one of both. 0, or -ENOMEM. */
int comparison_init(struct comparison *c, const struct run *now,
                    const struct run *then, const char *baseline,
                    const struct rules *rules);
void comparison_fini(struct comparison *c);

/* One word for all: worse when one is, better when one is and none is worse,
   cannot tell when nothing was judged. */
enum verdict comparison_verdict(const struct comparison *c);

/* Earlier baselines of a machine, the oldest first. */
enum {
    HISTORY_MAX = 30,
};
struct history {
    struct run *run;
    char (*name)[RUN_NAME_BYTES]; /* what each is called: a revision */
    size_t runs;
};

#endif
