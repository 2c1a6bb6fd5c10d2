/* Identifiers in texts: logs of kernels, listings, names. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "record/scrub.h"

enum {
    MAC_PAIRS = 6,
    MAC_DIGITS = 12,
    UUID_DIGITS = 36, /* with its dashes */
};

struct text {
    char *at, *end;
};

static bool bound_before(const char *text, const char *p)
{
    return p == text || !isalnum((unsigned char)p[-1]);
}

static size_t left_of(const struct text *t)
{
    return (size_t)(t->end - t->at);
}

/* "01:23:45:67:89:ab", also longer, also with dashes; its length. */
static size_t mac_length(const struct text *t)
{
    char between = left_of(t) > 2 ? t->at[2] : '\0';
    size_t len = 0, pairs = 0;

    if (between != ':' && between != '-')
        return 0;
    while (left_of(t) >= len + 2 && isxdigit((unsigned char)t->at[len]) &&
           isxdigit((unsigned char)t->at[len + 1])) {
        len += 2;
        pairs++;
        if (left_of(t) == len || t->at[len] != between)
            break;
        len++;
    }
    if (len && t->at[len - 1] == between)
        len--;
    return pairs >= MAC_PAIRS ? len : 0;
}

static size_t uuid_length(const struct text *t)
{
    if (left_of(t) < UUID_DIGITS)
        return 0;
    for (int i = 0; i < UUID_DIGITS; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? t->at[i] != '-' : !isxdigit((unsigned char)t->at[i]))
            return 0;
    }
    return left_of(t) > UUID_DIGITS &&
                   isalnum((unsigned char)t->at[UUID_DIGITS])
               ? 0
               : UUID_DIGITS;
}

/* An EFI variable that is named by a MAC: "0123456789AB-guid". */
static size_t name_length(const struct text *t, const char *text)
{
    if (t->at == text || t->at[-1] != '"' || left_of(t) <= MAC_DIGITS ||
        (t->at[MAC_DIGITS] != '-' && t->at[MAC_DIGITS] != '"'))
        return 0;
    for (int i = 0; i < MAC_DIGITS; i++)
        if (!isxdigit((unsigned char)t->at[i]))
            return 0;
    return MAC_DIGITS;
}

/* What comes before a value that is nobody's business. */
static const struct {
    const char *word;
    bool digits; /* the value follows at once, and is hexadecimal */
} marks[] = {
    {"serial number", false}, {"serialnumber", false}, {"serial no", false},
    {"asset tag", false},     {"service tag", false},  {"s/n", false},
    {"serial", false},        {"asset_tag", false},    {"naa.", true},
    {"eui.", true},           {"wwn-0x", true},        {"wwn 0x", true},
    {"wwn=0x", true},         {"wwid=", true},
};

static int mark_find(const struct text *t)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t len = strlen(marks[i].word);

        if (left_of(t) > len && strncasecmp(t->at, marks[i].word, len) == 0)
            return (int)i;
    }
    return -1;
}

static size_t digits_cross_out(struct text *t)
{
    size_t nr = 0;

    while (t->at < t->end && isxdigit((unsigned char)*t->at)) {
        *t->at++ = 'X';
        nr++;
    }
    return nr;
}

/* ": ABC123", up to the end of the word; false: no value is there. */
static bool value_cross_out(struct text *t)
{
    char *p = t->at, *from, *rest;

    if (p < t->end && *p == '"')
        p++;
    while (p < t->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == t->end || !strchr(":=", *p))
        return false;
    p++;
    while (p < t->end && strchr(" \t\"'", *p))
        p++;
    for (from = p; p < t->end && !strchr(" \t\r\n,;\"'", *p);)
        p++;
    for (rest = p; rest < t->end && !strchr("\r\n\"", *rest);)
        rest++;
    t->at = p;
    if (p == from || scrub_placeholder(from, (size_t)(rest - from)))
        return false;
    scrub_cross_out(from, (size_t)(p - from));
    return true;
}

static void mark_scrub(struct text *t, int mark, struct scrub_counts *n)
{
    t->at += strlen(marks[mark].word);
    if (marks[mark].digits)
        n->wwns += digits_cross_out(t) != 0;
    else
        n->serials += value_cross_out(t);
}

void scrub_text(char *text, size_t size, bool uuids, struct scrub_counts *n)
{
    struct text t = {.at = text, .end = text + size};

    while (t.at < t.end) {
        size_t len = 0;
        int mark;

        if (!isalnum((unsigned char)*t.at) || !bound_before(text, t.at)) {
            t.at++;
            continue;
        }
        if ((len = uuid_length(&t))) {
            n->uuids += uuids;
            if (uuids)
                scrub_cross_out(t.at, len);
        } else if ((len = mac_length(&t)) || (len = name_length(&t, text))) {
            scrub_cross_out(t.at, len);
            n->macs++;
        } else if ((mark = mark_find(&t)) >= 0) {
            mark_scrub(&t, mark, n);
        }
        t.at += len ? len : t.at < t.end && isalnum((unsigned char)*t.at);
    }
}
