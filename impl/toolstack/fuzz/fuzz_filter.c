/* Filter expressions from strangers: an answer, whatever they say. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dispatch.h"
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture fixture;
    struct value params[2], list = value_set(params, 2);
    struct answer answer;
    struct arena arena;

    if (!fixture.session)
        fixture_init(&fixture);
    arena_init(&arena);
    params[0] = value_string(fixture.session);
    params[1] = value_string(arena_strndup(&arena, (const char *)data, size));
    dispatch(&fixture.ts, &arena, "host.get_all_records_where", &list, &answer);
    assert(!answer.waiting);
    assert(answer.ok || strcmp(answer.value.items[0].s, "INVALID_VALUE") == 0 ||
           strcmp(answer.value.items[0].s, "INTERNAL_ERROR") == 0);
    arena_fini(&arena);
    return 0;
}
