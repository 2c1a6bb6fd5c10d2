/* What a scan looks for, without a record: rules and known quirks, as JSON. */
#ifndef SCAN_LISTS_H
#define SCAN_LISTS_H

#include <stdbool.h>
#include <stdio.h>

void rules_list(FILE *f);
/* {"rules": [...], "quirks": [...]}; what is not asked for stays empty. */
void lists_json(FILE *f, bool rules_too, bool quirks_too);

#endif
