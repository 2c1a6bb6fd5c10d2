/*
 * PHYSDEVOP_*: all of it is about the machine, so the architecture answers.
 */
#include "hv/arch.h"
#include "hv/hypercall.h"

long do_physdev_op(struct vcpu *v, unsigned long arg[5])
{
    return arch_physdev_op(v, (unsigned int)arg[0], arg[1]);
}
