/* Fuzzes whole calls, in both dialects, against a toolstack with one host. */
#include <stdint.h>
#include <string.h>

#include "fixture.h"
#include "wire_rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text with "$s" replaced by the session, so that calls get far. */
static const char *with_session(struct fixture *f, struct arena *a,
                                const uint8_t *data, size_t size)
{
    const char *text = arena_strndup(a, (const char *)data, size);
    const char *mark = strstr(text, "$s");

    if (!mark)
        return text;
    return arena_printf(a, "%.*s%s%s", (int)(mark - text), text, f->session,
                        mark + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture f;
    struct endpoint at = {.ts = &f.ts};
    struct buf out = {0};
    const char *text;
    struct arena a;
    struct rpc rpc;

    if (!size)
        return 0;
    fixture_init(&f);
    arena_init(&a);
    text = with_session(&f, &a, data + 1, size - 1);
    rpc_call(&at, NULL, &a, data[0] & 1, text, strlen(text), &rpc);
    if (!rpc.answer.malformed && !rpc.answer.waiting)
        rpc_write(&out, &a, &rpc);
    buf_fini(&out);
    arena_fini(&a);
    fixture_fini(&f);
    return 0;
}
