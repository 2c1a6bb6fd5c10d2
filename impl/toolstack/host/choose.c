/* Which of several hosts a machine shall start on. */
#include <string.h>

#include "host_memory.h"
#include "placement.h"
#include "wlb.h"

static bool evacuates(const struct object *host)
{
    const struct value *now = db_get(host, "current_operations");

    for (uint32_t i = 0; i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "evacuate") == 0)
            return true;
    return false;
}

/* The anti-affinity group of a machine; NULL: it has none. */
static struct object *group_of(struct request *r, const struct object *vm)
{
    const struct value *groups = db_get(vm, "groups");

    for (uint32_t i = 0; i < groups->nr; i++) {
        struct object *g = db_find_any(r->db, groups->items[i].s);

        if (g && strcmp(db_text(g, "placement"), "anti_affinity") == 0)
            return g;
    }
    return NULL;
}

/* Machines of the group that run on the host, or are on their way there. */
static int64_t members_on(struct request *r, const struct object *group,
                          const struct object *host)
{
    const struct value *vms = db_get(group, "VMs");
    int64_t nr = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(r->db, vms->items[i].s);
        const char *at =
            vm ? db_text(vm, "scheduled_to_be_resident_on") : REF_NULL;

        if (vm && strcmp(at, REF_NULL) == 0 &&
            strcmp(db_text(vm, "power_state"), "Running") == 0)
            at = db_text(vm, "resident_on");
        nr += strcmp(at, host->ref) == 0;
    }
    return nr;
}

/* What speaks for a host, the first thing first. */
struct merit {
    bool affine;
    int64_t companions; /* fewer are better */
    double left;        /* bytes, or the balancer's points */
};

static bool better(const struct merit *a, const struct merit *b)
{
    if (a->affine != b->affine)
        return a->affine;
    if (a->companions != b->companions)
        return a->companions < b->companions;
    return a->left > b->left;
}

struct object *placement_choose(struct request *r, struct object *vm,
                                const struct object *except)
{
    const struct object *group = group_of(r, vm);
    bool balanced = wlb_decides(r);
    struct object *best = NULL;
    struct merit most = {0};

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        struct merit m = {.affine =
                              strcmp(db_text(vm, "affinity"), h->ref) == 0,
                          .companions = group ? members_on(r, group, h) : 0};

        if (h == except || evacuates(h) || !placement_possible(r, vm, h, 0))
            continue;
        m.left = balanced ? wlb_points(r, vm, h)
                          : (double)host_memory_available(r->ts, h);
        if (!best || better(&m, &most)) {
            best = h;
            most = m;
        }
    }
    if (!best)
        (void)request_fail(r, "NO_HOSTS_AVAILABLE", NULL);
    return best;
}
