/*
 * Fake screens and serial lines of machines: a text that says which machine it
 * is, and what was typed.
 */
#ifndef SIM_SCREENS_H
#define SIM_SCREENS_H

#include "console_driver.h"
#include "toolstack.h"

enum {
    SCREEN_WIDTH = 320,
    SCREEN_HEIGHT = 192,
    SCREEN_TYPED_MAX = 240,
};

struct sim_screens;

/* What one machine shows. */
struct screen {
    char vm[UUID_BYTES];
    uint64_t keys;    /* pressed so far */
    uint64_t changed; /* counts what can be seen to change */
    char typed[SCREEN_TYPED_MAX + 1];
    struct screen *next;
};

struct sim_screens *sim_screens_create(void);
void sim_screens_destroy(struct sim_screens *s);

/* Borrows `s`. */
const struct console_driver *sim_screens_driver(struct sim_screens *s);

/* A key went down: X11's keysym. */
void screen_key(struct screen *screen, uint32_t keysym);
/* SCREEN_WIDTH * SCREEN_HEIGHT pixels, 0x00RRGGBB. */
void screen_draw(const struct screen *screen, struct toolstack *ts,
                 uint32_t *pixels);

#endif
