/* The reference page: every class, field, message, enumeration and error. */
#include <string.h>

#include "model.h"
#include "pages.h"

static const char head[] =
    "<!doctype html><html lang=en><meta charset=utf-8>"
    "<meta name=viewport content='width=device-width, initial-scale=1'>"
    "<title>XenAPI reference</title><link rel=icon href='data:,'>"
    "<link rel=stylesheet href=/web/page.css>"
    "<link rel=stylesheet href=/web/reference.css>"
    "<script type=module src=/web/reference.js></script>"
    "<header><h1>XenAPI reference</h1><input id=filter type=search "
    "placeholder='Find a class, field or message' aria-label=Filter>"
    "<a href=/>Pool</a></header><main class=reference>";

static const char *const qualifiers[] = {
    [RW] = "RW", [STATIC] = "RO/constructor", [DYNAMIC] = "RO"};
static const char *const base_names[] = {
    [BASE_STRING] = "string", [BASE_INT] = "int",        [BASE_FLOAT] = "float",
    [BASE_BOOL] = "bool",     [BASE_DATE] = "datetime",  [BASE_ENUM] = "enum ",
    [BASE_REF] = " ref",      [BASE_RECORD] = " record", [BASE_VOID] = "void"};

/* Text as HTML. */
static void put(struct buf *b, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            buf_puts(b, "&lt;");
        else if (*text == '&')
            buf_puts(b, "&amp;");
        else
            buf_putc(b, *text);
}

static void cell(struct buf *b, const char *text)
{
    buf_puts(b, "<td>");
    put(b, text ? text : "");
}

static void put_base(struct buf *b, const struct base *base)
{
    if (base->kind == BASE_ENUM)
        buf_printf(b, "<a href='#enum-%s'>enum %s</a>", base->of, base->of);
    else if (base->kind == BASE_REF || base->kind == BASE_RECORD)
        buf_printf(b, "<a href='#%s'>%s</a>%s", base->of, base->of,
                   base_names[base->kind]);
    else
        buf_puts(b, base_names[base->kind]);
}

static void put_type(struct buf *b, const struct type *t)
{
    if (t->shape == SHAPE_MAP || t->shape == SHAPE_MAP_OF_SETS) {
        buf_putc(b, '(');
        put_base(b, &t->key);
        buf_puts(b, " → ");
    }
    put_base(b, &t->elem);
    buf_puts(b, (const char *const[]){[SHAPE_ONE] = "",
                                      [SHAPE_SET] = " set",
                                      [SHAPE_MAP] = ") map",
                                      [SHAPE_MAP_OF_SETS] = " set) map",
                                      [SHAPE_OPTION] = " option"}[t->shape]);
}

static void put_field(struct buf *b, const struct field *f)
{
    buf_printf(b, "<tr data-find='%s.%s'><td><b>%s</b><td>", f->class_name,
               f->name, f->name);
    put_type(b, &f->type);
    cell(b, qualifiers[f->qualifier]);
    cell(b, f->default_text);
    cell(b, f->getter_role);
    cell(b, f->qualifier == RW ? f->setter_role : "");
    cell(b, f->lifecycle);
}

static void put_params(struct buf *b, const struct message *m)
{
    buf_puts(b, m->flags & MSG_NO_SESSION ? "(" : "(session");
    for (int i = 0; i < m->params_nr; i++) {
        buf_puts(b, i || !(m->flags & MSG_NO_SESSION) ? ", " : "");
        put_type(b, &m->params[i].type);
        buf_printf(b, "&nbsp;%s%s", m->params[i].name,
                   m->params[i].fallback ? "?" : "");
    }
    buf_putc(b, ')');
}

static void put_message(struct buf *b, const struct message *m)
{
    const char *name = strchr(m->name, '.');

    buf_printf(b, "<tr data-find='%s'><td><b>%s</b>%s<td>", m->name,
               name ? name + 1 : m->name,
               m->flags & MSG_ASYNC ? " <i>async</i>" : "");
    put_params(b, m);
    buf_puts(b, "<td>");
    put_type(b, &m->result);
    cell(b, m->role);
    cell(b, m->lifecycle);
}

static void put_class(struct buf *b, const struct class *c)
{
    buf_printf(b,
               "<section id='%s' data-class='%s'><h2>%s</h2><details>"
               "<summary>%d fields</summary><table><tr><th>Field<th>Type"
               "<th>Qualifier<th>Default<th>Read by<th>Written by<th>"
               "Releases",
               c->name, c->name, c->name, c->fields_nr);
    for (int i = 0; i < c->fields_nr; i++)
        if (field_visible(c->fields[i]))
            put_field(b, c->fields[i]);
    buf_puts(b, "</table></details><details><summary>messages</summary><table>"
                "<tr><th>Message<th>Parameters<th>Result<th>Least role<th>"
                "Releases");
    for (int i = 0; i < message_count(); i++)
        if (message_at(i)->class == c)
            put_message(b, message_at(i));
    buf_puts(b, "</table></details></section>");
}

static void put_lists(struct buf *b)
{
    const struct enumeration *e;
    const char *code, *params;

    buf_puts(b, "<section><h2>Enumerations</h2><table><tr><th>Name<th>Values");
    for (int i = 0; (e = enumeration_at(i)); i++) {
        buf_printf(b, "<tr id='enum-%s' data-find='%s'><td><b>%s</b>", e->name,
                   e->name, e->name);
        cell(b, e->values);
    }
    buf_puts(b, "</table></section><section><h2>Errors</h2><table><tr><th>Code"
                "<th>Parameters");
    for (int i = 0; (code = error_at(i, &params)); i++) {
        buf_printf(b, "<tr data-find='%s'><td><b>%s</b>", code, code);
        cell(b, params);
    }
    buf_puts(b, "</table></section>");
}

void reference_write(struct buf *b)
{
    buf_puts(b, head);
    buf_puts(b, "<nav>");
    for (int i = 0; i < class_count(); i++)
        buf_printf(b, "<a href='#%s'>%s</a>", class_at(i)->name,
                   class_at(i)->name);
    buf_puts(b, "</nav>");
    for (int i = 0; i < class_count(); i++)
        put_class(b, class_at(i));
    put_lists(b);
    buf_puts(b, "</main></html>");
}
