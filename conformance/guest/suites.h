/* The tables of tests, one for each file. */
#ifndef GUEST_SUITES_H
#define GUEST_SUITES_H

#include "abi.h"

extern const struct suite suites[];
extern const struct test version_tests[], cpu_tests[], memory_tests[],
    evtchn_tests[], gnttab_tests[], vcpu_tests[], sched_tests[], hvm_tests[],
    border_tests[], fifo_tests[];

#endif
