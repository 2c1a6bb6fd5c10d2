/* Places of disks in machines: "0", "xvda", "hdc1" and what is the same. */
#ifndef VM_VBD_PLACE_H
#define VM_VBD_PLACE_H

#include "request.h"

/* Whether some device of the machine has that place, under whichever name. */
bool vbd_place_taken(struct request *r, const struct object *vm,
                     const char *name);

/* Whether a machine that would ask for that number could have it. */
bool vbd_place_free(struct request *r, const struct object *vm, int number);

#endif
