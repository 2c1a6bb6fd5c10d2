/* Snapshots on schedule. */
#ifndef VM_VMSS_RUN_H
#define VM_VMSS_RUN_H

#include "toolstack.h"

/* From now on schedules are kept: the pool is there, a machine has got one. */
void vmss_begin(struct toolstack *ts);

#endif
