/* What becomes of a judged run: one function for each format. */
#ifndef JUDGE_REPORT_H
#define JUDGE_REPORT_H

#include <stdio.h>

#include "compare.h"
#include "matrix.h"

enum {
    FLAMES_MAX = 4,
};

struct report {
    const struct matrix *matrix;
    const struct comparison *comparison; /* NULL: nothing to compare with */
    const struct history *history;       /* NULL: none known */
    struct flame {
        const char *name, *svg;
    } flame[FLAMES_MAX];
    size_t flames;
    bool colour; /* for people at a terminal */
};

/* 0, or -ENOMEM; what the stream refuses shows in ferror(). */
typedef int report_fn(FILE *out, const struct report *r);

report_fn report_text, report_json, report_bmf, report_github_bigger,
    report_github_smaller, report_csv, report_html;

/* Writes a file for every plot. 0, -ENOMEM, or -errno. */
int report_svg(const char *directory, const struct report *r);

/* Those that need more samples: as lines, or as JSON. */
report_fn report_undecided, report_undecided_json;

/* Writes the tree as one line, or indented, and frees it. 0, or -ENOMEM. */
int report_tree(FILE *out, cJSON *root, bool indented);

/* null when it is no number. */
cJSON *report_number(double value);

#endif
