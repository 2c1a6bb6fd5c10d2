/*
 * The server's side of RFB 3.3, 3.7 and 3.8 (RFC 6143) for one viewer: no
 * authentication, raw encoding, any pixel format with true colours.
 */
#ifndef SIM_RFB_H
#define SIM_RFB_H

#include "console_driver.h"
#include "screens.h"

enum rfb_state {
    RFB_VERSION,
    RFB_SECURITY,
    RFB_INIT,
    RFB_RUNNING,
    RFB_DEAD,
};

struct rfb_format {
    uint8_t bytes; /* of a pixel */
    bool big_endian;
    uint16_t max[3]; /* red, green, blue */
    uint8_t shift[3];
};

struct rfb {
    struct screen *screen;
    struct toolstack *ts;
    struct console_end end;
    enum rfb_state state;
    int minor; /* of the version 3.x */
    struct buf in;
    struct rfb_format format;
    bool asked, busy;             /* an update is wanted; one is on its way */
    uint64_t seen;                /* of screen.changed, plus one; 0: nothing */
    uint16_t x, y, width, height; /* that are wanted */
    uint64_t skip;                /* bytes of a text that nobody wants */
};

void rfb_begin(struct rfb *r);
/* Bytes of the viewer. */
void rfb_input(struct rfb *r, const void *data, size_t len);
/* Sends an update when one is asked for and there is news. */
void rfb_go_on(struct rfb *r);
void rfb_fini(struct rfb *r);

#endif
