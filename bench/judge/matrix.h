/* All measures of a run, each judged against its peers. */
#ifndef JUDGE_MATRIX_H
#define JUDGE_MATRIX_H

#include "noise.h"
#include "run.h"
#include "verdict.h"

#define PEER_OURS "ours"

/* A measure, and one peer that it is judged against. */
struct row {
    const struct measure *measure;
    int ours, peer; /* -ENOENT: nobody measured it there */
    struct judged judged;
};

struct matrix {
    const struct run *run; /* borrowed */
    struct rules rules;
    struct row *row; /* a row for each measure, in its order */
    size_t rows;
    struct row *other; /* the same measures against the other peers */
    size_t others;
    struct noise noise;
};

/*
 * `peer` is who ours is judged against, where it measured the same; NULL or
 * elsewhere: upstream Xen, no hypervisor, whoever comes first. 0, or -ENOMEM.
 */
int matrix_init(struct matrix *m, const struct run *run,
                const struct rules *rules, const char *peer);
void matrix_fini(struct matrix *m);

/* Whether both sides were measured. */
bool row_compares(const struct row *r);

/* How many rows have each verdict. */
void matrix_count(const struct matrix *m, size_t count[VERDICTS]);

#endif
