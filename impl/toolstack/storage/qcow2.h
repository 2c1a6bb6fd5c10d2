/*
 * Fields of qcow2 files, version 3: offsets and values; numbers are
 * big-endian.
 */
#ifndef STORAGE_QCOW2_H
#define STORAGE_QCOW2_H

#include <stdint.h>

enum {
    QCOW2_MAGIC = 0x514649fb,
    QCOW2_VERSION = 3,
    QCOW2_HEADER_BYTES = 104,
    QCOW2_REFCOUNT_ORDER = 4, /* 16 bits */
};

/* Of the header. */
enum {
    QCOW2_AT_MAGIC = 0,
    QCOW2_AT_VERSION = 4,
    QCOW2_AT_BACKING = 8,
    QCOW2_AT_CLUSTER_BITS = 20,
    QCOW2_AT_SIZE = 24,
    QCOW2_AT_CRYPT = 32,
    QCOW2_AT_L1_NR = 36,
    QCOW2_AT_L1 = 40,
    QCOW2_AT_REFCOUNTS = 48,
    QCOW2_AT_REFCOUNT_CLUSTERS = 56,
    QCOW2_AT_INCOMPATIBLE = 72,
    QCOW2_AT_REFCOUNT_ORDER = 96,
    QCOW2_AT_HEADER_LENGTH = 100,
};

/* Of table entries. */
#define QCOW2_COPIED     (1ull << 63)
#define QCOW2_COMPRESSED (1ull << 62)
#define QCOW2_ZERO       1ull
#define QCOW2_OFFSET     0x00fffffffffffe00ull

#endif
