/* Pieces of text, and whole files in memory. */
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

bool bytes_same(struct bytes a, struct bytes b)
{
    return a.nr == b.nr && (!a.nr || memcmp(a.at, b.at, a.nr) == 0);
}

bool bytes_is(struct bytes b, const char *text)
{
    return bytes_same(b, bytes_of(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t least = a.nr < b.nr ? a.nr : b.nr;
    int order = least ? memcmp(a.at, b.at, least) : 0;

    return order ? order : (a.nr > b.nr) - (a.nr < b.nr);
}

bool bytes_starts(struct bytes b, const char *text)
{
    size_t nr = strlen(text);

    return b.nr >= nr && memcmp(b.at, text, nr) == 0;
}

bool bytes_take(struct bytes *rest, char separator, struct bytes *out)
{
    const char *end;
    size_t taken;

    if (!rest->nr)
        return false;
    end = memchr(rest->at, separator, rest->nr);
    taken = end ? (size_t)(end - rest->at) : rest->nr;
    *out = (struct bytes){rest->at, taken};
    taken += end != NULL;
    rest->at += taken;
    rest->nr -= taken;
    return true;
}

char *bytes_copy(struct bytes b)
{
    char *copy = malloc(b.nr + 1);

    if (!copy)
        abort();
    if (b.nr)
        memcpy(copy, b.at, b.nr);
    copy[b.nr] = '\0';
    return copy;
}

static int read_all(int fd, char *to, size_t nr)
{
    for (size_t done = 0; done < nr;) {
        ssize_t got = read(fd, to + done, nr - done);

        if (got <= 0)
            return got ? -errno : -EIO;
        done += (size_t)got;
    }
    return 0;
}

int file_read(const char *path, size_t max, char **data, size_t *nr)
{
    struct stat found;
    int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

    *data = NULL;
    if (fd < 0)
        return -errno;
    rc = fstat(fd, &found) ? -errno : 0;
    if (!rc && !S_ISREG(found.st_mode))
        rc = S_ISDIR(found.st_mode) ? -EISDIR : -EINVAL;
    if (!rc && (size_t)found.st_size > max)
        rc = -EFBIG;
    if (!rc) {
        *nr = (size_t)found.st_size;
        *data = calloc(1, *nr + 1);
        rc = *data ? read_all(fd, *data, *nr) : -ENOMEM;
    }
    (void)close(fd); /* only read */
    if (rc) {
        free(*data);
        *data = NULL;
    }
    return rc;
}

static int write_all(int fd, struct bytes data)
{
    while (data.nr) {
        ssize_t put = write(fd, data.at, data.nr);

        if (put < 0)
            return -errno;
        data.at += put;
        data.nr -= (size_t)put;
    }
    return 0;
}

int file_write(const char *path, unsigned mode, struct bytes data)
{
    char other[PATH_MAX];
    int fd, rc, nr = snprintf(other, sizeof(other), "%s.new", path);

    if (nr < 0 || nr >= (int)sizeof(other))
        return -ENAMETOOLONG;
    fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    rc = fchmod(fd, mode) ? -errno : write_all(fd, data);
    rc = rc ? rc : fsync(fd) ? -errno : 0;
    if (close(fd) && !rc)
        rc = -errno;
    if (!rc && rename(other, path))
        rc = -errno;
    if (rc)
        (void)unlink(other); /* it says nothing */
    return rc;
}
