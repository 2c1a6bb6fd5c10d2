/* The whole database as one XML document. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#include "dbtext.h"
#include "dump_version.h"

static bool is_dumped(const struct class *c)
{
    return c->flags & CLASS_PERSIST && strcmp(c->name, "role") != 0;
}

void dump_init(struct dump *d, const struct db *db)
{
    size_t nr = 0;

    for (int i = 0; i < class_count(); i++)
        nr += is_dumped(class_at(i)) ? db_count(db, class_at(i)) : 0;
    *d = (struct dump){.class_nr = -1};
    d->refs = must_alloc(sizeof(*d->refs) * (nr + 1));
    for (int i = 0; i < class_count(); i++) {
        if (!is_dumped(class_at(i)))
            continue;
        for (struct object *o = db_first(db, class_at(i)->name); o; o = o->next)
            memcpy(d->refs[d->nr++], o->ref, REF_BYTES);
    }
}

void dump_fini(struct dump *d)
{
    free(d->refs);
}

static void write_manifest(struct buf *out, const struct db *db)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<database>"
               "<manifest><pair key=\"schema_major_vsn\" value=\"%d\"/>"
               "<pair key=\"schema_minor_vsn\" value=\"%d\"/>"
               "<pair key=\"generation_count\" value=\"%llu\"/></manifest>",
               DUMP_SCHEMA_MAJOR, DUMP_SCHEMA_MINOR,
               (unsigned long long)db->generation);
}

/* name/label is name__label. */
static void write_column(struct buf *out, const char *path)
{
    for (; *path; path++)
        buf_puts(out, *path == '/' ? "__" : (char[]){*path, '\0'});
}

static void write_row(struct buf *out, const struct object *o)
{
    buf_printf(out, "<row ref=\"%s\" __ctime=\"%llu\" __mtime=\"%llu\"", o->ref,
               (unsigned long long)o->created, (unsigned long long)o->changed);
    for (int i = 0; i < o->class->fields_nr; i++) {
        struct buf text = {0};

        dbtext_encode(&text, &o->cells[i].value);
        buf_putc(&text, '\0');
        buf_putc(out, ' ');
        write_column(out, o->class->fields[i]->path);
        buf_puts(out, "=\"");
        dbtext_protect(out, text.data);
        buf_putc(out, '"');
        buf_fini(&text);
    }
    buf_printf(out, " _ref=\"%s\"/>", o->ref);
}

/* Opens and closes tables up to that class; the last one closes the document.
 */
static void turn_to(struct dump *d, struct buf *out, int class_nr)
{
    while (d->class_nr < class_nr) {
        if (d->class_nr >= 0 && is_dumped(class_at(d->class_nr)))
            buf_puts(out, "</table>");
        d->class_nr++;
        if (d->class_nr < class_count() && is_dumped(class_at(d->class_nr)))
            buf_printf(out, "<table name=\"%s\">", class_at(d->class_nr)->name);
    }
}

void dump_write(struct dump *d, const struct db *db, struct buf *out,
                size_t room)
{
    size_t before = out->len;

    if (d->class_nr < 0)
        write_manifest(out, db);
    for (; d->next < d->nr && out->len - before < room; d->next++) {
        const struct object *o = db_find_any(db, d->refs[d->next]);

        if (!o)
            continue;
        turn_to(d, out, o->class->nr);
        write_row(out, o);
    }
    if (d->next < d->nr)
        return;
    turn_to(d, out, class_count());
    buf_puts(out, "</database>");
    d->over = true;
}
