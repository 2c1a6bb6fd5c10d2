/*
 * Linux's boot image header; see base/bzimage.h.
 */
#include "base/bzimage.h"

#include "abi/xen.h"
#include "base/string.h"

#define SETUP_SECTS      0x1f1
#define HEADER_MAGIC     0x202
#define PROTOCOL_VERSION 0x206
#define PAYLOAD_OFFSET   0x248
#define PAYLOAD_LENGTH   0x24c
#define HEADER_END       0x250
#define SECTOR           512
#define SETUP_DEFAULT    4 /* sectors, when the field is 0 */
#define UNPACKED_MAX     (1UL << 30)

static uint32_t read32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

int bzimage_payload(const void *image, size_t bytes, size_t *offset,
                    size_t *payload_bytes)
{
    const uint8_t *p = image;
    uint64_t at, length;

    if (bytes < HEADER_END || memcmp(p + HEADER_MAGIC, "HdrS", 4) != 0)
        return -XEN_ENOEXEC;
    if ((read32(p + PROTOCOL_VERSION) & 0xffff) < 0x208)
        return -XEN_ENOEXEC;
    at = p[SETUP_SECTS] ? p[SETUP_SECTS] : SETUP_DEFAULT;
    at = (at + 1) * SECTOR + read32(p + PAYLOAD_OFFSET);
    length = read32(p + PAYLOAD_LENGTH);
    if (at > bytes || length > bytes - at)
        return -XEN_EINVAL;
    *offset = at;
    *payload_bytes = length;
    return 0;
}

size_t bzimage_unpacked_bytes(const void *payload, size_t payload_bytes)
{
    uint32_t n;

    if (payload_bytes < sizeof(n))
        return 0;
    n = read32((const uint8_t *)payload + payload_bytes - sizeof(n));
    return n <= UNPACKED_MAX ? n : 0;
}
