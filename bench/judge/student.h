/* Student's t distribution. */
#ifndef JUDGE_STUDENT_H
#define JUDGE_STUDENT_H

/* P(|T| >= |t|); 1 without degrees of freedom. */
double student_tails(double t, double freedom);

/* The t whose two tails hold `p`, 0 < p < 1. */
double student_quantile(double p, double freedom);

#endif
