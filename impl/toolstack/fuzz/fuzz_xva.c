/* XVA archives from strangers: any bytes, fed in two parts. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "xva_header.h"
#include "xva_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Expects a disk for every VDI of the description. */
static int header_cb(void *ctx, const char *xml, size_t len)
{
    struct xva_header h;
    struct arena a;
    int rc;

    arena_init(&a);
    rc = xva_header_decode(&a, xml, len, &h);
    for (uint32_t i = 0; !rc && i < h.objects_nr; i++)
        rc = xva_reader_expect(
            ctx, h.objects[i].id,
            (uint64_t)xva_int(&h.objects[i].snapshot, "virtual_size"), NULL);
    arena_fini(&a);
    return rc;
}

static int write_cb(void *ctx, const struct xva_disk *disk, uint64_t offset,
                    const void *data, size_t len)
{
    (void)ctx;
    (void)data;
    assert(offset <= disk->size);
    assert(len <= disk->size - offset);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct xva_events events = {header_cb, write_cb};
    struct xva_reader x;

    xva_reader_init(&x, &events, &x);
    if (xva_feed(&x, data, size / 3) == 0 &&
        xva_feed(&x, data + size / 3, size - size / 3) == 0)
        (void)xva_finish(&x); /* either is fine */
    xva_reader_fini(&x);
    return 0;
}
