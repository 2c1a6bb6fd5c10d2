/* Reads what a template asks for. */
#include "provision.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at;
} attributes[] = {
    {"device", offsetof(struct disk_order, device)},
    {"size", offsetof(struct disk_order, size)},
    {"sr", offsetof(struct disk_order, sr)},
    {"bootable", offsetof(struct disk_order, bootable)},
    {"type", offsetof(struct disk_order, type)},
};

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* What stands behind the word; NULL: it is not there. */
static const char *take(const char *at, const char *word)
{
    size_t len = strlen(word);

    return at && strncmp(at, word, len) == 0 ? at + len : NULL;
}

static void keep(struct disk_order *o, const char *name, size_t len,
                 const char *value)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (strlen(attributes[i].name) == len &&
            strncmp(attributes[i].name, name, len) == 0)
            *(const char **)((char *)o + attributes[i].at) = value;
}

/* name="value"; what stands behind it, or NULL. */
static const char *read_attribute(struct arena *a, const char *at,
                                  struct disk_order *o)
{
    size_t len = strcspn(at, "= />"), n;
    const char *value = take(at + len, "=\"");

    if (!value)
        return NULL;
    n = strcspn(value, "\"");
    if (value[n] != '"')
        return NULL;
    keep(o, at, len, arena_strndup(a, value, n));
    return skip_space(value + n + 1);
}

/* <disk .../>; what stands behind it, or NULL. */
static const char *read_disk(struct arena *a, const char *at,
                             struct disk_order *o)
{
    *o = (struct disk_order){.type = "system"};
    at = take(at, "<disk");
    at = at ? skip_space(at) : NULL;
    while (at && *at && *at != '/' && *at != '>')
        at = read_attribute(a, at, o);
    if (!o->device || !o->size || !o->sr || !o->bootable || !at)
        return NULL;
    return take(at, "/>") ? at + 2 : take(at, "></disk>");
}

int disk_orders_decode(struct arena *a, const char *text,
                       struct disk_order orders[DISK_ORDERS_MAX])
{
    const char *at = take(skip_space(text), "<provision>");
    int nr = 0;

    if (take(skip_space(text), "<provision/>"))
        return 0;
    at = at ? skip_space(at) : NULL;
    while (at && strncmp(at, "<disk", 5) == 0 && nr < DISK_ORDERS_MAX) {
        at = read_disk(a, at, &orders[nr++]);
        at = at ? skip_space(at) : NULL;
    }
    return at && take(at, "</provision>") ? nr : -EINVAL;
}
