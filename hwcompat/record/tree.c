/*
 * Directories as sets of files.
 *
 * Nothing is followed: a link in a record could point at anything on the machine
 * of whoever opens it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/error.h"
#include "record/files.h"

/* Bytes of an open file until its end: sizes in /sys and /proc are not true. */
static int fd_read(int fd, const char *path, size_t max, uint8_t **out,
                   size_t *size, struct record_error *error)
{
    size_t room = 4096, used = 0;
    uint8_t *data = malloc(room + 1), *more;
    struct stat st;
    ssize_t got = 1;

    if (data && fstat(fd, &st) == 0 && st.st_size > (off_t)room &&
        (uintmax_t)st.st_size <= max) {
        free(data);
        room = (size_t)st.st_size + 1;
        data = malloc(room + 1);
    }
    while (data && got > 0 && used <= max) {
        if (used == room) {
            more = realloc(data, room * 2 + 1);
            if (!more)
                break;
            data = more;
            room *= 2;
        }
        do
            got = read(fd, data + used, room - used);
        while (got < 0 && errno == EINTR);
        used += got > 0 ? (size_t)got : 0;
    }
    if (!data || got || used > max) {
        int rc = got < 0 ? -errno : used > max ? -E2BIG : -ENOMEM;

        free(data);
        return record_fail(error, rc, "%s: offset %zu: %s", path, used,
                           rc == -E2BIG ? "too long" : strerror(-rc));
    }
    data[used] = '\0';
    *out = data;
    *size = used;
    return 0;
}

int file_read(const char *path, size_t max, uint8_t **out, size_t *size,
              struct record_error *error)
{
    int rc, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return record_fail(error, -errno, "%s: %s", path, strerror(errno));
    rc = fd_read(fd, path, max, out, size, error);
    close(fd);
    return rc;
}

/* Folders that are still to be read, by name relative to the root. */
struct todo {
    char (*name)[FILES_NAME_BYTES];
    size_t nr;
};

static int entry_read(int dir, const char *name, const char *file,
                      struct file_set *s, struct todo *todo,
                      struct record_error *error)
{
    int rc,
        fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    uint8_t *data;
    size_t size;

    if (fd < 0)
        return record_fail(error, -errno, "%s: %s", name,
                           errno == ELOOP ? "a link, which nothing follows"
                                          : strerror(errno));
    rc = fstat(fd, &st) ? -errno : 0;
    if (!rc && S_ISDIR(st.st_mode)) {
        if (todo->nr == RECORD_FILES_MAX)
            rc = record_fail(error, -E2BIG, "%s: too many folders", name);
        else
            snprintf(todo->name[todo->nr++], FILES_NAME_BYTES, "%s", name);
    } else if (!rc && S_ISREG(st.st_mode)) {
        rc = fd_read(fd, name, RECORD_FILE_BYTES_MAX, &data, &size, error);
        if (!rc)
            rc = files_take(s, name, data, size, error);
    } else if (!rc) {
        rc = record_fail(error, -EINVAL, "%s: neither a file nor a folder",
                         name);
    }
    close(fd);
    return rc;
}

static int folder_read(int root, const char *folder, struct file_set *s,
                       struct todo *todo, struct record_error *error)
{
    int rc = 0, fd = openat(root, *folder ? folder : ".",
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;
    char name[FILES_NAME_BYTES];

    if (!dir) {
        rc = record_fail(error, -errno, "%s: %s", folder, strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    while (!rc && (e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(name, sizeof(name), "%s%s%s", folder, *folder ? "/" : "",
                     e->d_name) >= (int)sizeof(name) ||
            !files_name_ok(name))
            rc = record_fail(error, -EINVAL, "%.128s: not a name for a file",
                             name);
        else
            rc = entry_read(dirfd(dir), name, e->d_name, s, todo, error);
    }
    closedir(dir);
    return rc;
}

int files_read_tree(const char *path, struct file_set *s,
                    struct record_error *error)
{
    struct todo todo = {.name = calloc(RECORD_FILES_MAX, FILES_NAME_BYTES)};
    int rc = 0, root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[FILES_NAME_BYTES] = "";

    if (root < 0 || !todo.name)
        rc = record_fail(error, root < 0 ? -errno : -ENOMEM, "%s: %s", path,
                         strerror(root < 0 ? errno : ENOMEM));
    if (!rc)
        rc = folder_read(root, name, s, &todo, error);
    while (!rc && todo.nr) {
        memcpy(name, todo.name[--todo.nr], sizeof(name));
        rc = folder_read(root, name, s, &todo, error);
    }
    if (root >= 0)
        close(root);
    free(todo.name);
    files_sort(s);
    return rc;
}

/* "a/b/c": makes a and a/b below the directory. */
static int folders_make(int root, const char *name)
{
    char folder[FILES_NAME_BYTES];

    snprintf(folder, sizeof(folder), "%s", name);
    for (char *p = strchr(folder, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdirat(root, folder, 0777) && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    return 0;
}

static int file_write(int root, const struct file *f)
{
    int fd, rc = folders_make(root, f->name);
    size_t done = 0;

    if (rc)
        return rc;
    fd = openat(root, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    while (!rc && done < f->size) {
        ssize_t n = write(fd, f->data + done, f->size - done);

        if (n < 0 && errno != EINTR)
            rc = -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    if (close(fd) && !rc)
        rc = -errno;
    return rc;
}

static bool folder_empty(int root)
{
    int fd = dup(root);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int entries = 0;

    while (dir && entries < 3 && readdir(dir))
        entries++;
    if (dir)
        closedir(dir);
    return entries < 3;
}

int files_write_tree(const struct file_set *s, const char *path,
                     struct record_error *error)
{
    int rc = 0, root;

    if (mkdir(path, 0777) && errno != EEXIST)
        return record_fail(error, -errno, "%s: %s", path, strerror(errno));
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return record_fail(error, -errno, "%s: %s", path, strerror(errno));
    if (!folder_empty(root))
        rc = record_fail(error, -ENOTEMPTY,
                         "%s: not empty; name a new directory", path);
    for (size_t i = 0; !rc && i < s->nr; i++) {
        rc = file_write(root, &s->file[i]);
        if (rc)
            record_fail(error, rc, "%s/%s: %s", path, s->file[i].name,
                        strerror(-rc));
    }
    close(root);
    return rc;
}
