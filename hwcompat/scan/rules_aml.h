/* What the rules of AML share. */
#ifndef SCAN_RULES_AML_H
#define SCAN_RULES_AML_H

#include <stdio.h>

#include "aml/aml.h"
#include "scan/scan.h"

/* Where findings are: names are in several tables together. */
static const char aml_file[] = "acpi/DSDT and SSDTs";

/* Passes of judge_aml(). */
void judge_bridges(struct scan *s, const struct aml *a);
void judge_regions(struct scan *s, const struct aml *a);

#endif
