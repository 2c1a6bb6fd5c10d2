/* Registers of many CPUs as text: most CPUs say the same as the first one. */
#include "record/cpu_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/error.h"
#include "record/text.h"

void cpus_fini(struct cpu_set *s)
{
    for (size_t i = 0; i < s->nr; i++)
        free(s->cpu[i].row);
    free(s->cpu);
    *s = (struct cpu_set){0};
}

struct cpu_rows *cpus_find(const struct cpu_set *s, uint32_t number)
{
    /* The last one first: rows come CPU by CPU. */
    for (size_t i = s->nr; i--;)
        if (s->cpu[i].number == number)
            return &s->cpu[i];
    return NULL;
}

struct cpu_rows *cpus_get(struct cpu_set *s, uint32_t number)
{
    struct cpu_rows *c = cpus_find(s, number);

    if (c)
        return c;
    if (s->nr == RECORD_CPUS_MAX)
        return NULL;
    if (s->nr == s->room) {
        size_t room = s->room ? s->room * 2 : 16;

        c = realloc(s->cpu, room * sizeof(*c));
        if (!c)
            return NULL;
        s->cpu = c;
        s->room = room;
    }
    c = &s->cpu[s->nr++];
    *c = (struct cpu_rows){.number = number};
    return c;
}

static int row_compare(const void *a, const void *b)
{
    const struct record_leaf *x = a, *y = b;

    if (x->leaf != y->leaf)
        return x->leaf < y->leaf ? -1 : 1;
    return (x->subleaf > y->subleaf) - (x->subleaf < y->subleaf);
}

const struct record_leaf *rows_find(const struct record_leaf *row, size_t nr,
                                    uint32_t key, uint32_t subkey)
{
    struct record_leaf want = {.leaf = key, .subleaf = subkey};

    return nr ? bsearch(&want, row, nr, sizeof(*row), row_compare) : NULL;
}

static int rows_room(struct cpu_set *s, struct cpu_rows *c, size_t more)
{
    size_t room = c->room ? c->room : 32;
    struct record_leaf *row;

    if (s->rows + more > CPU_ROWS_MAX)
        return -E2BIG;
    if (c->nr + more <= c->room)
        return 0;
    while (room < c->nr + more)
        room *= 2;
    row = realloc(c->row, room * sizeof(*row));
    if (!row)
        return -ENOMEM;
    c->row = row;
    c->room = room;
    return 0;
}

/* Where the row is, or belongs; rows stay sorted. */
static size_t row_place(const struct cpu_rows *c, const struct record_leaf *row)
{
    size_t low = 0, high = c->nr;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (row_compare(&c->row[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int row_add(struct cpu_set *s, struct cpu_rows *c,
                   const struct record_leaf *row)
{
    size_t at = row_place(c, row);
    int rc;

    if (at < c->nr && row_compare(&c->row[at], row) == 0) {
        c->row[at] = *row;
        return 0;
    }
    rc = rows_room(s, c, 1);
    if (rc)
        return rc;
    memmove(&c->row[at + 1], &c->row[at], (c->nr - at) * sizeof(*row));
    c->row[at] = *row;
    c->nr++;
    s->rows++;
    return 0;
}

int cpus_add(struct cpu_set *s, uint32_t number, const struct record_leaf *row)
{
    struct cpu_rows *c = cpus_get(s, number);

    return c ? row_add(s, c, row) : -E2BIG;
}

static int cpu_compare(const void *a, const void *b)
{
    const struct cpu_rows *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

void cpus_sort(struct cpu_set *s)
{
    if (s->nr)
        qsort(s->cpu, s->nr, sizeof(*s->cpu), cpu_compare);
}

static void row_print(const struct record_leaf *row, int words, FILE *out)
{
    fprintf(out, "%08x %02x", row->leaf, row->subleaf);
    for (int i = 0; i < words; i++)
        fprintf(out, " %08x", row->reg[i]);
    fputc('\n', out);
}

static void cpu_print(const struct cpu_rows *c, const struct cpu_rows *first,
                      int words, FILE *out)
{
    fprintf(out, "cpu %u", c->number);
    if (c != first)
        fprintf(out, " like %u", first->number);
    fputc('\n', out);
    for (size_t i = 0; i < c->nr; i++) {
        const struct record_leaf *row = &c->row[i], *same;

        same = c == first
                   ? NULL
                   : rows_find(first->row, first->nr, row->leaf, row->subleaf);
        if (!same || memcmp(same->reg, row->reg, sizeof(row->reg)) != 0)
            row_print(row, words, out);
    }
    for (size_t i = 0; c != first && i < first->nr; i++)
        if (!rows_find(c->row, c->nr, first->row[i].leaf,
                       first->row[i].subleaf))
            fprintf(out, "-%08x %02x\n", first->row[i].leaf,
                    first->row[i].subleaf);
}

void cpus_encode(const struct cpu_set *s, int words, FILE *out)
{
    for (size_t i = 0; i < s->nr; i++)
        cpu_print(&s->cpu[i], &s->cpu[0], words, out);
}

/* "cpu N" or "cpu N like M". */
static int header_decode(const char *line, struct cpu_set *s,
                         struct cpu_rows **current)
{
    const char *p = line + 4;
    uint64_t number, model;
    struct cpu_rows *like = NULL, copy;
    int rc;

    if (!text_number(&p, 10, UINT32_MAX, &number))
        return -EINVAL;
    if (text_skip(&p, " like ")) {
        if (!text_number(&p, 10, UINT32_MAX, &model))
            return -EINVAL;
        like = cpus_find(s, (uint32_t)model);
        if (!like)
            return -EINVAL;
    }
    if (*p || cpus_find(s, (uint32_t)number))
        return -EINVAL;
    copy = like ? *like : (struct cpu_rows){0};
    *current = cpus_get(s, (uint32_t)number);
    if (!*current)
        return -E2BIG;
    rc = rows_room(s, *current, copy.nr);
    if (rc || !copy.nr)
        return rc;
    memcpy((*current)->row, copy.row, copy.nr * sizeof(*copy.row));
    (*current)->nr = copy.nr;
    s->rows += copy.nr;
    return 0;
}

static int row_decode(const char *p, int words, struct record_leaf *row)
{
    uint64_t v[6];
    int nr = words == CPU_NO_WORDS ? 2 : words + 2;

    for (int i = 0; i < nr; i++) {
        if (i && !text_skip(&p, " "))
            return -EINVAL;
        if (!text_number(&p, 16, UINT32_MAX, &v[i]))
            return -EINVAL;
    }
    *row =
        (struct record_leaf){.leaf = (uint32_t)v[0], .subleaf = (uint32_t)v[1]};
    for (int i = 2; i < nr; i++)
        row->reg[i - 2] = (uint32_t)v[i];
    return *p ? -EINVAL : 0;
}

static int row_remove(struct cpu_set *s, struct cpu_rows *c,
                      const struct record_leaf *row)
{
    size_t at = row_place(c, row);

    if (at == c->nr || row_compare(&c->row[at], row) != 0)
        return -EINVAL;
    memmove(&c->row[at], &c->row[at + 1], (c->nr - at - 1) * sizeof(*row));
    c->nr--;
    s->rows--;
    return 0;
}

static int line_decode(const char *line, int words, struct cpu_set *s,
                       struct cpu_rows **current)
{
    struct record_leaf row;
    int rc;

    if (!*line || *line == '#')
        return 0;
    if (strncmp(line, "cpu ", 4) == 0)
        return header_decode(line, s, current);
    if (!*current)
        return -EINVAL;
    rc = row_decode(line + (*line == '-'), *line == '-' ? CPU_NO_WORDS : words,
                    &row);
    if (rc)
        return rc;
    return *line == '-' ? row_remove(s, *current, &row)
                        : row_add(s, *current, &row);
}

int cpus_decode(const char *file, const char *text, size_t size, int words,
                struct cpu_set *s, struct record_error *error)
{
    struct text_lines lines = {.text = text, .size = size};
    struct cpu_rows *current = NULL;
    char line[TEXT_LINE_BYTES];
    int rc;

    while (text_line(&lines, line)) {
        rc = line_decode(line, words, s, &current);
        if (rc)
            return record_fail(
                error, rc, "%s: offset %zu: %s", file, lines.line,
                rc == -E2BIG ? "too much of it" : "not what belongs here");
    }
    cpus_sort(s);
    return 0;
}
