/*
 * The x86 branch filter of .xz: operands of CALL and JMP back to relative.
 *
 * The packer made the 32-bit operand after 0xe8 and 0xe9 absolute when its top
 * byte was 00 or ff, unless one of the three bytes before was such an opcode too
 * and might have had this byte as its operand; 'seen' holds those, the nearest in
 * bit 0.
 */
#include "base/string.h"
#include "base/xz.h"

#define OPERAND_BYTES 4
#define SEEN_MASK     7
#define OPCODES       0xe8e8e8e8e8e8e8e8UL
#define LOW_BITS      0x0101010101010101UL
#define HIGH_BITS     0x8080808080808080UL

static bool is_sign_byte(uint8_t b)
{
    return b == 0 || b == 0xff;
}

/* May eight bytes be passed over: none is 0xe8 or 0xe9? */
static bool no_opcode(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    word = (word & ~LOW_BITS) ^ OPCODES;
    return !((word - LOW_BITS) & ~word & HIGH_BITS);
}

/* How many bytes back the one opcode in 'seen' lies; 0: none. */
static unsigned int seen_distance(unsigned int seen)
{
    return seen - (seen >> 2);
}

static void operand_restore(uint8_t *p, uint32_t next, unsigned int seen)
{
    unsigned int shift = seen_distance(seen) * 8;
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    value -= next;
    /* The packer flipped the operand until the shared byte was told apart. */
    while (shift && is_sign_byte((uint8_t)(value >> (24 - shift))))
        value = (value ^ ((1U << (32 - shift)) - 1)) - next;
    value = (value & 0x1ffffff) | (value & 0x1000000 ? 0xff000000 : 0);
    memcpy(p, &value, sizeof(value));
}

void bcj_x86_decode(uint8_t *p, size_t bytes)
{
    size_t end = bytes > OPERAND_BYTES ? bytes - OPERAND_BYTES : 0;
    size_t last = 0, i = 0;
    unsigned int seen = 0;

    while (i < end) {
        size_t gap = i - last;

        if (end - i >= 8 && no_opcode(p + i)) {
            i += 8;
            continue;
        }
        if ((p[i] & 0xfe) != 0xe8) {
            i++;
            continue;
        }
        seen = gap > 3 || !seen ? 0 : (seen << (gap - 1)) & SEEN_MASK;
        last = i;
        if ((seen & (seen - 1)) ||
            (seen && is_sign_byte(p[i + 4 - seen_distance(seen)])) ||
            !is_sign_byte(p[i + 4])) {
            seen = seen << 1 | 1;
            i++;
            continue;
        }
        operand_restore(p + i + 1, (uint32_t)i + 5, seen);
        i += 1 + OPERAND_BYTES;
        seen = 0;
    }
}
