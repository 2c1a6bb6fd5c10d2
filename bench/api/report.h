/* The figures, and how they are shown. */
#ifndef API_REPORT_H
#define API_REPORT_H

#include <stdbool.h>
#include <stdio.h>

enum figure {
#define FIGURE(name, ...) FIGURE_##name,
#include "figures.def"
#undef FIGURE
    FIGURES_NR,
};

void figure_set(enum figure f, double value);
bool figure_known(enum figure f);

/* A table, with the targets. Returns how many are missed. */
int figures_print(FILE *out);
void figures_print_json(FILE *out, const char *url);

#endif
