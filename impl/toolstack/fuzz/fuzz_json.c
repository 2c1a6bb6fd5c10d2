/* JSON from strangers: what is accepted must be readable again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct value v, again;
    struct buf out = {0};

    arena_init(&arena);
    if (json_decode(&arena, (const char *)data, size, &v) == 0) {
        int rc;

        json_encode(&out, &v);
        rc = json_decode(&arena, out.data, out.len, &again);
        assert(rc == 0);
        assert(again.kind == v.kind); /* floats lose their last digit */
        buf_fini(&out);
    }
    arena_fini(&arena);
    return 0;
}
