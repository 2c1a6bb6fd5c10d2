/*
 * Contents of disks, read and written over HTTP. What does not work fails the
 * check.
 */
#ifndef API_CONTENTS_H
#define API_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MIB = 1 << 20,
    DISK_BYTES = 8 * MIB,
    BLOCK_BYTES = 64 << 10, /* what a bit of changed blocks stands for */
};

/* As many bytes as a disk has, to be freed, that follow from a number; every
 * third block stays empty. */
char *pattern(unsigned seed);
void write_disk(const char *vdi, const char *format, const char *bytes,
                size_t len);
/* What an export gives; to be freed. */
char *read_disk(const char *vdi, const char *format, size_t *len);
/* Fails unless the disk has these bytes; `what` names it. */
void holds(const char *vdi, const char *bytes, const char *what);
/* Whether a bitmap in base64, of VDI.list_changed_blocks, has the block. */
bool block_changed(const char *base64, int block);

#endif
