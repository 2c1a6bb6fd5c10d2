/* A pool's database in a volume. */
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "storage.h"
#include "unmarshal.h"

static bool kept(const struct class *c)
{
    return (c->flags & CLASS_PERSIST) && strcmp(c->name, "role") != 0;
}

static void put_object(struct buf *out, const struct object *o)
{
    buf_puts(out, "[");
    json_string(out, o->class->name);
    buf_puts(out, ",");
    json_string(out, o->ref);
    buf_puts(out, ",{");
    for (int i = 0; i < o->class->fields_nr; i++) {
        if (i)
            buf_putc(out, ',');
        json_string(out, o->class->fields[i]->name);
        buf_putc(out, ':');
        json_encode(out, &o->cells[i].value);
    }
    buf_puts(out, "}]");
}

static void put_all(struct buf *out, const struct db *db)
{
    bool first = true;

    buf_putc(out, '[');
    for (const struct object *o = db->oldest; o; o = o->newer) {
        if (!kept(o->class))
            continue;
        buf_puts(out, first ? "\n" : ",\n");
        first = false;
        put_object(out, o);
    }
    buf_puts(out, "\n]\n");
}

/* The header goes last: until then the volume holds what it held before. */
int metadata_write(struct toolstack *ts, const struct object *vdi)
{
    char header[METADATA_HEADER] = {0};
    struct buf out = {0};
    int rc = -EFBIG;

    put_all(&out, &ts->db);
    (void)snprintf(header, sizeof(header), "%s %llu %zu %s\n", METADATA_MAGIC,
                   (unsigned long long)ts->db.generation, out.len,
                   db_text(toolstack_pool(ts), "uuid")); /* fits */
    if (out.len <= METADATA_BYTES_MAX)
        rc = vdi_write(ts, vdi, METADATA_HEADER, out.data, out.len);
    if (!rc)
        rc = vdi_write(ts, vdi, 0, header, sizeof(header));
    buf_fini(&out);
    return rc;
}

int metadata_info(struct toolstack *ts, const struct object *vdi,
                  struct metadata_info *info)
{
    char header[METADATA_HEADER];

    if (vdi_read(ts, vdi, 0, header, sizeof(header)))
        return -EINVAL;
    return metadata_parse(header, info);
}

static const struct value *item(const struct value *row, uint32_t i,
                                enum value_kind kind)
{
    return row->kind == VALUE_SET && row->nr > i && row->items[i].kind == kind
               ? &row->items[i]
               : NULL;
}

/* One object; what this release does not know is left out. */
static void take_object(struct db *db, struct arena *a, const struct value *row)
{
    const struct value *name = item(row, 0, VALUE_STRING);
    const struct value *ref = item(row, 1, VALUE_STRING);
    const struct value *fields = item(row, 2, VALUE_MAP);
    const struct class *c = name ? class_find(name->s) : NULL;
    struct request r = {.db = db, .arena = a};
    struct object *o;

    if (!c || !kept(c) || !ref || !fields || strlen(ref->s) >= REF_BYTES ||
        db_find_any(db, ref->s))
        return;
    o = db_adopt(db, c->name, ref->s);
    for (uint32_t i = 0; i < fields->nr; i++) {
        int index = field_index(c, fields->members[i].key);
        struct value typed;

        if (index >= 0 && unmarshal(&r, &c->fields[index]->type,
                                    &fields->members[i].value, &typed) == 0)
            db_restore(db, o, index, typed);
    }
}

static int take_all(struct db *db, const char *text, size_t len)
{
    struct arena a;
    struct value rows;
    int rc;

    arena_init(&a);
    rc = json_decode(&a, text, len, &rows);
    if (!rc && rows.kind != VALUE_SET)
        rc = -EINVAL;
    for (uint32_t i = 0; !rc && i < rows.nr; i++)
        take_object(db, &a, &rows.items[i]);
    arena_fini(&a);
    return rc;
}

int metadata_read(struct toolstack *ts, const struct object *vdi, struct db *db)
{
    struct metadata_info info;
    char *text;
    int rc = metadata_info(ts, vdi, &info);

    if (rc)
        return rc;
    text = must_alloc(info.len + 1);
    rc = vdi_read(ts, vdi, METADATA_HEADER, text, info.len);
    if (!rc)
        rc = take_all(db, text, info.len);
    free(text);
    return rc;
}
