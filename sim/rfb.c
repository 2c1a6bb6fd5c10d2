/* RFB messages in, updates out. */
#include "rfb.h"

#include <string.h>

enum {
    VERSION_BYTES = 12,
    SECURITY_NONE = 1,
    NAME_MAX_BYTES = 64,
    SET_PIXEL_FORMAT = 0,
    SET_ENCODINGS = 2,
    UPDATE_REQUEST = 3,
    KEY_EVENT = 4,
    POINTER_EVENT = 5,
    CUT_TEXT = 6,
    MESSAGES = 7,
};

static unsigned get16(const struct buf *in, size_t at)
{
    const unsigned char *p = (const unsigned char *)in->data + at;

    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const struct buf *in, size_t at)
{
    return (uint32_t)get16(in, at) << 16 | get16(in, at + 2);
}

static void put16(struct buf *out, unsigned n)
{
    buf_putc(out, (char)(n >> 8));
    buf_putc(out, (char)n);
}

static void put32(struct buf *out, uint32_t n)
{
    put16(out, n >> 16);
    put16(out, n & 0xffff);
}

static void say(struct rfb *r, struct buf *out)
{
    r->end.output(r->end.to, out->data, out->len);
    buf_fini(out);
}

static void give_up(struct rfb *r)
{
    r->state = RFB_DEAD;
    r->end.hang_up(r->end.to);
}

void rfb_begin(struct rfb *r)
{
    r->state = RFB_VERSION;
    r->format = (struct rfb_format){
        .bytes = 4, .max = {255, 255, 255}, .shift = {16, 8, 0}};
    r->end.output(r->end.to, "RFB 003.008\n", VERSION_BYTES);
}

/* --- The handshake: each returns how many bytes it took, 0: too few -------- */

static size_t take_version(struct rfb *r)
{
    struct buf out = {0};

    if (r->in.len < VERSION_BYTES)
        return 0;
    if (memcmp(r->in.data, "RFB 003.00", 10) != 0) {
        give_up(r);
        return VERSION_BYTES;
    }
    r->minor = r->in.data[10] - '0';
    if (r->minor >= 7) {
        buf_putc(&out, 1); /* one kind of security */
        buf_putc(&out, SECURITY_NONE);
        r->state = RFB_SECURITY;
    } else {
        put32(&out, SECURITY_NONE);
        r->state = RFB_INIT;
    }
    say(r, &out);
    return VERSION_BYTES;
}

static size_t take_security(struct rfb *r)
{
    struct buf out = {0};

    if (r->in.data[0] != SECURITY_NONE) {
        give_up(r);
        return 1;
    }
    r->state = RFB_INIT;
    if (r->minor >= 8) {
        put32(&out, 0); /* it went well */
        say(r, &out);
    }
    return 1;
}

static size_t take_init(struct rfb *r)
{
    static const unsigned char format[16] = {32, 24,  0, 1,   0,  255,
                                             0,  255, 0, 255, 16, 8};
    const struct object *vm = db_find_uuid(&r->ts->db, "VM", r->screen->vm);
    const char *name = vm ? db_text(vm, "name_label") : "";
    size_t len = strnlen(name, NAME_MAX_BYTES);
    struct buf out = {0};

    put16(&out, SCREEN_WIDTH);
    put16(&out, SCREEN_HEIGHT);
    buf_add(&out, format, sizeof(format));
    put32(&out, (uint32_t)len);
    buf_add(&out, name, len);
    say(r, &out);
    r->state = RFB_RUNNING;
    return 1;
}

/* --- Messages of a viewer ---------------------------------------------------- */

static void set_format(struct rfb *r)
{
    const unsigned char *p = (const unsigned char *)r->in.data + 4;
    struct rfb_format f = {.bytes = p[0] / 8, .big_endian = p[2]};

    if (!p[3]) /* a palette: the viewer gets what it had */
        return;
    for (int i = 0; i < 3; i++) {
        f.max[i] = (uint16_t)get16(&r->in, 8 + 2 * (size_t)i);
        f.shift[i] = p[10 + i];
        if (f.shift[i] > 31)
            give_up(r);
    }
    if (f.bytes != 1 && f.bytes != 2 && f.bytes != 4)
        give_up(r);
    r->format = f;
    r->seen = 0;
}

static void ask(struct rfb *r)
{
    r->asked = true;
    if (!r->in.data[1])
        r->seen = 0;
    r->x = (uint16_t)get16(&r->in, 2);
    r->y = (uint16_t)get16(&r->in, 4);
    r->width = (uint16_t)get16(&r->in, 6);
    r->height = (uint16_t)get16(&r->in, 8);
}

static void key(struct rfb *r)
{
    if (r->in.data[1])
        screen_key(r->screen, get32(&r->in, 4));
}

static void cut_text(struct rfb *r)
{
    r->skip = get32(&r->in, 4);
}

static void set_encodings(struct rfb *r)
{
    r->skip = (uint64_t)get16(&r->in, 2) * 4; /* all viewers know raw */
}

static void ignore(struct rfb *r)
{
    (void)r;
}

static const struct {
    size_t len;
    void (*fn)(struct rfb *r);
} messages[MESSAGES] = {
    [SET_PIXEL_FORMAT] = {20, set_format}, [SET_ENCODINGS] = {4, set_encodings},
    [UPDATE_REQUEST] = {10, ask},          [KEY_EVENT] = {8, key},
    [POINTER_EVENT] = {6, ignore},         [CUT_TEXT] = {8, cut_text},
};

static size_t take_message(struct rfb *r)
{
    unsigned type = (unsigned char)r->in.data[0];

    if (r->skip) {
        size_t n = r->in.len < r->skip ? r->in.len : (size_t)r->skip;

        r->skip -= n;
        return n;
    }
    if (type >= MESSAGES || !messages[type].len) {
        give_up(r);
        return r->in.len;
    }
    if (r->in.len < messages[type].len)
        return 0;
    messages[type].fn(r);
    return messages[type].len;
}

void rfb_input(struct rfb *r, const void *data, size_t len)
{
    static size_t (*const takers[])(struct rfb * r) = {
        [RFB_VERSION] = take_version,
        [RFB_SECURITY] = take_security,
        [RFB_INIT] = take_init,
        [RFB_RUNNING] = take_message,
    };
    size_t used = 1;

    if (r->state == RFB_DEAD)
        return;
    buf_add(&r->in, data, len);
    while (used && r->in.len && r->state != RFB_DEAD) {
        used = takers[r->state](r);
        r->in.len -= used;
        memmove(r->in.data, r->in.data + used, r->in.len);
    }
    rfb_go_on(r);
}

/* --- Updates -------------------------------------------------------------------- */

static void put_pixel(struct buf *out, const struct rfb_format *f, uint32_t rgb)
{
    uint32_t v = 0;

    for (int i = 0; i < 3; i++)
        v |= (rgb >> (16 - 8 * i) & 0xff) * f->max[i] / 255 << f->shift[i];
    for (int i = 0; i < f->bytes; i++)
        buf_putc(out, (char)(v >> 8 * (f->big_endian ? f->bytes - 1 - i : i)));
}

static unsigned clip(unsigned from, unsigned len, unsigned whole)
{
    if (from >= whole)
        return 0;
    return len < whole - from ? len : whole - from;
}

void rfb_go_on(struct rfb *r)
{
    static uint32_t pixels[SCREEN_WIDTH * SCREEN_HEIGHT];
    unsigned width = clip(r->x, r->width, SCREEN_WIDTH);
    unsigned height = clip(r->y, r->height, SCREEN_HEIGHT);
    struct buf out = {0};

    if (r->state != RFB_RUNNING || !r->asked || r->busy ||
        r->seen == r->screen->changed + 1)
        return;
    screen_draw(r->screen, r->ts, pixels);
    put32(&out, 1); /* an update of one rectangle */
    put16(&out, r->x);
    put16(&out, r->y);
    put16(&out, width);
    put16(&out, height);
    put32(&out, 0); /* raw */
    for (unsigned i = 0; i < width * height; i++)
        put_pixel(&out, &r->format,
                  pixels[(r->y + i / width) * SCREEN_WIDTH + r->x + i % width]);
    r->asked = false;
    r->busy = true;
    r->seen = r->screen->changed + 1;
    say(r, &out);
}

void rfb_fini(struct rfb *r)
{
    buf_fini(&r->in);
}
