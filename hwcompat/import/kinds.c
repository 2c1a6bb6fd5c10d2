/* Which importer reads a file, and sources that are many files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import/import.h"
#include "import/record_source.h"
#include "record/error.h"
#include "record/reader.h"

enum {
    NESTED_MAX = 3, /* archives in archives */
};

static const struct import_kind kinds[] = {
#define IMPORT_KIND(id, n) {.name = n, .like = id##_like, .read = id##_read},
#include "import/kinds.def"
#undef IMPORT_KIND
};

const struct import_kind *import_kind_of(const struct file *f)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].like(f))
            return &kinds[i];
    return NULL;
}

/* Archives among the files become the files in them; `more`: there were some. */
static int unpack(struct file_set *files, bool *more,
                  struct record_error *error)
{
    struct file_set out = {0};
    int rc = 0;

    *more = false;
    for (size_t i = 0; !rc && i < files->nr; i++) {
        struct file *f = &files->file[i];

        if (archive_magic(f->data, f->size)) {
            rc = files_read_archive(f->name, f->data, f->size, &out, error);
            *more = true;
        } else {
            rc = files_add(&out, f->name, f->data, f->size, error);
        }
    }
    files_fini(files);
    if (rc)
        files_fini(&out);
    else
        *files = out;
    files_sort(files);
    return rc;
}

/* One dump among the files; true: it was of a known kind. Tables that are files
   of their own are one source together. */
static bool file_import(struct draft *d, const struct file *f,
                        unsigned int *tables, int *rc,
                        struct record_error *error)
{
    const struct import_kind *kind = f->size ? import_kind_of(f) : NULL;

    if (!kind) {
        draft_note(d, "%.200s: of no kind that is known, left out", f->name);
        return false;
    }
    draft_source(d, kind->name, f->name);
    if (kind->read == acpi_binary_read && *tables)
        d->source = *tables;
    else if (kind->read == acpi_binary_read)
        *tables = d->source;
    *rc = kind->read(d, f, error);
    return true;
}

int import_files(struct draft *d, const char *what, struct file_set *files,
                 struct record_error *error)
{
    bool more = true, any = false;
    unsigned int tables = 0;
    int rc = 0;

    for (int i = 0; !rc && more && i <= NESTED_MAX; i++) {
        if (i == NESTED_MAX)
            rc = record_fail(error, -E2BIG,
                             "%s: offset 0: archives in archives in archives",
                             what);
        else
            rc = unpack(files, &more, error);
    }
    if (!rc && record_root(files)) {
        draft_source(d, "touchstone record", what);
        return record_import(d, files, error);
    }
    for (size_t i = 0; !rc && i < files->nr; i++)
        any |= file_import(d, &files->file[i], &tables, &rc, error);
    files_fini(files);
    if (!rc && !any)
        rc = record_fail(error, -EINVAL,
                         "%s: offset 0: no dump of a kind that is known; "
                         "touchstone import --help lists them",
                         what);
    return rc;
}

int import_source(struct draft *d, const char *path, struct record_error *error)
{
    struct file_set files = {0};
    const char *name = strrchr(path, '/');
    struct stat st;
    uint8_t *data;
    size_t size;
    int rc;

    name = name && name[1] ? name + 1 : path;
    if (stat(path, &st))
        return record_fail(error, -errno, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) {
        rc = files_read_tree(path, &files, error);
    } else {
        rc = file_read(path, RECORD_FILE_BYTES_MAX, &data, &size, error);
        if (!rc)
            rc = files_take(&files, files_name_ok(name) ? name : "dump", data,
                            size, error);
    }
    if (!rc)
        return import_files(d, path, &files, error);
    files_fini(&files);
    return rc;
}
