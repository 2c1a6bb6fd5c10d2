/*
 * Bundles that nobody signed: as files, and, since the checksum of the
 * compressed form hides what is inside, as the tar.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char suite[] = "list api/network\tabc\nversion\t0.1\n";

static void read_tar(struct bytes tar)
{
    struct archive a = {0};
    struct findings f = {0}, waived = {0};
    struct judgement j;

    archive_read(&a, tar, "tar", &f);
    judge(&j, &a, "2026-06-15", &waived, &f);
    agree_check(&a, &j.results, &f);
    (void)product_fact(&a, "verdict");
    judge_fini(&j);
    findings_fini(&f);
    findings_fini(&waived);
    archive_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verify_options options = {.suite = bytes_of(suite),
                                     .today = "2026-06-15"};
    struct bytes input = {(const char *)data, size};
    struct verification v;

    if (size && data[0] == 0x28) { /* zstd's magic number begins so */
        verify(&v, input, "bundle", &options);
        verify_fini(&v);
    } else {
        read_tar(input);
    }
    return 0;
}
