/*
 * Reading /sys, /proc and /dev of the tree that is recorded.
 *
 * Paths are formatted and begin with '/'; the root of the tree goes in front.
 */
#ifndef TAKE_SYS_H
#define TAKE_SYS_H

#include "take/take.h"

enum {
    SYS_PATH_BYTES = 512,
    SYS_NAMES_MAX = 4096,
    SYS_NAME_BYTES = 128,
    SYS_VALUE_BYTES = 256,
};

/* Opens for reading; a negative errno. */
int sys_open(const struct take *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* All bytes, with a zero behind them; NULL and the reason in errno. The caller
   frees. */
uint8_t *sys_read(const struct take *t, size_t *size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The first line; false, and an empty string. */
bool sys_value(const struct take *t, char value[SYS_VALUE_BYTES],
               const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool sys_exists(const struct take *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The last part of where a link leads. */
bool sys_link(const struct take *t, char value[SYS_VALUE_BYTES],
              const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Entries of a folder in their natural order ("node2" before "node10"). */
struct sys_names {
    char (*name)[SYS_NAME_BYTES]; /* owned */
    size_t nr;
    int rc; /* why there are none */
};
void sys_list(const struct take *t, struct sys_names *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sys_list_fini(struct sys_names *n);

/* Adds the value as a member, if there is one. */
void sys_json(const struct take *t, cJSON *object, const char *member,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
