/*
 * Version and platform hypercalls: what guests are told about us.
 */
#include "call.h"

#include <string.h>

static long version(struct vcpu *v, unsigned long cmd)
{
    return call(v, __HYPERVISOR_xen_version, cmd, CALL_REQUEST, 0);
}

static const char *answer(struct vcpu *v)
{
    return call_at(v->domain, CALL_REQUEST);
}

START_TEST(the_abi_is_that_of_4_17)
{
    ck_assert_int_eq(version(call_v1, XENVER_version), 4 << 16 | 17);
    ck_assert_int_eq(version(call_v1, XENVER_pagesize), -XEN_EINVAL);
    ck_assert_int_eq(
        call(call_v1, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0), 4096);
    ck_assert_int_eq(version(call_v1, 11), -XEN_ENOSYS);
    ck_assert_int_eq(version(call_v1, ~0UL), -XEN_ENOSYS);
}
END_TEST

START_TEST(texts_are_terminated)
{
    memset(call_at(call_dom0, CALL_REQUEST), 'x', PAGE_SIZE);
    ck_assert_int_eq(version(call_v0, XENVER_capabilities), 0);
    ck_assert_str_eq(answer(call_v0), "hvm-3.0-x86_64");
    ck_assert_int_eq(version(call_v0, XENVER_extraversion), 0);
    ck_assert_uint_lt(strlen(answer(call_v0)), XEN_EXTRAVERSION_LEN);
    ck_assert_int_eq(version(call_v0, XENVER_changeset), 0);
    ck_assert_uint_lt(strlen(answer(call_v0)), XEN_CHANGESET_INFO_LEN);
    ck_assert_int_eq(version(call_v0, XENVER_commandline), 0);
    ck_assert_uint_lt(strlen(answer(call_v0)), sizeof(xen_commandline_t));
}
END_TEST

START_TEST(guests_are_denied_what_identifies_the_host)
{
    ck_assert_int_eq(version(call_v1, XENVER_commandline), 0);
    ck_assert_str_eq(answer(call_v1), "<denied>");
    ck_assert_int_eq(version(call_v1, XENVER_changeset), 0);
    ck_assert_str_eq(answer(call_v1), "<denied>");
    ck_assert_int_eq(version(call_v1, XENVER_compile_info), 0);
    ck_assert_str_eq(answer(call_v1), "<denied>");
    ck_assert_int_eq(version(call_v1, XENVER_build_id), -XEN_EPERM);
}
END_TEST

START_TEST(the_build_id_goes_where_there_is_room)
{
    struct {
        uint32_t len;
        uint8_t id[20];
    } *b = call_at(call_dom0, CALL_REQUEST);

    ck_assert_int_eq(
        call(call_v0, __HYPERVISOR_xen_version, XENVER_build_id, 0, 0), 20);
    ck_assert_int_eq(
        call(call_v0, __HYPERVISOR_xen_version, XENVER_build_id, CALL_BAD, 0),
        -XEN_EFAULT);
    b->len = 0;
    ck_assert_int_eq(version(call_v0, XENVER_build_id), -XEN_EINVAL);
    b->len = 19;
    ck_assert_int_eq(version(call_v0, XENVER_build_id), -XEN_ENOBUFS);
    ck_assert_uint_eq(b->id[0], 0);
    b->len = 20;
    ck_assert_int_eq(version(call_v0, XENVER_build_id), 20);
    ck_assert_uint_eq(b->id[0], 1);
    ck_assert_uint_eq(b->id[19], 20);
}
END_TEST

START_TEST(features_tell_dom0_from_guests)
{
    struct xen_feature_info *f = call_at(call_dom0, CALL_REQUEST);
    const struct xen_feature_info *g = call_at(call_guest, CALL_REQUEST);

    f->submap_idx = 0;
    ck_assert_int_eq(version(call_v0, XENVER_get_features), 0);
    ck_assert(f->submap & 1U << XENFEAT_dom0);
    ck_assert(f->submap & 1U << XENFEAT_direct_mapped);
    ck_assert_int_eq(version(call_v1, XENVER_get_features), 0);
    ck_assert(g->submap & 1U << XENFEAT_hvm_callback_vector);
    ck_assert(g->submap & 1U << XENFEAT_auto_translated_physmap);
    ck_assert(!(g->submap & 1U << XENFEAT_dom0));
    f->submap_idx = 7;
    ck_assert_int_eq(version(call_v0, XENVER_get_features), -XEN_EINVAL);
}
END_TEST

START_TEST(the_handle_is_the_domains)
{
    memset(call_guest->handle, 0x5a, sizeof(call_guest->handle));
    ck_assert_int_eq(version(call_v1, XENVER_guest_handle), 0);
    ck_assert_int_eq(memcmp(answer(call_v1), call_guest->handle, 16), 0);
}
END_TEST

/* --- Platform --- */

static long platform(struct xen_platform_op *op)
{
    op->interface_version = XENPF_INTERFACE_VERSION;
    call_put(call_v0, op, sizeof(*op));
    return call(call_v0, __HYPERVISOR_platform_op, CALL_REQUEST, 0, 0);
}

START_TEST(settime_reaches_every_domain)
{
    struct xen_platform_op op = {.cmd = XENPF_settime64};

    op.u.settime64.secs = 2000;
    op.u.settime64.system_time = 500000000;
    ck_assert_int_eq(platform(&op), 0);
    ck_assert_uint_eq(call_dom0->shared_info->wc_sec, 1999);
    ck_assert_uint_eq(call_guest->shared_info->wc_sec, 1999);
    ck_assert_uint_eq(call_guest->shared_info->wc_nsec, 500000000);
    op.u.settime64.mbz = 1;
    ck_assert_int_eq(platform(&op), -XEN_EINVAL);
    op.u.settime64.mbz = 0;
    op.u.settime64.nsecs = 1000000000;
    ck_assert_int_eq(platform(&op), -XEN_EINVAL);
}
END_TEST

START_TEST(cpus_that_do_not_exist_are_invalid)
{
    struct xen_platform_op op = {.cmd = XENPF_get_cpuinfo};
    const struct xen_platform_op *out = call_at(call_dom0, CALL_REQUEST);

    op.u.pcpu_info.xen_cpuid = 99;
    ck_assert_int_eq(platform(&op), 0);
    ck_assert_uint_eq(out->u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
    ck_assert_uint_eq(out->u.pcpu_info.max_present, 0);
}
END_TEST

static long resource(uint32_t cpu, uint32_t nr, uint32_t cmd, uint32_t rsvd)
{
    struct xen_platform_op op = {.cmd = XENPF_resource_op};
    struct xenpf_resource_entry *e = call_at(call_dom0, CALL_ARRAY);

    *e = (struct xenpf_resource_entry){.u.cmd = cmd, .rsvd = rsvd, .idx = 290};
    op.u.resource_op.cpu = cpu;
    op.u.resource_op.nr_entries = nr;
    set_xen_guest_handle(op.u.resource_op.entries,
                         (struct xenpf_resource_entry *)CALL_ARRAY);
    return platform(&op);
}

START_TEST(msrs_of_other_vendors_are_refused_one_by_one)
{
    const struct xenpf_resource_entry *e = call_at(call_dom0, CALL_ARRAY);

    ck_assert_int_eq(resource(0, 1, XEN_RESOURCE_OP_MSR_READ, 0), 0);
    ck_assert_int_eq(e->u.ret, -XEN_EPERM);
    ck_assert_int_eq(resource(0, 3, 2, 0), 0);
    ck_assert_int_eq(e->u.ret, -XEN_EOPNOTSUPP);
    ck_assert_int_eq(resource(0, 1, XEN_RESOURCE_OP_MSR_READ, 1), 0);
    ck_assert_int_eq(e->u.ret, -XEN_EINVAL);
    ck_assert_int_eq(resource(0, 0, 0, 0), -XEN_EINVAL);
    ck_assert_int_eq(resource(0, 4, 0, 0), -XEN_EINVAL);
    ck_assert_int_eq(resource(~0U, 1, 0, 0), -XEN_ENODEV);
}
END_TEST

START_TEST(platform_checks_its_version_and_number)
{
    struct xen_platform_op op = {.cmd = XENPF_settime64};

    call_put(call_v0, &op, sizeof(op));
    ck_assert_int_eq(
        call(call_v0, __HYPERVISOR_platform_op, CALL_REQUEST, 0, 0),
        -XEN_EACCES);
    op.cmd = XENPF_firmware_info;
    ck_assert_int_eq(platform(&op), -XEN_ENOSYS);
    op.cmd = ~0U;
    ck_assert_int_eq(platform(&op), -XEN_ENOSYS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_abi_is_that_of_4_17,
        texts_are_terminated,
        guests_are_denied_what_identifies_the_host,
        the_build_id_goes_where_there_is_room,
        features_tell_dom0_from_guests,
        the_handle_is_the_domains,
        settime_reaches_every_domain,
        cpus_that_do_not_exist_are_invalid,
        msrs_of_other_vendors_are_refused_one_by_one,
        platform_checks_its_version_and_number,
    };

    return call_run("version", tests, ARRAY_SIZE(tests));
}
