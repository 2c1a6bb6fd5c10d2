/*
 * Simulated measurements: plausible curves that follow from the uuid of what is
 * measured and from the time, so that the past is there without being kept.
 */
#ifndef SIM_MEASURE_H
#define SIM_MEASURE_H

#include "metrics.h"

struct metrics_driver sim_measure_driver(void);

#endif
