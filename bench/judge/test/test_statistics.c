/* Statistics against textbooks, and against data whose truth is known. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "noise.h"
#include "rank.h"
#include "resample.h"
#include "series.h"
#include "student.h"
#include "verdict.h"

#define VALUES(...)                                                \
    (struct values)                                                \
    {                                                              \
        (const double[]){__VA_ARGS__},                             \
            sizeof((const double[]){__VA_ARGS__}) / sizeof(double) \
    }
#define NEAR(a, b, by) ck_assert_double_eq_tol(a, b, (by) + 1e-12)

/* --- Order ------------------------------------------------------------------- */
START_TEST(medians_and_quantiles_are_those_of_type_7)
{
    struct values v = VALUES(1, 2, 3, 4, 10);

    NEAR(order_median(v), 3, 0);
    NEAR(order_median(VALUES(1, 2, 3, 4)), 2.5, 0);
    NEAR(order_quantile(v, 0.25), 2, 0);
    NEAR(order_quantile(v, 0.9), 7.6, 1e-12);
    NEAR(order_quantile(v, 1), 10, 0);
    ck_assert(isnan(order_median((struct values){NULL, 0})));
}
END_TEST

/* Binomial tables: n = 10: 2nd to 9th, 97.9 %; n = 20: 6th to 15th, 95.9 %. */
START_TEST(medians_have_the_intervals_of_the_binomial_tables)
{
    double v[20];
    struct interval i;

    for (int k = 0; k < 20; k++)
        v[k] = k + 1;
    NEAR(order_median_interval((struct values){v, 10}, 0.95, &i), 0.9785, 1e-4);
    NEAR(i.low, 2, 0);
    NEAR(i.high, 9, 0);
    NEAR(order_median_interval((struct values){v, 20}, 0.95, &i), 0.9586, 1e-4);
    NEAR(i.low, 6, 0);
    NEAR(i.high, 15, 0);
}
END_TEST

START_TEST(few_samples_say_how_little_they_cover)
{
    struct interval i;

    NEAR(order_median_interval(VALUES(1, 2, 3), 0.95, &i), 0.75, 1e-9);
    NEAR(i.low, 1, 0);
    NEAR(i.high, 3, 0);
    NEAR(order_median_interval(VALUES(7), 0.95, &i), 0, 1e-9);
    NEAR(i.low, 7, 0);
    NEAR(i.high, 7, 0);
}
END_TEST

START_TEST(one_outlier_does_not_move_the_spread)
{
    NEAR(order_spread(VALUES(1, 2, 3, 4, 1e9)), 1.4826, 1e-9);
    NEAR(order_spread(VALUES(5, 5, 5)), 0, 0);
}
END_TEST

/* --- Rank tests --------------------------------------------------------------- */
/* Hollander and Wolfe 1973, 69f: permeability; W = 35, one-sided 0.1272. */
START_TEST(mann_whitney_is_exact_for_few)
{
    struct values x =
        VALUES(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46);
    struct values y = VALUES(1.15, 0.88, 0.90, 0.74, 1.21);
    struct rank_test t;

    ck_assert_int_eq(rank_mann_whitney(x, y, &t), 0);
    ck_assert(t.exact);
    NEAR(t.statistic, 35, 0);
    NEAR(t.p, 2 * 0.1272, 1e-4);
}
END_TEST

/* Complete separation of 10 and 10: 2 of C(20, 10) divisions. */
START_TEST(mann_whitney_counts_all_divisions)
{
    struct rank_test t;

    ck_assert_int_eq(
        rank_mann_whitney(VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
                          VALUES(11, 12, 13, 14, 15, 16, 17, 18, 19, 20), &t),
        0);
    NEAR(t.p, 2.0 / 184756, 1e-12);
    NEAR(t.statistic, 0, 0);
}
END_TEST

/* {1,2,2} and {2,3,3}: of 20 divisions 6 are as far from the middle. */
START_TEST(mann_whitney_counts_ties)
{
    struct rank_test t;

    ck_assert_int_eq(rank_mann_whitney(VALUES(1, 2, 2), VALUES(2, 3, 3), &t),
                     0);
    NEAR(t.statistic, 1, 0);
    NEAR(t.p, 0.3, 1e-12);
    ck_assert_int_eq(rank_mann_whitney(VALUES(5, 5, 5), VALUES(5, 5), &t), 0);
    NEAR(t.p, 1, 0);
}
END_TEST

/* Where both are at hand, the approximation is near the exact one. */
START_TEST(mann_whitney_is_normal_for_many)
{
    struct dice d = {3};
    double x[60], y[60];
    struct rank_test few, many;

    for (int i = 0; i < 60; i++) {
        x[i] = floor(10 * dice_unit(&d));
        y[i] = floor(10 * dice_unit(&d)) + (i < 25 ? 1.5 : 0);
    }
    ck_assert_int_eq(
        rank_mann_whitney((struct values){x, 25}, (struct values){y, 25}, &few),
        0);
    ck_assert(few.exact);
    ck_assert_int_eq(rank_mann_whitney((struct values){x, 26},
                                       (struct values){y, 25}, &many),
                     0);
    ck_assert(!many.exact);
    ck_assert_double_lt(fabs(log(many.p / few.p)), 0.7);
}
END_TEST

START_TEST(a_side_without_samples_proves_nothing)
{
    struct rank_test t;

    ck_assert_int_eq(rank_mann_whitney((struct values){NULL, 0}, VALUES(1), &t),
                     0);
    NEAR(t.p, 1, 0);
    ck_assert_int_eq(rank_signed(VALUES(0, 0), &t), 0);
    NEAR(t.p, 1, 0);
    NEAR(rank_cliff((struct values){NULL, 0}, VALUES(1)), 0, 0);
}
END_TEST

/* Hollander and Wolfe 1973, 29f: depression; V = 40, one-sided 0.01953. */
START_TEST(signed_ranks_are_exact_for_few)
{
    struct rank_test t;

    ck_assert_int_eq(
        rank_signed(VALUES(1.83 - 0.878, 0.50 - 0.647, 1.62 - 0.598,
                           2.48 - 2.05, 1.68 - 1.06, 1.88 - 1.29, 1.55 - 1.06,
                           3.06 - 3.14, 1.30 - 1.29),
                    &t),
        0);
    ck_assert(t.exact);
    NEAR(t.statistic, 40, 0);
    NEAR(t.p, 2 * 0.01953, 1e-4);
}
END_TEST

START_TEST(cliffs_delta_is_a_share_of_pairs)
{
    NEAR(rank_cliff(VALUES(1, 2, 3), VALUES(4, 5)), -1, 0);
    NEAR(rank_cliff(VALUES(1, 2, 3), VALUES(2)), 0, 0);
    NEAR(rank_cliff(VALUES(3, 4), VALUES(1, 4)), 0.25, 1e-12);
}
END_TEST

/* --- Student, trends, discovery ------------------------------------------------ */
START_TEST(student_is_that_of_the_tables)
{
    NEAR(student_quantile(0.05, 10), 2.228139, 1e-6);
    NEAR(student_quantile(0.01, 4), 4.604095, 1e-6);
    NEAR(student_tails(12.7062, 1), 0.05, 1e-6);
    NEAR(student_tails(0, 5), 1, 1e-12);
    NEAR(student_tails(3, 0), 1, 0);
}
END_TEST

START_TEST(neighbours_that_follow_each_other_are_seen)
{
    NEAR(series_autocorrelation(VALUES(1, 2, 3, 4, 5)), 0.4, 1e-12);
    ck_assert_double_lt(series_autocorrelation(VALUES(1, 9, 1, 9, 1, 9)), -0.8);
    NEAR(series_autocorrelation(VALUES(4, 4, 4, 4)), 0, 0);
}
END_TEST

/* Kendall's tau of 10 rising values is 1; S = 45, variance 125: z = 3.935. */
START_TEST(a_trend_is_seen)
{
    double tau;

    NEAR(series_trend(VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), &tau), 8.3e-5,
         1e-6);
    NEAR(tau, 1, 0);
    NEAR(series_trend(VALUES(3, 3, 3, 3), &tau), 1, 0);
}
END_TEST

START_TEST(two_heaps_are_two_modes_and_a_tail_is_not)
{
    ck_assert(
        series_two_modes(VALUES(1, 1.1, 1.2, 1.3, 1.4, 9, 9.1, 9.2, 9.3, 9.4)));
    ck_assert(!series_two_modes(VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)));
    ck_assert(!series_two_modes(VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1, 50)));
    ck_assert(!series_two_modes(VALUES(1, 50)));
}
END_TEST

/* Benjamini and Hochberg 1995, section 3.2: four of fifteen at 0.05. */
START_TEST(discoveries_are_those_of_the_paper)
{
    double p[] = {0.0278, 0.0001, 0.0004, 0.0019, 0.0095,
                  0.0201, 0.0298, 0.0344, 0.0459, 0.3240,
                  0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    int found = 0;

    ck_assert_int_eq(series_discovery(p, 15), 0);
    for (int i = 0; i < 15; i++)
        found += p[i] <= 0.05;
    ck_assert_int_eq(found, 4);
    NEAR(p[1], 0.0015, 1e-9);
    NEAR(p[4], 0.035625, 1e-9);
    NEAR(p[0], 0.0638571, 1e-6);
}
END_TEST

/* --- Simulations --------------------------------------------------------------- */
enum { RUNS = 250, MOST = 60 };
/* 0.05, and two standard errors of a share of RUNS. */
#define ALARMS_MOST 0.078

static double normal(struct dice *d)
{
    return sqrt(-2 * log(1 - dice_unit(d))) * cos(2 * M_PI * dice_unit(d));
}

/* What noise looks like, around a median of 1. */
enum shape { SHAPE_NORMAL, SHAPE_LOG, SHAPE_TIES, SHAPE_MODES, SHAPES };

static double drawn(struct dice *d, enum shape s)
{
    double z = normal(d);

    switch (s) {
    case SHAPE_LOG:
        return exp(0.2 * z);
    case SHAPE_TIES:
        return 1 + floor(2 * z + 0.5) / 20;
    case SHAPE_MODES:
        return (dice_unit(d) < 0.5 ? 0.8 : 1.2) + 0.02 * z;
    default:
        return 1 + 0.05 * z;
    }
}

/* A measure with two sides of `n` samples in as many rounds. */
struct sample_pair {
    double x[MOST], y[MOST];
    int round[MOST];
    struct measure m;
    struct series sx, sy;
};

static void pair_make(struct sample_pair *p, size_t n)
{
    p->m = (struct measure){.higher = true};
    for (size_t i = 0; i < n; i++)
        p->round[i] = (int)i;
    p->sx = (struct series){p->x, p->round, n, 0};
    p->sy = (struct series){p->y, p->round, n, 0};
}

static enum verdict pair_judge(struct sample_pair *p, const struct rules *r,
                               struct judged *j)
{
    ck_assert_int_eq(judged_measure(j, &p->m, &p->sx, &p->sy, r), 0);
    ck_assert_int_eq(judged_decide(&j, 1, r), 0);
    return j->verdict;
}

/* Shares of verdicts over seeded runs; y is `ratio` times slower. `shared`:
   noise that both sides of a round have. */
static void shares(enum shape shape, size_t n, double ratio, double shared,
                   double *share, double *covered)
{
    struct dice d = {42};
    struct sample_pair p;
    struct judged j;
    int inside = 0;

    for (int v = 0; v < VERDICTS; v++)
        share[v] = 0;
    for (int run = 0; run < RUNS; run++) {
        pair_make(&p, n);
        for (size_t i = 0; i < n; i++) {
            double both = exp(shared * normal(&d));

            p.x[i] = both * ratio * drawn(&d, shape);
            p.y[i] = both * drawn(&d, shape);
        }
        share[pair_judge(&p, &rules_default, &j)] += 1.0 / RUNS;
        inside += j.interval.low <= ratio && j.interval.high >= ratio;
    }
    *covered = (double)inside / RUNS;
}

START_TEST(without_a_difference_alarms_stay_below_alpha)
{
    static const size_t sizes[] = {10, 16, 30};
    double share[VERDICTS], covered;

    shares((enum shape)(_i % SHAPES), sizes[_i / SHAPES], 1, 0, share,
           &covered);
    ck_assert_double_le(share[VERDICT_BETTER] + share[VERDICT_WORSE],
                        ALARMS_MOST);
}
END_TEST

START_TEST(intervals_cover_as_they_say)
{
    static const size_t sizes[] = {10, 20, 40};
    double share[VERDICTS], covered;

    shares(_i % 2 ? SHAPE_LOG : SHAPE_NORMAL, sizes[_i / 2], 1.3, 0, share,
           &covered);
    ck_assert_double_ge(covered, 0.93);
}
END_TEST

START_TEST(a_fifth_more_is_found_and_nothing_is_the_same)
{
    double share[VERDICTS], covered;

    shares(SHAPE_NORMAL, 10, 1.2, 0, share, &covered);
    ck_assert_double_ge(share[VERDICT_BETTER], 0.95);
    shares(SHAPE_NORMAL, 10, 0.8, 0, share, &covered);
    ck_assert_double_ge(share[VERDICT_WORSE], 0.95);
    shares(SHAPE_NORMAL, 50, 1, 0, share, &covered);
    ck_assert_double_ge(share[VERDICT_SAME], 0.9);
}
END_TEST

START_TEST(noise_that_rounds_share_does_not_hide_a_difference)
{
    double share[VERDICTS], covered;

    shares(SHAPE_NORMAL, 16, 1.2, 0.5, share, &covered);
    ck_assert_double_ge(share[VERDICT_BETTER], 0.8);
    shares(SHAPE_NORMAL, 16, 1, 0.5, share, &covered);
    ck_assert_double_le(share[VERDICT_BETTER] + share[VERDICT_WORSE],
                        ALARMS_MOST);
}
END_TEST

/* The loop of a run: more samples until it is decided, at most ten looks. */
START_TEST(looking_often_does_not_raise_alarms)
{
    struct rules rules = rules_default;
    struct dice d = {7};
    struct sample_pair p;
    struct judged j;
    int alarms = 0;

    rules.looks = 10;
    for (int run = 0; run < RUNS; run++) {
        pair_make(&p, MOST);
        for (size_t i = 0; i < MOST; i++) {
            p.x[i] = drawn(&d, SHAPE_LOG);
            p.y[i] = drawn(&d, SHAPE_LOG);
        }
        for (size_t n = 10; n <= 55; n += 5) {
            p.sx.n = p.sy.n = n;
            if (pair_judge(&p, &rules, &j) != VERDICT_UNKNOWN)
                break;
        }
        alarms += j.verdict == VERDICT_BETTER || j.verdict == VERDICT_WORSE;
    }
    ck_assert_double_le((double)alarms / RUNS, ALARMS_MOST);
}
END_TEST

/* Three boots that differ more than their samples: no proof of anything. */
START_TEST(samples_of_one_boot_are_not_many)
{
    struct dice d = {9};
    struct sample_pair p;
    struct judged j;
    int alarms = 0;

    for (int run = 0; run < RUNS; run++) {
        double bx[3], by[3];

        pair_make(&p, 30);
        for (int i = 0; i < 3; i++) {
            bx[i] = exp(0.15 * normal(&d));
            by[i] = exp(0.15 * normal(&d));
        }
        for (int i = 0; i < 30; i++) {
            p.round[i] = i / 10;
            p.x[i] = bx[i / 10] * (1 + 0.01 * normal(&d));
            p.y[i] = by[i / 10] * (1 + 0.01 * normal(&d));
        }
        pair_judge(&p, &rules_default, &j);
        alarms += j.verdict != VERDICT_UNKNOWN;
    }
    ck_assert_double_le((double)alarms / RUNS, ALARMS_MOST);
}
END_TEST

/* --- Odd data ------------------------------------------------------------------ */
static enum verdict judge_values(struct values x, struct values y, bool count,
                                 struct judged *j)
{
    struct measure m = {.count = count};
    struct series sx = {(double *)x.value, NULL, x.n, 0};
    struct series sy = {(double *)y.value, NULL, y.n, 0};
    struct judged *list = j;

    ck_assert_int_eq(judged_measure(j, &m, &sx, &sy, &rules_default), 0);
    ck_assert_int_eq(judged_decide(&list, 1, &rules_default), 0);
    return j->verdict;
}

START_TEST(nine_samples_are_no_verdict_on_time)
{
    struct judged j;

    ck_assert_int_eq(judge_values(VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1),
                                  VALUES(9, 9, 9, 9, 9, 9, 9, 9, 9), false, &j),
                     VERDICT_UNKNOWN);
    ck_assert_uint_eq(j.more, 1);
    ck_assert_str_eq(j.reason, "9 of 10 samples");
    ck_assert_int_eq(
        judge_values((struct values){NULL, 0}, VALUES(1), false, &j),
        VERDICT_UNKNOWN);
    ck_assert_uint_eq(j.more, 10);
}
END_TEST

START_TEST(one_count_is_enough)
{
    struct judged j;

    ck_assert_int_eq(judge_values(VALUES(50), VALUES(100), true, &j),
                     VERDICT_BETTER);
    NEAR(j.ratio, 0.5, 0);
    ck_assert_int_eq(judge_values(VALUES(1000), VALUES(1005), true, &j),
                     VERDICT_SAME);
    ck_assert_int_eq(judge_values(VALUES(1020), VALUES(1000), true, &j),
                     VERDICT_WORSE);
    ck_assert_int_eq(
        judge_values(VALUES(90, 110, 130), VALUES(100, 101, 105), true, &j),
        VERDICT_UNKNOWN);
}
END_TEST

/* Timers come in between: such counts prove little, and want more samples. */
START_TEST(counts_that_vary_seldom_raise_alarms)
{
    static const size_t sizes[] = {2, 3, 4, 5};
    struct dice d = {11};
    struct judged j;
    double x[5], y[5];
    int alarms = 0;

    for (int run = 0; run < 4000; run++) {
        for (size_t i = 0; i < sizes[_i]; i++) {
            x[i] = drawn(&d, SHAPE_LOG);
            y[i] = drawn(&d, SHAPE_LOG);
        }
        judge_values((struct values){x, sizes[_i]},
                     (struct values){y, sizes[_i]}, true, &j);
        alarms += j.verdict == VERDICT_BETTER || j.verdict == VERDICT_WORSE;
    }
    ck_assert_int_le(alarms, 16); /* 0.2 %, and three standard errors */
}
END_TEST

START_TEST(counts_that_vary_and_are_far_apart_are_told)
{
    struct judged j;

    ck_assert_int_eq(
        judge_values(VALUES(27380, 27500), VALUES(1191118, 1150000), true, &j),
        VERDICT_BETTER);
    /* A timer came into one of them. */
    ck_assert_int_eq(judge_values(VALUES(441, 442, 440, 900, 441),
                                  VALUES(540, 541, 540, 542, 7000), true, &j),
                     VERDICT_BETTER);
    ck_assert_int_eq(judge_values(VALUES(2, 2.1), VALUES(2.2, 2.3), true, &j),
                     VERDICT_UNKNOWN);
    ck_assert_uint_eq(j.more, 3);
}
END_TEST

START_TEST(counts_of_nothing_have_a_verdict_without_a_ratio)
{
    struct judged j;

    ck_assert_int_eq(judge_values(VALUES(0), VALUES(0), true, &j),
                     VERDICT_SAME);
    ck_assert_int_eq(judge_values(VALUES(3), VALUES(0), true, &j),
                     VERDICT_WORSE);
    ck_assert(!isfinite(j.ratio));
    ck_assert_int_eq(judge_values(VALUES(0), VALUES(3), true, &j),
                     VERDICT_BETTER);
}
END_TEST

START_TEST(values_that_are_all_one_are_the_same)
{
    struct judged j;
    struct values v = VALUES(3, 3, 3, 3, 3, 3, 3, 3, 3, 3);
    struct values zero = VALUES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    ck_assert_int_eq(judge_values(v, v, false, &j), VERDICT_SAME);
    ck_assert_int_eq(judge_values(zero, zero, false, &j), VERDICT_SAME);
    ck_assert_int_eq(judge_values(zero, v, false, &j), VERDICT_BETTER);
    ck_assert_int_eq(judge_values(v, zero, false, &j), VERDICT_WORSE);
}
END_TEST

START_TEST(one_outlier_does_not_turn_a_verdict)
{
    struct judged j;
    struct values v = VALUES(100, 101, 99, 100, 102, 98, 100, 101, 99, 1e7);
    struct values w = VALUES(150, 151, 149, 150, 152, 148, 150, 151, 149, 1);

    ck_assert_int_eq(judge_values(v, w, false, &j), VERDICT_BETTER);
    NEAR(j.ratio, 100.0 / 150, 0.01);
}
END_TEST

START_TEST(what_is_undecided_says_how_many_more)
{
    struct judged j;

    ck_assert_int_eq(
        judge_values(VALUES(94, 97, 100, 103, 106, 94, 97, 100, 103, 106),
                     VALUES(95, 98, 101, 104, 107, 95, 98, 101, 104, 107),
                     false, &j),
        VERDICT_UNKNOWN);
    ck_assert_uint_gt(j.more, 2);
    ck_assert_uint_le(j.more, rules_default.most);
}
END_TEST

/* Of many measures without a difference one is far out: that is chance. */
START_TEST(a_matrix_is_judged_together)
{
    static struct judged j[100], *list[100];
    struct judged *alone = &j[0];

    for (int i = 0; i < 100; i++) {
        j[i] = (struct judged){.p = i ? 0.5 : 0.004,
                               .nx = 10,
                               .ny = 10,
                               .ratio = 1.2,
                               .interval = {1.1, 1.3},
                               .x = 1.2,
                               .y = 1,
                               .confidence = 0.95,
                               .verdict = VERDICT_UNKNOWN};
        list[i] = &j[i];
    }
    ck_assert_int_eq(judged_decide(list, 100, &rules_default), 0);
    ck_assert_int_eq(j[0].verdict, VERDICT_UNKNOWN);
    NEAR(j[0].q, 0.4, 1e-12);
    ck_assert_int_eq(judged_decide(&alone, 1, &rules_default), 0);
    ck_assert_int_eq(j[0].verdict, VERDICT_WORSE);
}
END_TEST

START_TEST(more_looks_are_stricter)
{
    struct rules r = rules_default;
    double before = 1;

    for (r.looks = 1; r.looks < 100; r.looks++) {
        ck_assert_double_le(rules_level(&r), before);
        before = rules_level(&r);
    }
    r.looks = 5;
    NEAR(rules_level(&r), 0.0158, 1e-9);
}
END_TEST

START_TEST(noise_of_a_quiet_and_of_a_drifting_machine)
{
    struct sample_pair p;
    struct run r = {.measure = &p.m, .measures = 1, .peers = 2};
    struct noise n;
    struct dice d = {5};

    pair_make(&p, 40);
    for (int i = 0; i < 40; i++) {
        p.x[i] = 100 + normal(&d);
        p.y[i] = 100 + i + normal(&d);
    }
    p.m.series[0] = p.sx;
    p.m.series[1] = p.sy;
    ck_assert_int_eq(noise_measure(&r, &rules_default, &n), 0);
    ck_assert_uint_eq(n.series, 2);
    ck_assert_uint_eq(n.drifting, 1);
    ck_assert(!noise_drifts(&p.sx));
    ck_assert(noise_drifts(&p.sy));
    ck_assert_double_lt(n.difference, 0.02);
    r.measures = 0;
    ck_assert_int_eq(noise_measure(&r, &rules_default, &n), 0);
    ck_assert_uint_eq(n.series, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("judge statistics");
    TCase *known = tcase_create("known answers"), *runs = tcase_create("runs");
    TCase *odd = tcase_create("odd data");

    tcase_add_test(known, medians_and_quantiles_are_those_of_type_7);
    tcase_add_test(known, medians_have_the_intervals_of_the_binomial_tables);
    tcase_add_test(known, few_samples_say_how_little_they_cover);
    tcase_add_test(known, one_outlier_does_not_move_the_spread);
    tcase_add_test(known, mann_whitney_is_exact_for_few);
    tcase_add_test(known, mann_whitney_counts_all_divisions);
    tcase_add_test(known, mann_whitney_counts_ties);
    tcase_add_test(known, mann_whitney_is_normal_for_many);
    tcase_add_test(known, a_side_without_samples_proves_nothing);
    tcase_add_test(known, signed_ranks_are_exact_for_few);
    tcase_add_test(known, cliffs_delta_is_a_share_of_pairs);
    tcase_add_test(known, student_is_that_of_the_tables);
    tcase_add_test(known, neighbours_that_follow_each_other_are_seen);
    tcase_add_test(known, a_trend_is_seen);
    tcase_add_test(known, two_heaps_are_two_modes_and_a_tail_is_not);
    tcase_add_test(known, discoveries_are_those_of_the_paper);
    tcase_set_timeout(runs, 120);
    tcase_add_loop_test(runs, without_a_difference_alarms_stay_below_alpha, 0,
                        3 * SHAPES);
    tcase_add_loop_test(runs, intervals_cover_as_they_say, 0, 6);
    tcase_add_test(runs, a_fifth_more_is_found_and_nothing_is_the_same);
    tcase_add_test(runs, noise_that_rounds_share_does_not_hide_a_difference);
    tcase_add_test(runs, looking_often_does_not_raise_alarms);
    tcase_add_test(runs, samples_of_one_boot_are_not_many);
    tcase_add_test(odd, nine_samples_are_no_verdict_on_time);
    tcase_add_test(odd, one_count_is_enough);
    tcase_add_loop_test(odd, counts_that_vary_seldom_raise_alarms, 0, 4);
    tcase_add_test(odd, counts_that_vary_and_are_far_apart_are_told);
    tcase_add_test(odd, counts_of_nothing_have_a_verdict_without_a_ratio);
    tcase_add_test(odd, values_that_are_all_one_are_the_same);
    tcase_add_test(odd, one_outlier_does_not_turn_a_verdict);
    tcase_add_test(odd, what_is_undecided_says_how_many_more);
    tcase_add_test(odd, a_matrix_is_judged_together);
    tcase_add_test(odd, more_looks_are_stricter);
    tcase_add_test(odd, noise_of_a_quiet_and_of_a_drifting_machine);
    suite_add_tcase(s, known);
    suite_add_tcase(s, runs);
    suite_add_tcase(s, odd);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(suite());

    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);

    srunner_free(r);
    return failed != 0;
}
