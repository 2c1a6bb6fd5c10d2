/* Contents of disks over HTTP. */
#include "contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum {
    PATH_BYTES = 512,
};

char *pattern(unsigned seed)
{
    char *bytes = calloc(1, DISK_BYTES);
    unsigned state = seed * 2654435761u + 1;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < DISK_BYTES; i++) {
        state = state * 1103515245u + 12345u;
        if (i / BLOCK_BYTES % 3 != 2)
            bytes[i] = (char)(state >> 16);
    }
    return bytes;
}

void write_disk(const char *vdi, const char *format, const char *bytes,
                size_t len)
{
    char path[PATH_BYTES], *reply;
    size_t reply_len;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/import_raw_vdi?session_id=%s&vdi=%s&format=%s",
                   suite.session, vdi, format);
    status = rpc_http(suite.rpc, "PUT", path, "application/octet-stream", bytes,
                      len, &reply, &reply_len);
    free(reply);
    ck_assert_msg(status == 200, "import of %s: HTTP %ld", format, status);
}

char *read_disk(const char *vdi, const char *format, size_t *len)
{
    char path[PATH_BYTES], *reply;
    long status;

    (void)snprintf(path, sizeof(path),
                   "/export_raw_vdi?session_id=%s&vdi=%s&format=%s",
                   suite.session, vdi, format);
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, len);
    ck_assert_msg(status == 200, "export of %s: HTTP %ld", format, status);
    return reply;
}

void holds(const char *vdi, const char *bytes, const char *what)
{
    size_t len;
    char *found = read_disk(vdi, "raw", &len);
    bool same = len == DISK_BYTES && memcmp(found, bytes, len) == 0;

    free(found);
    ck_assert_msg(same, "%s does not hold what was written", what);
}

bool block_changed(const char *base64, int block)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
        "uvwxyz0123456789+/";
    int bit = block % 8 + block / 8 * 8; /* first block: highest bit */
    const char *digit = strchr(digits, base64[bit / 6]);

    ck_assert_ptr_nonnull(digit);
    return (digit - digits) >> (5 - bit % 6) & 1;
}
