/* A set of named files in memory: what a directory or an archive holds. */
#include "record/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/error.h"

void files_fini(struct file_set *s)
{
    for (size_t i = 0; i < s->nr; i++) {
        free(s->file[i].name);
        free(s->file[i].data);
    }
    free(s->file);
    *s = (struct file_set){0};
}

static bool segment_ok(const char *from, size_t len)
{
    return len && !(len == 1 && from[0] == '.') &&
           !(len == 2 && from[0] == '.' && from[1] == '.');
}

bool files_name_ok(const char *name)
{
    size_t depth = 0;

    if (strlen(name) >= FILES_NAME_BYTES)
        return false;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\')
            return false;
    for (const char *p = name;; p++) {
        size_t len = strcspn(p, "/");

        if (!segment_ok(p, len) || ++depth > FILES_DEPTH_MAX)
            return false;
        p += len;
        if (!*p)
            return true;
    }
}

/* Room for one more, within the caps. */
static int set_room(struct file_set *s, const char *name, size_t size,
                    struct record_error *error)
{
    struct file *more;

    if (!files_name_ok(name))
        return record_fail(error, -EINVAL, "'%.128s': not a name for a file",
                           name);
    if (size > RECORD_FILE_BYTES_MAX || s->bytes + size > RECORD_BYTES_MAX)
        return record_fail(error, -E2BIG,
                           "%.128s: offset 0: %zu bytes are too many", name,
                           size);
    if (s->nr < s->room)
        return 0;
    if (s->room == RECORD_FILES_MAX)
        return record_fail(error, -E2BIG, "%.128s: more than %d files", name,
                           RECORD_FILES_MAX);
    more = realloc(s->file, (s->room ? s->room * 2 : 16) * sizeof(*more));
    if (!more)
        return record_fail(error, -ENOMEM, "no memory");
    s->file = more;
    s->room = s->room ? s->room * 2 : 16;
    return 0;
}

int files_take(struct file_set *s, const char *name, uint8_t *take_data,
               size_t size, struct record_error *error)
{
    char *own = NULL;
    int rc = -ENOMEM;

    files_remove(s, name);
    rc = set_room(s, name, size, error);
    if (rc)
        goto out;
    own = strdup(name);
    if (!own) {
        rc = record_fail(error, -ENOMEM, "no memory");
        goto out;
    }
    take_data[size] = '\0';
    s->file[s->nr++] =
        (struct file){.name = own, .data = take_data, .size = size};
    s->bytes += size;
    take_data = NULL;
out:
    free(take_data);
    return rc;
}

int files_add(struct file_set *s, const char *name, const void *data,
              size_t size, struct record_error *error)
{
    uint8_t *copy;

    if (size > RECORD_FILE_BYTES_MAX)
        return record_fail(error, -E2BIG,
                           "%.128s: offset 0: %zu bytes are too many", name,
                           size);
    copy = malloc(size + 1);
    if (!copy)
        return record_fail(error, -ENOMEM, "no memory");
    if (size)
        memcpy(copy, data, size);
    return files_take(s, name, copy, size, error);
}

struct file *files_find(const struct file_set *s, const char *name)
{
    for (size_t i = 0; i < s->nr; i++)
        if (strcmp(s->file[i].name, name) == 0)
            return &s->file[i];
    return NULL;
}

void files_remove(struct file_set *s, const char *name)
{
    struct file *f = files_find(s, name);

    if (!f)
        return;
    s->bytes -= f->size;
    free(f->name);
    free(f->data);
    *f = s->file[--s->nr];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name,
                  ((const struct file *)b)->name);
}

void files_sort(struct file_set *s)
{
    if (s->nr)
        qsort(s->file, s->nr, sizeof(*s->file), by_name);
}

static uint64_t fnv(uint64_t h, const void *data, size_t size)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3;
    return h;
}

uint64_t files_digest(struct file_set *s)
{
    uint64_t h = 0xcbf29ce484222325;

    files_sort(s);
    for (size_t i = 0; i < s->nr; i++) {
        const struct file *f = &s->file[i];
        uint64_t size = f->size;

        if (strcmp(f->name, "record.json") == 0)
            continue;
        h = fnv(h, f->name, strlen(f->name) + 1);
        h = fnv(h, &size, sizeof(size));
        h = fnv(h, f->data, f->size);
    }
    return h;
}
