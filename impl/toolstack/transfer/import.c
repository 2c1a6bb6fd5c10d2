/*
 * PUT /import and PUT /import_metadata: machines out of an XVA archive, made
 * while it arrives. What is cut short, or wrong, leaves nothing behind.
 *
 * The status is sent before the body is read, as clients expect: how it ends
 * is for the task to say.
 */
#include <stdlib.h>
#include <string.h>

#include "import_set.h"
#include "job.h"
#include "pool.h"
#include "routes.h"
#include "storage.h"
#include "xva_reader.h"

#define ENDLESS_BYTES ((int64_t)1 << 48)

struct import_job {
    struct route_call *call;
    struct xva_reader reader;
    struct import_options options;
    char sr[REF_BYTES];
    struct import_set set;
    bool begun;    /* objects are being made */
    bool complete; /* they stay */
    bool failed;   /* the error is set */
};

/* --- Events of the archive ------------------------------------------------ */

/* A newer implementation may have written what this one does not know. */
static int check_version(struct import_job *j, const struct xva_version *v)
{
    struct request *r = &j->call->request;
    const struct value *software =
        db_get(toolstack_master(r->ts), "software_version");
    const char *api = value_text(software, "xapi", "0.0");
    const char *dot = strchr(api, '.');
    int64_t major = atoll(api), minor = dot ? atoll(dot + 1) : 0;

    if (major < v->major || (major == v->major && minor < v->minor))
        return request_fail(r, "IMPORT_INCOMPATIBLE_VERSION", NULL);
    j->reader.checksums = v->export_version > 0;
    return 0;
}

static bool is_streamed(const struct import_job *j, const struct xva_object *x)
{
    struct object *vdi;

    if (!j->options.sr || strcmp(x->class_name, "VDI") != 0)
        return false;
    vdi = import_set_object(&j->set, "VDI", x->id);
    for (size_t i = 0; vdi && i < j->set.created_nr; i++)
        if (strcmp(j->set.created[i], vdi->ref) == 0)
            return true;
    return false; /* a medium that was found */
}

/* Disks follow when they hang on a machine, and when they are its memory. */
static bool is_needed(const struct import_job *j, const struct xva_object *x)
{
    const struct xva_header *h = &j->set.header;

    if (strcmp(xva_text(x, "type"), "suspend") == 0)
        return true;
    for (uint32_t i = 0; i < h->objects_nr; i++)
        if (strcmp(h->objects[i].class_name, "VBD") == 0 &&
            strcmp(xva_text(&h->objects[i], "VDI"), x->id) == 0 &&
            strcmp(xva_text(&h->objects[i], "type"), "CD") != 0)
            return true;
    return false;
}

static int expect_disks(struct import_job *j)
{
    const struct xva_header *h = &j->set.header;

    for (uint32_t i = 0; i < h->objects_nr; i++) {
        const struct xva_object *x = &h->objects[i];

        if (is_streamed(j, x) && is_needed(j, x) &&
            xva_reader_expect(&j->reader, x->id,
                              (uint64_t)xva_int(&x->snapshot, "virtual_size"),
                              NULL))
            return import_fail(&j->call->request, "Too many disks");
    }
    return 0;
}

/* The mac seed of machines is theirs, unless they are the same machine. */
static int check_seeds(struct import_job *j, const struct xva_header *h)
{
    struct request *r = &j->call->request;

    for (uint32_t i = 0; i < h->objects_nr; i++) {
        const struct xva_object *x = &h->objects[i];
        const struct value *config = value_find(&x->snapshot, "other_config");
        const char *seed = config && config->kind == VALUE_MAP
                               ? value_text(config, "mac_seed", NULL)
                               : NULL;

        if (strcmp(x->class_name, "VM") != 0 || !seed)
            continue;
        for (struct object *o = db_first(r->db, "VM"); o; o = o->next) {
            const char *other =
                value_text(db_get(o, "other_config"), "mac_seed", "");

            if (strcmp(other, seed) == 0 && !db_bool(o, "is_a_snapshot") &&
                !import_flag(x, "is_a_snapshot") &&
                strcmp(db_text(o, "uuid"), xva_text(x, "uuid")) != 0)
                return request_fail(r, "DUPLICATE_MAC_SEED", seed, NULL);
        }
    }
    return 0;
}

static int header_cb(void *ctx, const char *xml, size_t len)
{
    struct import_job *j = ctx;
    struct request *r = &j->call->request;
    struct xva_header h;

    if (xva_header_decode(r->arena, xml, len, &h))
        return import_fail(r, "The description cannot be read");
    if (*j->sr)
        j->options.sr = db_find(r->db, "SR", j->sr);
    if (*j->sr && !j->options.sr)
        return request_bad_handle(r, "SR", j->sr);
    if (check_version(j, &h.version) ||
        (j->options.restore && check_seeds(j, &h)))
        return API_FAILED;
    import_set_init(&j->set, r, &j->options, &h);
    j->begun = true;
    if (import_set_make(&j->set) || expect_disks(j))
        return API_FAILED;
    if (r->task && j->options.sr)
        db_map_put(r->db, r->task, "other_config", "object_creation",
                   "complete");
    return 0;
}

static int write_cb(void *ctx, const struct xva_disk *disk, uint64_t offset,
                    const void *data, size_t len)
{
    struct import_job *j = ctx;
    struct request *r = &j->call->request;
    struct object *vdi = import_set_object(&j->set, "VDI", disk->id);
    int rc;

    if (!vdi)
        return request_fail(r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT", disk->id,
                            NULL);
    rc = vdi_write(r->ts, vdi, (int64_t)offset, data, len);
    return rc ? vdi_fail(r, vdi, rc) : 0;
}

static const struct xva_events events = {header_cb, write_cb};

/* --- The stream ------------------------------------------------------------- */

static int fail(struct import_job *j)
{
    static const char *const codes[] = {
        [XVA_CHECKSUM] = "IMPORT_ERROR_SOME_CHECKSUMS_FAILED",
        [XVA_PREMATURE_EOF] = "IMPORT_ERROR_PREMATURE_EOF",
    };
    const struct xva_reader *x = &j->reader;
    struct request *r = &j->call->request;

    switch (x->error) {
    case XVA_REFUSED:
        return API_FAILED; /* the callback has said why */
    case XVA_UNEXPECTED_FILE:
        return request_fail(r, "IMPORT_ERROR_UNEXPECTED_FILE", x->expected,
                            x->actual, NULL);
    case XVA_BROKEN:
        return import_fail(r, x->why);
    default:
        return request_fail(r, codes[x->error], NULL);
    }
}

/* The archive is there as a whole: its machines stay. */
static int finish(struct route_call *c)
{
    struct import_job *j = c->state;

    if (xva_finish(&j->reader))
        return fail(j);
    if (job_check(c) || import_set_complete(&j->set))
        return API_FAILED;
    j->complete = true;
    route_resume(c);
    return 0;
}

/* Clients that do not know the length announce one that no body has. */
static bool is_endless(const struct route_call *c)
{
    return c->length >= ENDLESS_BYTES;
}

/* 0 or API_FAILED. */
static int take_some(struct route_call *c, struct import_job *j,
                     const char *data, size_t len)
{
    if (job_check(c))
        return API_FAILED;
    if (xva_feed(&j->reader, data, len))
        return fail(j);
    job_progress(c, j->reader.done, j->reader.total);
    return is_endless(c) && xva_at_end(&j->reader) ? finish(c) : 0;
}

static int64_t take(struct route_call *c, const char *data, size_t len)
{
    struct import_job *j = c->state;

    if (!j->complete && !j->failed)
        j->failed = take_some(c, j, data, len) != 0;
    return j->failed ? API_FAILED : (int64_t)len;
}

static int taken(struct route_call *c)
{
    struct import_job *j = c->state;

    if (j->failed)
        return API_FAILED; /* and the reason stays */
    return j->complete ? 0 : finish(c);
}

/* The answer has no body: it ends when the archive has been read. */
static int give(struct route_call *c, struct buf *out, size_t room)
{
    struct import_job *j = c->state;

    (void)out;
    (void)room;
    return !j->complete;
}

static void done(struct route_call *c, bool ok)
{
    struct import_job *j = c->state;

    (void)ok;
    if (j->begun && !j->complete && !j->options.force)
        import_set_undo(&j->set);
    xva_reader_fini(&j->reader);
    free(j);
}

static const struct route_stream stream = {
    .take = take, .taken = taken, .give = give, .done = done};

/* --- Beginning --------------------------------------------------------------- */

static int begin(struct route_call *c, const struct import_options *options,
                 const struct object *sr)
{
    struct import_job *j = must_alloc(sizeof(*j));

    memset(j, 0, sizeof(*j));
    j->call = c;
    j->options = *options;
    if (sr)
        memcpy(j->sr, sr->ref, sizeof(j->sr));
    xva_reader_init(&j->reader, &events, j);
    j->reader.lenient = options->force;
    j->reader.xml_only = !sr;
    job_progress(c, 0, 0);
    (void)route_stream(c, &stream, j); /* neither of the two can fail */
    return route_begin(c, 200, "application/octet-stream",
                       ROUTE_LENGTH_UNKNOWN);
}

int http_import(struct route_call *c)
{
    struct import_options options = {.restore = job_flag(c, "restore"),
                                     .force = job_flag(c, "force")};
    struct object *sr = job_repository(c);
    struct object *host = sr ? job_host(c, NULL, sr) : NULL;

    if (!host)
        return API_FAILED;
    if (host != pool_here(&c->request))
        return route_redirect(c, db_text(host, "address"));
    if (strcmp(db_text(sr, "content_type"), "iso") == 0) {
        c->status = 400;
        return request_fail(&c->request, "SR_OPERATION_NOT_SUPPORTED", sr->ref,
                            NULL);
    }
    return begin(c, &options, sr);
}

/* Parameters "vdi:UUID=UUID". */
static struct value disk_map(struct route_call *c)
{
    const struct value *query = route_query(c);
    struct member *m =
        arena_alloc(c->request.arena, sizeof(*m) * (query->nr + 1));
    uint32_t nr = 0;

    for (uint32_t i = 0; i < query->nr; i++)
        if (strncmp(query->members[i].key, "vdi:", 4) == 0)
            m[nr++] = (struct member){query->members[i].key + 4,
                                      query->members[i].value};
    return value_map(m, nr);
}

int http_import_metadata(struct route_call *c)
{
    struct import_options options = {.restore = job_flag(c, "restore"),
                                     .force = job_flag(c, "force"),
                                     .dry_run = job_flag(c, "dry_run"),
                                     .live = job_flag(c, "live"),
                                     .disks = disk_map(c)};

    return begin(c, &options, NULL);
}
