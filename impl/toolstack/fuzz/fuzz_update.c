/* Fuzzes the document of an update's package. */
#include <stddef.h>
#include <stdint.h>

#include "update_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct update_info info;
    struct arena a;

    arena_init(&a);
    (void)update_info_parse(&a, arena_strndup(&a, (const char *)data, size),
                            &info);
    arena_fini(&a);
    return 0;
}
