/* Domains without anything in them: made, and gone again. */
#include "guest.h"
#include "micro.h"

enum {
    LIVES = 4,
};

static void life_run(const struct op *op)
{
    struct xen_domctl d = {0};

    for (unsigned i = 0; i < op->count; i++) {
        domid_t domid = guest_create(1);

        SAME(domctl(domid, XEN_DOMCTL_destroydomain, &d), 0);
        while (domctl(domid, XEN_DOMCTL_getdomaininfo, &d) != NEG_ESRCH &&
               d.domain == domid)
            let_others_run();
    }
}

const struct op domain_ops[] = {
    {.name = "domain-create-destroy",
     .unit = "domain",
     .count = LIVES,
     .each = 1,
     .many_cpus = true,
     .run = life_run},
    OPS_END,
};
