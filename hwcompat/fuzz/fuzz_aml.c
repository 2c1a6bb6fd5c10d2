/* What the AML tools print: the first byte says which of their outputs it is. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aml/aml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct aml *a)
{
    const struct aml_object *o;
    char parent[AML_PATH_BYTES];

    for (size_t at = 0; (o = aml_next(a, "_HID", &at));) {
        assert(aml_find(a, o->path));
        (void)aml_is_id(o, "PNP0A03"); /* whatever it is */
        aml_parent(o->path, parent);
        assert(strlen(parent) < strlen(o->path));
    }
    for (size_t i = 0; i < a->hosts; i++)
        assert(a->host[i].window_bytes[0] <= AML_CRS_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aml *a = aml_create();
    /* A copy of its own length, so that reads behind it show. */
    char *text = malloc(size + 1);
    size_t half = size / 2;

    assert(a && text);
    memcpy(text, data, size);
    if (size && *data % 4 == 1) {
        aml_read_source(a, text, size);
    } else if (size && *data % 4 == 2) {
        aml_read_parser(a, text, size);
    } else if (!aml_read_namespace(a, text, half)) {
        aml_settle(a);
        aml_read_values(a, text + half, size - half, size & 1);
        ask(a);
    }
    free(text);
    aml_destroy(a);
    return 0;
}
