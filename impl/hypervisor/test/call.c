/*
 * A small machine with dom0 and a guest, for tests of hypercalls.
 */
#include "call.h"

#include "hv/p2m.h"

#include <stdlib.h>
#include <string.h>

#define RESTARTS_MAX 100000

struct domain *call_dom0, *call_guest;
struct vcpu *call_v0, *call_v1;
unsigned int call_restarts;

void call_machine(void)
{
    double_init(64);
    call_dom0 = double_domain(0, 1);
    double_domain_ram(call_dom0, CALL_PAGES);
    call_guest = double_domain(1, 1);
    double_domain_ram(call_guest, CALL_PAGES);
    call_v0 = call_dom0->vcpu[0];
    call_v1 = call_guest->vcpu[0];
}

void *call_at(struct domain *d, uint64_t gpa)
{
    struct p2m_entry e = p2m_get(d, _gfn(gpa >> PAGE_SHIFT));

    ck_assert_int_ne(e.type, P2M_NONE);
    return (char *)mfn_to_virt(e.mfn) + (gpa & ~PAGE_MASK);
}

void call_put(struct vcpu *v, const void *request, size_t bytes)
{
    ck_assert_uint_le(bytes, PAGE_SIZE);
    memcpy(call_at(v->domain, CALL_REQUEST), request, bytes);
}

long call(struct vcpu *v, unsigned long nr, unsigned long a0, unsigned long a1,
          unsigned long a2)
{
    unsigned long arg[5] = {a0, a1, a2, 0, 0};
    long rc;

    call_restarts = 0;
    while ((rc = hypercall_run(v, nr, arg)) == -XEN_ERESTART)
        ck_assert_uint_lt(call_restarts++, RESTARTS_MAX);
    return rc;
}

long call_domctl(struct vcpu *v, struct xen_domctl *op)
{
    long rc;

    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    call_put(v, op, sizeof(*op));
    rc = call(v, __HYPERVISOR_domctl, CALL_REQUEST, 0, 0);
    memcpy(op, call_at(v->domain, CALL_REQUEST), sizeof(*op));
    return rc;
}

long call_sysctl(struct vcpu *v, struct xen_sysctl *op)
{
    long rc;

    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    call_put(v, op, sizeof(*op));
    rc = call(v, __HYPERVISOR_sysctl, CALL_REQUEST, 0, 0);
    memcpy(op, call_at(v->domain, CALL_REQUEST), sizeof(*op));
    return rc;
}

struct xen_domctl call_create_request(void)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain};

    op.u.createdomain = (struct xen_domctl_createdomain){
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = 2,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch = {.emulation_flags = XEN_X86_EMU_LAPIC},
    };
    return op;
}

int call_run(const char *name, const TTest *const *tests, unsigned int nr)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, call_machine, NULL);
    for (unsigned int i = 0; i < nr; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
