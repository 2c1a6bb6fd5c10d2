/* Feature words from other pools: what is accepted is written as it was. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/featureset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), again[CPU_TEXT_BYTES];
    struct cpu_features f, g;
    int nr;

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    nr = cpu_features_decode(text, &f);
    assert(nr >= 0 && nr <= CPU_WORDS);
    if (nr) {
        struct cpu_kind kind = {
            .vendor = f.word[0] % 3, .family = 6, .model = f.word[0] >> 24};
        struct cpu_features usual =
            cpu_policy_default(&f, &kind, CPU_GUEST_HVM);
        struct cpu_features max = cpu_policy_max(&f, &kind, CPU_GUEST_HVM);

        cpu_features_encode(&f, nr, again);
        assert(cpu_features_decode(again, &g) == nr);
        assert(memcmp(&f, &g, sizeof(f)) == 0);
        assert(cpu_features_missing(&usual, &max) == CPU_FEATURE_NONE);
    }
    free(text);
    return 0;
}
