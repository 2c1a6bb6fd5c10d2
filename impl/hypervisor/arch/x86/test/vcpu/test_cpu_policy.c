/*
 * CPU policies: what a guest may see, and what the toolstack may make of it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "x86/cpuid.h"
#include "x86/quirks.h"
#include "x86/vcpu.h"

void double_init(unsigned int mib);

static struct cpu_policy *policy;
static uint32_t err_leaf, err_sub;

/* --- What the policy needs of its neighbours --- */

uint64_t xstate_mask(void)
{
    return 7;
}

uint32_t xstate_bytes(uint64_t xcr0)
{
    return xcr0 & 4 ? 832 : 576;
}

static int quirk_on = -1; /* kind of the machine's only one */

bool quirk_acts(enum quirk_kind kind)
{
    return (int)kind == quirk_on;
}

static void setup(void)
{
    quirk_on = -1;
    double_init(16);
    cpu_policy_init();
    policy = cpu_policy_create(false);
    ck_assert_ptr_nonnull(policy);
}

static uint32_t reg(uint32_t leaf, uint32_t sub, enum cpuid_reg r)
{
    int row = cpuid_row_find(leaf, sub);

    ck_assert_int_ge(row, 0);
    return policy->reg[row][r];
}

static int apply(uint32_t leaf, uint32_t sub, uint32_t a, uint32_t b,
                 uint32_t c, uint32_t d)
{
    const struct cpu_leaf l = {leaf, sub, {a, b, c, d}};

    return cpu_policy_apply(policy, &l, 1, &err_leaf, &err_sub);
}

START_TEST(what_we_cannot_give_is_hidden)
{
    ck_assert(!(reg(0x80000001, 0, CPUID_C) & 1U << 2)); /* SVM */
    ck_assert(!(reg(1, 0, CPUID_C) & 1U << 3));          /* MONITOR */
    ck_assert(!(reg(7, 0, CPUID_B) & 1U << 1));          /* TSC_ADJUST */
    ck_assert(!(reg(7, 0, CPUID_C) & 1U << 16));         /* LA57 */
    ck_assert(!(reg(0xd, 1, CPUID_A) & 1U << 3));        /* XSAVES */
    ck_assert(!(reg(0x80000007, 0, CPUID_D) & 1U << 8)); /* ITSC */
}
END_TEST

START_TEST(what_we_emulate_is_always_there)
{
    uint32_t c = reg(1, 0, CPUID_C);

    ck_assert(c & 1U << 21); /* x2APIC */
    ck_assert(c & 1U << 24); /* TSC deadline */
    ck_assert(c & 1U << 31); /* hypervisor */
}
END_TEST

START_TEST(toolstack_can_take_features_away)
{
    uint32_t d = reg(1, 0, CPUID_D);

    ck_assert_int_eq(apply(1, CPUID_NO_SUBLEAF, 0, 0, 0, d & ~1U), 0);
    ck_assert_uint_eq(reg(1, 0, CPUID_D), d & ~1U);
    ck_assert(reg(1, 0, CPUID_C) & 1U << 31);
}
END_TEST

START_TEST(toolstack_cannot_add_features)
{
    uint32_t c = reg(0x80000001, 0, CPUID_C);
    uint32_t b = reg(7, 0, CPUID_B);

    ck_assert_int_eq(apply(0x80000001, CPUID_NO_SUBLEAF, 0, 0, ~0U, ~0U), 0);
    ck_assert_uint_eq(reg(0x80000001, 0, CPUID_C) & ~2U, c & ~2U);
    ck_assert_int_eq(apply(7, 0, 0, ~0U, ~0U, ~0U), 0);
    ck_assert_uint_eq(reg(7, 0, CPUID_B), b);
}
END_TEST

START_TEST(topology_is_the_toolstacks)
{
    ck_assert_int_eq(apply(1, CPUID_NO_SUBLEAF, 0x800f12, 0x00040000, ~0U, ~0U),
                     0);
    ck_assert_uint_eq(reg(1, 0, CPUID_A), 0x800f12);
    ck_assert_uint_eq(reg(1, 0, CPUID_B), 0x00040000);
    ck_assert(reg(1, 0, CPUID_D) & 1U << 28); /* HTT */
}
END_TEST

START_TEST(unknown_leaf_is_erange_and_named)
{
    ck_assert_int_eq(apply(0x20000000, CPUID_NO_SUBLEAF, 0, 0, 0, 0),
                     -XEN_ERANGE);
    ck_assert_uint_eq(err_leaf, 0x20000000);
    ck_assert_uint_eq(err_sub, CPUID_NO_SUBLEAF);
    ck_assert_int_eq(apply(1, 0, 0, 0, 0, 0), -XEN_ERANGE);
    ck_assert_int_eq(apply(7, CPUID_NO_SUBLEAF, 0, 0, 0, 0), -XEN_ERANGE);
    ck_assert_int_eq(apply(0x80000022, CPUID_NO_SUBLEAF, 0, 0, 0, 0),
                     -XEN_ERANGE);
}
END_TEST

START_TEST(highest_leaf_cannot_grow)
{
    ck_assert_int_eq(apply(0, CPUID_NO_SUBLEAF, 0xffff, 0, 0, 0), -XEN_EINVAL);
    ck_assert_int_eq(apply(0, CPUID_NO_SUBLEAF, 1, 0, 0, 0), 0);
    ck_assert_uint_eq(reg(0, 0, CPUID_A), 1);
}
END_TEST

START_TEST(xcr0_is_limited_to_what_is_switched)
{
    uint32_t a = reg(0xd, 0, CPUID_A);

    ck_assert_int_eq(apply(0xd, 0, ~0U, ~0U, ~0U, ~0U), 0);
    ck_assert_uint_eq(reg(0xd, 0, CPUID_A), a);
}
END_TEST

START_TEST(known_but_empty_leaves_are_taken)
{
    ck_assert_int_eq(apply(0x8000001e, CPUID_NO_SUBLEAF, 1, 2, 3, 4), 0);
    ck_assert_int_eq(cpuid_row_find(0x8000001e, 0), -1);
}
END_TEST

START_TEST(feature_set_is_the_leaves_words)
{
    uint32_t word[FEATURE_WORDS];

    cpu_policy_features(policy, word);
    ck_assert_uint_eq(word[0], reg(1, 0, CPUID_D));
    ck_assert_uint_eq(word[3], reg(0x80000001, 0, CPUID_C));
    ck_assert_uint_eq(word[5], reg(7, 0, CPUID_B));
    ck_assert_uint_eq(word[16], 0);
}
END_TEST

/* A privileged domain's policy on a machine with that quirk. */
static void policy_with(enum quirk_kind kind)
{
    quirk_on = (int)kind;
    cpu_policy_init();
    policy = cpu_policy_create(true);
    ck_assert_ptr_nonnull(policy);
}

START_TEST(broken_random_numbers_are_hidden)
{
    policy_with(QUIRK_KIND_rdseed_broken);
    ck_assert(!(reg(7, 0, CPUID_B) & 1U << 18));
    policy_with(QUIRK_KIND_rdrand_broken);
    ck_assert(!(reg(7, 0, CPUID_B) & 1U << 18));
    ck_assert(!(reg(1, 0, CPUID_C) & 1U << 30));
}
END_TEST

START_TEST(a_tsc_that_is_not_trusted_is_not_praised)
{
    policy_with(QUIRK_KIND_port_80);
    ck_assert(reg(0x80000007, 0, CPUID_D) & 1U << 8);
    policy_with(QUIRK_KIND_tsc_nodes);
    ck_assert(!(reg(0x80000007, 0, CPUID_D) & 1U << 8));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu_policy");
    TCase *t = tcase_create("policy");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, what_we_cannot_give_is_hidden);
    tcase_add_test(t, what_we_emulate_is_always_there);
    tcase_add_test(t, toolstack_can_take_features_away);
    tcase_add_test(t, toolstack_cannot_add_features);
    tcase_add_test(t, topology_is_the_toolstacks);
    tcase_add_test(t, unknown_leaf_is_erange_and_named);
    tcase_add_test(t, highest_leaf_cannot_grow);
    tcase_add_test(t, xcr0_is_limited_to_what_is_switched);
    tcase_add_test(t, known_but_empty_leaves_are_taken);
    tcase_add_test(t, feature_set_is_the_leaves_words);
    tcase_add_test(t, broken_random_numbers_are_hidden);
    tcase_add_test(t, a_tsc_that_is_not_trusted_is_not_praised);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
