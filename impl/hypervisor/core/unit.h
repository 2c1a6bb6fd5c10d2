/*
 * Subsystems of a domain (unit.def): one loop creates them, one takes them down.
 */
#ifndef CORE_UNIT_H
#define CORE_UNIT_H

#include "hv/domain.h"

/* All units in order; on an error those done are undone. */
int units_init(struct domain *d, const struct domain_config *c) MUST_CHECK;
/* Give back what other domains or the domain's memory hold, last unit first;
   -XEN_ERESTART: call again (progress is in d->kill_unit). */
int units_relinquish(struct domain *d) MUST_CHECK;
/* Free everything that is left. */
void units_fini(struct domain *d);

/* vcpu.c: everything of a vCPU that teardown can do before it is freed. */
void vcpu_relinquish(struct vcpu *v);
void vcpu_destroy(struct vcpu *v);

#endif
