/* The document in an update's package, as far as it is read. */
#include "update_info.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUE_MAX = 4096,
};

/* Advice that the API knows; other words are left out. */
static const char *const advice[] = {"restartHVM", "restartPV", "restartHost",
                                     "restartXAPI"};

/* The value of an attribute within the first `len` bytes; NULL: none. */
static const char *attribute(struct arena *a, const char *tag, size_t len,
                             const char *name)
{
    size_t n = strlen(name);

    for (const char *c = tag; c + n + 2 < tag + len; c++) {
        const char *end;

        if (c[0] > ' ' || strncmp(c + 1, name, n) != 0 || c[n + 1] != '=' ||
            c[n + 2] != '"')
            continue;
        end = memchr(c + n + 3, '"', (size_t)(tag + len - (c + n + 3)));
        if (!end || end - (c + n + 3) > VALUE_MAX)
            return NULL;
        return arena_strndup(a, c + n + 3, (size_t)(end - (c + n + 3)));
    }
    return NULL;
}

static struct value advice_of(struct arena *a, const char *list)
{
    struct value set = value_set(NULL, 0);

    for (const char *c = list ? list : ""; *c; c += *c == ',') {
        size_t len = strcspn(c, ",");

        for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
            if (strlen(advice[i]) == len && strncmp(advice[i], c, len) == 0)
                set = value_set_with(a, &set, advice[i]);
        c += len;
    }
    return set;
}

/* What stands between the marks; NULL: nothing does. */
static const char *between(struct arena *a, const char *text, const char *open,
                           const char *close)
{
    const char *begin = strstr(text, open);
    const char *end = begin ? strstr(begin, close) : NULL;

    if (!end || end - begin > VALUE_MAX)
        return NULL;
    begin += strlen(open);
    return arena_strndup(a, begin, (size_t)(end - begin));
}

static bool uuid_valid(const char *text)
{
    return strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36;
}

const char *update_info_parse(struct arena *a, const char *text,
                              struct update_info *info)
{
    const char *tag = strstr(text, "<update "), *size, *same;
    size_t len = tag ? strcspn(tag, ">") : 0;

    *info = (struct update_info){0};
    if (!tag || !tag[len])
        return "update";
    tag += strlen("<update");
    len -= strlen("<update");
    info->uuid = attribute(a, tag, len, "uuid");
    if (!info->uuid || !uuid_valid(info->uuid))
        return "uuid";
    info->name = attribute(a, tag, len, "name-label");
    if (!info->name)
        return "name-label";
    info->version = attribute(a, tag, len, "version");
    if (!info->version)
        return "version";
    info->description =
        between(a, tag, "<name-description>", "</name-description>");
    if (!info->description)
        return "name-description";
    info->key = attribute(a, tag, len, "key");
    if (!info->key)
        info->key = "";
    size = attribute(a, tag, len, "installation-size");
    info->size = size ? strtoll(size, NULL, 10) : 0;
    info->guidance =
        advice_of(a, attribute(a, tag, len, "after-apply-guidance"));
    same = attribute(a, tag, len, "enforce-homogeneity");
    info->homogeneous = same && strcmp(same, "true") == 0;
    return NULL;
}
