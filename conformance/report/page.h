/*
 * The page to read: page.html with the data of a run put into it. One file
 * that needs nothing else.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* The keys are those that page.html reads. */
void page_write(FILE *out, const cJSON *data);

#endif
