/* The suites of this kernel, in the order in which they run. */
#include "suites.h"

const struct suite suites[] = {
#define SUITE(name, source, where) {#name, source, name##_tests, where},
#include "suites.def"
    {0},
};
