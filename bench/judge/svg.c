/* Drawing in SVG. */
#include "svg.h"

#include <math.h>
#include <string.h>

#include "show.h"

/* What a linear axis is divided into, about. */
#define PARTS 4.0

/* plot.css, as the linker has put it here. */
extern const char _binary_bench_judge_plot_css_start[],
    _binary_bench_judge_plot_css_end[];

/* --- Axes -------------------------------------------------------------------- */
struct axis axis_make(double low, double high, bool log, double from, double to)
{
    struct axis a = {low, high, from, to, log && low > 0 && high > low};

    if (a.log)
        return a;
    a.low = fmin(low, 0);
    if (!(a.high > a.low))
        a.high = a.low + 1;
    return a;
}

double axis_at(const struct axis *a, double value)
{
    double share;

    value = fmin(fmax(value, a->low), a->high);
    share = a->log ? (log(value) - log(a->low)) / (log(a->high) - log(a->low))
                   : (value - a->low) / (a->high - a->low);
    return a->from + share * (a->to - a->from);
}

/* The least of 1, 2, 5 times a power of ten that is not below `x`. */
static double round_up(double x)
{
    double power = pow(10, floor(log10(x))), over = x / power;

    return power * (over <= 1 ? 1 : over <= 2 ? 2 : over <= 5 ? 5 : 10);
}

static size_t linear_ticks(const struct axis *a, double *tick)
{
    double step = round_up((a->high - a->low) / PARTS);
    size_t n = 0;

    for (int i = 0; n < TICKS_MAX; i++) {
        double value = a->low + i * step;

        if (value > a->high * (1 + 1e-9))
            break;
        tick[n++] = value;
    }
    return n;
}

/* Powers of ten, with 2 and 5 between where there is room. */
static size_t log_ticks(const struct axis *a, double *tick)
{
    static const double between[] = {1, 2, 5};
    double decades = log10(a->high) - log10(a->low);
    size_t each = decades < 3 ? 3 : 1, n = 0;
    int every = (int)ceil(decades / TICKS_MAX);
    int power = (int)floor(log10(a->low));

    for (; n < TICKS_MAX; power += each == 1 ? every : 1) {
        if (pow(10, power) > a->high)
            break;
        for (size_t i = 0; i < each && n < TICKS_MAX; i++) {
            double value = between[i] * pow(10, power);

            if (value >= a->low * (1 - 1e-9) && value <= a->high * (1 + 1e-9))
                tick[n++] = value;
        }
    }
    return n;
}

size_t axis_ticks(const struct axis *a, double tick[TICKS_MAX])
{
    return a->log ? log_ticks(a, tick) : linear_ticks(a, tick);
}

/* --- Elements ---------------------------------------------------------------- */
void svg_begin(FILE *out, int width, int height, const char *title, bool alone)
{
    if (alone)
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out,
            "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" "
            "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
            "aria-label=\"",
            width, height, width, height);
    show_markup(out, title);
    fputs("\">\n", out);
    if (!alone)
        return;
    fputs("<title>", out);
    show_markup(out, title);
    fputs("</title>\n<style>", out);
    fwrite(_binary_bench_judge_plot_css_start, 1,
           (size_t)(_binary_bench_judge_plot_css_end -
                    _binary_bench_judge_plot_css_start),
           out);
    fprintf(out,
            "</style>\n<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n",
            width, height);
}

void svg_end(FILE *out)
{
    fputs("</svg>\n", out);
}

void svg_text(FILE *out, double x, double y, const char *look, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, look);
    show_markup(out, text);
    fputs("</text>\n", out);
}

void svg_line(FILE *out, double x1, double y1, double x2, double y2,
              const char *look)
{
    fprintf(out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
            "class=\"%s\"/>\n",
            x1, y1, x2, y2, look);
}

const char *svg_peer(const char *name)
{
    static const struct {
        const char *name, *look;
    } rows[] = {{"ours", "ours"}, {"xen", "xen"}, {"none", "none"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].look;
    return "other";
}

void svg_curve(FILE *out, const struct svg_point *p, size_t n,
               const struct axis *x, const struct axis *y, const char *look)
{
    fprintf(out, "<polyline class=\"curve %s\" points=\"", look);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%.1f,%.1f ", axis_at(x, p[i].x), axis_at(y, p[i].y));
    fputs("\"/>\n", out);
}

void svg_interval(FILE *out, const struct svg_point *p, const struct axis *x,
                  const struct axis *y, const char *look)
{
    double at = axis_at(x, p->x);
    char classes[32];

    snprintf(classes, sizeof(classes), "ci %s", look);
    svg_line(out, at, axis_at(y, p->low), at, axis_at(y, p->high), classes);
}

void svg_grid(FILE *out, const struct axis *y, double left, double right)
{
    double tick[TICKS_MAX];
    char text[SHOW_BYTES];
    size_t n = axis_ticks(y, tick);

    for (size_t i = 0; i < n; i++) {
        double at = axis_at(y, tick[i]);

        svg_line(out, left, at, right, at, "grid");
        svg_text(out, left - 6, at + 4, "end faint num",
                 show_number(tick[i], text));
    }
}
