/*
 * GET /export: a machine and its disks as an XVA archive, made while it is
 * sent. A disk is read a chunk at a time, and only where it has contents.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "export_set.h"
#include "job.h"
#include "pool.h"
#include "routes.h"
#include "squeeze.h"
#include "storage.h"
#include "vm.h"
#include "xva_reader.h"

struct export_disk {
    const char *id;
    char ref[REF_BYTES];
    int64_t size;
};

struct export_job {
    struct squeeze *squeeze;
    struct buf *out; /* of the present callback */
    char vm[REF_BYTES], task[REF_BYTES];
    struct buf header; /* of the archive; sent first */
    struct export_disk *disks;
    int disks_nr, disk;
    int64_t offset; /* of the present disk */
    uint64_t done, total;
    bool over;
    int64_t mtime_s;
    unsigned char chunk[XVA_CHUNK_BYTES];
};

static int sink(void *ctx, const void *data, size_t len)
{
    struct export_job *j = ctx;

    buf_add(j->out, data, len);
    return 0;
}

static int cut(struct route_call *c, struct export_job *j, int rc)
{
    struct object *vdi = db_find(c->request.db, "VDI", j->disks[j->disk].ref);

    return vdi ? vdi_fail(&c->request, vdi, rc)
               : request_bad_handle(&c->request, "VDI", j->disks[j->disk].ref);
}

/* Where the next chunk begins that has contents, from j->offset on; the last
 * one always has. 0 or -Exxx. */
static int next_chunk(struct route_call *c, const struct export_job *j,
                      const struct object *vdi, int64_t *offset)
{
    int64_t last =
        (j->disks[j->disk].size - 1) / XVA_CHUNK_BYTES * XVA_CHUNK_BYTES;
    int64_t at = j->offset, len;
    int rc;

    *offset = j->offset;
    if (j->offset == 0 || j->offset >= last)
        return 0;
    rc = vdi_extent(c->request.ts, vdi, NULL, &at, &len);
    if (rc)
        return rc;
    *offset = len && at < last ? at / XVA_CHUNK_BYTES * XVA_CHUNK_BYTES : last;
    if (*offset < j->offset)
        *offset = j->offset;
    return 0;
}

static void add_file(const struct export_job *j, struct buf *out,
                     const char *suffix, const void *data, size_t len)
{
    char name[TAR_NAME_BYTES];

    (void)snprintf(name, sizeof(name), "%s/%08lld%s", j->disks[j->disk].id,
                   (long long)(j->offset / XVA_CHUNK_BYTES), suffix); /* fits */
    tar_file(out, name, data, len, j->mtime_s);
}

/* The chunk and its checksum, as files of the archive. */
static int send_chunk(struct export_job *j, size_t len)
{
    char sum[DIGEST_TEXT_BYTES];
    struct buf files = {0};
    int rc;

    digest_text(DIGEST_XXH64, j->chunk, len, sum);
    add_file(j, &files, "", j->chunk, len);
    add_file(j, &files, digest_suffix(DIGEST_XXH64), sum, strlen(sum));
    rc = squeeze_feed(j->squeeze, files.data, files.len);
    buf_fini(&files);
    return rc;
}

static bool all_zeros(const unsigned char *data, size_t len)
{
    return !len || (!data[0] && memcmp(data, data + 1, len - 1) == 0);
}

/* Sends the next chunk of the present disk. 0 or -Exxx. */
static int step_disk(struct route_call *c, struct export_job *j)
{
    const struct export_disk *d = &j->disks[j->disk];
    struct object *vdi = db_find(c->request.db, "VDI", d->ref);
    int64_t offset, len;
    bool needed;
    int rc;

    if (!vdi)
        return -ENOENT;
    rc = next_chunk(c, j, vdi, &offset);
    if (rc)
        return rc;
    len =
        d->size - offset < XVA_CHUNK_BYTES ? d->size - offset : XVA_CHUNK_BYTES;
    needed = offset == 0 || offset + len == d->size;
    rc = vdi_read(c->request.ts, vdi, offset, j->chunk, (size_t)len);
    j->done += (uint64_t)(offset + len - j->offset);
    j->offset = offset;
    if (!rc && (needed || !all_zeros(j->chunk, (size_t)len)))
        rc = send_chunk(j, (size_t)len);
    j->offset += len;
    return rc;
}

static int step(struct route_call *c, struct export_job *j)
{
    struct buf end = {0};
    int rc;

    if (j->header.len) {
        rc = squeeze_feed(j->squeeze, j->header.data, j->header.len);
        buf_fini(&j->header);
        return rc;
    }
    if (j->disk < j->disks_nr) {
        rc = step_disk(c, j);
        if (!rc && j->offset >= j->disks[j->disk].size) {
            j->disk++;
            j->offset = 0;
        }
        return rc;
    }
    tar_end(&end);
    rc = squeeze_feed(j->squeeze, end.data, end.len);
    buf_fini(&end);
    j->over = true;
    return rc ? rc : squeeze_finish(j->squeeze);
}

static int give(struct route_call *c, struct buf *out, size_t room)
{
    struct export_job *j = c->state;
    size_t before = out->len;

    j->out = out;
    if (job_check(c))
        return API_FAILED;
    while (!j->over && out->len - before < room) {
        int rc = step(c, j);

        if (rc)
            return cut(c, j, rc);
    }
    job_progress(c, j->done, j->total);
    return !j->over;
}

static void done(struct route_call *c, bool ok)
{
    struct export_job *j = c->state;

    (void)ok; /* the machine is free again either way */
    job_unlock(c, j->vm, j->task);
    squeeze_destroy(j->squeeze);
    buf_fini(&j->header);
    free(j->disks);
    free(j);
}

static const struct route_stream stream = {.give = give, .done = done};

/* --- Beginning ------------------------------------------------------------ */

static int disk_compare(const void *a, const void *b)
{
    return strcmp(((const struct export_disk *)a)->id,
                  ((const struct export_disk *)b)->id);
}

static void add_disk(struct route_call *c, struct export_job *j,
                     const struct export_set *set, struct object *vdi)
{
    struct object *sr = vdi ? db_ref(c->request.db, vdi, "SR") : NULL;
    struct export_disk *d = &j->disks[j->disks_nr];

    if (!sr || strcmp(db_text(sr, "content_type"), "iso") == 0 ||
        !export_set_name(set, vdi->ref) || db_int(vdi, "virtual_size") <= 0)
        return;
    for (int i = 0; i < j->disks_nr; i++)
        if (strcmp(j->disks[i].ref, vdi->ref) == 0)
            return; /* plugged in twice, sent once */
    d->id = export_set_name(set, vdi->ref);
    memcpy(d->ref, vdi->ref, sizeof(d->ref));
    d->size = db_int(vdi, "virtual_size");
    j->total += (uint64_t)d->size;
    j->disks_nr++;
}

/* Every disk that is not a medium, and the images of suspended machines. */
static void add_disks(struct route_call *c, struct export_job *j,
                      const struct export_set *set)
{
    struct db *db = c->request.db;

    j->disks = must_alloc(sizeof(*j->disks) * (set->nr + 1));
    memset(j->disks, 0, sizeof(*j->disks) * (set->nr + 1));
    for (size_t i = 0; i < set->nr; i++) {
        struct object *o = set->objects[i];

        if (strcmp(o->class->name, "VBD") == 0 &&
            strcmp(db_text(o, "type"), "CD") != 0)
            add_disk(c, j, set, db_ref(db, o, "VDI"));
        else if (strcmp(o->class->name, "VM") == 0 && set->power)
            add_disk(c, j, set, db_ref(db, o, "suspend_VDI"));
    }
    qsort(j->disks, (size_t)j->disks_nr, sizeof(*j->disks), disk_compare);
}

static void describe(struct route_call *c, struct buf *out,
                     struct export_set *set, int64_t mtime_s)
{
    struct xva_header h;
    struct buf xml = {0};

    export_set_describe(set, &h);
    xva_header_encode(c->request.arena, &xml, &h);
    tar_file(out, XVA_XML_NAME, xml.data, xml.len, mtime_s);
    buf_fini(&xml);
}

static struct export_job *job_create(struct route_call *c, struct object *vm,
                                     enum squeeze_kind kind)
{
    struct export_job *j = must_alloc(sizeof(*j));
    struct export_set set;

    memset(j, 0, offsetof(struct export_job, chunk));
    j->mtime_s = c->request.ts->env.now_ms(c->request.ts->env.ctx) / 1000;
    memcpy(j->vm, vm->ref, sizeof(j->vm));
    memcpy(j->task, c->request.task->ref, sizeof(j->task));
    j->squeeze = squeeze_create(kind, false, sink, j);
    export_set_init(&set, &c->request);
    set.power = job_flag(c, "preserve_power_state");
    set.snapshots = job_flag(c, "include_snapshots");
    export_set_add(&set, vm);
    add_disks(c, j, &set);
    describe(c, &j->header, &set, j->mtime_s);
    return j;
}

static enum squeeze_kind kind_of(const char *name)
{
    static const struct {
        const char *name;
        enum squeeze_kind kind;
    } kinds[] = {
        {"true", SQUEEZE_GZIP}, {"gzip", SQUEEZE_GZIP}, {"zstd", SQUEEZE_ZSTD}};

    for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return SQUEEZE_NONE;
}

int http_export(struct route_call *c)
{
    struct object *vm = job_machine(c);
    struct object *host = vm ? job_host(c, vm, NULL) : NULL;
    struct export_job *j;

    if (!host)
        return API_FAILED;
    if (host != pool_here(&c->request))
        return route_redirect(c, db_text(host, "address"));
    if (vm_check(&c->request, vm, "export"))
        return API_FAILED;
    job_progress(c, 0, 0);
    j = job_create(c, vm, kind_of(route_param(c, "use_compression")));
    job_lock(c, vm, "export");
    route_header(c, "Content-Disposition",
                 "attachment; filename=\"export.xva\"");
    (void)route_stream(c, &stream, j); /* neither of the two can fail */
    return route_begin(c, 200, "application/octet-stream",
                       ROUTE_LENGTH_UNKNOWN);
}

/* --- Without disks --------------------------------------------------------- */

/* "vif,vbd" as bits. 0, or API_FAILED: another word. */
static int parse_without(struct route_call *c, unsigned *without)
{
    static const struct {
        const char *name;
        unsigned bit;
    } kinds[] = {{"vif", EXPORT_NO_VIF},
                 {"vbd", EXPORT_NO_VBD},
                 {"vgpu", EXPORT_NO_VGPU},
                 {"vtpm", EXPORT_NO_VTPM}};
    const char *text = route_param(c, "excluded_device_types");

    while (text && *text) {
        size_t len = strcspn(text, ","), i = 0;

        while (i < 4 && (strncasecmp(kinds[i].name, text, len) != 0 ||
                         kinds[i].name[len]))
            i++;
        if (i == 4)
            return request_fail(&c->request, "INVALID_VALUE",
                                "excluded_device_types", text, NULL);
        *without |= kinds[i].bit;
        text += len + (text[len] == ',');
    }
    return 0;
}

static bool flag_unless(const struct route_call *c, const char *name)
{
    const char *text = route_param(c, name);

    return !text || strcmp(text, "false") != 0;
}

/* Every machine that is not a template of the product. */
static void add_all(struct route_call *c, struct export_set *set)
{
    bool dom0 = flag_unless(c, "include_dom0");

    for (struct object *o = db_first(c->request.db, "VM"); o; o = o->next)
        if (!vm_is_default_template(o) &&
            (dom0 || !db_bool(o, "is_control_domain")))
            export_set_add(set, o);
}

int http_export_metadata(struct route_call *c)
{
    struct export_set set;
    struct object *vm;
    struct buf out = {0};

    export_set_init(&set, &c->request);
    set.power = true;
    set.snapshots = flag_unless(c, "export_snapshots");
    set.parents = job_flag(c, "include_vhd_parents");
    if (parse_without(c, &set.without))
        return API_FAILED;
    if (job_flag(c, "all")) {
        add_all(c, &set);
    } else {
        vm = job_machine(c);
        if (!vm || vm_check(&c->request, vm, "metadata_export"))
            return API_FAILED;
        export_set_add(&set, vm);
    }
    describe(c, &out, &set,
             c->request.ts->env.now_ms(c->request.ts->env.ctx) / 1000);
    tar_end(&out);
    route_header(c, "Content-Disposition",
                 "attachment; filename=\"export.xva\"");
    return route_answer_buf(c, 200, "application/octet-stream", &out);
}
