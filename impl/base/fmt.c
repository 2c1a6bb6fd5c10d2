/*
 * Formatted text (base/fmt.h).
 */
#include "base/fmt.h"

#include "base/string.h"

struct out {
    char *buf;
    size_t size;
    size_t length;
};

/* One conversion as it was written. */
struct spec {
    bool left;
    bool zero;
    bool alt;
    int width;
    int precision; /* -1: none */
    int length;    /* number of 'l' (z counts as l) minus number of 'h' */
};

#define NUMBER_MAX 24

static void out_char(struct out *o, char c)
{
    if (o->length + 1 < o->size)
        o->buf[o->length] = c;
    o->length++;
}

static void out_pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        out_char(o, c);
}

/* 'prefix' (sign or 0x) and 'body', padded as the conversion says. */
static void out_field(struct out *o, const struct spec *s, const char *prefix,
                      const char *body, int n, int zeros)
{
    int np = (int)str_length(prefix, 2);
    int pad = s->width - np - n - zeros;

    if (!s->left)
        out_pad(o, ' ', pad);
    for (int i = 0; i < np; i++)
        out_char(o, prefix[i]);
    out_pad(o, '0', zeros);
    for (int i = 0; i < n; i++)
        out_char(o, body[i]);
    if (s->left)
        out_pad(o, ' ', pad);
}

static void out_number(struct out *o, const struct spec *s, const char *prefix,
                       uint64_t value, unsigned int base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[NUMBER_MAX];
    int n = 0, zeros = 0;

    do {
        text[NUMBER_MAX - ++n] = digits[value % base];
        value /= base;
    } while (value);
    if (s->precision >= 0)
        zeros = s->precision - n;
    else if (s->zero && !s->left)
        zeros = s->width - n - (int)str_length(prefix, 2);
    out_field(o, s, prefix, text + NUMBER_MAX - n, n, MAX(zeros, 0));
}

static const char *parse_count(const char *f, int *out, va_list *ap)
{
    if (*f == '*') {
        *out = va_arg(*ap, int);
        return f + 1;
    }
    for (*out = 0; *f >= '0' && *f <= '9'; f++)
        *out = *out * 10 + (*f - '0');
    return f;
}

static const char *parse_spec(const char *f, struct spec *s, va_list *ap)
{
    *s = (struct spec){.precision = -1};
    for (; *f == '-' || *f == '0' || *f == '#'; f++) {
        s->left |= *f == '-';
        s->zero |= *f == '0';
        s->alt |= *f == '#';
    }
    f = parse_count(f, &s->width, ap);
    if (s->width < 0) {
        s->left = true;
        s->width = -s->width;
    }
    if (*f == '.')
        f = parse_count(f + 1, &s->precision, ap);
    for (; *f == 'l' || *f == 'z' || *f == 'h'; f++)
        s->length += *f == 'h' ? -1 : 1;
    return f;
}

static uint64_t unsigned_arg(const struct spec *s, va_list *ap)
{
    uint64_t v =
        s->length > 0 ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int);

    if (s->length == -1)
        return (uint16_t)v;
    return s->length == -2 ? (uint8_t)v : v;
}

static void out_signed(struct out *o, const struct spec *s, va_list *ap)
{
    int64_t v = s->length > 0 ? va_arg(*ap, int64_t) : va_arg(*ap, int);

    if (s->length == -1)
        v = (int16_t)v;
    else if (s->length == -2)
        v = (int8_t)v;
    out_number(o, s, v < 0 ? "-" : "", v < 0 ? -(uint64_t)v : (uint64_t)v, 10,
               false);
}

static void out_string(struct out *o, const struct spec *s, const char *text)
{
    size_t max = s->precision >= 0 ? (size_t)s->precision : SIZE_MAX;

    if (!text)
        text = "(null)";
    out_field(o, s, "", text, (int)str_length(text, max), 0);
}

static void out_conversion(struct out *o, char kind, const struct spec *s,
                           va_list *ap)
{
    char c;

    switch (kind) {
    case 'd':
    case 'i':
        out_signed(o, s, ap);
        break;
    case 'u':
        out_number(o, s, "", unsigned_arg(s, ap), 10, false);
        break;
    case 'x':
    case 'X':
        out_number(o, s, s->alt ? "0x" : "", unsigned_arg(s, ap), 16,
                   kind == 'X');
        break;
    case 'p':
        out_number(o, s, "0x", (uintptr_t)va_arg(*ap, void *), 16, false);
        break;
    case 's':
        out_string(o, s, va_arg(*ap, const char *));
        break;
    case 'c':
        c = (char)va_arg(*ap, int);
        out_field(o, s, "", &c, 1, 0);
        break;
    default:
        out_char(o, '%');
        if (kind != '%')
            out_char(o, kind);
        break;
    }
}

int fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = {.buf = buf, .size = size};
    struct spec s;
    va_list args;

    va_copy(args, ap);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            out_char(&o, *fmt);
            continue;
        }
        fmt = parse_spec(fmt + 1, &s, &args);
        if (!*fmt)
            break;
        out_conversion(&o, *fmt, &s, &args);
    }
    va_end(args);
    if (size)
        buf[MIN(o.length, size - 1)] = '\0';
    return (int)o.length;
}

int fmt_print(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_vprint(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
