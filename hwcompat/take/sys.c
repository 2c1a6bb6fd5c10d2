/* Reading /sys, /proc and /dev of the tree that is recorded. */
#include "take/sys.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool take_here(const struct take *t)
{
    return !*t->root || strcmp(t->root, "/") == 0;
}

/* `fmt` is a parameter named so in each function that calls this. */
#define SYS_PATH(t, path, fmt)                                             \
    do {                                                                   \
        va_list ap_;                                                       \
        int len_ = snprintf(path, sizeof(path), "%s", (t)->root);          \
                                                                           \
        va_start(ap_, fmt);                                                \
        if (len_ >= 0 && len_ < (int)sizeof(path))                         \
            (void)vsnprintf(path + len_, sizeof(path) - (size_t)len_, fmt, \
                            ap_);                                          \
        va_end(ap_);                                                       \
    } while (0)

int sys_open(const struct take *t, const char *fmt, ...)
{
    char path[SYS_PATH_BYTES];
    int fd;

    SYS_PATH(t, path, fmt);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

uint8_t *sys_read(const struct take *t, size_t *size, const char *fmt, ...)
{
    char path[SYS_PATH_BYTES];
    uint8_t *data = NULL;
    int rc;

    SYS_PATH(t, path, fmt);
    *size = 0;
    rc = file_read(path, RECORD_FILE_BYTES_MAX, &data, size, NULL);
    errno = -rc;
    return rc ? NULL : data;
}

bool sys_value(const struct take *t, char value[SYS_VALUE_BYTES],
               const char *fmt, ...)
{
    char path[SYS_PATH_BYTES];
    uint8_t *data;
    size_t size;

    SYS_PATH(t, path, fmt);
    value[0] = '\0';
    if (file_read(path, RECORD_FILE_BYTES_MAX, &data, &size, NULL))
        return false;
    size = strcspn((char *)data, "\n");
    while (size && isspace(data[size - 1]))
        size--;
    (void)snprintf(value, SYS_VALUE_BYTES, "%.*s", (int)size, (char *)data);
    free(data);
    return *value;
}

bool sys_exists(const struct take *t, const char *fmt, ...)
{
    char path[SYS_PATH_BYTES];

    SYS_PATH(t, path, fmt);
    return access(path, F_OK) == 0;
}

bool sys_link(const struct take *t, char value[SYS_VALUE_BYTES],
              const char *fmt, ...)
{
    char path[SYS_PATH_BYTES], target[SYS_PATH_BYTES];
    const char *last;
    ssize_t len;

    SYS_PATH(t, path, fmt);
    value[0] = '\0';
    len = readlink(path, target, sizeof(target) - 1);
    if (len <= 0)
        return false;
    target[len] = '\0';
    last = strrchr(target, '/');
    (void)snprintf(value, SYS_VALUE_BYTES, "%.*s", SYS_VALUE_BYTES - 1,
                   last ? last + 1 : target);
    return true;
}

static int natural(const void *a, const void *b)
{
    return strverscmp(a, b);
}

void sys_list(const struct take *t, struct sys_names *out, const char *fmt, ...)
{
    char path[SYS_PATH_BYTES];
    const struct dirent *e;
    DIR *dir;

    SYS_PATH(t, path, fmt);
    *out = (struct sys_names){0};
    dir = opendir(path);
    if (!dir) {
        out->rc = -errno;
        return;
    }
    out->name = calloc(SYS_NAMES_MAX, SYS_NAME_BYTES);
    out->rc = out->name ? 0 : -ENOMEM;
    while (out->name && out->nr < SYS_NAMES_MAX && (e = readdir(dir)))
        if (e->d_name[0] != '.' && strlen(e->d_name) < SYS_NAME_BYTES)
            memcpy(out->name[out->nr++], e->d_name, strlen(e->d_name) + 1);
    closedir(dir);
    if (out->nr)
        qsort(out->name, out->nr, SYS_NAME_BYTES, natural);
}

void sys_list_fini(struct sys_names *n)
{
    free(n->name);
    *n = (struct sys_names){0};
}

void sys_json(const struct take *t, cJSON *object, const char *member,
              const char *fmt, ...)
{
    char path[SYS_PATH_BYTES], value[SYS_VALUE_BYTES];
    struct take plain = {.root = ""};

    SYS_PATH(t, path, fmt);
    if (sys_value(&plain, value, "%s", path))
        (void)cJSON_AddStringToObject(object, member, value);
}
