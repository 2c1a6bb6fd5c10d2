/*
 * Event channels: sub-operations and their errors, 2-level delivery, VIRQs.
 */
#include "channels.h"

#include <string.h>

#include "hv/evtchn.h"

#define NR __HYPERVISOR_event_channel_op

/* --- Errors, each by arguments --- */

START_TEST(unknown_operation_is_enosys)
{
    static const unsigned int nr[] = {14, 15, 16, 63, ~0U};

    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
        ck_assert_int_eq(guest_call(d1, NR, nr[i], GUEST_ARG, 0), -XEN_ENOSYS);
}
END_TEST

START_TEST(argument_out_of_memory_is_efault)
{
    for (unsigned int nr = 0; nr <= EVTCHNOP_set_priority; nr++) {
        if (nr == EVTCHNOP_reset)
            continue;
        ck_assert_int_eq(guest_call(d1, NR, nr, DOUBLE_VA_END, 0), -XEN_EFAULT);
        ck_assert_int_eq(guest_call(d1, NR, nr, 0x10000000, 0), -XEN_EFAULT);
    }
}
END_TEST

START_TEST(result_out_of_memory_is_efault)
{
    /* The argument's input is the last word of memory. */
    uint64_t at = (uint64_t)GUEST_PAGES * PAGE_SIZE - 4;

    ck_assert_int_eq(guest_call(d1, NR, EVTCHNOP_bind_ipi, at, 0), -XEN_EFAULT);
}
END_TEST

START_TEST(unknown_port_is_einval)
{
    static const evtchn_port_t port[] = {63, 64, 4096, 131072, ~0U};

    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++) {
        evtchn_port_t p = port[i];

        ck_assert_int_eq(op(d1, close, .port = p), -XEN_EINVAL);
        ck_assert_int_eq(op(d1, send, .port = p), -XEN_EINVAL);
        ck_assert_int_eq(op(d1, bind_vcpu, .port = p), -XEN_EINVAL);
        ck_assert_int_eq(
            op(d1, bind_interdomain, .remote_dom = 2, .remote_port = p),
            -XEN_EINVAL);
    }
    for (unsigned int i = 1; i < ARRAY_SIZE(port); i++) {
        evtchn_port_t p = port[i];

        ck_assert_int_eq(op(d1, unmask, .port = p), -XEN_EINVAL);
        ck_assert_int_eq(op(d1, status, .dom = DOMID_SELF, .port = p),
                         -XEN_EINVAL);
        ck_assert_int_eq(op(d1, set_priority, .port = p), -XEN_EINVAL);
    }
}
END_TEST

START_TEST(port_zero_is_reserved)
{
    ck_assert_int_eq(op(d1, close, .port = 0), -XEN_EINVAL);
    ck_assert_int_eq(op(d1, send, .port = 0), -XEN_EINVAL);
    ck_assert_uint_eq(channel_state(d1, 0), EVTCHNSTAT_closed);
    ck_assert_uint_eq(channel_unbound(d1, 0), 1);
}
END_TEST

START_TEST(unknown_domain_is_esrch)
{
    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 77), -XEN_ESRCH);
    ck_assert_int_eq(op(d0, status, .dom = 77), -XEN_ESRCH);
    ck_assert_int_eq(op(d1, bind_interdomain, .remote_dom = 77), -XEN_ESRCH);
}
END_TEST

START_TEST(acting_for_another_domain_needs_privilege)
{
    ck_assert_int_eq(op(d1, alloc_unbound, .dom = 2), -XEN_EPERM);
    ck_assert_int_eq(op(d1, status, .dom = 2), -XEN_EPERM);
    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 2, .remote_dom = 1), 0);
}
END_TEST

START_TEST(unknown_vcpu_is_enoent)
{
    static const unsigned int vcpu[] = {2, 128, ~0U};
    evtchn_port_t port = channel_unbound(d1, 0);

    for (unsigned int i = 0; i < ARRAY_SIZE(vcpu); i++) {
        ck_assert_int_eq(op(d1, bind_ipi, .vcpu = vcpu[i]), -XEN_ENOENT);
        ck_assert_int_eq(op(d1, bind_virq, .virq = VIRQ_TIMER, .vcpu = vcpu[i]),
                         -XEN_ENOENT);
        ck_assert_int_eq(op(d1, bind_vcpu, .port = port, .vcpu = vcpu[i]),
                         -XEN_ENOENT);
        ck_assert_int_eq(op(d1, init_control, .vcpu = vcpu[i]), -XEN_ENOENT);
    }
}
END_TEST

START_TEST(bad_virq_is_einval)
{
    ck_assert_int_eq(op(d1, bind_virq, .virq = NR_VIRQS), -XEN_EINVAL);
    ck_assert_int_eq(op(d1, bind_virq, .virq = ~0U), -XEN_EINVAL);
    ck_assert_int_eq(op(d1, bind_virq, .virq = VIRQ_DOM_EXC, .vcpu = 1),
                     -XEN_EINVAL);
}
END_TEST

START_TEST(virq_binds_once_per_vcpu)
{
    (void)channel_virq(d1, VIRQ_TIMER, 0);
    (void)channel_virq(d1, VIRQ_TIMER, 1);
    ck_assert_int_eq(op(d1, bind_virq, .virq = VIRQ_TIMER, .vcpu = 0),
                     -XEN_EEXIST);
    (void)channel_virq(d1, VIRQ_DOM_EXC, 0);
    ck_assert_int_eq(op(d1, bind_virq, .virq = VIRQ_DOM_EXC, .vcpu = 0),
                     -XEN_EEXIST);
}
END_TEST

START_TEST(pirqs_do_not_exist)
{
    ck_assert_int_eq(op(d1, bind_pirq, .pirq = 0), -XEN_EINVAL);
    ck_assert_int_eq(op(d0, bind_pirq, .pirq = 16), -XEN_EINVAL);
}
END_TEST

START_TEST(two_level_has_no_fifo_operations)
{
    evtchn_port_t port = channel_unbound(d1, 0);

    ck_assert_int_eq(op(d1, expand_array, .array_gfn = 8), -XEN_EOPNOTSUPP);
    ck_assert_int_eq(op(d1, expand_array, .array_gfn = ~0ULL), -XEN_EOPNOTSUPP);
    ck_assert_int_eq(op(d1, set_priority, .port = port, .priority = 1),
                     -XEN_ENOSYS);
}
END_TEST

START_TEST(ports_end_at_the_domains_limit)
{
    struct domain_config c = {
        .abi = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = 1,
                .max_evtchn_port = 3,
                .max_grant_frames = 1,
                .grant_opts = XEN_DOMCTL_GRANT_version(1)},
    };
    struct domain *d;

    ck_assert_int_eq(domain_create(5, &c, &d), 0);
    for (evtchn_port_t p = 1; p <= 3; p++) {
        ck_assert_int_eq(op(d0, alloc_unbound, .dom = 5), 0);
        ck_assert_uint_eq(a.alloc_unbound.port, p);
    }
    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 5), -XEN_ENOSPC);
    guest_kill(d);
}
END_TEST

START_TEST(two_level_ends_at_4096_ports)
{
    for (evtchn_port_t p = 1; p < EVTCHN_2L_NR_CHANNELS; p++)
        ck_assert_uint_eq(channel_unbound(d1, 0), p);
    ck_assert_int_eq(op(d1, alloc_unbound, .dom = DOMID_SELF), -XEN_ENOSPC);
    ck_assert_int_eq(op(d1, bind_ipi, .vcpu = 0), -XEN_ENOSPC);
    ck_assert_int_eq(op(d1, bind_virq, .virq = 0), -XEN_ENOSPC);
    guests_gone_without_leak();
}
END_TEST

START_TEST(no_memory_for_ports_is_enomem)
{
    evtchn_port_t port = channel_unbound(d2, 1);

    while (op(d1, alloc_unbound, .dom = DOMID_SELF) == 0 &&
           a.alloc_unbound.port < 63)
        continue;
    guests_no_memory();
    ck_assert_int_eq(op(d1, alloc_unbound, .dom = DOMID_SELF), -XEN_ENOMEM);
    ck_assert_int_eq(op(d1, bind_ipi, .vcpu = 0), -XEN_ENOMEM);
    ck_assert_int_eq(op(d1, bind_virq, .virq = 0), -XEN_ENOMEM);
    ck_assert_int_eq(
        op(d1, bind_interdomain, .remote_dom = 2, .remote_port = port),
        -XEN_ENOMEM);
}
END_TEST

/* --- Binding --- */

START_TEST(lowest_free_port_is_taken)
{
    for (evtchn_port_t p = 1; p <= 70; p++)
        ck_assert_uint_eq(channel_unbound(d1, 0), p);
    ck_assert_int_eq(op(d1, close, .port = 5), 0);
    ck_assert_int_eq(op(d1, close, .port = 66), 0);
    ck_assert_uint_eq(channel_unbound(d1, 0), 5);
    ck_assert_uint_eq(channel_unbound(d1, 0), 66);
    ck_assert_uint_eq(channel_unbound(d1, 0), 71);
}
END_TEST

START_TEST(status_tells_each_kind)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    ck_assert_uint_eq(channel_state(d0, far), EVTCHNSTAT_interdomain);
    ck_assert_uint_eq(a.status.u.interdomain.dom, 1);
    ck_assert_uint_eq(a.status.u.interdomain.port, near);
    ck_assert_uint_eq(channel_state(d1, channel_unbound(d1, 2)),
                      EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.u.unbound.dom, 2);
    ck_assert_uint_eq(channel_state(d1, channel_virq(d1, VIRQ_DEBUG, 1)),
                      EVTCHNSTAT_virq);
    ck_assert_uint_eq(a.status.u.virq, VIRQ_DEBUG);
    ck_assert_uint_eq(a.status.vcpu, 1);
    ck_assert_uint_eq(channel_state(d1, channel_ipi(d1, 1)), EVTCHNSTAT_ipi);
    ck_assert_uint_eq(a.status.vcpu, 1);
    ck_assert_uint_eq(channel_state(d1, 40), EVTCHNSTAT_closed);
    ck_assert_int_eq(op(d0, status, .dom = 1, .port = near), 0);
    ck_assert_uint_eq(a.status.u.interdomain.dom, 0);
}
END_TEST

START_TEST(unbound_for_self_names_the_caller)
{
    evtchn_port_t port;

    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 1, .remote_dom = DOMID_SELF),
                     0);
    port = a.alloc_unbound.port;
    ck_assert_uint_eq(channel_state(d1, port), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.u.unbound.dom, 0);
}
END_TEST

START_TEST(only_the_named_domain_binds)
{
    evtchn_port_t port = channel_unbound(d1, 0);

    ck_assert_int_eq(
        op(d2, bind_interdomain, .remote_dom = 1, .remote_port = port),
        -XEN_EINVAL);
    ck_assert_int_eq(
        op(d0, bind_interdomain, .remote_dom = 1, .remote_port = port), 0);
    ck_assert_int_eq(
        op(d0, bind_interdomain, .remote_dom = 1, .remote_port = port),
        -XEN_EINVAL);
}
END_TEST

START_TEST(a_refused_bind_takes_no_port)
{
    evtchn_port_t port = channel_ipi(d1, 0);

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(
            op(d0, bind_interdomain, .remote_dom = 1, .remote_port = port),
            -XEN_EINVAL);
    ck_assert_uint_eq(channel_unbound(d0, 1), 1);
}
END_TEST

START_TEST(a_domain_can_bind_to_itself)
{
    evtchn_port_t far = channel_unbound(d1, DOMID_SELF), near;

    ck_assert_int_eq(
        op(d1, bind_interdomain, .remote_dom = DOMID_SELF, .remote_port = far),
        0);
    near = a.bind_interdomain.local_port;
    channel_drain(d1);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert(channel_pending(d1, far));
    ck_assert_int_eq(op(d1, send, .port = far), 0);
    ck_assert(channel_pending(d1, near));
    ck_assert_int_eq(op(d1, close, .port = near), 0);
    ck_assert_uint_eq(channel_state(d1, far), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.u.unbound.dom, 1);
}
END_TEST

START_TEST(binding_raises_the_new_port)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    ck_assert(channel_pending(d0, far));
    ck_assert(!channel_pending(d1, near));
}
END_TEST

START_TEST(closing_leaves_the_peer_unbound)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    ck_assert_int_eq(op(d0, close, .port = far), 0);
    ck_assert_uint_eq(channel_state(d0, far), EVTCHNSTAT_closed);
    ck_assert_uint_eq(channel_state(d1, near), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.u.unbound.dom, 0);
    ck_assert_int_eq(
        op(d0, bind_interdomain, .remote_dom = 1, .remote_port = near), 0);
}
END_TEST

START_TEST(closing_frees_a_virq)
{
    evtchn_port_t port = channel_virq(d1, VIRQ_TIMER, 1);

    ck_assert_int_eq(op(d1, close, .port = port), 0);
    ck_assert_int_eq(op(d1, close, .port = port), -XEN_EINVAL);
    ck_assert_uint_eq(channel_virq(d1, VIRQ_TIMER, 1), port);
}
END_TEST

START_TEST(closing_a_moved_global_virq_frees_it)
{
    evtchn_port_t port = channel_virq(d1, VIRQ_DOM_EXC, 0);

    ck_assert_int_eq(op(d1, bind_vcpu, .port = port, .vcpu = 1), 0);
    ck_assert_int_eq(op(d1, close, .port = port), 0);
    ck_assert_uint_eq(channel_virq(d1, VIRQ_DOM_EXC, 0), port);
}
END_TEST

START_TEST(a_new_binding_does_not_see_old_events)
{
    evtchn_port_t port = channel_ipi(d1, 1);

    ck_assert_int_eq(op(d1, send, .port = port), 0);
    ck_assert(channel_pending(d1, port));
    ck_assert_int_eq(op(d1, close, .port = port), 0);
    ck_assert(!channel_pending(d1, port));
    ck_assert_uint_eq(channel_unbound(d1, 0), port);
    ck_assert_uint_eq(channel_state(d1, port), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.vcpu, 0);
}
END_TEST

START_TEST(only_some_kinds_move_to_another_vcpu)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    ck_assert_int_eq(op(d0, bind_vcpu, .port = far, .vcpu = 1), 0);
    ck_assert_int_eq(
        op(d1, bind_vcpu, .port = channel_unbound(d1, 0), .vcpu = 1), 0);
    ck_assert_int_eq(
        op(d1, bind_vcpu, .port = channel_virq(d1, VIRQ_CONSOLE, 0), .vcpu = 1),
        0);
    ck_assert_int_eq(
        op(d1, bind_vcpu, .port = channel_virq(d1, VIRQ_TIMER, 0), .vcpu = 1),
        -XEN_EINVAL);
    ck_assert_int_eq(op(d1, bind_vcpu, .port = channel_ipi(d1, 0), .vcpu = 1),
                     -XEN_EINVAL);
    ck_assert_int_eq(op(d1, bind_vcpu, .port = 50, .vcpu = 1), -XEN_EINVAL);
}
END_TEST

/* --- Delivery --- */

START_TEST(send_sets_bit_selector_and_upcall)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    channel_drain(d0);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert(channel_pending(d0, far));
    ck_assert_uint_eq(d0->vcpu[0]->info->evtchn_pending_sel, 1UL << far / 64);
    ck_assert(evtchn_upcall_wanted(d0->vcpu[0]));
    ck_assert(!evtchn_upcall_wanted(d0->vcpu[1]));
    ck_assert_uint_eq(d0->vcpu[0]->arch->events, 1);
}
END_TEST

START_TEST(a_second_send_tells_nothing_new)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    channel_drain(d0);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert_uint_eq(d0->vcpu[0]->arch->events, 1);
}
END_TEST

START_TEST(events_go_to_the_bound_vcpu)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    channel_drain(d0);
    ck_assert_int_eq(op(d0, bind_vcpu, .port = far, .vcpu = 1), 0);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert_uint_eq(d0->vcpu[0]->arch->events, 0);
    ck_assert_uint_eq(d0->vcpu[1]->arch->events, 1);
}
END_TEST

START_TEST(a_masked_port_only_becomes_pending)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    channel_drain(d0);
    (void)bit_test_and_set(d0->shared_info->evtchn_mask, far);
    ck_assert_int_eq(op(d1, send, .port = near), 0);
    ck_assert(channel_pending(d0, far));
    ck_assert(!evtchn_upcall_wanted(d0->vcpu[0]));
    ck_assert_int_eq(op(d0, unmask, .port = far), 0);
    ck_assert(!bit_test(d0->shared_info->evtchn_mask, far));
    ck_assert(evtchn_upcall_wanted(d0->vcpu[0]));
}
END_TEST

START_TEST(unmask_of_a_quiet_port_is_silent)
{
    evtchn_port_t port = channel_ipi(d1, 0);

    channel_drain(d1);
    (void)bit_test_and_set(d1->shared_info->evtchn_mask, port);
    ck_assert_int_eq(op(d1, unmask, .port = port), 0);
    ck_assert_int_eq(op(d1, unmask, .port = port), 0);
    ck_assert(!evtchn_upcall_wanted(d1->vcpu[0]));
    ck_assert_int_eq(op(d1, unmask, .port = 60), 0);
}
END_TEST

START_TEST(send_depends_on_the_kind)
{
    evtchn_port_t quiet = channel_unbound(d1, 0), call = channel_ipi(d1, 1);

    channel_drain(d1);
    ck_assert_int_eq(op(d1, send, .port = quiet), 0);
    ck_assert(!channel_pending(d1, quiet));
    ck_assert_int_eq(op(d1, send, .port = channel_virq(d1, VIRQ_TIMER, 0)),
                     -XEN_EINVAL);
    ck_assert_int_eq(op(d1, send, .port = call), 0);
    ck_assert(channel_pending(d1, call));
    ck_assert_uint_eq(d1->vcpu[1]->arch->events, 1);
}
END_TEST

START_TEST(virqs_reach_their_vcpu)
{
    evtchn_port_t timer = channel_virq(d1, VIRQ_TIMER, 1);
    evtchn_port_t global = channel_virq(d1, VIRQ_DOM_EXC, 0);

    channel_drain(d1);
    evtchn_send_vcpu_virq(d1->vcpu[0], VIRQ_TIMER);
    ck_assert(!evtchn_upcall_wanted(d1->vcpu[0]));
    evtchn_send_vcpu_virq(d1->vcpu[1], VIRQ_TIMER);
    ck_assert(channel_pending(d1, timer));
    ck_assert_uint_eq(d1->vcpu[1]->arch->events, 1);
    evtchn_send_global_virq(d1, VIRQ_DOM_EXC);
    ck_assert(channel_pending(d1, global));
    evtchn_send_global_virq(d2, VIRQ_DOM_EXC);
    ck_assert(!evtchn_upcall_wanted(d2->vcpu[0]));
}
END_TEST

START_TEST(a_bound_port_of_a_domain_without_vcpus_is_harmless)
{
    struct domain_config c = {
        .abi = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = 1,
                .max_evtchn_port = 100,
                .max_grant_frames = 1,
                .grant_opts = XEN_DOMCTL_GRANT_version(1)},
    };
    struct domain *d;

    ck_assert_int_eq(domain_create(5, &c, &d), 0);
    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 5, .remote_dom = 0), 0);
    ck_assert_int_eq(
        op(d0, bind_interdomain, .remote_dom = 5, .remote_port = 1), 0);
    ck_assert_int_eq(op(d0, send, .port = a.bind_interdomain.local_port), 0);
    evtchn_send_global_virq(d, VIRQ_CONSOLE);
    guest_kill(d);
}
END_TEST

START_TEST(moved_vcpu_info_is_all_pending)
{
    struct vcpu *v = d1->vcpu[0];
    struct vcpu_info *old = v->info, new = {0};

    channel_drain(d1);
    v->info = &new;
    evtchn_vcpu_info_moved(v, old);
    ck_assert_uint_eq(new.evtchn_pending_sel, ~0UL);
    ck_assert(evtchn_upcall_wanted(v));
    ck_assert_uint_eq(v->arch->events, 1);
    v->info = old;
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_operation_is_enosys,
        argument_out_of_memory_is_efault,
        result_out_of_memory_is_efault,
        unknown_port_is_einval,
        port_zero_is_reserved,
        unknown_domain_is_esrch,
        acting_for_another_domain_needs_privilege,
        unknown_vcpu_is_enoent,
        bad_virq_is_einval,
        virq_binds_once_per_vcpu,
        pirqs_do_not_exist,
        two_level_has_no_fifo_operations,
        ports_end_at_the_domains_limit,
        two_level_ends_at_4096_ports,
        no_memory_for_ports_is_enomem,
        lowest_free_port_is_taken,
        status_tells_each_kind,
        unbound_for_self_names_the_caller,
        only_the_named_domain_binds,
        a_refused_bind_takes_no_port,
        a_domain_can_bind_to_itself,
        binding_raises_the_new_port,
        closing_leaves_the_peer_unbound,
        closing_frees_a_virq,
        closing_a_moved_global_virq_frees_it,
        a_new_binding_does_not_see_old_events,
        only_some_kinds_move_to_another_vcpu,
        send_sets_bit_selector_and_upcall,
        a_second_send_tells_nothing_new,
        events_go_to_the_bound_vcpu,
        a_masked_port_only_becomes_pending,
        unmask_of_a_quiet_port_is_silent,
        send_depends_on_the_kind,
        virqs_reach_their_vcpu,
        a_bound_port_of_a_domain_without_vcpus_is_harmless,
        moved_vcpu_info_is_all_pending,
    };

    return guests_run_tests("evtchn", tests, ARRAY_SIZE(tests));
}
