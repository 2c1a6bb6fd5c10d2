/*
 * HYPERVISOR_grant_table_op: lists of operations, copies, restart
 * (gnttab_op.def).
 */
#include "gnttab_priv.h"

#include "hv/guest.h"
#include "hv/hypercall.h"

enum gnttab_count { LIST, ONE, BARE };

struct gnttab_op {
    gnttab_fn *fn;
    uint8_t size;
    uint8_t count;
    uint8_t out_at; /* what of the argument goes back */
    uint8_t out_size;
};

union gnttab_arg {
#define GNTTAB_OP(nr, name, count, out) struct gnttab_##name name;
#include "gnttab_op.def"
#undef GNTTAB_OP
};

#define WHOLE(name)  0, sizeof(struct gnttab_##name)
#define STATUS(name) offsetof(struct gnttab_##name, status), sizeof(int16_t)
#define NOTHING      0, 0

static const struct gnttab_op gnttab_ops[] = {
#define GNTTAB_OP(nr, name, count, ...) \
    [nr] = {gnttab_op_##name, sizeof(struct gnttab_##name), count, __VA_ARGS__},
#include "gnttab_op.def"
#undef GNTTAB_OP
};

static int gnttab_run_one(struct gnttab_call *c, const struct gnttab_op *o)
{
    union gnttab_arg a;
    int rc = guest_copy_from(c->v, &a, c->uop, o->size);

    if (!rc)
        rc = o->fn(c, &a);
    if (!rc && o->out_size)
        rc = guest_copy_to(c->v, c->uop + o->out_at, (char *)&a + o->out_at,
                           o->out_size);
    if (!rc)
        c->uop += o->size;
    return rc;
}

/* Returns how many were done through *count. */
static int gnttab_run(struct gnttab_call *c, const struct gnttab_op *o,
                      unsigned int *count)
{
    unsigned int i = 0;
    int rc = 0;

    for (; i < *count; i++) {
        rc =
            i && hypercall_preempt(c->v) ? -XEN_ERESTART : gnttab_run_one(c, o);
        if (rc)
            break;
    }
    *count = i;
    gnttab_unmap_finish(c);
    gnttab_copy_finish(c);
    return rc;
}

long do_grant_table_op(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0];
    unsigned int count = (unsigned int)arg[2];
    unsigned int done;
    const struct gnttab_op *o;
    struct gnttab_call c;
    int rc;

    if (cmd >= ARRAY_SIZE(gnttab_ops) || !gnttab_ops[cmd].fn)
        return -XEN_ENOSYS;
    o = &gnttab_ops[cmd];
    if ((int)count < 0 || (o->count == ONE && count != 1))
        return -XEN_EINVAL;

    c.v = v;
    c.uop = arg[1];
    c.unmaps = 0;
    c.source.d = c.dest.d = NULL;
    c.source.claimed = c.dest.claimed = false;
    done = o->count == BARE ? 1 : count;
    rc = gnttab_run(&c, o, &done);
    if (rc == -XEN_ERESTART) {
        arg[1] = c.uop;
        arg[2] = count - done;
    }
    return rc;
}
