/* Reading text that others wrote: lines, numbers, words. */
#include "record/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool text_line(struct text_lines *t, char line[TEXT_LINE_BYTES])
{
    const char *from = t->text + t->next, *end;
    size_t len, keep;

    if (t->next >= t->size)
        return false;
    end = memchr(from, '\n', t->size - t->next);
    len = end ? (size_t)(end - from) : t->size - t->next;
    t->line = t->next;
    t->next += len + (end != NULL);
    keep = len < TEXT_LINE_BYTES ? len : TEXT_LINE_BYTES - 1;
    while (keep && keep == len && from[keep - 1] == '\r')
        len = --keep;
    memcpy(line, from, keep);
    line[keep] = '\0';
    for (size_t i = 0; i < keep; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t')
            line[i] = ' ';
    return true;
}

bool text_skip(const char **p, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*p, word, len) != 0)
        return false;
    *p += len;
    return true;
}

void text_blanks(const char **p)
{
    *p += strspn(*p, " \t");
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

bool text_number(const char **p, int base, uint64_t max, uint64_t *out)
{
    const char *at = *p;
    uint64_t value = 0;

    for (; digit_of(*at) < base; at++) {
        uint64_t digit = (uint64_t)digit_of(*at);

        if (digit > max || value > (max - digit) / (uint64_t)base)
            return false;
        value = value * (uint64_t)base + digit;
    }
    if (at == *p)
        return false;
    *p = at;
    *out = value;
    return true;
}

bool text_hex(const char **p, uint64_t max, uint64_t *out)
{
    const char *at = *p;

    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
        at += 2;
    if (!text_number(&at, 16, max, out))
        return false;
    *p = at;
    return true;
}

const char *text_find(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (; *text; text++)
        if (strncasecmp(text, word, len) == 0)
            return text;
    return NULL;
}

bool text_like(const void *data, size_t size)
{
    const unsigned char *p = data;
    size_t odd = 0, look = size < 4096 ? size : 4096;

    for (size_t i = 0; i < look; i++) {
        if (!p[i])
            return false;
        odd += p[i] < ' ' && !isspace(p[i]);
    }
    return look && odd * 16 <= look;
}
