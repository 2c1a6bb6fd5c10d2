/* Screens and lines of machines, and who looks at them. */
#include "screens.h"

#include <stdlib.h>
#include <string.h>

#include "png.h"
#include "rfb.h"

/* A viewer of a screen, or the other end of a serial line. */
struct console_stream {
    struct sim_screens *screens;
    struct rfb rfb;
    bool serial;
    struct console_stream *next;
};

struct sim_screens {
    struct console_driver driver;
    struct screen *first;
    struct console_stream *streams;
};

static struct screen *screen_find(struct sim_screens *s, const char *vm)
{
    struct screen *found;

    for (found = s->first; found; found = found->next)
        if (strcmp(found->vm, vm) == 0)
            return found;
    found = must_alloc(sizeof(*found));
    *found = (struct screen){.next = s->first};
    memcpy(found->vm, vm, sizeof(found->vm)); /* a uuid of the database */
    s->first = found;
    return found;
}

static void line_begin(struct console_stream *s)
{
    const struct object *vm =
        db_find_uuid(&s->rfb.ts->db, "VM", s->rfb.screen->vm);
    struct buf out = {0};

    buf_puts(&out, "A simulated machine: ");
    buf_puts(&out, vm ? db_text(vm, "name_label") : "");
    buf_puts(&out, "\r\nlogin: ");
    s->rfb.end.output(s->rfb.end.to, out.data, out.len);
    buf_fini(&out);
}

static int stream_open(void *ctx, struct toolstack *ts, const char *vm,
                       const char *protocol, const struct console_end *end,
                       struct console_stream **out)
{
    struct sim_screens *s = ctx;
    struct console_stream *stream = must_alloc(sizeof(*stream));

    *stream = (struct console_stream){.screens = s,
                                      .serial = strcmp(protocol, "rfb") != 0,
                                      .next = s->streams};
    stream->rfb.screen = screen_find(s, vm);
    stream->rfb.ts = ts;
    stream->rfb.end = *end;
    s->streams = stream;
    if (stream->serial)
        line_begin(stream);
    else
        rfb_begin(&stream->rfb);
    *out = stream;
    return 0;
}

/* Everybody who looks at it sees what has changed. */
static void screen_changed(struct sim_screens *s, const struct screen *screen)
{
    for (struct console_stream *o = s->streams; o; o = o->next)
        if (!o->serial && o->rfb.screen == screen)
            rfb_go_on(&o->rfb);
}

/* A line says back what it hears, as a terminal does. */
static void line_input(struct console_stream *s, const char *data, size_t len)
{
    struct console_end *end = &s->rfb.end;

    for (size_t i = 0; i < len; i++) {
        screen_key(s->rfb.screen,
                   data[i] == '\r' ? 0xff0d : (unsigned char)data[i]);
        if (data[i] == '\r')
            end->output(end->to, "\r\nlogin: ", 9);
        else
            end->output(end->to, &data[i], 1);
    }
}

static void stream_input(struct console_stream *s, const void *data, size_t len)
{
    uint64_t changed = s->rfb.screen->changed;

    if (s->serial)
        line_input(s, data, len);
    else
        rfb_input(&s->rfb, data, len);
    if (s->rfb.screen->changed != changed)
        screen_changed(s->screens, s->rfb.screen);
}

static void stream_drained(struct console_stream *s)
{
    s->rfb.busy = false;
    if (!s->serial)
        rfb_go_on(&s->rfb);
}

static void stream_close(struct console_stream *s)
{
    struct console_stream **slot = &s->screens->streams;

    while (*slot != s)
        slot = &(*slot)->next;
    *slot = s->next;
    rfb_fini(&s->rfb);
    free(s);
}

static int picture(void *ctx, struct toolstack *ts, const char *vm,
                   struct buf *out)
{
    static uint32_t pixels[SCREEN_WIDTH * SCREEN_HEIGHT];

    screen_draw(screen_find(ctx, vm), ts, pixels);
    return png_write(out, pixels, SCREEN_WIDTH, SCREEN_HEIGHT);
}

struct sim_screens *sim_screens_create(void)
{
    struct sim_screens *s = must_alloc(sizeof(*s));

    *s = (struct sim_screens){.driver = {.open = stream_open,
                                         .input = stream_input,
                                         .drained = stream_drained,
                                         .close = stream_close,
                                         .picture = picture,
                                         .ctx = s}};
    return s;
}

void sim_screens_destroy(struct sim_screens *s)
{
    while (s->first) {
        struct screen *screen = s->first;

        s->first = screen->next;
        free(screen);
    }
    free(s);
}

const struct console_driver *sim_screens_driver(struct sim_screens *s)
{
    return &s->driver;
}
