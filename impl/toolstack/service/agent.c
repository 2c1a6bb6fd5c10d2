/* The host's own system, called by handlers. */
#include "agent.h"

#include <string.h>

/* A host that is gone has no name, and no agent. */
static const char *name_of(const struct object *host)
{
    return host ? db_text(host, "uuid") : "";
}

int agent_apply(struct request *r, const struct object *host,
                const char *setting, const char *value)
{
    const struct agent_driver *d = r->ts->agent;
    int rc = d ? d->apply(d->ctx, name_of(host), setting, value) : 0;

    if (rc == 0)
        return 0;
    if (rc == -EINVAL)
        return request_fail(r, "INVALID_VALUE", setting, value, NULL);
    return request_internal(r,
                            arena_printf(r->arena, "cannot apply %s '%s': %s",
                                         setting, value, strerror(-rc)));
}

static const char *taken(struct request *r, struct buf *b)
{
    const char *text = arena_strndup(r->arena, b->data ? b->data : "", b->len);

    buf_fini(b);
    return text;
}

const char *agent_ask(struct request *r, const struct object *host,
                      const char *what)
{
    const struct agent_driver *d = r->ts->agent;
    struct buf b = {0};

    if (d)
        (void)d->ask(d->ctx, name_of(host), what, &b); /* then nothing */
    return taken(r, &b);
}

struct value text_lines(struct request *r, const char *text)
{
    size_t nr = 0, max = 1;
    const char **lines;

    for (const char *c = text; *c; c++)
        max += *c == '\n';
    lines = arena_alloc(r->arena, sizeof(*lines) * max);
    for (const char *c = text; *c; c += *c == '\n') {
        size_t len = strcspn(c, "\n");

        if (len)
            lines[nr++] = arena_strndup(r->arena, c, len);
        c += len;
    }
    return value_strings(r->arena, lines, nr);
}

const char *agent_read(struct request *r, const struct object *host,
                       const char *path)
{
    const struct agent_driver *d = r->ts->agent;
    struct buf b = {0};

    if (!d || d->file_read(d->ctx, name_of(host), path, &b)) {
        buf_fini(&b);
        return NULL;
    }
    return taken(r, &b);
}

int agent_write(struct request *r, const struct object *host, const char *path,
                const char *text)
{
    const struct agent_driver *d = r->ts->agent;
    int rc = d ? d->file_write(d->ctx, name_of(host), path, text, strlen(text))
               : -ENOSYS;

    if (!rc)
        return 0;
    return request_internal(r, arena_printf(r->arena, "cannot write '%s': %s",
                                            path, strerror(-rc)));
}

int agent_delete(struct request *r, const struct object *host, const char *path)
{
    const struct agent_driver *d = r->ts->agent;

    return d ? d->file_delete(d->ctx, name_of(host), path) : -ENOENT;
}

struct value agent_list(struct request *r, const struct object *host,
                        const char *folder)
{
    const struct agent_driver *d = r->ts->agent;
    struct buf b = {0};

    if (d)
        (void)d->file_list(d->ctx, name_of(host), folder, &b); /* or none */
    return text_lines(r, taken(r, &b));
}
