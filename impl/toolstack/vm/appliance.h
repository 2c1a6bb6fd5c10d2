/* Appliances. */
#ifndef VM_APPLIANCE_H
#define VM_APPLIANCE_H

#include "request.h"

/* Works out allowed_operations again: some machine of it has changed. */
void appliance_refresh(struct request *r, struct object *appliance);

#endif
