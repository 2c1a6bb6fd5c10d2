/*
 * The grammar of dom0_mem= (base/memsize.h).
 */
#include "base/memsize.h"

#include "base/string.h"

#define CLAUSES_MAX 4
#define PAGE_BYTES  4096UL

struct size_limits {
    uint64_t size;
    uint64_t min;
    uint64_t max;
};

/* "512M": a number with a suffix, KiB without one. */
static bool size_read(const char *s, const char **end, uint64_t *out)
{
    static const char suffix[] = "bkmgt";
    uint64_t n;
    unsigned int shift = 10;

    if (!str_number(s, end, &n))
        return false;
    for (unsigned int i = 0; suffix[i]; i++)
        if ((**end | 0x20) == suffix[i]) {
            shift = i * 10;
            (*end)++;
            break;
        }
    if (n > (~0ULL >> shift))
        return false;
    *out = n << shift;
    return true;
}

/* One clause: [min:|max:][-]SIZE; a minus means all of memory but that. */
static bool clause_read(const char **s, uint64_t total, struct size_limits *l)
{
    uint64_t *to = &l->size;
    uint64_t bytes;
    bool minus;

    if (str_starts(*s, "min:"))
        to = &l->min;
    else if (str_starts(*s, "max:"))
        to = &l->max;
    if (to != &l->size)
        *s += 4;
    minus = **s == '-';
    if (minus)
        (*s)++;
    if (!size_read(*s, s, &bytes))
        return false;
    if (minus)
        bytes = bytes < total ? total - bytes : 0;
    *to = bytes;
    return true;
}

bool memsize_read(const char *text, uint64_t total, uint64_t preset,
                  uint64_t *bytes, uint64_t *max_bytes)
{
    struct size_limits l = {.size = preset, .max = ~0ULL};

    for (unsigned int i = 0; *text && i < CLAUSES_MAX; i++) {
        if (!clause_read(&text, total, &l))
            return false;
        if (*text == ',')
            text++;
        else if (*text)
            return false;
    }
    if (*text)
        return false;
    *bytes = ALIGN_DOWN(MIN(MAX(l.size, l.min), l.max), PAGE_BYTES);
    *max_bytes = l.max;
    return true;
}
