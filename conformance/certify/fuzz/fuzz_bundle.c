/*
 * Bundles that nobody signed: as files; as the tar, since the checksum of the
 * compressed form hides what is inside; and as the text of single members,
 * between zeros.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "manifest.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char suite[] = "list api/network\tabc\nversion\t0.1\n";

static const char *const members[] = {
    "results.tsv", "junit.xml",    "results.tap", "required.tsv",
    "waivers.tsv", "PRODUCT.yaml", MANIFEST,      "suite.tsv",
};

static void read_members(struct archive *a, struct bytes texts)
{
    struct bytes text;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) &&
                       bytes_take(&texts, '\0', &text);
         i++)
        (void)archive_add(a, members[i], text); /* the names are good */
}

static void look_at(struct archive *a)
{
    struct findings f = {0}, waived = {0};
    struct table required = {0}, table = {0};
    struct judgement j;
    struct plan plan;

    table_read(&required, a, "required.tsv", 1, &f);
    table_read(&table, a, "suite.tsv", 2, &f);
    if (plan_init(&plan, product_fact(a, "target"),
                  product_fact(a, "profile")) == 0)
        plan_check(&plan, &required, &table, &f);
    table_fini(&required);
    table_fini(&table);
    manifest_check(a, &f);
    judge(&j, a, "2026-06-15", &waived, &f);
    agree_check(a, &j.results, &f);
    judge_fini(&j);
    findings_fini(&f);
    findings_fini(&waived);
}

static void read_tar(struct bytes tar)
{
    struct archive a = {0};
    struct findings f = {0};

    archive_read(&a, tar, "tar", &f);
    look_at(&a);
    findings_fini(&f);
    archive_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verify_options options = {.suite = bytes_of(suite),
                                     .today = "2026-06-15"};
    struct bytes input = {(const char *)data, size};
    struct archive a = {0};
    struct verification v;

    if (size && data[0] == 0x28) { /* zstd's magic number begins so */
        verify(&v, input, "bundle", &options);
        verify_fini(&v);
    } else if (size && data[0] == 'T') {
        read_members(&a, (struct bytes){input.at + 1, size - 1});
        look_at(&a);
        archive_fini(&a);
    } else {
        read_tar(input);
    }
    return 0;
}
