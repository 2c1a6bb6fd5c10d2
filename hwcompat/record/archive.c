/*
 * Archives as sets of files, through libarchive.
 *
 * What comes out is bounded by the caps of records, so that a small file cannot
 * become a huge one; links, devices and names that lead elsewhere are refused.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/error.h"
#include "record/files.h"

static const struct {
    size_t at;
    const char *bytes;
    size_t nr;
} magics[] = {
    {0, "\x1f\x8b", 2},
    {0, "BZh", 3},
    {0,
     "\xfd"
     "7zXZ",
     5},
    {0, "\x28\xb5\x2f\xfd", 4},
    {0, "PK\x03\x04", 4},
    {257, "ustar", 5},
    {0, "070701", 6},
    {0, "070702", 6},
};

bool archive_magic(const void *data, size_t size)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (size >= magics[i].at + magics[i].nr &&
            memcmp((const char *)data + magics[i].at, magics[i].bytes,
                   magics[i].nr) == 0)
            return true;
    return false;
}

static const struct {
    const char *suffix;
    int (*filter)(struct archive *a);
} names[] = {
    {".tar", archive_write_add_filter_none},
    {".tar.zst", archive_write_add_filter_zstd},
    {".tar.gz", archive_write_add_filter_gzip},
    {".tar.xz", archive_write_add_filter_xz},
};

static int name_kind(const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i].suffix);

        if (len > n && strcmp(path + len - n, names[i].suffix) == 0)
            return (int)i;
    }
    return -ENOENT;
}

bool archive_name(const char *path)
{
    return name_kind(path) >= 0;
}

/* How far the archive was read; that it cannot tell is the beginning. */
static long long archive_at(struct archive *a)
{
    long long at = (long long)archive_filter_bytes(a, -1);

    return at > 0 ? at : 0;
}

static int archive_fail(struct archive *a, const char *what,
                        struct record_error *error)
{
    const char *why = archive_error_string(a);

    return record_fail(error, -EINVAL, "%s: offset %lld: %s", what,
                       archive_at(a), why ? why : "damaged");
}

/* All bytes of the entry; its size may be a lie or not said. */
static int entry_bytes(struct archive *a, const char *what, const char *name,
                       size_t left, uint8_t **out, size_t *size,
                       struct record_error *error)
{
    size_t room = 4096, used = 0;
    uint8_t *data = malloc(room + 1), *more;

    while (data) {
        la_ssize_t got = archive_read_data(a, data + used, room - used);

        if (got < 0) {
            free(data);
            return archive_fail(a, what, error);
        }
        used += (size_t)got;
        if (used > left) {
            free(data);
            return record_fail(error, -E2BIG,
                               "%s: offset %lld: '%.128s' unpacks to more "
                               "than a record holds",
                               what, archive_at(a), name);
        }
        if (!got) {
            *out = data;
            *size = used;
            return 0;
        }
        if (used < room)
            continue;
        more = realloc(data, room * 2 + 1);
        if (!more)
            free(data);
        data = more;
        room *= 2;
    }
    return record_fail(error, -ENOMEM, "no memory");
}

static const char *entry_refusal(struct archive_entry *e, const char *name)
{
    if (!name)
        return "an entry without a name";
    if (archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFLNK)
        return "a link, which nothing follows";
    if (archive_entry_filetype(e) != AE_IFREG)
        return "neither a file nor a folder";
    return files_name_ok(name) ? NULL : "a name that leads elsewhere";
}

static int entry_read(struct archive *a, struct archive_entry *e,
                      const char *what, struct file_set *s,
                      struct record_error *error)
{
    const char *name = archive_entry_pathname(e), *why;
    size_t size = 0, left = RECORD_BYTES_MAX - s->bytes;
    uint8_t *data = NULL;
    int rc;

    while (name && strncmp(name, "./", 2) == 0)
        name += 2;
    if (archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e))
        return 0;
    why = entry_refusal(e, name);
    if (why)
        return record_fail(error, -EINVAL, "%s: offset %lld: '%.128s': %s",
                           what, (long long)archive_read_header_position(a),
                           name ? name : "", why);
    if (files_find(s, name))
        return record_fail(error, -EINVAL,
                           "%s: offset %lld: '%.128s' is in it twice", what,
                           (long long)archive_read_header_position(a), name);
    if (left > RECORD_FILE_BYTES_MAX)
        left = RECORD_FILE_BYTES_MAX;
    rc = entry_bytes(a, what, name, left, &data, &size, error);
    return rc ? rc : files_take(s, name, data, size, error);
}

static struct archive *reader_create(void)
{
    struct archive *a = archive_read_new();

    if (!a)
        return NULL;
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_cpio(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    return a;
}

int files_read_archive(const char *what, const void *data, size_t size,
                       struct file_set *s, struct record_error *error)
{
    struct archive *a = reader_create();
    struct archive_entry *e;
    int rc = 0, got;

    if (!a)
        return record_fail(error, -ENOMEM, "no memory");
    got = archive_read_open_memory(a, data, size);
    while (!rc && got == ARCHIVE_OK &&
           (got = archive_read_next_header(a, &e)) == ARCHIVE_OK)
        rc = entry_read(a, e, what, s, error);
    if (!rc && got != ARCHIVE_EOF)
        rc = archive_fail(a, what, error);
    archive_read_free(a);
    files_sort(s);
    return rc;
}

/* The same bytes for the same files: no times, no owners. */
static int entry_write(struct archive *a, const struct file *f)
{
    struct archive_entry *e = archive_entry_new();
    int rc = -ENOMEM;

    if (!e)
        return rc;
    archive_entry_set_pathname(e, f->name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)f->size);
    archive_entry_set_mtime(e, 0, 0);
    rc = archive_write_header(a, e);
    if (rc == ARCHIVE_OK &&
        archive_write_data(a, f->data, f->size) != (la_ssize_t)f->size)
        rc = ARCHIVE_FATAL;
    archive_entry_free(e);
    return rc == ARCHIVE_OK ? 0 : -EIO;
}

int files_write_archive(const struct file_set *s, const char *path,
                        struct record_error *error)
{
    struct archive *a = archive_write_new();
    int rc = 0, kind = name_kind(path);

    if (!a || kind < 0) {
        archive_write_free(a);
        return record_fail(error, -EINVAL, "%s: not named .tar or .tar.zst",
                           path);
    }
    if (names[kind].filter(a) || archive_write_set_format_ustar(a) ||
        archive_write_open_filename(a, path))
        rc = -EIO;
    for (size_t i = 0; !rc && i < s->nr; i++)
        rc = entry_write(a, &s->file[i]);
    if (archive_write_close(a) != ARCHIVE_OK && !rc)
        rc = -EIO;
    if (rc)
        record_fail(error, rc, "%s: cannot be written: %s", path,
                    archive_error_string(a) ? archive_error_string(a)
                                            : "no reason is known");
    archive_write_free(a);
    return rc;
}
