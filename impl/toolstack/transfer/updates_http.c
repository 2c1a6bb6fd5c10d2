/* HTTP handlers of updates: bundles of packages, and patches as files. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "dispatch.h"
#include "job.h"
#include "net.h"
#include "routes.h"
#include "storage.h"
#include "tar.h"
#include "updates.h"

enum {
    BUNDLE_FILES_MAX = 1024,
};

#define BUNDLE_FOLDER   "bundle/"
#define PATCH_BYTES_MAX ((int64_t)8 << 30)

/* --- Bundles ---------------------------------------------------------------- */

/* A tar archive that goes to the files of the host, one by one. */
struct bundle {
    struct route_call *call;
    struct tar_reader tar;
    struct buf file;
    char name[TAR_NAME_BYTES + 1];
    int files;
    bool failed;
    const char *why;
};

static int refuse(struct bundle *b, const char *why)
{
    b->why = why;
    return -EBADMSG;
}

static int begin_cb(void *ctx, const char *name, uint64_t size)
{
    struct bundle *b = ctx;

    if (*name == '/' || strstr(name, ".."))
        return refuse(b, "a name leads out of the bundle");
    if (size > AGENT_FILE_MAX)
        return refuse(b, "a file is too large");
    if (b->files++ == BUNDLE_FILES_MAX)
        return refuse(b, "too many files");
    memcpy(b->name, name, strlen(name) + 1);
    b->file.len = 0;
    return 0;
}

static int data_cb(void *ctx, const void *data, size_t len)
{
    buf_add(&((struct bundle *)ctx)->file, data, len);
    return 0;
}

static int end_cb(void *ctx)
{
    struct bundle *b = ctx;
    struct request *r = &b->call->request;
    const struct agent_driver *agent = r->ts->agent;
    const char *path = arena_printf(r->arena, "%s%s", BUNDLE_FOLDER, b->name);

    if (agent &&
        agent->file_write(agent->ctx, db_text(toolstack_master(r->ts), "uuid"),
                          path, b->file.len ? b->file.data : "", b->file.len))
        return refuse(b, "there is no room");
    return 0;
}

static const struct tar_events bundle_events = {begin_cb, data_cb, end_cb};

static int bundle_fail(struct bundle *b)
{
    b->failed = true;
    return request_fail(&b->call->request, "BUNDLE_UNPACK_FAILED",
                        b->why ? b->why : "that is no tar archive", NULL);
}

static int64_t bundle_take(struct route_call *c, const char *data, size_t len)
{
    struct bundle *b = c->state;

    if (b->failed)
        return API_FAILED;
    return tar_feed(&b->tar, data, len) ? bundle_fail(b) : (int64_t)len;
}

static int bundle_taken(struct route_call *c)
{
    struct bundle *b = c->state;
    const char *hash;

    if (b->failed)
        return API_FAILED;
    if (!b->files || !tar_complete(&b->tar))
        return bundle_fail(b);
    if (updates_sync(&c->request, &hash))
        return request_fail(&c->request, "BUNDLE_SYNC_FAILED", NULL);
    return job_answer(c);
}

/* What was unpacked has been read by then. */
static void bundle_done(struct route_call *c, bool ok)
{
    struct bundle *b = c->state;
    struct object *host = toolstack_master(c->request.ts);
    struct value names = agent_list(&c->request, host, BUNDLE_FOLDER);

    (void)ok;
    for (uint32_t i = 0; i < names.nr; i++)
        (void)agent_delete(&c->request, host,
                           arena_printf(c->request.arena, "%s%s", BUNDLE_FOLDER,
                                        names.items[i].s)); /* it was there */
    buf_fini(&b->file);
    free(b);
}

/* Of the pool's repositories, the one for updates. NULL with the error set. */
static struct object *update_repository(struct request *r)
{
    const struct value *refs = db_get(toolstack_pool(r->ts), "repositories");
    struct object *found = NULL;
    int nr = 0;

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct object *o = db_find(r->db, "Repository", refs->items[i].s);

        if (o && db_bool(o, "update")) {
            found = o;
            nr++;
        }
    }
    if (nr == 1)
        return found;
    (void)request_fail(r,
                       nr ? "MULTIPLE_UPDATE_REPOSITORIES_ENABLED"
                          : "NO_REPOSITORY_ENABLED",
                       NULL);
    return NULL;
}

int http_put_bundle(struct route_call *c)
{
    static const struct route_stream stream = {
        .take = bundle_take, .taken = bundle_taken, .done = bundle_done};
    struct object *repository;
    struct bundle *b;

    c->status = 400;
    if (feature_check(&c->request, "updates"))
        return API_FAILED;
    repository = update_repository(&c->request);
    if (!repository)
        return API_FAILED;
    if (strcmp(db_text(repository, "origin"), "bundle") != 0)
        return request_fail(&c->request, "BUNDLE_REPO_NOT_ENABLED", NULL);
    b = must_alloc(sizeof(*b));
    memset(b, 0, sizeof(*b));
    b->call = c;
    tar_reader_init(&b->tar, &bundle_events, b);
    (void)route_stream(c, &stream, b); /* neither of the two can fail */
    return job_greet(c);
}

/* --- Patches ---------------------------------------------------------------- */

/* A file that becomes a disk, and the disk an update. */
struct patch {
    char vdi[REF_BYTES];
    int64_t offset;
    bool kept;
};

static int64_t patch_take(struct route_call *c, const char *data, size_t len)
{
    struct patch *p = c->state;
    struct object *vdi = db_find(c->request.db, "VDI", p->vdi);
    int rc;

    if (!vdi)
        return request_bad_handle(&c->request, "VDI", p->vdi);
    rc = vdi_write(c->request.ts, vdi, p->offset, data, len);
    p->offset += (int64_t)len;
    return rc ? vdi_fail(&c->request, vdi, rc) : (int64_t)len;
}

/* The patch that old clients see of the update; its reference is the result. */
static int patch_taken(struct route_call *c)
{
    struct patch *p = c->state;
    struct request *r = &c->request;
    struct value params[] = {value_string(r->session->ref),
                             value_string(p->vdi)};
    struct value list = value_set(params, 2);
    struct answer answer;

    dispatch(r->ts, r->arena, "pool_update.introduce", &list, &answer);
    if (!answer.ok) {
        r->error = answer.value;
        return API_FAILED;
    }
    p->kept = true;
    for (struct object *o = db_first(r->db, "pool_patch"); o; o = o->next)
        if (strcmp(db_text(o, "pool_update"), answer.value.s) == 0)
            (void)reply_ref(r, o); /* cannot fail */
    return job_answer(c);
}

static void patch_done(struct route_call *c, bool ok)
{
    struct patch *p = c->state;
    struct object *vdi = db_find(c->request.db, "VDI", p->vdi);
    struct value error = c->request.error;

    (void)ok;
    if (vdi && !p->kept)
        (void)vdi_unmake(&c->request, vdi); /* what cannot go is scanned away */
    c->request.error = error;
    free(p);
}

int http_put_patch(struct route_call *c)
{
    static const struct route_stream stream = {
        .take = patch_take, .taken = patch_taken, .done = patch_done};
    struct object *sr = job_repository(c), *vdi;
    struct patch *p;

    if (!sr)
        return API_FAILED;
    if (c->length <= 0 || c->length > PATCH_BYTES_MAX)
        return route_page(c, 400, "The length must be known");
    vdi = vdi_make(&c->request, sr, "user", "Update",
                   (c->length + 511) / 512 * 512);
    if (!vdi)
        return API_FAILED;
    p = must_alloc(sizeof(*p));
    *p = (struct patch){.offset = 0};
    memcpy(p->vdi, vdi->ref, sizeof(p->vdi));
    (void)route_stream(c, &stream, p); /* neither of the two can fail */
    return job_greet(c);
}
