/* Fuzzes whole calls, in both dialects, against a toolstack with one host. */
#include <stdint.h>
#include <string.h>

#include "fixture.h"
#include "wire_rpc.h"

enum {
    RUNS_SHARED = 256,
};

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

/* One that most inputs share; a new one now and then, or without a session. */
static struct fixture *fixture(void)
{
    static struct fixture f;
    static unsigned runs;
    const char *answer = "error";

    if (runs)
        answer = fixture_call(&f, "session.get_uuid", "[\"$s\",\"$s\"]");
    if (runs++ % RUNS_SHARED && !strstr(answer, "error"))
        return &f;
    if (runs > 1)
        fixture_fini(&f);
    fixture_init(&f);
    return &f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fixture *f = fixture();
    struct endpoint at = {.ts = &f->ts};
    struct buf out = {0};
    const char *text;
    struct arena a;
    struct rpc rpc;

    if (!size)
        return 0;
    arena_init(&a);
    text = with_session(f, &a, data + 1, size - 1);
    rpc_call(&at, NULL, &a, data[0] & 1, text, strlen(text), &rpc);
    if (!rpc.answer.malformed && !rpc.answer.waiting)
        rpc_write(&out, &a, &rpc);
    buf_fini(&out);
    arena_fini(&a);
    return 0;
}
