/* Copies disks between repositories and pools. */
#include "disk_job.h"

#include <stdlib.h>
#include <string.h>

#include "storage.h"

enum {
    PIECE = 1 << 20,
    SLICE = 16 << 20, /* bytes copied before others have their turn */
};

struct request disk_job_there(struct request *r, struct toolstack *to)
{
    struct request there = *r;

    there.ts = to;
    there.db = &to->db;
    there.self = NULL;
    return there;
}

struct disk_job *disk_job_create(struct request *r, struct toolstack *to,
                                 int room)
{
    struct disk_job *job = arena_alloc(r->arena, sizeof(*job));

    job->to = to;
    job->room = room;
    job->pairs =
        arena_alloc(r->arena, sizeof(*job->pairs) * (size_t)(room + 1));
    return job;
}

/* Fields of a disk that travel with it. */
static const char *const kept[] = {
    "name_label",    "name_description", "sharable", "read_only",
    "other_config",  "xenstore_data",    "tags",     "is_a_snapshot",
    "snapshot_time", "on_boot",          "type",
};

struct object *disk_job_add(struct request *r, struct disk_job *job,
                            struct object *vdi, const char *sr_ref)
{
    struct request there = disk_job_there(r, job->to);
    struct object *sr = db_find(there.db, "SR", sr_ref), *copy;

    if (!sr) {
        (void)request_bad_handle(r, "SR", sr_ref);
        return NULL;
    }
    copy = vdi_make(&there, sr, db_text(vdi, "type"),
                    db_text(vdi, "name_label"), db_int(vdi, "virtual_size"));
    r->error = there.error;
    if (!copy)
        return NULL;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        db_set(there.db, copy, kept[i], *db_get(vdi, kept[i]));
    job->pairs[job->nr++] =
        (struct disk_pair){.from = arena_strdup(r->arena, vdi->ref),
                           .to = arena_strdup(r->arena, copy->ref),
                           .size = db_int(vdi, "virtual_size")};
    job->all_bytes += db_int(vdi, "virtual_size");
    return copy;
}

const char *disk_job_find(const struct disk_job *job, const char *vdi)
{
    for (int i = 0; i < job->nr; i++)
        if (strcmp(job->pairs[i].from, vdi) == 0)
            return job->pairs[i].to;
    return NULL;
}

static int piece_copy(struct request *r, struct disk_job *job,
                      struct object *from, struct object *to, int64_t len)
{
    char *piece = must_alloc(PIECE);
    int rc = 0;

    while (!rc && len > 0) {
        size_t nr = len < PIECE ? (size_t)len : PIECE;

        rc = vdi_read(r->ts, from, job->offset, piece, nr);
        if (!rc)
            rc = vdi_write(job->to, to, job->offset, piece, nr);
        job->offset += (int64_t)nr;
        len -= (int64_t)nr;
    }
    free(piece);
    return rc ? vdi_fail(r, from, rc) : 0;
}

/* A slice of the disk in turn. *more: there is something left of it. */
static int slice_copy(struct request *r, struct disk_job *job, bool *more)
{
    const struct disk_pair *pair = &job->pairs[job->at];
    struct object *from = db_find(r->db, "VDI", pair->from);
    struct object *to = db_find(&job->to->db, "VDI", pair->to);
    int64_t len;
    int rc;

    if (!from || !to)
        return request_bad_handle(r, "VDI", from ? pair->to : pair->from);
    rc = vdi_extent(r->ts, from, NULL, &job->offset, &len);
    if (rc)
        return vdi_fail(r, from, rc);
    *more = len > 0 && job->offset < pair->size;
    if (!*more)
        return 0;
    if (len > pair->size - job->offset)
        len = pair->size - job->offset;
    return piece_copy(r, job, from, to, len < SLICE ? len : SLICE);
}

int disk_job_drop(struct request *r, struct disk_job *job)
{
    struct request there = disk_job_there(r, job->to);

    for (int i = 0; i < job->nr; i++) {
        struct object *vdi = db_find(there.db, "VDI", job->pairs[i].to);

        if (vdi)
            (void)vdi_unmake(&there, vdi); /* nobody knows of it yet */
    }
    if (job->failed)
        job->failed(r, job);
    return API_FAILED;
}

static bool is_cancelled(const struct request *r)
{
    const struct value *now =
        r->task ? db_get(r->task, "current_operations") : NULL;

    for (uint32_t i = 0; now && i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "cancel") == 0)
            return true;
    return false;
}

static void tell_progress(struct request *r, const struct disk_job *job)
{
    int64_t done = job->done_bytes + job->offset;

    if (r->task && job->all_bytes)
        db_set(r->db, r->task, "progress",
               value_float((double)done / (double)job->all_bytes));
}

static int job_resume(struct request *r)
{
    return disk_job_run(r, (struct disk_job *)r->wait);
}

static int job_wait(struct request *r, struct disk_job *job)
{
    tell_progress(r, job);
    job->wait.resume = job_resume;
    job->wait.deadline_ms = r->ts->env.now_ms(r->ts->env.ctx);
    r->wait = &job->wait;
    return API_WAITING;
}

int disk_job_run(struct request *r, struct disk_job *job)
{
    if (is_cancelled(r)) {
        (void)request_fail(r, "TASK_CANCELLED", r->task->ref, NULL);
        return disk_job_drop(r, job);
    }
    while (job->at < job->nr) {
        bool more = false;

        if (slice_copy(r, job, &more))
            return disk_job_drop(r, job);
        if (more)
            return job_wait(r, job);
        job->done_bytes += job->pairs[job->at++].size;
        job->offset = 0;
    }
    return job->done(r, job) ? disk_job_drop(r, job) : 0;
}
