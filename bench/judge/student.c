/* Student's t, through the incomplete beta function. */
#include "student.h"

#include <math.h>

enum {
    TERMS_MAX = 300,
    HALVINGS = 200,
};

#define TINY    1e-300
#define ENOUGH  1e-14
#define T_LARGE 1e6

static double away_from_zero(double x)
{
    return fabs(x) < TINY ? TINY : x;
}

/* Lentz's evaluation of the continued fraction (Abramowitz, Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;

    for (int m = 1; m < TERMS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd =
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double change;

        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        h *= c * d;
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        change = c * d;
        h *= change;
        if (fabs(change - 1) < ENOUGH)
            break;
    }
    return h;
}

/* The regularised incomplete beta function. */
static double beta(double a, double b, double x)
{
    double front;

    if (x <= 0 || x >= 1)
        return x > 0;
    front =
        exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_tails(double t, double freedom)
{
    if (freedom <= 0)
        return 1;
    return beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double student_quantile(double p, double freedom)
{
    double low = 0, high = T_LARGE;

    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;

        if (student_tails(middle, freedom) > p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}
