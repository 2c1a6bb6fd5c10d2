/* Values of dumps from strangers: what is read is written the same again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dbtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the shape, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct type type = {.elem = {.kind = BASE_STRING}};
    struct value v, again;
    struct buf out = {0};
    struct arena a;
    const char *text;

    if (!size)
        return 0;
    type.shape = data[0] % (SHAPE_MAP_OF_SETS + 1);
    arena_init(&a);
    text = arena_strndup(&a, (const char *)data + 1, size - 1);
    text = dbtext_unprotect(&a, text);
    if (dbtext_decode(&a, &type, text, &v) == 0) {
        int rc;

        dbtext_encode(&out, &v);
        buf_putc(&out, '\0');
        rc = dbtext_decode(&a, &type, out.data, &again);
        assert(rc == 0);
        assert(value_equal(&v, &again));
        buf_fini(&out);
    }
    arena_fini(&a);
    return 0;
}
