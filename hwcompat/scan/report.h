/*
 * What scans found, written as it comes: text, JSON, JUnit, HTML.
 */
#ifndef SCAN_REPORT_H
#define SCAN_REPORT_H

#include "scan/scan.h"

#include <stdio.h>

/* One record: judged, or with the reason why it could not be read. */
struct result {
    const char *path;
    const char *id;       /* "" when it could not be read */
    const char *title;    /* machine and firmware, for people */
    const char *error;    /* NULL: it was read */
    const char *unjudged; /* why its AML was not judged; NULL: it was, or
                             nobody asked */
    const struct scan *scan;
    unsigned int count[SEVERITIES]; /* findings, those not listed included */
};

struct totals {
    unsigned int records, broken, failed, count[SEVERITIES];
    bool aml; /* it was asked for */
    unsigned int aml_judged, aml_unjudged;
};

struct report_options {
    enum severity least;   /* what is written */
    enum severity fail_on; /* what fails a record */
    bool colour;
};

/* A format; functions write to `f` and return nothing: see ferror(). */
struct report_format {
    void (*begin)(FILE *f);
    void (*record)(FILE *f, const struct result *r,
                   const struct report_options *o, unsigned int nr);
    void (*end)(FILE *f, const struct totals *t);
};

extern const struct report_format report_text, report_json, report_junit,
    report_html;

bool result_failed(const struct result *r, const struct report_options *o);

#endif
