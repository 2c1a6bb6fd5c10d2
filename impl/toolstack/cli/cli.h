/*
 * The thin CLI: commands that run here and tell a stock client what to print.
 *
 * A client posts its arguments to /cli, one per line; from then on both sides
 * speak frames (cli_frame.h) over the same connection. A command only calls
 * the API as any client would, so that every check of the API holds.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "request.h"

enum {
    CLI_BODY_MAX = 200 * 1024, /* bytes of arguments */
};

/*
 * The connection, and the lock around the toolstack. `read` and `write` take
 * all bytes or fail, and are called without the lock. `wait` is called with it:
 * it sleeps until another call has changed something, at most for `ms`, and
 * fails when the server ends. They return 0 or -Exxx.
 */
struct cli_io {
    int (*read)(void *ctx, void *data, size_t len);
    int (*write)(void *ctx, const void *data, size_t len);
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
    int (*wait)(void *ctx, int64_t ms);
    void *ctx;
};

/*
 * Serves one connection from the first frame to the last, for a caller at a
 * host; `body` is what was posted. Called without the lock. 0, or -Exxx when the client went away.
 */
int cli_serve(const struct endpoint *at, const struct caller *caller,
              const struct cli_io *io, const char *body, size_t len);

/*
 * The commands that call a message which nobody carries out, and the number of
 * all commands. The names live in the arena. The model must be there.
 */
const char *const *cli_missing(struct arena *a, int *nr, int *all);

#endif
