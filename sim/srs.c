/* Simulated repositories: what is where, and which host reaches it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "toolstack.h"
#include "value.h"
#include "volumes_priv.h"

enum {
    LUNS_NR = 4, /* that every iSCSI target and every fibre offers */
};

/* A repository without a size of its own has that much room. */
static const int64_t size_default = (int64_t)1 << 40;

static struct sim_sr *sr_find(struct sim_volumes *s, const char *uuid)
{
    for (struct sim_sr *sr = s->srs; sr; sr = sr->next)
        if (strcmp(sr->uuid, uuid) == 0)
            return sr;
    return NULL;
}

struct sim_sr *sim_sr_lookup(struct sim_volumes *s, const char *uuid)
{
    struct sim_sr *sr = sr_find(s, uuid);

    return sr ? sr : sim_sr_adopt(s, uuid);
}

struct sim_sr *sim_sr_make(struct sim_volumes *s, const char *uuid,
                           const char *type, const char *place, int64_t size)
{
    struct sim_sr *sr = must_alloc(sizeof(*sr));

    *sr =
        (struct sim_sr){.size = size > 0 ? size : size_default, .dirty = true};
    (void)snprintf(sr->uuid, sizeof(sr->uuid), "%s", uuid);
    (void)snprintf(sr->type, sizeof(sr->type), "%s", type);
    (void)snprintf(sr->place, sizeof(sr->place), "%s", place);
    sr->next = s->srs;
    s->srs = sr;
    s->dirty = true;
    return sr;
}

void srs_fini(struct sim_volumes *s)
{
    while (s->srs) {
        struct sim_sr *next = s->srs->next;

        while (s->srs->attached) {
            struct attachment *at = s->srs->attached;

            s->srs->attached = at->next;
            free(at);
        }
        free(s->srs);
        s->srs = next;
    }
}

/* --- Where it is ---------------------------------------------------------- */

/* What of a device config decides where the contents are, by type. */
static const struct place_rule {
    const char *type, *keys[4];
    bool local; /* to a host */
} places[] = {
    {"ext", {"device"}, true},
    {"lvm", {"device"}, true},
    {"file", {"location"}, true},
    {"udev", {"location"}, true},
    {"xfs", {"device"}, true},
    {"nfs", {"server", "serverpath"}, false},
    {"iso", {"location"}, false},
    {"smb", {"server"}, false},
    {"lvmoiscsi", {"target", "targetIQN", "SCSIid"}, false},
    {"lvmohba", {"SCSIid"}, false},
    {"lvmofcoe", {"SCSIid"}, false},
    {"iscsi", {"target", "targetIQN", "LUNid"}, false},
    {"hba", {NULL}, true},
    {"cephfs", {"server", "serverpath"}, false},
    {"glusterfs", {"server", "serverpath"}, false},
};

static const struct place_rule *rule_of(const char *type)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].type, type) == 0)
            return &places[i];
    return NULL;
}

const char *sim_sr_place(struct arena *a, const char *host, const char *type,
                         const struct value *config)
{
    const struct place_rule *rule = rule_of(type);
    const char *place;

    if (!rule) /* of no device: known by its uuid alone */
        return "";
    place = rule->local ? host : "";
    for (size_t i = 0; i < 4 && rule->keys[i]; i++)
        place = arena_printf(a, "%s|%s", place,
                             value_text(config, rule->keys[i], ""));
    return place;
}

static int sim_sr_create(void *ctx, const char *host, const char *sr,
                         const char *type, const struct value *config,
                         int64_t size)
{
    struct sim_volumes *s = ctx;
    struct sim_sr *made = NULL;
    struct arena a;
    const char *place;
    int rc = 0;

    arena_init(&a);
    place = sim_sr_place(&a, host, type, config);
    if (strlen(sr) >= NAME_BYTES || strlen(type) >= TYPE_BYTES ||
        strlen(place) >= PLACE_BYTES)
        rc = -EINVAL;
    else if (sr_find(s, sr))
        rc = -EEXIST;
    else
        made = sim_sr_make(s, sr, type, place, size);
    if (made && strcmp(type, "iso") == 0)
        isos_make(s, made);
    arena_fini(&a);
    return rc;
}

static int sim_sr_destroy(void *ctx, const char *uuid)
{
    struct sim_volumes *s = ctx;
    struct sim_sr *sr = sim_sr_lookup(s, uuid), **at = &s->srs;

    if (!sr)
        return -ENOENT;
    if (sr->attached)
        return -EBUSY;
    for (int i = 0; i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i], *next; v; v = next) {
            next = v->next;
            if (v->sr == sr)
                volume_drop(s, v);
        }
    nodes_forget(s, sr);
    while (*at != sr)
        at = &(*at)->next;
    *at = sr->next;
    volumes_store_drop_sr(s, uuid);
    free(sr);
    s->dirty = true;
    return 0;
}

static struct attachment **attachment_find(struct sim_sr *sr, const char *host)
{
    struct attachment **at = &sr->attached;

    while (*at && strcmp((*at)->host, host) != 0)
        at = &(*at)->next;
    return at;
}

static int sim_sr_attach(void *ctx, const char *host, const char *uuid,
                         const char *type, const struct value *config)
{
    struct sim_sr *sr = sim_sr_lookup(ctx, uuid);
    struct attachment **at;
    struct arena a;
    bool elsewhere;

    if (!sr || strcmp(sr->type, type) != 0)
        return -ENOENT;
    if (strlen(host) >= NAME_BYTES)
        return -EINVAL;
    arena_init(&a);
    elsewhere = strcmp(sim_sr_place(&a, host, type, config), sr->place) != 0;
    arena_fini(&a);
    if (elsewhere && *sr->place)
        return -ENOENT;
    at = attachment_find(sr, host);
    if (*at)
        return 0;
    *at = must_alloc(sizeof(**at));
    **at = (struct attachment){0};
    memcpy((*at)->host, host, strlen(host) + 1);
    return 0;
}

static int sim_sr_detach(void *ctx, const char *host, const char *uuid)
{
    struct sim_sr *sr = sim_sr_lookup(ctx, uuid);
    struct attachment **at, *gone;

    if (!sr)
        return -ENOENT;
    at = attachment_find(sr, host);
    gone = *at;
    if (gone)
        *at = gone->next;
    free(gone);
    return 0;
}

static void stat_fill(const struct sim_sr *sr, struct storage_sr_stat *stat)
{
    *stat = (struct storage_sr_stat){
        .size = sr->size,
        .used = (int64_t)sr->used * STORAGE_BLOCK,
        .type = sr->type,
    };
}

static int sim_sr_stat(void *ctx, const char *uuid,
                       struct storage_sr_stat *stat)
{
    const struct sim_sr *sr = sim_sr_lookup(ctx, uuid);

    if (!sr)
        return -ENOENT;
    stat_fill(sr, stat);
    return 0;
}

static int sim_sr_scan(void *ctx, const char *uuid, storage_volume_fn fn,
                       void *arg)
{
    struct sim_volumes *s = ctx;
    struct sim_sr *sr = sim_sr_lookup(s, uuid);
    int rc = sr ? 0 : -ENOENT;

    if (sr)
        volumes_adopt(s, sr);
    for (int i = 0; !rc && i < VOLUME_SLOTS; i++)
        for (struct volume *v = s->slots[i]; !rc && v; v = v->next) {
            struct storage_volume_stat stat;

            volume_stat(s, v, &stat);
            if (v->sr == sr)
                rc = fn(arg, &stat);
        }
    return rc;
}

/* --- Probing --------------------------------------------------------------- */

/* What a device config of a type lacks, and what there is to choose from. */
static const struct choice {
    const char *type, *key, *prefix; /* numbers follow */
    int nr;
} choices[] = {
    {"nfs", "serverpath", "/exports/", LUNS_NR},
    {"lvmoiscsi", "targetIQN", "iqn.2026-01.org.touchstone:target", 2},
    {"lvmoiscsi", "SCSIid", "3600000000000000000e0000000000000", LUNS_NR},
    {"iscsi", "targetIQN", "iqn.2026-01.org.touchstone:target", 2},
    {"lvmohba", "SCSIid", "3600000000000000000f0000000000000", LUNS_NR},
    {"lvmofcoe", "SCSIid", "3600000000000000000c0000000000000", LUNS_NR},
};

static int offer(const struct choice *c, struct arena *a,
                 const struct value *config, storage_probe_fn fn, void *arg)
{
    int rc = 0;

    for (int i = 0; !rc && i < c->nr; i++) {
        struct value v = value_string(arena_printf(a, "%s%d", c->prefix, i));

        rc = fn(arg, &(struct storage_found){
                         .sr = "",
                         .key = c->key,
                         .config = value_map_with(a, config, c->key, v)});
    }
    return rc;
}

static int sim_probe(void *ctx, struct arena *a, const char *host,
                     const char *type, const struct value *config,
                     storage_probe_fn fn, void *arg)
{
    struct sim_volumes *s = ctx;
    const char *place = sim_sr_place(a, host, type, config);
    int rc = 0;

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcmp(choices[i].type, type) == 0 &&
            !*value_text(config, choices[i].key, ""))
            return offer(&choices[i], a, config, fn, arg);
    for (struct sim_sr *sr = s->srs; !rc && sr; sr = sr->next) {
        struct storage_found found = {
            .sr = sr->uuid, .key = "", .config = *config, .complete = true};

        if (!*place || strcmp(sr->type, type) != 0 ||
            strcmp(sr->place, place) != 0)
            continue;
        stat_fill(sr, &found.stat);
        rc = fn(arg, &found);
    }
    return rc;
}

void srs_driver(struct storage_driver *driver)
{
    driver->sr_create = sim_sr_create;
    driver->sr_destroy = sim_sr_destroy;
    driver->sr_attach = sim_sr_attach;
    driver->sr_detach = sim_sr_detach;
    driver->sr_stat = sim_sr_stat;
    driver->sr_scan = sim_sr_scan;
    driver->probe = sim_probe;
}
