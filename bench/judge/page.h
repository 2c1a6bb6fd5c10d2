/* Parts of the page; each is a section with a line in the navigation. */
#ifndef JUDGE_PAGE_H
#define JUDGE_PAGE_H

#include "plots.h"
#include "report.h"

/* A part may have nothing to show: then it writes nothing. */
struct part {
    const char *id, *title;
    bool (*there)(const struct report *r, const struct plots *p);
    int (*write)(FILE *out, const struct report *r, const struct plots *p);
};

int page_verdicts(FILE *out, const struct report *r, const struct plots *p);
int page_changes(FILE *out, const struct report *r, const struct plots *p);
int page_machine(FILE *out, const struct report *r, const struct plots *p);

/* The class of a verdict. */
const char *page_look(enum verdict v);

void page_section(FILE *out, const char *id, const char *title,
                  const char *words);

#endif
