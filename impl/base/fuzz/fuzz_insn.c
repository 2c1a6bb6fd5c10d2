/*
 * Instruction decoder: any bytes, in all modes.
 *
 * What it accepts lies within the input and within 15 bytes, decodes the same
 * when nothing follows it, and does not decode when cut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum insn_mode m = INSN_16; m <= INSN_64; m++) {
        struct insn i, again;

        if (!insn_decode(data, size, m, &i))
            continue;
        require(i.length > 0);
        require(i.length <= size);
        require(i.length <= INSN_BYTES_MAX);
        require(i.op <= INSN_DEC);
        require(i.size <= 8);
        require(i.reg < 16);
        require(insn_decode(data, i.length, m, &again));
        require(!memcmp(&i, &again, sizeof(i)));
        require(!insn_decode(data, i.length - 1, m, &again) ||
                again.length < i.length);
    }
    return 0;
}
