/*
 * Faults of storage: every access to a repository may fail as the simulation
 * was told. The names that faults go by are the repository's uuid and label.
 */
#include <errno.h>

#include "pools.h"
#include "volumes_priv.h"

/* The label that some pool gives the repository. */
static const char *label_of(const struct sim_volumes *s, const char *uuid)
{
    struct toolstack *ts = s->sim->world ? s->sim->world->pools : NULL;

    for (; ts; ts = ts->next) {
        const struct object *sr = db_find_uuid(&ts->db, "SR", uuid);

        if (sr)
            return db_text(sr, "name_label");
    }
    return NULL;
}

/* `grows`: the access takes room. */
static int fault(const struct sim_volumes *s, const char *sr, bool grows)
{
    const char *names[] = {sr, NULL, NULL};

    if (!faults_any(s->sim->faults))
        return 0;
    names[1] = label_of(s, sr);
    return faults_error(s->sim->faults, names, grows);
}

static const struct storage_driver *inside(const struct sim_volumes *s)
{
    return &s->inner;
}

static int faulty_sr_attach(void *ctx, const char *host, const char *sr,
                            const char *type, const struct value *config)
{
    int rc = fault(ctx, sr, false);

    return rc ? rc : inside(ctx)->sr_attach(ctx, host, sr, type, config);
}

static int faulty_sr_scan(void *ctx, const char *sr, storage_volume_fn fn,
                          void *arg)
{
    int rc = fault(ctx, sr, false);

    return rc ? rc : inside(ctx)->sr_scan(ctx, sr, fn, arg);
}

static int faulty_create(void *ctx, const char *sr, const char *name,
                         int64_t size)
{
    int rc = fault(ctx, sr, true);

    return rc ? rc : inside(ctx)->create(ctx, sr, name, size);
}

static int faulty_destroy(void *ctx, const char *sr, const char *name)
{
    int rc = fault(ctx, sr, false);

    return rc ? rc : inside(ctx)->destroy(ctx, sr, name);
}

static int faulty_resize(void *ctx, const char *sr, const char *name,
                         int64_t size)
{
    int rc = fault(ctx, sr, true);

    return rc ? rc : inside(ctx)->resize(ctx, sr, name, size);
}

static int faulty_clone(void *ctx, const char *sr, const char *from,
                        const char *to)
{
    int rc = fault(ctx, sr, true);

    return rc ? rc : inside(ctx)->clone(ctx, sr, from, to);
}

static int faulty_revert(void *ctx, const char *sr, const char *name,
                         const char *from)
{
    int rc = fault(ctx, sr, false);

    return rc ? rc : inside(ctx)->revert(ctx, sr, name, from);
}

static int faulty_read(void *ctx, const char *sr, const char *name,
                       int64_t offset, void *data, size_t len)
{
    int rc = fault(ctx, sr, false);

    return rc ? rc : inside(ctx)->read(ctx, sr, name, offset, data, len);
}

static int faulty_write(void *ctx, const char *sr, const char *name,
                        int64_t offset, const void *data, size_t len)
{
    int rc = fault(ctx, sr, true);

    return rc ? rc : inside(ctx)->write(ctx, sr, name, offset, data, len);
}

void faulty_driver(struct storage_driver *driver)
{
    ((struct sim_volumes *)driver->ctx)->inner = *driver;
    driver->sr_attach = faulty_sr_attach;
    driver->sr_scan = faulty_sr_scan;
    driver->create = faulty_create;
    driver->destroy = faulty_destroy;
    driver->resize = faulty_resize;
    driver->clone = faulty_clone;
    driver->revert = faulty_revert;
    driver->read = faulty_read;
    driver->write = faulty_write;
}
