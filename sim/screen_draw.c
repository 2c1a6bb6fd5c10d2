/* Draws the text of a screen. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "screens.h"

enum {
    DOT = 2, /* pixels a side */
    CELL_WIDTH = 8,
    CELL_HEIGHT = 12,
    COLUMNS = SCREEN_WIDTH / CELL_WIDTH,
    ROWS = SCREEN_HEIGHT / CELL_HEIGHT,
    GLYPH_WIDTH = 3,
    GLYPH_HEIGHT = 5,
    BACKGROUND = 0x00102030,
    INK = 0x00d0e0f0,
    KEY_BACKSPACE = 0xff08,
    KEY_RETURN = 0xff0d,
};

/* Fifteen dots each, the top left one in the highest bit. */
static const uint16_t glyphs[128] = {
#define GLYPH(c, rows) [c] = rows,
#include "font.def"
#undef GLYPH
};

void screen_key(struct screen *s, uint32_t keysym)
{
    size_t len = strlen(s->typed);

    s->keys++;
    s->changed++;
    if (keysym == KEY_BACKSPACE && len)
        s->typed[len - 1] = '\0';
    else if (keysym == KEY_RETURN)
        s->typed[0] = '\0';
    if (keysym < ' ' || keysym > '~' || len == SCREEN_TYPED_MAX)
        return;
    s->typed[len] = (char)keysym;
    s->typed[len + 1] = '\0';
}

static void draw_dot(uint32_t *pixels, int x, int y)
{
    for (int i = 0; i < DOT * DOT; i++)
        pixels[(y + i / DOT) * SCREEN_WIDTH + x + i % DOT] = INK;
}

static void draw_char(uint32_t *pixels, int column, int row, char c)
{
    uint16_t glyph = glyphs[toupper((unsigned char)c) & 127];

    for (int i = 0; i < GLYPH_WIDTH * GLYPH_HEIGHT; i++)
        if (glyph >> (GLYPH_WIDTH * GLYPH_HEIGHT - 1 - i) & 1)
            draw_dot(pixels, column * CELL_WIDTH + i % GLYPH_WIDTH * DOT,
                     row * CELL_HEIGHT + i / GLYPH_WIDTH * DOT);
}

/* Goes on in the next row where the text is too long. The row after it. */
static int draw_text(uint32_t *pixels, int row, const char *text)
{
    for (int column = 0; *text && row < ROWS; text++) {
        draw_char(pixels, column, row, *text);
        if (++column == COLUMNS) {
            column = 0;
            row++;
        }
    }
    return row + 1;
}

void screen_draw(const struct screen *s, struct toolstack *ts, uint32_t *pixels)
{
    const struct object *vm = db_find_uuid(&ts->db, "VM", s->vm);
    struct arena a;
    int row = 1;

    arena_init(&a);
    for (int i = 0; i < SCREEN_WIDTH * SCREEN_HEIGHT; i++)
        pixels[i] = BACKGROUND;
    row = draw_text(pixels, row, "A simulated machine") + 1;
    row = draw_text(pixels, row, vm ? db_text(vm, "name_label") : "");
    row = draw_text(pixels, row, s->vm);
    row = draw_text(pixels, row, vm ? db_text(vm, "power_state") : "");
    row = draw_text(pixels, row,
                    arena_printf(&a, "%llu keys", (unsigned long long)s->keys));
    (void)draw_text(pixels, row + 1, arena_printf(&a, "> %s_", s->typed));
    arena_fini(&a);
}
