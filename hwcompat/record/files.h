/*
 * A set of named files in memory: what a directory or an archive holds.
 *
 * Names are relative, of plain characters, without "." and ".." in them. Caps
 * are those of <hwcompat/record.h>; whatever is over one is refused. A set owns
 * its bytes; zeroed memory is an empty set.
 */
#ifndef RECORD_FILES_H
#define RECORD_FILES_H

#include "hwcompat/record.h"

enum {
    FILES_NAME_BYTES = 512,
    FILES_DEPTH_MAX = 8, /* folders in folders */
};

struct file {
    char *name;
    uint8_t *data; /* a zero follows it, which is not counted */
    size_t size;
};

struct file_set {
    struct file *file;
    size_t nr, room, bytes;
};

void files_fini(struct file_set *s);
/* Copies `size` bytes. A name that is there is replaced. */
int files_add(struct file_set *s, const char *name, const void *data,
              size_t size, struct record_error *error);
/* As files_add() for bytes of malloc(), one more than `size`. They are the
   set's in any case, and freed on failure. */
int files_take(struct file_set *s, const char *name, uint8_t *take_data,
               size_t size, struct record_error *error);
struct file *files_find(const struct file_set *s, const char *name);
void files_remove(struct file_set *s, const char *name);
void files_sort(struct file_set *s);
/* "a/b-1.txt": relative, nothing hidden in it. */
bool files_name_ok(const char *name);

/* FNV-1a over names and bytes of all but record.json; sorts. */
uint64_t files_digest(struct file_set *s);

/* One file, at most `max` bytes, with a zero behind them; the caller frees. */
int file_read(const char *path, size_t max, uint8_t **out, size_t *size,
              struct record_error *error);

/* A directory with all in it; links and devices are refused (tree.c). */
int files_read_tree(const char *path, struct file_set *s,
                    struct record_error *error);
/* Into a directory that does not exist or is empty. */
int files_write_tree(const struct file_set *s, const char *path,
                     struct record_error *error);

/* An archive in memory; `what` names it in errors (archive.c). Whatever
   libarchive knows: tar, zip, cpio; gzip, bzip2, xz, zstd. */
int files_read_archive(const char *what, const void *data, size_t size,
                       struct file_set *s, struct record_error *error);
/* True for what looks like an archive or a compressed file. */
bool archive_magic(const void *data, size_t size);
/* "x.tar", "x.tar.zst", "x.tar.gz" or "x.tar.xz". */
bool archive_name(const char *path);
int files_write_archive(const struct file_set *s, const char *path,
                        struct record_error *error);

#endif
