/*
 * Fields of VHD files: offsets and values; numbers are big-endian.
 */
#ifndef STORAGE_VHD_H
#define STORAGE_VHD_H

#include <stdint.h>

enum {
    VHD_SECTOR = 512,
    VHD_FOOTER_BYTES = 512,
    VHD_HEADER_BYTES = 1024,
    VHD_BLOCK = 2 << 20,
    VHD_BITMAP_BYTES = VHD_BLOCK / VHD_SECTOR / 8,
    VHD_FIXED = 2,
    VHD_DYNAMIC = 3,
    VHD_DIFFERENCING = 4,
    VHD_VERSION = 0x10000,
    VHD_NAME_UNITS = 256, /* of the parent, UTF-16 */
};

#define VHD_NONE 0xffffffffu /* a block that is not in the file */

/* Of the footer. */
enum {
    FOOTER_COOKIE = 0, /* "conectix" */
    FOOTER_FEATURES = 8,
    FOOTER_VERSION = 12,
    FOOTER_DATA_OFFSET = 16,
    FOOTER_CREATOR = 28,
    FOOTER_CREATOR_VERSION = 32,
    FOOTER_CREATOR_HOST = 36,
    FOOTER_ORIGINAL_SIZE = 40,
    FOOTER_CURRENT_SIZE = 48,
    FOOTER_GEOMETRY = 56,
    FOOTER_TYPE = 60,
    FOOTER_CHECKSUM = 64,
    FOOTER_UUID = 68,
};

/* Of the header of dynamic disks. */
enum {
    HEADER_COOKIE = 0, /* "cxsparse" */
    HEADER_DATA_OFFSET = 8,
    HEADER_TABLE_OFFSET = 16,
    HEADER_VERSION = 24,
    HEADER_ENTRIES = 28,
    HEADER_BLOCK_SIZE = 32,
    HEADER_CHECKSUM = 36,
    HEADER_PARENT_UUID = 40,
    HEADER_PARENT_NAME = 64,
};

static inline void put_be(char *at, int bytes, uint64_t n)
{
    for (; bytes; n >>= 8)
        at[--bytes] = (char)(n & 255);
}

static inline uint64_t get_be(const char *at, int bytes)
{
    uint64_t n = 0;

    for (int i = 0; i < bytes; i++)
        n = n << 8 | (uint8_t)at[i];
    return n;
}

#endif
