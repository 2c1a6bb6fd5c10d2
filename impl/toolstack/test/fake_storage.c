/* Volumes of at most FAKE_MAX bytes; what lies behind reads as zeros. */
#include "fake_storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    VOLUMES_MAX = 64,
    FAKE_MAX = 1 << 20,
    NAME_BYTES = 64,
};

static struct fake_volume {
    char name[NAME_BYTES]; /* empty: none */
    int64_t size;
    char data[FAKE_MAX];
} volumes[VOLUMES_MAX];

static struct fake_volume *find(const char *name)
{
    for (int i = 0; i < VOLUMES_MAX; i++)
        if (strcmp(volumes[i].name, name) == 0)
            return &volumes[i];
    return NULL;
}

static int sr_any(void *ctx, const char *sr)
{
    (void)ctx;
    return *sr ? 0 : -ENOENT;
}

static int sr_create(void *ctx, const char *host, const char *sr,
                     const char *type, const struct value *config, int64_t size)
{
    (void)config;
    (void)size;
    return *host && *type ? sr_any(ctx, sr) : -EINVAL;
}

static int sr_attach(void *ctx, const char *host, const char *sr,
                     const char *type, const struct value *config)
{
    return sr_create(ctx, host, sr, type, config, 0);
}

static int sr_detach(void *ctx, const char *host, const char *sr)
{
    return *host ? sr_any(ctx, sr) : -EINVAL;
}

static int sr_stat(void *ctx, const char *sr, struct storage_sr_stat *stat)
{
    *stat = (struct storage_sr_stat){.size = (int64_t)1 << 40, .type = "dummy"};
    return sr_any(ctx, sr);
}

static int sr_scan(void *ctx, const char *sr, storage_volume_fn fn, void *arg)
{
    int rc = sr_any(ctx, sr);

    for (int i = 0; !rc && i < VOLUMES_MAX; i++)
        if (*volumes[i].name)
            rc =
                fn(arg, &(struct storage_volume_stat){.name = volumes[i].name,
                                                      .parent = "",
                                                      .about = "",
                                                      .size = volumes[i].size});
    return rc;
}

static int probe(void *ctx, struct arena *a, const char *host, const char *type,
                 const struct value *config, storage_probe_fn fn, void *arg)
{
    (void)a;
    (void)config;
    (void)fn;
    (void)arg;
    return *type ? sr_any(ctx, host) : -EINVAL;
}

static int create(void *ctx, const char *sr, const char *name, int64_t size)
{
    struct fake_volume *v = find("");

    if (!v || size < 0 || strlen(name) >= NAME_BYTES)
        return v ? -EINVAL : -ENOSPC;
    *v = (struct fake_volume){.size = size};
    (void)snprintf(v->name, sizeof(v->name), "%s", name);
    return sr_any(ctx, sr);
}

static int destroy(void *ctx, const char *sr, const char *name)
{
    struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    *v->name = '\0';
    return sr_any(ctx, sr);
}

static int stat_volume(void *ctx, const char *sr, const char *name,
                       struct storage_volume_stat *stat)
{
    const struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    *stat = (struct storage_volume_stat){
        .name = v->name, .parent = "", .about = "", .size = v->size};
    return sr_any(ctx, sr);
}

static int resize(void *ctx, const char *sr, const char *name, int64_t size)
{
    struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    v->size = size;
    return sr_any(ctx, sr);
}

static int revert(void *ctx, const char *sr, const char *name, const char *from)
{
    struct fake_volume *v = find(name), *source = find(from);

    if (!v || !source)
        return -ENOENT;
    v->size = source->size;
    memcpy(v->data, source->data, sizeof(v->data));
    return sr_any(ctx, sr);
}

static int clone_volume(void *ctx, const char *sr, const char *from,
                        const char *to)
{
    int rc = create(ctx, sr, to, 0);

    return rc ? rc : revert(ctx, sr, to, from);
}

static int forget_data(void *ctx, const char *sr, const char *name)
{
    struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    memset(v->data, 0, sizeof(v->data));
    return sr_any(ctx, sr);
}

static int read_volume(void *ctx, const char *sr, const char *name,
                       int64_t offset, void *data, size_t len)
{
    const struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    if (offset < 0 || offset + (int64_t)len > v->size)
        return -EINVAL;
    memset(data, 0, len);
    for (size_t i = 0; i < len && offset + (int64_t)i < FAKE_MAX; i++)
        ((char *)data)[i] = v->data[offset + (int64_t)i];
    return sr_any(ctx, sr);
}

static int write_volume(void *ctx, const char *sr, const char *name,
                        int64_t offset, const void *data, size_t len)
{
    struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    if (offset < 0 || offset + (int64_t)len > v->size ||
        offset + (int64_t)len > FAKE_MAX)
        return -EINVAL;
    memcpy(v->data + offset, data, len);
    return sr_any(ctx, sr);
}

static int changed(void *ctx, const char *sr, const char *from, const char *to,
                   int64_t *offset, int64_t *len)
{
    const struct fake_volume *a = find(from), *b = find(to);
    int64_t at = *offset / STORAGE_BLOCK * STORAGE_BLOCK;

    *len = 0;
    if (!a || !b)
        return -ENOENT;
    for (; !*len && at < FAKE_MAX && at < b->size; at += STORAGE_BLOCK)
        if (memcmp(a->data + at, b->data + at, STORAGE_BLOCK) != 0) {
            *offset = at < *offset ? *offset : at;
            *len = at + STORAGE_BLOCK - *offset;
        }
    return sr_any(ctx, sr);
}

static int describe(void *ctx, const char *sr, const char *name,
                    const char *about)
{
    return find(name) && *about ? sr_any(ctx, sr) : -ENOENT;
}

/* All of it counts as written. */
static int extent(void *ctx, const char *sr, const char *name, int64_t *offset,
                  int64_t *len)
{
    const struct fake_volume *v = find(name);

    if (!v)
        return -ENOENT;
    *len = *offset < v->size && *offset < FAKE_MAX
               ? (v->size < FAKE_MAX ? v->size : FAKE_MAX) - *offset
               : 0;
    return sr_any(ctx, sr);
}

static int sync_all(void *ctx)
{
    return sr_any(ctx, "all");
}

struct storage_driver fake_storage(void)
{
    memset(volumes, 0, sizeof(volumes));
    return (struct storage_driver){
        .sr_create = sr_create,
        .sr_destroy = sr_any,
        .sr_attach = sr_attach,
        .sr_detach = sr_detach,
        .sr_stat = sr_stat,
        .sr_scan = sr_scan,
        .probe = probe,
        .create = create,
        .destroy = destroy,
        .stat = stat_volume,
        .resize = resize,
        .clone = clone_volume,
        .revert = revert,
        .forget_data = forget_data,
        .read = read_volume,
        .write = write_volume,
        .extent = extent,
        .changed = changed,
        .describe = describe,
        .sync = sync_all,
    };
}
