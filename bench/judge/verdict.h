/*
 * Verdicts: is x better than y, worse, the same, or can that not be told?
 *
 * Times are judged by statistics. The level that is asked for is divided among
 * the looks that a run takes while it decides how many samples it needs
 * (Pocock's bounds), and the measures of a matrix share one false discovery
 * rate. Better and worse need all of: the rank test, an interval of the ratio
 * that leaves out 1, and a difference above the margin. The same needs the
 * whole interval within the margin. Counts are judged by their values alone.
 */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include <stdint.h>

#include "run.h"

enum verdict {
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_SAME,
    VERDICT_UNKNOWN,
    VERDICTS,
};

struct rules {
    double margin;          /* of times that are called the same: 0.05 */
    double count_tolerance; /* the same for counts: 0.01 */
    double alpha;           /* false alarms in all: 0.05 */
    unsigned int least;     /* samples before a verdict on a time: 10 */
    unsigned int most;      /* more samples that are worth waiting for */
    unsigned int looks;     /* at most, during the run */
    unsigned int seed;
};
extern const struct rules rules_default;

/* How the samples were compared. */
enum method {
    METHOD_NONE,
    METHOD_MANN_WHITNEY,
    METHOD_SIGNED_RANK, /* rounds paired: what disturbs both is left out */
    METHOD_COUNT,
    METHODS,
};

struct judged {
    enum verdict verdict;
    char reason[128];
    double x, y; /* medians */
    struct interval x_interval, y_interval;
    double ratio;                   /* x / y; not finite when y is 0 */
    struct interval interval;       /* of the ratio, at `confidence` */
    double confidence, p, q, delta; /* q: p among all measures of the matrix */
    enum method method;
    bool exact, by_rounds; /* by_rounds: they differed more than samples */
    bool apart;            /* counts, further than they vary */
    size_t nx, ny;
    size_t more; /* samples that should decide it; 0: none will */
    bool higher, count;
};

const char *verdict_name(enum verdict v);
const char *method_name(enum method m);

/* The median of samples in any order, with its interval. 0, or -ENOMEM. */
int side_measure(struct values v, double confidence, double *median,
                 struct interval *interval);

/* The level that each of `looks` may use, so that all together keep alpha. */
double rules_level(const struct rules *r);

/* Everything but verdict, q, reason and more. 0, or -ENOMEM. */
int judged_measure(struct judged *j, const struct measure *m,
                   const struct series *x, const struct series *y,
                   const struct rules *rules);

/* Those, for a whole matrix. 0, or -ENOMEM. */
int judged_decide(struct judged *const *j, size_t n, const struct rules *rules);

#endif
