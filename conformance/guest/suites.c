/* The suites of this kernel, in the order in which they run. */
#include "suites.h"

const struct suite suites[] = {
    {"version", version_tests},
    {"cpu", cpu_tests},
    {"memory", memory_tests},
    {"evtchn", evtchn_tests},
    {"gnttab", gnttab_tests},
    {"vcpu", vcpu_tests},
    {"sched", sched_tests},
    {"hvm", hvm_tests},
    {"border", border_tests},
    {"fifo", fifo_tests},
    {0},
};
