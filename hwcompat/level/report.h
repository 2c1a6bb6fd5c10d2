/* What levelling found, for people and as JSON. */
#ifndef LEVEL_REPORT_H
#define LEVEL_REPORT_H

#include <stdio.h>

#include "level/level.h"

/* `names`: every feature of the pool by name. */
void report_text(const struct level_pool *p, const struct level_vm *vm,
                 size_t vms, bool names, FILE *out);
/* 0; -ENOMEM. */
int report_json(const struct level_pool *p, const struct level_vm *vm,
                size_t vms, FILE *out);

#endif
