/* Quirks: rows are sound, and match what they say and nothing else. */
#include "quirks/quirk.h"

#include "quirks/acting.h"

#include <check.h>
#include <stdio.h>
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

static char wrong[64];

static void keep_wrong(const char *word, size_t length)
{
    snprintf(wrong, sizeof(wrong), "%.*s", (int)length, word);
}

/* State of the first row of a kind, after orders. */
static struct quirk_state *ordered(const char *list, const char *kind)
{
    static struct quirk_state state[QUIRKS_ACTING];

    memset(state, 0, sizeof(state));
    wrong[0] = 0;
    quirk_orders(state, list, keep_wrong);
    for (int i = 0; i < QUIRKS_ACTING; i++) {
        if (!strcmp(quirk_actions[quirks_acting[i].kind].kind, kind))
            return &state[i];
    }
    ck_abort_msg("no row of '%s'", kind);
    return NULL;
}

START_TEST(each_acting_row_has_an_action)
{
    for (int i = 0; i < QUIRKS_ACTING; i++) {
        const struct quirk_action *a = &quirk_actions[quirks_acting[i].kind];

        ck_assert_msg(a->kind && a->effect && a->what, "%s",
                      quirks_acting[i].id);
    }
}
END_TEST

START_TEST(each_action_has_a_row)
{
    for (int k = 0; k < QUIRK_KINDS; k++) {
        int rows = 0;

        for (int i = 0; i < QUIRKS_ACTING; i++)
            rows += quirks_acting[i].kind == k;
        ck_assert_msg(!quirk_actions[k].kind || rows, "%s",
                      quirk_actions[k].kind);
    }
}
END_TEST

START_TEST(data_of_actions_is_of_kinds_with_one)
{
    for (int i = 0; i < QUIRK_MSRS; i++) {
        ck_assert(quirk_actions[quirk_msrs[i].kind].kind);
        ck_assert(!(quirk_msrs[i].clear & quirk_msrs[i].set));
        ck_assert(quirk_msrs[i].clear | quirk_msrs[i].set);
    }
    for (int i = 0; i < QUIRK_RANGES; i++) {
        ck_assert(quirk_actions[quirk_memory[i].kind].kind);
        ck_assert_uint_lt(quirk_memory[i].start, quirk_memory[i].end);
    }
}
END_TEST

START_TEST(an_order_forces_a_row_or_switches_it_off)
{
    struct quirk_state *s = ordered("reboot_cf9", "reboot_cf9");

    ck_assert(quirk_is_on(s));
    ck_assert_str_eq(quirk_state_name(s), "forced");
    s = ordered("no-reboot_cf9", "reboot_cf9");
    s->matched = true;
    ck_assert(!quirk_is_on(s));
    ck_assert_str_eq(quirk_state_name(s), "matched, switched off");
    s = ordered("zenbleed-zenbleed_830f10,no-port_80,", "zenbleed");
    ck_assert(quirk_is_on(s));
    ck_assert_str_eq(wrong, "");
}
END_TEST

START_TEST(a_kind_that_is_forced_takes_one_row_and_off_takes_all)
{
    struct quirk_state *s = ordered("port_80", "port_80");

    ck_assert(quirk_is_on(&s[0]));
    ck_assert(!quirk_is_on(&s[1]));
    s = ordered("no-port_80", "port_80");
    ck_assert_uint_eq(s[0].order, QUIRK_SWITCHED_OFF);
    ck_assert_uint_eq(s[1].order, QUIRK_SWITCHED_OFF);
}
END_TEST

START_TEST(the_later_order_wins)
{
    ck_assert(!quirk_is_on(ordered("c1e,no-c1e", "c1e")));
    ck_assert(quirk_is_on(ordered("no-c1e,c1e", "c1e")));
}
END_TEST

START_TEST(unknown_words_are_told)
{
    (void)ordered("c1e,rebot,no-", "c1e");
    ck_assert_str_eq(wrong, "no-");
    (void)ordered("rebot", "c1e");
    ck_assert_str_eq(wrong, "rebot");
    (void)ordered("reboot", "c1e"); /* a part of a name is none */
    ck_assert_str_eq(wrong, "reboot");
}
END_TEST

START_TEST(what_matches_is_on_unless_ordered_otherwise)
{
    struct quirk_state *s = ordered("no-xsdt_broken", "xsdt_broken");
    struct quirk_facts f = facts_for(row("xsdt_broken-nec_bearlake_crb_board"));
    struct quirk_state all[QUIRKS_ACTING] = {0};

    f.has_device = NULL;
    quirk_judge(all, &f);
    for (int i = 0; i < QUIRKS_ACTING; i++)
        ck_assert_int_eq(quirk_is_on(&all[i]),
                         !strncmp(quirks_acting[i].id, "xsdt_broken", 11));
    ck_assert_ptr_null(quirk_state_name(s));
}
END_TEST

START_TEST(signatures_have_extended_parts)
{
    static const struct {
        uint32_t eax;
        unsigned int family, model, stepping;
    } cpus[] = {
        {0x00830f10, 0x17, 0x31, 0},
        {0x00100f43, 0x10, 4, 3},
        {0x000306a9, 6, 0x3a, 9},
        {0x00000543, 5, 4, 3},
    };

    for (size_t i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
        struct quirk_facts f = {0};

        quirk_cpu_signature(&f, cpus[i].eax);
        ck_assert_uint_eq(f.family, cpus[i].family);
        ck_assert_uint_eq(f.model, cpus[i].model);
        ck_assert_uint_eq(f.stepping, cpus[i].stepping);
    }
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
    tcase_add_test(tcase, each_acting_row_has_an_action);
    tcase_add_test(tcase, each_action_has_a_row);
    tcase_add_test(tcase, data_of_actions_is_of_kinds_with_one);
    tcase_add_test(tcase, an_order_forces_a_row_or_switches_it_off);
    tcase_add_test(tcase,
                   a_kind_that_is_forced_takes_one_row_and_off_takes_all);
    tcase_add_test(tcase, the_later_order_wins);
    tcase_add_test(tcase, unknown_words_are_told);
    tcase_add_test(tcase, what_matches_is_on_unless_ordered_otherwise);
    tcase_add_test(tcase, signatures_have_extended_parts);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
