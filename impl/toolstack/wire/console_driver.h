/*
 * What is behind a console: a stream of bytes to the screen (RFB) or the serial
 * line (VT100) of a machine, and pictures of that screen.
 *
 * Called under the server's lock; nothing blocks.
 */
#ifndef WIRE_CONSOLE_DRIVER_H
#define WIRE_CONSOLE_DRIVER_H

#include "buf.h"

struct toolstack;

/* Where the far side's bytes go. */
struct console_end {
    void (*output)(void *to, const void *data, size_t len);
    /* The far side hangs up; `close` is called later. */
    void (*hang_up)(void *to);
    void *to;
};

struct console_stream;

struct console_driver {
    /*
     * Opens the console of the machine with that uuid; protocol "rfb" or
     * "vt100". *end is copied. 0 or -Exxx.
     */
    int (*open)(void *ctx, struct toolstack *ts, const char *vm,
                const char *protocol, const struct console_end *end,
                struct console_stream **stream);
    void (*input)(struct console_stream *s, const void *data, size_t len);
    /* What was given to `output` is on its way: there is room for more. */
    void (*drained)(struct console_stream *s);
    void (*close)(struct console_stream *s);
    /* The screen as a PNG file. 0 or -Exxx. */
    int (*picture)(void *ctx, struct toolstack *ts, const char *vm,
                   struct buf *out);
    void *ctx;
};

/* Once the server is gone. */
void consoles_fini(struct toolstack *ts);

#endif
