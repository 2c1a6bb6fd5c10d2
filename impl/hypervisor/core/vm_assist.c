/*
 * VM assists: optional behaviours that a domain switches on for itself.
 */
#include "hv/hypercall.h"

/* Of all types a translated x86-64 guest has use for this one only. */
long do_vm_assist(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0];

    if (cmd != VMASST_CMD_enable && cmd != VMASST_CMD_disable)
        return -XEN_ENOSYS;
    if (arg[1] != VMASST_TYPE_runstate_update_flag)
        return -XEN_EINVAL;
    v->domain->vm_assist = cmd == VMASST_CMD_enable ? BIT(arg[1]) : 0;
    return 0;
}
