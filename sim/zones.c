/* Time zones: a table of names; rules from the system's files (RFC 8536). */
#include "zones.h"

#include <stdio.h>
#include <string.h>

enum {
    FILE_MAX = 1 << 16,
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
};

static const char *const zones[] = {
#define ZONE(name) name,
#include "zones.def"
#undef ZONE
};

bool zone_known(const char *name)
{
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
        if (strcmp(zones[i], name) == 0)
            return true;
    return false;
}

void zones_list(struct buf *out)
{
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
        buf_printf(out, "%s\n", zones[i]);
}

static int64_t big_endian(const uint8_t *p, int bytes)
{
    int64_t v = p[0] & 0x80 ? -1 : 0;

    for (int i = 0; i < bytes; i++)
        v = (int64_t)((uint64_t)v << 8 | p[i]);
    return v;
}

/*
 * The first block has times of 32 bits: good until 2037. Transitions, an index
 * of types for each, types of six bytes that begin with the offset.
 */
static int offset_in(const uint8_t *file, size_t len, int64_t now_s)
{
    int64_t times = len > HEADER_BYTES ? big_endian(file + 32, 4) : 0;
    int64_t types = len > HEADER_BYTES ? big_endian(file + 36, 4) : 0;
    const uint8_t *at = file + HEADER_BYTES, *index, *type;
    int64_t last = -1;

    if (types <= 0 || times < 0 || times > FILE_MAX || types > 256 ||
        HEADER_BYTES + times * 5 + types * TYPE_BYTES > (int64_t)len)
        return 0;
    for (int64_t i = 0; i < times && big_endian(at + i * 4, 4) <= now_s; i++)
        last = i;
    index = at + times * 4;
    type = index + times;
    if (last >= 0 && index[last] < types)
        type += index[last] * TYPE_BYTES;
    return (int)big_endian(type, 4);
}

int zone_offset_s(const char *name, int64_t now_s)
{
    static uint8_t file[FILE_MAX]; /* used under the core lock */
    char path[256];
    FILE *f = NULL;
    size_t len;

    if (!zone_known(name))
        return 0;
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    f = fopen(path, "rb");
    if (!f)
        return 0;
    len = fread(file, 1, sizeof(file), f);
    fclose(f);
    return len > HEADER_BYTES && memcmp(file, "TZif", 4) == 0
               ? offset_in(file, len, now_s)
               : 0;
}
