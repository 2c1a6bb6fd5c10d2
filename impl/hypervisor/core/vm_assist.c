/*
 * VM assists: optional behaviours that a domain switches on for itself.
 */
#include "hv/guest.h"
#include "hv/hypercall.h"

/* What a translated x86-64 guest may have: nothing of the others applies. */
#define ASSISTS_VALID (1UL << VMASST_TYPE_runstate_update_flag)

static long assist_set(struct domain *d, unsigned long type, bool on)
{
    uint64_t bit;

    if (type >= 64 || !(1UL << type & ASSISTS_VALID))
        return -XEN_EINVAL;
    bit = 1UL << type;
    spin_lock(&d->lock);
    d->vm_assist = on ? d->vm_assist | bit : d->vm_assist & ~bit;
    spin_unlock(&d->lock);
    return 0;
}

long do_vm_assist(struct vcpu *v, unsigned long arg[5])
{
    switch ((unsigned int)arg[0]) {
    case VMASST_CMD_enable:
        return assist_set(v->domain, arg[1], true);
    case VMASST_CMD_disable:
        return assist_set(v->domain, arg[1], false);
    default:
        return -XEN_ENOSYS;
    }
}
