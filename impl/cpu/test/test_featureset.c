/* Policies of guests, levelling, words as text: against CPUs that exist. */
#include "cpu/featureset.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Leaves of a Xeon E5-2670 (Sandy Bridge) and of an EPYC 7401P. */
static const char sandy_bridge[] =
    "bfebfbff-1fbee3ff-2c100800-00000001-00000001-00000000-00000000-00000100";
static const char epyc[] =
    "178bfbff-7ed8320b-2fd3fbff-35c233ff-0000000f-209c01a9-00000000-00000700";

static const struct cpu_kind intel = {CPU_VENDOR_INTEL, 6, 45};
static const struct cpu_kind amd = {CPU_VENDOR_AMD, 0x17, 1};

static struct cpu_features decoded(const char *text)
{
    struct cpu_features f;

    ck_assert_int_gt(cpu_features_decode(text, &f), 0);
    return f;
}

static bool has(const struct cpu_features *f, const char *name)
{
    int feature = cpu_feature_find(name, strlen(name));

    ck_assert_int_ne(feature, CPU_FEATURE_NONE);
    return cpu_has(f, feature);
}

START_TEST(text_and_words_are_the_same)
{
    struct cpu_features f = decoded(sandy_bridge);
    char text[CPU_TEXT_BYTES];

    cpu_features_encode(&f, 8, text);
    ck_assert_str_eq(text, sandy_bridge);
    cpu_features_encode(&f, CPU_WORDS, text);
    ck_assert_int_eq(cpu_features_decode(text, &f), CPU_WORDS);
}
END_TEST

static const char *const nonsense[] = {
    "",          "1",        "bfebfbff-",  "-bfebfbff", "bfebfbff-1fbee3f",
    "bfebfbffx", "gfebfbff", "bfebfbff 0",
};

START_TEST(what_is_no_featureset_is_refused)
{
    struct cpu_features f;

    ck_assert_int_eq(cpu_features_decode(nonsense[_i], &f), 0);
}
END_TEST

START_TEST(bits_that_nobody_knows_are_refused)
{
    struct cpu_features f;
    char text[(CPU_WORDS + 1) * 9];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 9 == 8 ? '-' : '0';
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(cpu_features_decode(text, &f), CPU_WORDS);
    text[strlen(text) - 1] = '1';
    ck_assert_int_eq(cpu_features_decode(text, &f), 0);
}
END_TEST

START_TEST(names_are_found_in_any_case)
{
    ck_assert_int_eq(cpu_feature_find("avx512f", 7), CPU_AVX512F);
    ck_assert_int_eq(cpu_feature_find("AVX512Fish", 7), CPU_AVX512F);
    ck_assert_int_eq(cpu_feature_find("AVX9", 4), CPU_FEATURE_NONE);
    ck_assert_str_eq(cpu_feature_name(CPU_3DNOW), "3DNOW");
}
END_TEST

START_TEST(guests_see_what_their_kind_may)
{
    struct cpu_features cpu = decoded(sandy_bridge);
    struct cpu_features pv = cpu_policy_default(&cpu, &intel, CPU_GUEST_PV);
    struct cpu_features hvm = cpu_policy_default(&cpu, &intel, CPU_GUEST_HVM);

    ck_assert(has(&pv, "AVX") && has(&hvm, "AVX"));
    ck_assert(!has(&pv, "MTRR") && has(&hvm, "MTRR"));
    ck_assert(!has(&pv, "PCID") && has(&hvm, "PCID"));
    ck_assert(!has(&pv, "MONITOR") && !has(&hvm, "MONITOR"));
    ck_assert(has(&pv, "HYPERVISOR") && has(&hvm, "HYPERVISOR"));
}
END_TEST

START_TEST(what_must_be_asked_for_is_in_the_largest_policy_only)
{
    struct cpu_features cpu = decoded(epyc);
    struct cpu_features usual = cpu_policy_default(&cpu, &amd, CPU_GUEST_HVM);
    struct cpu_features max = cpu_policy_max(&cpu, &amd, CPU_GUEST_HVM);

    ck_assert(!has(&usual, "SVM") && has(&max, "SVM"));
    ck_assert(!has(&usual, "ITSC") && has(&max, "ITSC"));
    ck_assert_int_eq(cpu_features_missing(&usual, &max), CPU_FEATURE_NONE);
}
END_TEST

START_TEST(nothing_stands_without_its_foundation)
{
    struct cpu_features f = decoded(sandy_bridge);

    f.word[1] &= ~(1u << 26); /* XSAVE */
    cpu_features_settle(&f);
    ck_assert(!has(&f, "AVX") && !has(&f, "XSAVEOPT"));
    ck_assert(has(&f, "SSE4_2"));
}
END_TEST

START_TEST(a_pool_has_what_all_have_and_every_danger)
{
    struct cpu_features a = decoded(sandy_bridge), b = a, pool;

    cpu_add(&a, CPU_AVX2);
    cpu_add(&b, CPU_MD_CLEAR);
    pool = cpu_features_level(&a, &b);
    ck_assert(!has(&pool, "AVX2"));
    ck_assert(has(&pool, "MD_CLEAR"));
    ck_assert_int_eq(cpu_features_missing(&a, &b), CPU_AVX2);
}
END_TEST

START_TEST(a_guest_of_the_pool_fits_all_its_hosts)
{
    struct cpu_features cpus[] = {decoded(sandy_bridge), decoded(epyc)};
    static const struct cpu_kind *const kinds[] = {&intel, &amd};
    struct cpu_features a = cpu_policy_default(&cpus[0], &intel, CPU_GUEST_HVM);
    struct cpu_features b = cpu_policy_default(&cpus[1], &amd, CPU_GUEST_HVM);
    struct cpu_features pool = cpu_features_level(&a, &b);

    for (int i = 0; i < 2; i++) {
        struct cpu_features max =
            cpu_policy_max(&cpus[i], kinds[i], CPU_GUEST_HVM);

        ck_assert_int_eq(cpu_features_missing(&pool, &max), CPU_FEATURE_NONE);
    }
    ck_assert_int_ne(cpu_features_missing(&b, &a), CPU_FEATURE_NONE);
}
END_TEST

/* A Xeon 8268: it mitigates, and reports what it is not subject to. */
static const char cascade_lake[] =
    "bfebfbff-7ffefbff-2c100800-00000121-0000000f-d39ffffb-00000808-00000100-"
    "00000000-bc000400-00000000-00000000-00000000-00000000-00000000-00000000-"
    "00000000-00000000-00000000";

START_TEST(what_only_warns_of_other_hosts_is_in_the_largest_policy)
{
    static const struct cpu_kind kind = {CPU_VENDOR_INTEL, 6, 85};
    static const char *const warnings[] = {"RSBA", "FB_CLEAR", "RFDS_CLEAR",
                                           "CMP_LEGACY"};
    struct cpu_features cpu = decoded(cascade_lake);

    for (int guest = CPU_GUEST_PV; guest <= CPU_GUEST_HVM; guest++) {
        struct cpu_features usual = cpu_policy_default(&cpu, &kind, guest);
        struct cpu_features max = cpu_policy_max(&cpu, &kind, guest);

        for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
            ck_assert_msg(!has(&usual, warnings[i]) && has(&max, warnings[i]),
                          "%s", warnings[i]);
        ck_assert(has(&usual, "MD_CLEAR") && has(&usual, "STIBP"));
        ck_assert(has(&usual, "IBPB"));
        /* Since the microcode of 2023 it costs more than it brings. */
        ck_assert(!has(&usual, "CLWB") && has(&max, "CLWB"));
    }
}
END_TEST

START_TEST(apics_are_emulated_for_guests_with_firmware)
{
    struct cpu_features none = {{0}};
    struct cpu_features hvm = cpu_policy_default(&none, &intel, CPU_GUEST_HVM);
    struct cpu_features pv = cpu_policy_default(&none, &intel, CPU_GUEST_PV);

    ck_assert(has(&hvm, "APIC") && has(&hvm, "X2APIC"));
    ck_assert(!has(&pv, "APIC") && !has(&pv, "X2APIC"));
}
END_TEST

START_TEST(sysenter_is_not_for_64_bit_kernels_of_amd)
{
    struct cpu_features cpu = decoded(epyc);
    struct cpu_features hvm = cpu_policy_max(&cpu, &amd, CPU_GUEST_HVM);
    struct cpu_features pv = cpu_policy_max(&cpu, &amd, CPU_GUEST_PV);

    ck_assert(has(&hvm, "SEP") && !has(&pv, "SEP"));
    ck_assert(has(&hvm, "VERW_CLEAR") && !has(&hvm, "MD_CLEAR"));
}
END_TEST

START_TEST(a_pool_tells_that_returns_may_be_predicted)
{
    struct cpu_features a = {{0}}, b, pool;

    cpu_add(&a, CPU_ARCH_CAPS);
    b = a;
    cpu_add(&b, CPU_RRSBA);
    pool = cpu_features_level(&a, &b);
    ck_assert(has(&pool, "RSBA") && !has(&pool, "RRSBA"));
    cpu_add(&a, CPU_IBRSB);
    cpu_add(&a, CPU_EIBRS);
    cpu_add(&b, CPU_IBRSB);
    cpu_add(&b, CPU_EIBRS);
    pool = cpu_features_level(&a, &b);
    ck_assert(!has(&pool, "RSBA") && has(&pool, "RRSBA"));
}
END_TEST

START_TEST(bits_that_an_old_xen_repeated_keep_nobody_away)
{
    struct cpu_features cpu = decoded(sandy_bridge), vm;

    vm = cpu_policy_default(&cpu, &intel, CPU_GUEST_HVM);
    cpu = cpu_policy_max(&cpu, &intel, CPU_GUEST_HVM);
    vm.word[2] |= vm.word[0] & 0x0183f3ff;
    ck_assert_int_eq(cpu_features_missing(&vm, &cpu), CPU_FEATURE_NONE);
    cpu_add(&vm, CPU_3DNOW);
    ck_assert_int_eq(cpu_features_missing(&vm, &cpu), CPU_3DNOW);
}
END_TEST

START_TEST(vendors_are_known_by_their_names)
{
    ck_assert_int_eq(cpu_vendor_find("GenuineIntel"), CPU_VENDOR_INTEL);
    ck_assert_int_eq(cpu_vendor_find("HygonGenuine"), CPU_VENDOR_AMD);
    ck_assert_int_eq(cpu_vendor_find("Genuine"), CPU_VENDOR_OTHER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("featureset");
    TCase *tcase = tcase_create("featureset");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, text_and_words_are_the_same);
    tcase_add_loop_test(tcase, what_is_no_featureset_is_refused, 0,
                        sizeof(nonsense) / sizeof(nonsense[0]));
    tcase_add_test(tcase, bits_that_nobody_knows_are_refused);
    tcase_add_test(tcase, names_are_found_in_any_case);
    tcase_add_test(tcase, guests_see_what_their_kind_may);
    tcase_add_test(tcase, what_must_be_asked_for_is_in_the_largest_policy_only);
    tcase_add_test(tcase, nothing_stands_without_its_foundation);
    tcase_add_test(tcase, a_pool_has_what_all_have_and_every_danger);
    tcase_add_test(tcase, a_guest_of_the_pool_fits_all_its_hosts);
    tcase_add_test(tcase,
                   what_only_warns_of_other_hosts_is_in_the_largest_policy);
    tcase_add_test(tcase, apics_are_emulated_for_guests_with_firmware);
    tcase_add_test(tcase, sysenter_is_not_for_64_bit_kernels_of_amd);
    tcase_add_test(tcase, a_pool_tells_that_returns_may_be_predicted);
    tcase_add_test(tcase, bits_that_an_old_xen_repeated_keep_nobody_away);
    tcase_add_test(tcase, vendors_are_known_by_their_names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
