/* Figures and words for people. */
#include "show.h"

#include <math.h>
#include <string.h>

const char *show_number(double value, char out[SHOW_BYTES])
{
    double size = fabs(value);

    if (!isfinite(value))
        snprintf(out, SHOW_BYTES, "-");
    else if (size >= 1e9 || (size > 0 && size < 1e-4))
        snprintf(out, SHOW_BYTES, "%.2e", value);
    else if (size >= 100)
        snprintf(out, SHOW_BYTES, "%.0f", value);
    else
        snprintf(out, SHOW_BYTES, "%.3g", value);
    return out;
}

const char *show_ratio(double value, char out[SHOW_BYTES])
{
    if (!isfinite(value))
        snprintf(out, SHOW_BYTES, "-");
    else if (value >= 100)
        snprintf(out, SHOW_BYTES, "%.0f", value);
    else
        snprintf(out, SHOW_BYTES, "%.*f", value < 0.1 ? 3 : 2, value);
    return out;
}

const char *show_interval(struct interval i, char out[2 * SHOW_BYTES])
{
    char low[SHOW_BYTES], high[SHOW_BYTES];

    *out = 0;
    if (isfinite(i.low) && isfinite(i.high))
        snprintf(out, 2 * SHOW_BYTES, "%s to %s", show_ratio(i.low, low),
                 show_ratio(i.high, high));
    return out;
}

const char *show_change(double ratio, char out[SHOW_BYTES])
{
    double percent = 100 * (ratio - 1);

    if (!isfinite(ratio))
        snprintf(out, SHOW_BYTES, "from 0");
    else if (ratio >= 2)
        snprintf(out, SHOW_BYTES, "%.3g times", ratio);
    else
        snprintf(out, SHOW_BYTES, "%+.*f %%", fabs(percent) < 10 ? 1 : 0,
                 percent);
    return out;
}

void show_plain(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void show_markup(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr("&<>\"'", c))
            fprintf(out, "&#%d;", c);
        else
            fputc(c < ' ' && c != '\n' && c != '\t' ? '?' : c, out);
    }
}

size_t show_letters(const char *text, size_t most)
{
    size_t bytes = 0;

    for (; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && !most--)
            break;
    return bytes;
}

size_t show_group(const char *name)
{
    const char *dot = strchr(name, '.');
    const char *second = dot ? strchr(dot + 1, '.') : NULL;

    if (!dot)
        return strlen(name);
    return (size_t)((second ? second : dot) - name);
}
