/* Orders of disks from strangers: read, or refused. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "provision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct disk_order orders[DISK_ORDERS_MAX];
    struct arena arena;
    int nr;

    arena_init(&arena);
    nr = disk_orders_decode(
        &arena, arena_strndup(&arena, (const char *)data, size), orders);
    assert(nr <= DISK_ORDERS_MAX);
    for (int i = 0; i < nr; i++)
        assert(orders[i].device && orders[i].size && orders[i].sr &&
               orders[i].bootable && orders[i].type);
    arena_fini(&arena);
    return 0;
}
