/* A domain driver for tests: every call works. */
#include "fake_domains.h"

#include <errno.h>

static int ok(void *ctx, const char *host, const char *uuid)
{
    (void)ctx;
    return *host && *uuid ? 0 : -EINVAL;
}

static int start_ok(void *ctx, const char *host, const struct domain_spec *spec)
{
    return ok(ctx, host, spec->uuid);
}

static int ask_ok(void *ctx, const char *host, const char *uuid,
                  enum domain_request what)
{
    (void)what;
    return ok(ctx, host, uuid);
}

static int save_ok(void *ctx, const char *host, const char *uuid,
                   const char *image)
{
    (void)image;
    return ok(ctx, host, uuid);
}

static int restore_ok(void *ctx, const char *host,
                      const struct domain_spec *spec, const char *image)
{
    (void)image;
    return ok(ctx, host, spec->uuid);
}

static int migrate_ok(void *ctx, const char *from, const char *uuid,
                      const char *to, const char *uri,
                      const struct domain_spec *spec)
{
    (void)uri;
    (void)spec;
    return *to ? ok(ctx, from, uuid) : -EINVAL;
}

static int set_memory_ok(void *ctx, const char *host, const char *uuid,
                         int64_t kib)
{
    return kib > 0 ? ok(ctx, host, uuid) : -EINVAL;
}

static int set_vcpus_ok(void *ctx, const char *host, const char *uuid, int nr)
{
    return nr > 0 ? ok(ctx, host, uuid) : -EINVAL;
}

static int attach_ok(void *ctx, const char *host, const char *uuid,
                     const struct domain_device *device)
{
    return *device->id ? ok(ctx, host, uuid) : -EINVAL;
}

static int detach_ok(void *ctx, const char *host, const char *uuid,
                     const struct domain_device *device, bool force)
{
    (void)force;
    return *device->id ? ok(ctx, host, uuid) : -EINVAL;
}

static int query_ok(void *ctx, const char *host, const char *uuid,
                    struct domain_state *state)
{
    *state = (struct domain_state){.condition = DOMAIN_RUNNING};
    return ok(ctx, host, uuid);
}

static int guest_none(void *ctx, const char *host, const char *uuid,
                      struct arena *a, struct value *told)
{
    (void)ctx;
    (void)host;
    (void)uuid;
    (void)a;
    (void)told;
    return -ENODATA;
}

static int sysrq_ok(void *ctx, const char *host, const char *uuid, char key)
{
    return key ? ok(ctx, host, uuid) : -EINVAL;
}

static int trigger_ok(void *ctx, const char *host, const char *uuid,
                      const char *name)
{
    return *name ? ok(ctx, host, uuid) : -EINVAL;
}

struct domain_driver fake_domains(void)
{
    return (struct domain_driver){.start = start_ok,
                                  .stop = ok,
                                  .pause = ok,
                                  .resume = ok,
                                  .reboot = ok,
                                  .ask = ask_ok,
                                  .save = save_ok,
                                  .restore = restore_ok,
                                  .migrate = migrate_ok,
                                  .set_memory = set_memory_ok,
                                  .set_vcpus = set_vcpus_ok,
                                  .attach = attach_ok,
                                  .detach = detach_ok,
                                  .query = query_ok,
                                  .guest = guest_none,
                                  .sysrq = sysrq_ok,
                                  .trigger = trigger_ok};
}
