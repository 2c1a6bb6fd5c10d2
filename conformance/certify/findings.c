/* What speaks against a bundle. */
#include "findings.h"

#include <stdarg.h>
#include <stdlib.h>

static struct finding *new_row(struct findings *f)
{
    if (f->nr >= FINDINGS_MAX) {
        f->dropped++;
        return NULL;
    }
    if (f->nr == f->room) {
        f->room = f->room ? 2 * f->room : 64;
        f->rows = realloc(f->rows, (size_t)f->room * sizeof(*f->rows));
        if (!f->rows)
            abort();
    }
    return &f->rows[f->nr++];
}

void findings_add(struct findings *f, const char *check, struct place at,
                  const char *format, ...)
{
    struct finding *row = new_row(f);
    va_list more;
    int rc;

    if (!row)
        return;
    *row = (struct finding){.check = check,
                            .file = bytes_copy(at.file),
                            .test = bytes_copy(at.test),
                            .offset = at.offset,
                            .has_offset = at.has_offset};
    va_start(more, format);
    rc = vasprintf(&row->text, format, more);
    va_end(more);
    if (rc < 0)
        abort();
}

void findings_fini(struct findings *f)
{
    for (int i = 0; i < f->nr; i++) {
        free(f->rows[i].file);
        free(f->rows[i].test);
        free(f->rows[i].text);
    }
    free(f->rows);
    *f = (struct findings){0};
}

/* A bundle's own words on a terminal: nothing that could steer it. */
static void put_plain(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void finding_print(FILE *out, const struct finding *row)
{
    fprintf(out, "%s: ", row->check);
    if (*row->file) {
        put_plain(out, row->file);
        if (row->has_offset)
            fprintf(out, ", offset %lld", row->offset);
        fputs(": ", out);
    }
    if (*row->test) {
        put_plain(out, row->test);
        fputs(": ", out);
    }
    put_plain(out, row->text);
    fputc('\n', out);
}
