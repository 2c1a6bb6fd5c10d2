/*
 * vCPU hypercall: bringing up and down, areas, timers.
 */
#include "call.h"

#include "hv/evtchn.h"

#include <string.h>

static struct domain *smp; /* d2: two vCPUs */

static void setup(void)
{
    smp = double_domain(2, 2);
    double_domain_ram(smp, CALL_PAGES);
}

static long op(unsigned int cmd, unsigned int id, unsigned long arg)
{
    return call(smp->vcpu[0], __HYPERVISOR_vcpu_op, cmd, id, arg);
}

#define OP_WITH(cmd, id, r) \
    (call_put(smp->vcpu[0], &(r), sizeof(r)), op(cmd, id, CALL_REQUEST))

START_TEST(vcpus_that_do_not_exist_are_enoent)
{
    setup();
    ck_assert_int_eq(op(VCPUOP_is_up, 2, 0), -XEN_ENOENT);
    ck_assert_int_eq(op(VCPUOP_is_up, ~0U, 0), -XEN_ENOENT);
    ck_assert_int_eq(op(99, 0, 0), -XEN_ENOSYS);
    ck_assert_int_eq(op(~0U, 0, 0), -XEN_ENOSYS);
}
END_TEST

START_TEST(down_and_up)
{
    setup();
    ck_assert_int_eq(op(VCPUOP_is_up, 1, 0), 1);
    ck_assert_int_eq(op(VCPUOP_down, 1, 0), 0);
    ck_assert_int_eq(op(VCPUOP_is_up, 1, 0), 0);
    ck_assert(!vcpu_runnable(smp->vcpu[1]));
    ck_assert_int_eq(op(VCPUOP_up, 1, 0), 0);
    ck_assert(vcpu_runnable(smp->vcpu[1]));
    smp->vcpu[1]->initialised = false;
    ck_assert_int_eq(op(VCPUOP_up, 1, 0), -XEN_EINVAL);
}
END_TEST

START_TEST(the_last_vcpu_takes_the_domain_down)
{
    setup();
    ck_assert_int_eq(op(VCPUOP_down, 1, 0), 0);
    ck_assert(!smp->shut_down);
    ck_assert_int_eq(op(VCPUOP_down, 0, 0), 0);
    ck_assert(smp->shut_down);
    ck_assert_uint_eq(smp->shutdown_code, SHUTDOWN_poweroff);
}
END_TEST

START_TEST(vcpu_info_of_a_running_other_cannot_move)
{
    struct vcpu_register_vcpu_info i = {.mfn = 5, .offset = 64};

    setup();
    ck_assert_int_eq(OP_WITH(VCPUOP_register_vcpu_info, 1, i), -XEN_EINVAL);
    ck_assert_int_eq(OP_WITH(VCPUOP_register_vcpu_info, 0, i), 0);
    ck_assert_int_eq(op(VCPUOP_down, 1, 0), 0);
    i.offset = 256;
    ck_assert_int_eq(OP_WITH(VCPUOP_register_vcpu_info, 1, i), 0);
    ck_assert_uint_gt(smp->vcpu[1]->arch->time_updates, 0);
}
END_TEST

START_TEST(hostile_vcpu_info_is_refused)
{
    const struct {
        uint64_t mfn;
        uint32_t offset;
        long rc;
    } rows[] = {
        {~0ULL, 0, -XEN_EINVAL}, {5, 4096, -XEN_ENXIO},
        {5, ~0U, -XEN_ENXIO},    {5, 4096 - 32, -XEN_ENXIO},
        {5, 4, -XEN_ENXIO},      {1ULL << 52, 0, -XEN_EINVAL},
    };

    setup();
    for (unsigned int n = 0; n < ARRAY_SIZE(rows); n++) {
        struct vcpu_register_vcpu_info i = {.mfn = rows[n].mfn,
                                            .offset = rows[n].offset};

        ck_assert_int_eq(OP_WITH(VCPUOP_register_vcpu_info, 0, i), rows[n].rc);
    }
}
END_TEST

START_TEST(a_singleshot_timer_raises_its_virq)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = 5000};

    setup();
    double_now_ns = 1000;
    ck_assert_int_eq(OP_WITH(VCPUOP_set_singleshot_timer, 0, t), 0);
    ck_assert(timer_pending(&smp->vcpu[0]->singleshot));
    double_now_ns = 5000;
    timer_run(0);
    ck_assert(!timer_pending(&smp->vcpu[0]->singleshot));
    t.flags = VCPU_SSHOTTMR_future;
    t.timeout_abs_ns = 4000;
    ck_assert_int_eq(OP_WITH(VCPUOP_set_singleshot_timer, 0, t), -XEN_ETIME);
    t.timeout_abs_ns = 9000;
    ck_assert_int_eq(OP_WITH(VCPUOP_set_singleshot_timer, 0, t), 0);
    ck_assert_int_eq(op(VCPUOP_stop_singleshot_timer, 0, 0), 0);
    ck_assert(!timer_pending(&smp->vcpu[0]->singleshot));
}
END_TEST

START_TEST(timers_of_other_vcpus_are_left_alone)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = 5000};

    setup();
    ck_assert_int_eq(OP_WITH(VCPUOP_set_singleshot_timer, 1, t), -XEN_EINVAL);
    ck_assert_int_eq(op(VCPUOP_stop_singleshot_timer, 1, 0), -XEN_EINVAL);
}
END_TEST

START_TEST(a_periodic_timer_goes_on_until_it_is_stopped)
{
    struct vcpu_set_periodic_timer t = {.period_ns = 1000000};

    setup();
    double_now_ns = 1000;
    ck_assert_int_eq(OP_WITH(VCPUOP_set_periodic_timer, 1, t), 0);
    for (unsigned int i = 0; i < 3; i++) {
        double_now_ns += t.period_ns;
        timer_run(0);
        ck_assert(timer_pending(&smp->vcpu[1]->periodic));
        ck_assert_uint_eq(smp->vcpu[1]->periodic.deadline_ns,
                          double_now_ns + t.period_ns);
    }
    ck_assert_int_eq(op(VCPUOP_stop_periodic_timer, 1, 0), 0);
    ck_assert(!timer_pending(&smp->vcpu[1]->periodic));
    ck_assert_int_eq(op(VCPUOP_stop_periodic_timer, 1, 0), 0);
}
END_TEST

START_TEST(periods_that_are_too_short_or_long_are_refused)
{
    static const uint64_t bad[] = {0, 999999, 1ULL << 62, ~0ULL};
    struct vcpu_set_periodic_timer t;

    setup();
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        t.period_ns = bad[i];
        ck_assert_int_eq(OP_WITH(VCPUOP_set_periodic_timer, 0, t), -XEN_EINVAL);
    }
    ck_assert_int_eq(op(VCPUOP_set_periodic_timer, 0, CALL_BAD), -XEN_EFAULT);
    ck_assert(!timer_pending(&smp->vcpu[0]->periodic));
}
END_TEST

START_TEST(the_runstate_is_told)
{
    const struct vcpu_runstate_info *r;

    setup();
    ck_assert_int_eq(op(VCPUOP_down, 1, 0), 0);
    ck_assert_int_eq(op(VCPUOP_get_runstate_info, 1, CALL_REQUEST), 0);
    r = call_at(smp, CALL_REQUEST);
    ck_assert_int_eq(r->state, RUNSTATE_offline);
    ck_assert_int_eq(op(VCPUOP_get_runstate_info, 0, CALL_BAD), -XEN_EFAULT);
}
END_TEST

START_TEST(a_runstate_area_can_be_withdrawn)
{
    struct vcpu_register_runstate_memory_area a = {.addr.p = 0x5000};

    setup();
    ck_assert_int_eq(OP_WITH(VCPUOP_register_runstate_memory_area, 1, a), 0);
    ck_assert_uint_eq(page_refs(smp->vcpu[1]->runstate_mfn), 2);
    a.addr.p = 0;
    ck_assert_int_eq(OP_WITH(VCPUOP_register_runstate_memory_area, 1, a), 0);
    ck_assert(!mfn_valid_value(smp->vcpu[1]->runstate_mfn));
    a.addr.p = CALL_BAD;
    ck_assert_int_eq(OP_WITH(VCPUOP_register_runstate_memory_area, 1, a), 0);
    ck_assert_uint_eq(smp->vcpu[1]->runstate_guest, 0);
}
END_TEST

START_TEST(what_is_not_there_says_so)
{
    setup();
    ck_assert_int_eq(op(VCPUOP_send_nmi, 1, 0x1000), -XEN_EINVAL);
    ck_assert_int_eq(op(VCPUOP_send_nmi, 1, 0), 0);
    ck_assert_int_eq(op(VCPUOP_get_physid, 0, CALL_REQUEST), -XEN_ENOSYS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        vcpus_that_do_not_exist_are_enoent,
        down_and_up,
        the_last_vcpu_takes_the_domain_down,
        vcpu_info_of_a_running_other_cannot_move,
        hostile_vcpu_info_is_refused,
        a_singleshot_timer_raises_its_virq,
        timers_of_other_vcpus_are_left_alone,
        a_periodic_timer_goes_on_until_it_is_stopped,
        periods_that_are_too_short_or_long_are_refused,
        the_runstate_is_told,
        a_runstate_area_can_be_withdrawn,
        what_is_not_there_says_so,
    };

    return call_run("vcpu_op", tests, ARRAY_SIZE(tests));
}
