/* Fuzzes the XML-RPC reader; what it takes must survive being written. */
#include <stdint.h>
#include <stdlib.h>

#include "xmlrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value params;
    struct buf out = {0};
    const char *method;
    struct arena a;

    arena_init(&a);
    if (!xmlrpc_decode(&a, (const char *)data, size, &method, &params)) {
        if (params.kind != VALUE_SET)
            abort();
        xmlrpc_response(&out, &params);
    }
    buf_fini(&out);
    arena_fini(&a);
    return 0;
}
