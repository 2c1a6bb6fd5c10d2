/*
 * Fuzzes the XML-RPC reader: the scanner and libxml2 must agree, and what is
 * taken must survive being written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xmlrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether it is a call, and that call written again. */
static int read_and_write(struct arena *a, const char *text, size_t size,
                          struct buf *out)
{
    struct value params;
    const char *method;
    int rc = xmlrpc_decode(a, text, size, &method, &params);

    if (rc)
        return rc;
    buf_puts(out, method);
    xmlrpc_response(out, &params);
    return 0;
}

/* A comment in front keeps the scanner out. */
static void compare(struct arena *a, const char *text, size_t size, int rc,
                    const struct buf *out)
{
    static const char comment[] = "<!---->";
    struct buf slow = {0}, other = {0};

    buf_puts(&slow, comment);
    buf_add(&slow, text, size);
    if (read_and_write(a, slow.data, slow.len, &other) != rc ||
        other.len != out->len ||
        (out->len && memcmp(other.data, out->data, out->len) != 0))
        abort();
    buf_fini(&slow);
    buf_fini(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct buf out = {0};
    struct arena a;
    int rc;

    arena_init(&a);
    rc = read_and_write(&a, text, size, &out);
    if (size > 2 && memcmp(text, "<?", 2) != 0)
        compare(&a, text, size, rc, &out);
    buf_fini(&out);
    arena_fini(&a);
    return 0;
}
