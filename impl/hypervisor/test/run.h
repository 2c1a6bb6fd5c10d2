/*
 * Running a list of tests that set up what they need themselves.
 */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "base/types.h"

#include <check.h>

/* Exit code of the program: not 0 when one failed. */
int test_run(const char *name, const TTest *const *tests, unsigned int nr);
/* The same, and 'looped' for 0..rounds-1, and 'aborting' that must panic. */
struct test_more {
    const TTest *looped;
    unsigned int rounds;
    const TTest *const *aborting;
    unsigned int aborting_nr;
};
int test_run_more(const char *name, const TTest *const *tests, unsigned int nr,
                  const struct test_more *more);

#endif
