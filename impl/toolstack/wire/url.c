/* Reads and writes percent-encoded text. */
#include "url.h"

#include <errno.h>
#include <string.h>

#include "buf.h"

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EINVAL;
}

int url_decode(char *text, bool plus)
{
    char *to = text;

    for (; *text; text++) {
        if (*text == '%') {
            int high = hex_digit(text[1]);
            int low = high < 0 ? -EINVAL : hex_digit(text[2]);

            if (low < 0 || (high | low) == 0)
                return -EINVAL;
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = plus && *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
    return 0;
}

static int split(struct arena *a, const char *text, const char *between,
                 struct value *map)
{
    struct member *members = arena_alloc(a, sizeof(*members) * URL_PARAMS_MAX);
    size_t nr = 0;

    while (*(text += strspn(text, between))) {
        size_t len = strcspn(text, *between == ';' ? ";" : between);
        char *name = arena_strndup(a, text, len), *value = strchr(name, '=');

        if (nr == URL_PARAMS_MAX)
            return -EINVAL;
        text += len;
        if (value)
            *value++ = '\0';
        if (url_decode(name, true) || (value && url_decode(value, true)))
            return -EINVAL;
        members[nr++] = (struct member){name, value_string(value ? value : "")};
    }
    *map = value_map(members, nr);
    return 0;
}

int url_query(struct arena *a, const char *text, struct value *map)
{
    return split(a, text, "&", map);
}

int url_cookies(struct arena *a, const char *text, struct value *map)
{
    return split(a, text, "; ", map);
}

const char *url_encode(struct arena *a, const char *text)
{
    static const char digits[] = "0123456789ABCDEF", plain[] = "-._~/";
    char *out = arena_alloc(a, strlen(text) * 3 + 1), *to = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z') || strchr(plain, c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    return out;
}
