/* The tables of tests, one for each file. */
#ifndef GUEST_SUITES_H
#define GUEST_SUITES_H

#include "abi.h"

extern const struct suite suites[];
#define SUITE(name, source, where) extern const struct test name##_tests[];
#include "suites.def"
#undef SUITE

#endif
