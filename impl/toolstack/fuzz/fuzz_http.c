/* Fuzzes what reads requests: heads, chunked bodies, queries, cookies. */
#include <stdlib.h>
#include <string.h>

#include "http_head.h"
#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_chunks(const char *data, size_t size)
{
    struct http_chunks c = {0};
    size_t piece = size ? (unsigned char)data[0] % 16 + 1 : 1;

    for (size_t at = 0; at < size && !c.done;) {
        size_t used, run_len, n = size - at < piece ? size - at : piece;
        const char *run;

        if (http_chunks_next(&c, data + at, n, &used, &run, &run_len))
            return;
        if (used > n || run < data + at || run + run_len > data + at + n)
            abort();
        at += used;
    }
}

static void fuzz_texts(const char *text)
{
    struct value map;
    struct arena a;

    arena_init(&a);
    if (!url_query(&a, text, &map) && map.nr > URL_PARAMS_MAX)
        abort();
    (void)url_cookies(&a, text, &map); /* must only not crash */
    if (strlen(url_encode(&a, text)) > strlen(text) * 3)
        abort();
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memcpy(malloc(size + 1), data, size);
    size_t len = http_head_len(text, size);
    struct http_head head;

    text[size] = '\0';
    fuzz_chunks(text, size);
    fuzz_texts(text);
    if (len > size)
        abort();
    if (len && !http_head_parse(text, len, &head))
        (void)http_header_find(&head, "cookie"); /* must only not crash */
    free(text);
    return 0;
}
