/* Names of disks: a bus, a number on it, a partition. */
#include "vbd_place.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDE_DISKS = 4, /* that machines with firmware have before others */
    NUMBER_MAX = 1 << 20,
};

enum bus {
    BUS_NONE,
    BUS_XEN,
    BUS_IDE,
    BUS_SCSI,
};

struct place {
    enum bus bus;
    int disk, partition;
};

static const struct {
    const char *prefix;
    enum bus bus;
} buses[] = {{"xvd", BUS_XEN}, {"hd", BUS_IDE}, {"sd", BUS_SCSI}};

/* "c" is 2, "aa" is 26; then a partition. */
static struct place letters_read(enum bus bus, const char *text)
{
    struct place p = {.bus = bus};
    int n = 0;

    for (; islower((unsigned char)*text) && n < NUMBER_MAX; text++)
        n = n * 26 + (*text - 'a') + 1;
    p.disk = n - 1;
    p.partition = atoi(text);
    return n ? p : (struct place){BUS_NONE, 0, 0};
}

/* With firmware, the first numbers are disks of an IDE controller. */
static struct place place_read(const char *name, bool firmware)
{
    char *end;
    long n = strtol(name, &end, 10);

    if (*name >= '0' && *name <= '9' && !*end && n < NUMBER_MAX)
        return (struct place){firmware && n < IDE_DISKS ? BUS_IDE : BUS_XEN,
                              (int)n, 0};
    for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++) {
        size_t len = strlen(buses[i].prefix);

        if (strncmp(name, buses[i].prefix, len) == 0)
            return letters_read(buses[i].bus, name + len);
    }
    return (struct place){BUS_NONE, 0, 0};
}

static bool same(struct place a, struct place b)
{
    return a.bus != BUS_NONE && a.bus == b.bus && a.disk == b.disk &&
           a.partition == b.partition;
}

/* A number may be either of two places: it takes both. */
static bool takes(const char *name, struct place p)
{
    return same(place_read(name, true), p) || same(place_read(name, false), p);
}

static bool is_taken(struct request *r, const struct object *vm, struct place p)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *o = db_find_any(r->db, vbds->items[i].s);

        if (takes(db_text(o, "userdevice"), p) ||
            takes(db_text(o, "device"), p))
            return true;
    }
    return false;
}

bool vbd_place_taken(struct request *r, const struct object *vm,
                     const char *name)
{
    return is_taken(r, vm, place_read(name, true)) ||
           is_taken(r, vm, place_read(name, false));
}

bool vbd_place_free(struct request *r, const struct object *vm, int number)
{
    bool firmware = strcmp(db_text(vm, "domain_type"), "pv") != 0;
    char text[16];

    (void)snprintf(text, sizeof(text), "%d", number); /* fits */
    return !is_taken(r, vm, place_read(text, firmware));
}
