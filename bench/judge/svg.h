/* Drawing in SVG: axes with round numbers, text, and the frame of a plot. */
#ifndef JUDGE_SVG_H
#define JUDGE_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    TICKS_MAX = 10,
};

/* Values to places; `from` is where the lowest lies. */
struct axis {
    double low, high, from, to;
    bool log;
};

/* An axis for these values; a linear one begins at 0. `log` needs low > 0 and
   is left when there is nothing to spread. */
struct axis axis_make(double low, double high, bool log, double from,
                      double to);
double axis_at(const struct axis *a, double value); /* kept within */

/* Round values on the axis; returns how many. */
size_t axis_ticks(const struct axis *a, double tick[TICKS_MAX]);

/* `alone`: a file of its own, with the style in it. */
void svg_begin(FILE *out, int width, int height, const char *title, bool alone);
void svg_end(FILE *out);

/* `look`: classes of the style. */
void svg_text(FILE *out, double x, double y, const char *look,
              const char *text);
void svg_line(FILE *out, double x1, double y1, double x2, double y2,
              const char *look);

/* A value with its interval. */
struct svg_point {
    double x, y, low, high;
};

/* A line through the points. */
void svg_curve(FILE *out, const struct svg_point *p, size_t n,
               const struct axis *x, const struct axis *y, const char *look);
void svg_interval(FILE *out, const struct svg_point *p, const struct axis *x,
                  const struct axis *y, const char *look);
/* Lines at the round values of `y`, which are written left of them. */
void svg_grid(FILE *out, const struct axis *y, double left, double right);

/* The colour of a peer: a class. */
const char *svg_peer(const char *name);

#endif
