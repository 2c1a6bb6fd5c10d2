/* All measures of a run, each judged against its peers. */
#include "matrix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Who is the peer, the first that measured it. */
static const char *const preferred[] = {"xen", "none"};

static bool measured(const struct run *run, const struct measure *m, int peer)
{
    return peer >= 0 && peer < (int)run->peers &&
           (m->series[peer].n || m->series[peer].lost);
}

static int peer_of(const struct run *run, const struct measure *m, int ours,
                   const char *wanted)
{
    int at = wanted ? run_peer_find(run, wanted) : -ENOENT;

    if (at != ours && measured(run, m, at))
        return at;
    for (size_t i = 0; i < sizeof(preferred) / sizeof(*preferred); i++) {
        at = run_peer_find(run, preferred[i]);
        if (at != ours && measured(run, m, at))
            return at;
    }
    for (at = 0; at < (int)run->peers; at++)
        if (at != ours && measured(run, m, at))
            return at;
    return -ENOENT;
}

/* Ours, or who else measured it when we did not. */
static int ours_of(const struct run *run, const struct measure *m)
{
    int at = run_peer_find(run, PEER_OURS);

    return measured(run, m, at) ? at : -ENOENT;
}

bool row_compares(const struct row *r)
{
    return r->ours >= 0 && r->peer >= 0;
}

static int row_measure(struct row *r, const struct rules *rules)
{
    static const struct series none;
    const struct series *x = r->ours < 0 ? &none : &r->measure->series[r->ours];
    const struct series *y = r->peer < 0 ? &none : &r->measure->series[r->peer];

    return judged_measure(&r->judged, r->measure, x, y, rules);
}

/* The rows that compare, judged together. */
static int rows_decide(struct row *row, size_t rows, const struct rules *rules)
{
    struct judged **list = calloc(rows + 1, sizeof(struct judged *));
    size_t n = 0;
    int rc;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < rows; i++)
        if (row_compares(&row[i]))
            list[n++] = &row[i].judged;
    rc = judged_decide(list, n, rules);
    free(list);
    return rc;
}

static int others_add(struct matrix *m, const struct row *main)
{
    int rc = 0;

    for (int peer = 0; !rc && peer < (int)m->run->peers; peer++) {
        struct row *r = &m->other[m->others];

        if (peer == main->ours || peer == main->peer || main->ours < 0 ||
            !measured(m->run, main->measure, peer))
            continue;
        *r = (struct row){
            .measure = main->measure, .ours = main->ours, .peer = peer};
        rc = row_measure(r, &m->rules);
        m->others++;
    }
    return rc;
}

int matrix_init(struct matrix *m, const struct run *run,
                const struct rules *rules, const char *peer)
{
    int rc = 0;

    *m = (struct matrix){.run = run, .rules = *rules};
    m->row = calloc(run->measures + 1, sizeof(*m->row));
    m->other = calloc(run->measures * run->peers + 1, sizeof(*m->other));
    if (!m->row || !m->other)
        rc = -ENOMEM;
    for (size_t i = 0; !rc && i < run->measures; i++) {
        struct row *r = &m->row[m->rows++];

        r->measure = &run->measure[i];
        r->ours = ours_of(run, r->measure);
        r->peer = peer_of(run, r->measure, r->ours, peer);
        rc = row_measure(r, rules);
        if (!rc)
            rc = others_add(m, r);
    }
    if (!rc)
        rc = rows_decide(m->row, m->rows, rules);
    if (!rc)
        rc = rows_decide(m->other, m->others, rules);
    if (!rc)
        rc = noise_measure(run, rules, &m->noise);
    if (rc)
        matrix_fini(m);
    return rc;
}

void matrix_fini(struct matrix *m)
{
    free(m->row);
    free(m->other);
    *m = (struct matrix){0};
}

void matrix_count(const struct matrix *m, size_t count[VERDICTS])
{
    memset(count, 0, VERDICTS * sizeof(*count));
    for (size_t i = 0; i < m->rows; i++)
        if (row_compares(&m->row[i]))
            count[m->row[i].judged.verdict]++;
}
