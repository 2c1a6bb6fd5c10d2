/*
 * Multicall: a batch of hypercalls in one (public/xen.h, multicall_entry).
 *
 * Restart: entries done are skipped by moving the caller's array forward; the
 * entry in progress keeps its own progress in its argument words.
 */
#include "hv/guest.h"
#include "hv/hypercall.h"

#define ENTRY_ARGS 5

/* Run one entry; -XEN_ERESTART: its arguments were written back. */
static long entry_run(struct vcpu *v, uint64_t va)
{
    struct multicall_entry e;
    unsigned long arg[ENTRY_ARGS];
    long rc;

    if (guest_copy_from(v, &e, va, sizeof(e)))
        return -XEN_EFAULT;
    for (unsigned int i = 0; i < ENTRY_ARGS; i++)
        arg[i] = e.args[i];
    rc = hypercall_run(v, e.op, arg);
    if (rc == -XEN_ERESTART) {
        for (unsigned int i = 0; i < ENTRY_ARGS; i++)
            e.args[i] = arg[i];
        if (guest_copy_to(v, va, &e, sizeof(e)))
            return -XEN_EFAULT;
        return rc;
    }
    e.result = (xen_ulong_t)rc;
    return guest_copy_to(v, va + offsetof(struct multicall_entry, result),
                         &e.result, sizeof(e.result));
}

static long entries_run(struct vcpu *v, unsigned long arg[5])
{
    while (arg[1]) {
        long rc = entry_run(v, arg[0]);

        if (rc)
            return rc;
        arg[0] += sizeof(struct multicall_entry);
        arg[1]--;
        if (v->domain->shutting_down)
            return 0;
        if (arg[1] && hypercall_preempt(v))
            return -XEN_ERESTART;
    }
    return 0;
}

long do_multicall(struct vcpu *v, unsigned long arg[5])
{
    long rc;

    if (v->in_multicall)
        return -XEN_EINVAL;
    v->in_multicall = true;
    rc = entries_run(v, arg);
    v->in_multicall = false;
    return rc;
}
