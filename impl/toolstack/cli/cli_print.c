/* Output: what is printed as it comes, and what --minimal makes of it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli_frame.h"
#include "cli_run.h"

void cli_add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == ',' || *text == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
}

void cli_join_piece(struct cli *c, struct buf *text)
{
    struct cli_joined *joined = arena_alloc(cli_arena(c), sizeof(*joined));

    joined->text =
        text->len ? arena_strndup(cli_arena(c), text->data, text->len) : "";
    joined->older = c->joined;
    c->joined = joined;
    buf_fini(text);
}

void cli_print_list(struct cli *c, const struct value *strings)
{
    struct buf line = {0};

    for (uint32_t i = 0; i < strings->nr && !c->minimal; i++)
        cli_tell(c, strings->items[i].s);
    for (uint32_t i = 0; i < strings->nr && c->minimal; i++) {
        if (i)
            buf_putc(&line, ',');
        cli_add_escaped(&line, strings->items[i].s);
    }
    if (c->minimal)
        cli_join_piece(c, &line);
}

void cli_print(struct cli *c, const char *text)
{
    struct value one = value_string(text), list = value_set(&one, 1);

    cli_print_list(c, &list);
}

void cli_say(struct cli *c, const char *text)
{
    if (!c->minimal)
        cli_tell(c, text);
}

void cli_warn(struct cli *c, const char *text)
{
    if (!c->minimal)
        cli_complain(c, "%s\n", text);
}

void cli_tell(struct cli *c, const char *text)
{
    cli_order_text(&c->out, ORDER_PRINT, text);
}

void cli_complain(struct cli *c, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text.data = arena_alloc(cli_arena(c), (size_t)len + 1);
    va_start(args, format);
    (void)vsnprintf(text.data, (size_t)len + 1, format, args); /* it fits */
    va_end(args);
    cli_order_text(&c->out, ORDER_PRINT_ERROR, text.data);
}

struct cli_lines *cli_table_row(struct cli *c, struct cli_table *t)
{
    struct cli_lines *row = arena_alloc(cli_arena(c), sizeof(*row));

    *(t->last ? &t->last->next : &t->first) = row;
    t->last = row;
    return row;
}

void cli_row_line(struct cli *c, struct cli_lines *row, const char *name,
                  const char *value)
{
    struct cli_line *line = arena_alloc(cli_arena(c), sizeof(*line));

    line->name = name;
    line->value = value;
    *(row->last ? &row->last->next : &row->first) = line;
    row->last = line;
}

/* Names flush right, but for the first, which stands out to the left. */
static void print_row(struct cli *c, const struct cli_lines *row)
{
    struct buf text = {0};
    size_t width = 0;

    for (const struct cli_line *l = row->first; l; l = l->next)
        if (strlen(l->name) > width)
            width = strlen(l->name);
    for (const struct cli_line *l = row->first; l; l = l->next) {
        bool first = l == row->first;

        for (size_t i = strlen(l->name); i < width + 4 && !first; i++)
            buf_putc(&text, ' ');
        buf_puts(&text, l->name);
        for (size_t i = strlen(l->name); i < width + 4 && first; i++)
            buf_putc(&text, ' ');
        cli_join(&text, ": ", l->value, "\n", NULL);
    }
    if (!row->first)
        buf_putc(&text, '\n');
    buf_puts(&text, "\n");
    cli_tell(c, arena_strndup(cli_arena(c), text.data, text.len));
    buf_fini(&text);
}

/* The first values, unless a record is empty. */
static void join_first(struct cli *c, const struct cli_table *t)
{
    struct buf line = {0};

    for (const struct cli_lines *row = t->first; row; row = row->next)
        if (!row->first)
            return;
    for (const struct cli_lines *row = t->first; row; row = row->next) {
        if (row != t->first)
            buf_putc(&line, ',');
        cli_add_escaped(&line, row->first->value);
    }
    if (t->first)
        cli_join_piece(c, &line);
}

void cli_print_table(struct cli *c, const struct cli_table *t)
{
    if (c->minimal) {
        join_first(c, t);
        return;
    }
    for (const struct cli_lines *row = t->first; row; row = row->next)
        print_row(c, row);
}

void cli_print_map(struct cli *c, const struct value *map)
{
    struct cli_table t = {0};
    struct cli_lines *row = cli_table_row(c, &t);

    for (uint32_t i = 0; i < map->nr; i++)
        cli_row_line(c, row, map->members[i].key, map->members[i].value.s);
    cli_print_table(c, &t);
}

void cli_print_joined(struct cli *c)
{
    struct buf text = {0};

    if (!c->minimal)
        return;
    for (const struct cli_joined *j = c->joined; j; j = j->older)
        cli_join(&text, j->text, j->older ? "," : "", NULL);
    cli_tell(c,
             text.len ? arena_strndup(cli_arena(c), text.data, text.len) : "");
    buf_fini(&text);
}
