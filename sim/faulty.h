/* Storage that fails where faults say so, over storage that works. */
#ifndef SIM_FAULTY_H
#define SIM_FAULTY_H

#include "sim.h"

/* The simulation's volumes_driver, where its faults are asked first. */
struct storage_driver faulty_storage(struct sim *sim);

#endif
