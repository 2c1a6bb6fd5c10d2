/*
 * A storage driver in front of another: each call is first shown to the
 * faults, by the repository's uuid, name and type, and the volume's name.
 */
#include "faulty.h"

#include "pools.h"
#include "volumes_priv.h"

enum {
    NAMES_MAX = 5,
};

/* The repository in the database of any pool; NULL: in none yet. */
static const struct object *find_sr(const struct sim *sim, const char *uuid)
{
    struct toolstack *ts = sim->world ? sim->world->pools : NULL;

    for (; ts; ts = ts->next) {
        const struct object *o = db_find_uuid(&ts->db, "SR", uuid);

        if (o)
            return o;
    }
    return NULL;
}

/* 0, or what the faults say of a call. */
static int fault(struct sim *sim, const char *sr, const char *volume,
                 bool grows)
{
    const char *names[NAMES_MAX] = {sr};
    const struct object *o;
    int nr = 1;

    if (faults_none(sim->faults))
        return 0;
    o = find_sr(sim, sr);
    if (volume)
        names[nr++] = volume;
    if (o) {
        names[nr++] = db_text(o, "name_label");
        names[nr++] = db_text(o, "type");
    }
    return faults_error(sim->faults, names, grows);
}

static struct sim *sim_of(void *ctx)
{
    return ((struct sim_volumes *)ctx)->sim;
}

static int f_sr_create(void *ctx, const char *host, const char *sr,
                       const char *type, const struct value *config,
                       int64_t size)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, NULL, true);

    return rc ? rc
              : sim->volumes_driver.sr_create(ctx, host, sr, type, config,
                                              size);
}

static int f_sr_attach(void *ctx, const char *host, const char *sr,
                       const char *type, const struct value *config)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, NULL, false);

    return rc ? rc : sim->volumes_driver.sr_attach(ctx, host, sr, type, config);
}

static int f_sr_scan(void *ctx, const char *sr, storage_volume_fn fn, void *arg)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, NULL, false);

    return rc ? rc : sim->volumes_driver.sr_scan(ctx, sr, fn, arg);
}

static int f_create(void *ctx, const char *sr, const char *name, int64_t size)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, true);

    return rc ? rc : sim->volumes_driver.create(ctx, sr, name, size);
}

static int f_destroy(void *ctx, const char *sr, const char *name)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, false);

    return rc ? rc : sim->volumes_driver.destroy(ctx, sr, name);
}

static int f_resize(void *ctx, const char *sr, const char *name, int64_t size)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, true);

    return rc ? rc : sim->volumes_driver.resize(ctx, sr, name, size);
}

static int f_clone(void *ctx, const char *sr, const char *from, const char *to)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, from, true);

    return rc ? rc : sim->volumes_driver.clone(ctx, sr, from, to);
}

static int f_revert(void *ctx, const char *sr, const char *name,
                    const char *from)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, true);

    return rc ? rc : sim->volumes_driver.revert(ctx, sr, name, from);
}

static int f_read(void *ctx, const char *sr, const char *name, int64_t offset,
                  void *data, size_t len)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, false);

    return rc ? rc : sim->volumes_driver.read(ctx, sr, name, offset, data, len);
}

static int f_stat(void *ctx, const char *sr, const char *name,
                  struct storage_volume_stat *stat)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, false);

    return rc ? rc : sim->volumes_driver.stat(ctx, sr, name, stat);
}

static int f_write(void *ctx, const char *sr, const char *name, int64_t offset,
                   const void *data, size_t len)
{
    struct sim *sim = sim_of(ctx);
    int rc = fault(sim, sr, name, true);

    return rc ? rc
              : sim->volumes_driver.write(ctx, sr, name, offset, data, len);
}

struct storage_driver faulty_storage(struct sim *sim)
{
    struct storage_driver driver = sim->volumes_driver;

    driver.sr_create = f_sr_create;
    driver.sr_attach = f_sr_attach;
    driver.sr_scan = f_sr_scan;
    driver.create = f_create;
    driver.destroy = f_destroy;
    driver.resize = f_resize;
    driver.clone = f_clone;
    driver.revert = f_revert;
    driver.read = f_read;
    driver.write = f_write;
    driver.stat = f_stat;
    return driver;
}
