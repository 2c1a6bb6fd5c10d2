/* The tar inside of a bundle: POSIX.1-1988 (ustar) headers, one form only. */
#include "archive.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 512,
    END_BLOCKS = 2,
    FINDINGS_OF_TAR_MAX = 2 * MEMBERS_MAX,
};

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, link[100], magic[8], user[32], group[32], major[8], minor[8];
    char prefix[155], rest[12];
};
static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is a block");

#define FIELD(member)                            \
    {                                            \
#member, offsetof(struct header, member) \
    }
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(name),  FIELD(mode),  FIELD(uid),      FIELD(gid),
    FIELD(size),  FIELD(mtime), FIELD(checksum), FIELD(type),
    FIELD(link),  FIELD(magic), FIELD(user),     FIELD(group),
    FIELD(major), FIELD(minor), FIELD(prefix),   FIELD(rest),
};
#undef FIELD

static size_t padded(size_t nr)
{
    return (nr + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

static bool name_byte_good(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("._-", c);
}

bool member_name_good(struct bytes name)
{
    struct bytes rest = name, part;

    if (!name.nr || name.nr >= NAME_BYTES || name.at[name.nr - 1] == '/')
        return false;
    while (bytes_take(&rest, '/', &part)) {
        if (!part.nr || part.at[0] == '.')
            return false; /* "//", ".", "..", and what ls hides */
        for (size_t i = 0; i < part.nr; i++)
            if (!part.at[i] || !name_byte_good(part.at[i]))
                return false;
    }
    return true;
}

/* The only header that a plain file of this name and size can have. */
static void make_header(struct header *h, struct bytes name, size_t size)
{
    unsigned sum = 0;

    memset(h, 0, sizeof(*h));
    memcpy(h->name, name.at, name.nr);
    memcpy(h->mode, "0000644", sizeof(h->mode));
    memcpy(h->uid, "0000000", sizeof(h->uid));
    memcpy(h->gid, "0000000", sizeof(h->gid));
    (void)snprintf(h->size, sizeof(h->size), "%011zo", size);
    (void)snprintf(h->mtime, sizeof(h->mtime), "%011o", MEMBER_TIME);
    memset(h->checksum, ' ', sizeof(h->checksum));
    h->type = '0';
    memcpy(h->magic, "ustar\00000", sizeof(h->magic));
    memcpy(h->major, "0000000", sizeof(h->major));
    memcpy(h->minor, "0000000", sizeof(h->minor));
    for (size_t i = 0; i < sizeof(*h); i++)
        sum += ((const unsigned char *)h)[i];
    (void)snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static const char *field_at(size_t offset)
{
    const char *name = "";

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].offset <= offset)
            name = fields[i].name;
    return name;
}

static bool parse_size(const char field[12], size_t *size)
{
    *size = 0;
    for (int i = 0; i < 11; i++) {
        if (field[i] < '0' || field[i] > '7')
            return false;
        *size = *size * 8 + (size_t)(field[i] - '0');
    }
    return field[11] == '\0';
}

static struct member *new_member(struct archive *a)
{
    if (a->nr == a->room) {
        a->room = a->room ? 2 * a->room : 64;
        a->members = realloc(a->members, (size_t)a->room * sizeof(*a->members));
        if (!a->members)
            abort();
    }
    a->members[a->nr] = (struct member){.offset = 0};
    return &a->members[a->nr++];
}

/* A header that others would write: what it says is taken, and is a finding. */
static void compare_header(struct bytes tar, size_t at, struct bytes name,
                           size_t size, const char *file, struct findings *f)
{
    struct header good;

    make_header(&good, name, size);
    for (size_t i = 0; i < sizeof(good); i++)
        if (((const char *)&good)[i] != tar.at[at + i]) {
            findings_add(f, "archive", AT_BYTE(file, at + i),
                         "member '%.*s' was not written by certify: its %s is "
                         "another",
                         (int)name.nr, name.at, field_at(i));
            return;
        }
}

/* Whether the header at `at` is that of a file that can be a member. */
static bool header_good(struct bytes tar, size_t at, struct bytes name,
                        const char *file, struct findings *f)
{
    const struct header *found = (const struct header *)(tar.at + at);

    if (!member_name_good(name) || found->prefix[0]) {
        findings_add(f, "archive", AT_BYTE(file, at),
                     "'%.*s' is no name for a member", (int)name.nr, name.at);
        return false;
    }
    if (found->type != '0') {
        findings_add(f, "archive",
                     AT_BYTE(file, at + offsetof(struct header, type)),
                     "member '%.*s' is no plain file: its type is 0x%02x",
                     (int)name.nr, name.at, (unsigned char)found->type);
        return false;
    }
    return true;
}

/* Its name, without the "./" that tar puts before what it finds in ".". */
static struct bytes header_name(struct bytes tar, size_t at)
{
    const struct header *found = (const struct header *)(tar.at + at);
    struct bytes name = {found->name, strnlen(found->name, NAME_BYTES)};

    if (bytes_starts(name, "./") && name.nr > 2)
        name = (struct bytes){name.at + 2, name.nr - 2};
    return name;
}

static void zeros(struct bytes tar, size_t from, size_t to, const char *file,
                  struct findings *f)
{
    for (size_t i = from; i < to; i++)
        if (tar.at[i]) {
            findings_add(f, "archive", AT_BYTE(file, i),
                         "a byte that belongs to no member");
            return;
        }
}

static void take_member(struct archive *a, struct bytes name, struct bytes data,
                        size_t at, const char *file, struct findings *f)
{
    struct member *m;

    if (a->nr && bytes_compare(bytes_of(a->members[a->nr - 1].name), name) >= 0)
        findings_add(f, "archive", AT_BYTE(file, at),
                     "member '%.*s' comes after '%s'", (int)name.nr, name.at,
                     a->members[a->nr - 1].name);
    m = new_member(a);
    memcpy(m->name, name.at, name.nr);
    m->data = data;
    m->offset = at;
}

/* One member at `*at`, which moves behind it. False: nothing can follow. */
static bool read_member(struct archive *a, struct bytes tar, size_t *at,
                        const char *file, struct findings *f)
{
    const struct header *found = (const struct header *)(tar.at + *at);
    struct bytes name = header_name(tar, *at);
    size_t size, header = *at, begin = *at + BLOCK_BYTES;

    if (!parse_size(found->size, &size)) {
        findings_add(
            f, "archive", AT_BYTE(file, *at + offsetof(struct header, size)),
            "member '%.*s': its size is no number", (int)name.nr, name.at);
        return false;
    }
    if (size > tar.nr - begin || padded(size) > tar.nr - begin) {
        findings_add(
            f, "archive", AT_BYTE(file, *at + offsetof(struct header, size)),
            "the archive ends within member '%.*s'", (int)name.nr, name.at);
        return false;
    }
    *at = begin + padded(size);
    if (!header_good(tar, header, name, file, f))
        return true;
    compare_header(tar, header, name, size, file, f);
    take_member(a, name, (struct bytes){tar.at + begin, size}, header, file, f);
    zeros(tar, begin + size, *at, file, f);
    return true;
}

void archive_read(struct archive *a, struct bytes tar, const char *file,
                  struct findings *f)
{
    size_t at = 0;

    while (at + BLOCK_BYTES <= tar.nr && tar.at[at]) {
        if (a->nr >= MEMBERS_MAX || f->nr >= FINDINGS_OF_TAR_MAX) {
            findings_add(f, "archive", AT_BYTE(file, at),
                         "more than %d members", MEMBERS_MAX);
            return;
        }
        if (!read_member(a, tar, &at, file, f))
            return;
    }
    if (tar.nr - at != END_BLOCKS * BLOCK_BYTES)
        findings_add(f, "archive", AT_BYTE(file, at),
                     "%zu bytes instead of the end of the archive",
                     tar.nr - at);
    zeros(tar, at, tar.nr, file, f);
}

int archive_add(struct archive *a, const char *name, struct bytes data)
{
    struct member *m;

    if (!member_name_good(bytes_of(name)))
        return -EINVAL;
    if (a->nr >= MEMBERS_MAX)
        return -E2BIG;
    m = new_member(a);
    memcpy(m->name, name, strlen(name));
    m->data = data;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name,
                  ((const struct member *)b)->name);
}

void archive_sort(struct archive *a)
{
    if (a->nr)
        qsort(a->members, (size_t)a->nr, sizeof(*a->members), by_name);
}

void archive_write(struct archive *a, char **tar, size_t *nr)
{
    size_t at = 0;

    archive_sort(a);
    *nr = END_BLOCKS * BLOCK_BYTES;
    for (int i = 0; i < a->nr; i++)
        *nr += BLOCK_BYTES + padded(a->members[i].data.nr);
    *tar = calloc(1, *nr);
    if (!*tar)
        abort();
    for (int i = 0; i < a->nr; i++) {
        struct member *m = &a->members[i];

        m->offset = at;
        make_header((struct header *)(*tar + at), bytes_of(m->name),
                    m->data.nr);
        if (m->data.nr)
            memcpy(*tar + at + BLOCK_BYTES, m->data.at, m->data.nr);
        at += BLOCK_BYTES + padded(m->data.nr);
    }
}

const struct member *archive_find(const struct archive *a, const char *name)
{
    for (int i = 0; i < a->nr; i++)
        if (strcmp(a->members[i].name, name) == 0)
            return &a->members[i];
    return NULL;
}

struct bytes archive_data(const struct archive *a, const char *name)
{
    const struct member *m = archive_find(a, name);

    return m ? m->data : (struct bytes){NULL, 0};
}

void archive_fini(struct archive *a)
{
    free(a->members);
    *a = (struct archive){NULL, 0, 0};
}
