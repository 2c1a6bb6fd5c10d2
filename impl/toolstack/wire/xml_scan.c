/* Scans plain XML. */
#include "xml_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct scan {
    const char *at, *end;
    const struct xml_events *events;
    void *ctx;
    int depth;
    bool rooted; /* the root has begun */
    struct {
        const char *name;
        size_t len;
    } open[XML_SCAN_DEPTH_MAX];
    char name[XML_SCAN_NAME_MAX + 1];
};

/* Printable, and no markup: one run of text. */
static const bool plain[256] = {
    ['\t'] = true,         ['\n'] = true, [' ' ... '%'] = true,
    ['\'' ... ';'] = true, ['='] = true,  ['?' ... '~'] = true,
};

static const bool in_name[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
    ['.'] = true,         ['_'] = true,
};

/* "<?xml version="1.0"?>": any other version or encoding is not plain. */
static int skip_declaration(struct scan *s)
{
    static const char *const forms[] = {"<?xml version=\"1.0\"?>",
                                        "<?xml version='1.0'?>",
                                        "<?xml version=\"1.0\" "
                                        "encoding=\"UTF-8\"?>",
                                        "<?xml version=\"1.0\" "
                                        "encoding=\"utf-8\"?>"};

    if (s->end - s->at < 2 || s->at[1] != '?')
        return 0;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t len = strlen(forms[i]);

        if ((size_t)(s->end - s->at) >= len &&
            memcmp(s->at, forms[i], len) == 0) {
            s->at += len;
            return 0;
        }
    }
    return -ENOTSUP;
}

/* The name at hand, in s->name. Its length; 0: none, or too long. */
static size_t take_name(struct scan *s)
{
    const char *from = s->at;
    size_t len;

    while (s->at < s->end && in_name[(unsigned char)*s->at])
        s->at++;
    len = (size_t)(s->at - from);
    if (!len || len > XML_SCAN_NAME_MAX || (*from >= '0' && *from <= '9') ||
        *from == '.')
        return 0;
    memcpy(s->name, from, len);
    s->name[len] = '\0';
    return len;
}

static int take_tag(struct scan *s)
{
    bool closing = ++s->at < s->end && *s->at == '/', empty;
    const char *name = s->at += closing;
    size_t len = take_name(s);

    empty = !closing && s->end - s->at >= 2 && *s->at == '/';
    s->at += empty;
    if (!len || s->at == s->end || *s->at++ != '>')
        return -ENOTSUP;
    if (!closing) {
        if (s->depth == XML_SCAN_DEPTH_MAX || (!s->depth && s->rooted))
            return -ENOTSUP;
        s->rooted = true;
        s->open[s->depth].name = name;
        s->open[s->depth++].len = len;
        s->events->start(s->ctx, s->name);
    }
    if (closing || empty) {
        if (!s->depth || s->open[--s->depth].len != len ||
            memcmp(s->open[s->depth].name, name, len) != 0)
            return -ENOTSUP;
        s->events->end(s->ctx, s->name);
    }
    return 0;
}

static int take_entity(struct scan *s)
{
    static const struct {
        const char *name, *text;
    } entities[] = {{"&lt;", "<"},
                    {"&gt;", ">"},
                    {"&amp;", "&"},
                    {"&quot;", "\""},
                    {"&apos;", "'"}};

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        size_t len = strlen(entities[i].name);

        if ((size_t)(s->end - s->at) < len ||
            memcmp(s->at, entities[i].name, len) != 0)
            continue;
        s->at += len;
        s->events->text(s->ctx, entities[i].text, 1);
        return 0;
    }
    return -ENOTSUP;
}

static int take_text(struct scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && plain[(unsigned char)*s->at])
        s->at++;
    if (s->at == from)
        return -ENOTSUP;
    if (s->depth) {
        s->events->text(s->ctx, from, (size_t)(s->at - from));
        return 0;
    }
    for (; from < s->at; from++) /* only space is outside of the root */
        if (!strchr(" \t\n", *from))
            return -ENOTSUP;
    return 0;
}

int xml_scan(const char *text, size_t len, const struct xml_events *events,
             void *ctx)
{
    struct scan s = {
        .at = text, .end = text + len, .events = events, .ctx = ctx};
    int rc = skip_declaration(&s);

    while (!rc && s.at < s.end) {
        if (*s.at == '<')
            rc = take_tag(&s);
        else if (*s.at == '&' && s.depth)
            rc = take_entity(&s);
        else
            rc = take_text(&s);
    }
    return rc || s.depth || !s.rooted ? -ENOTSUP : 0;
}
