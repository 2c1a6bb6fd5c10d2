/* Quirks: rows are sound, and match what they say and nothing else. */
#include "quirks/quirk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_LEAST = 400, ID_MOST = 64 };

static const struct quirk *row(const char *id)
{
    for (size_t i = 0; i < quirks_count; i++) {
        if (!strcmp(quirks[i].id, id))
            return &quirks[i];
    }
    ck_abort_msg("no row '%s'", id);
    return NULL;
}

START_TEST(rows_are_many_and_their_ids_differ)
{
    ck_assert_uint_ge(quirks_count, ROWS_LEAST);
    for (size_t i = 0; i < quirks_count; i++) {
        ck_assert_uint_lt(strlen(quirks[i].id), ID_MOST);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(quirks[i].id, quirks[j].id);
    }
}
END_TEST

START_TEST(each_row_has_a_condition_a_kind_and_a_source)
{
    for (size_t i = 0; i < quirks_count; i++) {
        const struct quirk *q = &quirks[i];

        ck_assert(q->dmi[0].text || q->devices || q->models);
        ck_assert_uint_lt(q->kind, QUIRK_KINDS);
        ck_assert(q->source && q->source[0]);
    }
}
END_TEST

static bool every_device(const void *arg, const struct quirk_pci *d)
{
    (void)arg;
    return quirk_is_device(d, d->vendor, d->last, d->revision_last);
}

/* What the row asks for, as a machine that has it. */
static struct quirk_facts facts_for(const struct quirk *q)
{
    struct quirk_facts f = {.has_device = every_device};

    for (int i = 0; i < QUIRK_CONDITIONS && q->dmi[i].text; i++)
        f.dmi[q->dmi[i].field] = q->dmi[i].text;
    if (q->models) {
        f.vendor = (enum quirk_vendor)q->vendor;
        f.family = q->family;
        f.model = q->model[0].first;
        f.stepping = q->stepping_last;
        f.microcode = q->microcode ? q->microcode - 1 : 0;
    }
    return f;
}

START_TEST(each_row_matches_the_machine_it_names)
{
    for (size_t i = 0; i < quirks_count; i++) {
        struct quirk_facts f = facts_for(&quirks[i]), none = {0};

        ck_assert_msg(quirk_matches(&quirks[i], &f), "%s", quirks[i].id);
        ck_assert_msg(!quirk_matches(&quirks[i], &none), "%s", quirks[i].id);
    }
}
END_TEST

START_TEST(new_microcode_and_other_steppings_are_fine)
{
    const struct quirk *q = row("zenbleed-zenbleed_830f10");
    struct quirk_facts f = facts_for(q);

    f.microcode = q->microcode;
    ck_assert(!quirk_matches(q, &f));
    f.microcode = 0; /* not known: no accusation */
    ck_assert(!quirk_matches(q, &f));
    f = facts_for(q);
    f.stepping++;
    ck_assert(!quirk_matches(q, &f));
    f = facts_for(q);
    f.vendor = CPU_INTEL;
    ck_assert(!quirk_matches(q, &f));
}
END_TEST

START_TEST(a_text_may_be_part_of_a_name_unless_it_is_whole)
{
    static const struct quirk part = {.dmi = {{DMI_SYS_VENDOR, "Dell", false}}};
    static const struct quirk whole = {.dmi = {{DMI_SYS_VENDOR, "Dell", true}}};
    struct quirk_facts f = {.dmi = {[DMI_SYS_VENDOR] = "Dell Inc."}};

    ck_assert(quirk_matches(&part, &f));
    ck_assert(!quirk_matches(&whole, &f));
    f.dmi[DMI_SYS_VENDOR] = "Dell";
    ck_assert(quirk_matches(&whole, &f));
}
END_TEST

START_TEST(revisions_and_ranges_of_devices_have_two_ends)
{
    struct quirk_pci d = {0x8086, 0x10, 0x12, 2, 4};

    ck_assert(quirk_is_device(&d, 0x8086, 0x11, 3));
    ck_assert(!quirk_is_device(&d, 0x8086, 0x13, 3));
    ck_assert(!quirk_is_device(&d, 0x8086, 0x11, 5));
    ck_assert(!quirk_is_device(&d, 0x1022, 0x11, 3));
    d.revision_first = d.revision_last = 0;
    ck_assert(quirk_is_device(&d, 0x8086, 0x11, 5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quirks");
    TCase *tcase = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, rows_are_many_and_their_ids_differ);
    tcase_add_test(tcase, each_row_has_a_condition_a_kind_and_a_source);
    tcase_add_test(tcase, each_row_matches_the_machine_it_names);
    tcase_add_test(tcase, new_microcode_and_other_steppings_are_fine);
    tcase_add_test(tcase, a_text_may_be_part_of_a_name_unless_it_is_whole);
    tcase_add_test(tcase, revisions_and_ranges_of_devices_have_two_ends);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
