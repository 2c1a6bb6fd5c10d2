/* Other vCPUs: start, work, interrupts between them. */
#include "cpu.h"
#include "suites.h"

static long own_number(void *arg)
{
    (void)arg;
    return this_cpu()->nr;
}

static void start(void)
{
    cpu_start(1);
    SAME(cpu_call(1, own_number, NULL), 1);
    SAME(CALL3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, NULL), 1);
}

const struct test smp_tests[] = {
    TEST(start, "INIT and SIPI MUST start a vCPU."),
    {0},
};
