/* A thin CLI client gone wild: any command line, and any bytes after it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cli.h"
#include "cli_frame.h"
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
    const uint8_t *data;
    size_t left;
};

static int give(void *ctx, void *data, size_t len)
{
    struct client *c = ctx;

    if (len > c->left)
        return -ECONNRESET;
    memcpy(data, c->data, len);
    c->data += len;
    c->left -= len;
    return 0;
}

static int take(void *ctx, const void *data, size_t len)
{
    (void)ctx;
    return data || !len ? 0 : -EINVAL;
}

static void lock(void *ctx)
{
    (void)ctx;
}

static int no_wait(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
    return -ESHUTDOWN;
}

/* The command line ends at a NUL; what follows is what the client says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture fixture;
    static struct buf said;
    const uint8_t *end = memchr(data, '\0', size);
    size_t len = end ? (size_t)(end - data) : size;
    struct client client;
    struct buf body = {0};
    const struct cli_io io = {.read = give,
                              .write = take,
                              .lock = lock,
                              .unlock = lock,
                              .wait = no_wait,
                              .ctx = &client};
    struct endpoint at = {.ts = &fixture.ts};

    if (!fixture.session)
        fixture_init(&fixture);
    said.len = 0;
    cli_greet(&said);
    if (end)
        buf_add(&said, end + 1, size - len - 1);
    client = (struct client){(const uint8_t *)said.data, said.len};
    buf_add(&body, data, len);
    buf_puts(&body, "\nusername=root\npassword=x");
    (void)cli_serve(&at, NULL, &io, body.data, body.len); /* any end will do */
    buf_fini(&body);
    return 0;
}
