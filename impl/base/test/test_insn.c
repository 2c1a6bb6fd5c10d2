/*
 * Instruction decoder.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/insn.h"

struct row {
    const char *hex;
    enum insn_mode mode;
    unsigned int length; /* 0: invalid */
};

static size_t bytes_of(const char *hex, uint8_t out[32])
{
    size_t n = 0;

    while (*hex) {
        char two[3] = {hex[0], hex[1], 0};

        out[n++] = (uint8_t)strtoul(two, NULL, 16);
        hex += hex[2] == ' ' ? 3 : 2;
    }
    return n;
}

static struct insn decoded(const char *hex, enum insn_mode mode)
{
    uint8_t bytes[32];
    struct insn i;

    ck_assert(insn_decode(bytes, bytes_of(hex, bytes), mode, &i));
    return i;
}

static const struct row lengths[] = {
    {"8b 40 10", INSN_32, 3},
    {"67 8b 46 10", INSN_32, 4},                    /* 16-bit address */
    {"c7 05 00 00 00 00 01 00 00 00", INSN_64, 10}, /* rip relative */
    {"c7 84 24 80 00 00 00 01 00 00 00", INSN_64, 11},
    {"66 c7 00 01 00", INSN_64, 5},
    {"c6 06 34 12 07", INSN_16, 5},    /* disp16 */
    {"f7 00 01 00 00 00", INSN_64, 6}, /* test imm32 */
    {"f7 10", INSN_64, 2},             /* not */
    {"f6 00 01", INSN_64, 3},
    {"81 38 5f 4d 50 5f", INSN_64, 6},
    {"83 38 00", INSN_64, 3},
    {"a1 00 00 00 00 00 00 00 00", INSN_64, 9}, /* moffs64 */
    {"67 a1 00 00 00 00", INSN_64, 6},
    {"a1 00 00 00 00", INSN_32, 5},
    {"f3 a5", INSN_64, 2},
    {"87 03", INSN_64, 2},
    {"0f b6 04 8d 00 00 00 00", INSN_64, 8}, /* no base */
    {"89 45 00", INSN_64, 3},
    {"89 00", INSN_16, 2},
    {"90", INSN_64, 0}, /* what touches no memory is not known */
    {"c5 f8 77", INSN_64, 0},
    {"f7 20", INSN_64, 0},             /* mul */
    {"c7 08 00 00 00 00", INSN_64, 0}, /* C7 with reg 1 */
    {"63 00", INSN_32, 0},             /* ARPL */
};

START_TEST(length_is_that_of_the_manual)
{
    const struct row *r = &lengths[_i];
    uint8_t bytes[32];
    size_t n = bytes_of(r->hex, bytes);
    struct insn i;
    bool ok = insn_decode(bytes, n, r->mode, &i);

    ck_assert_msg(ok == (r->length != 0), "%s", r->hex);
    if (ok)
        ck_assert_msg(i.length == r->length, "%s: %u", r->hex, i.length);
}
END_TEST

START_TEST(cut_instruction_is_refused)
{
    uint8_t bytes[32];
    size_t n = bytes_of("c7 84 24 80 00 00 00 01 00 00 00", bytes);
    struct insn i;

    for (size_t k = 0; k < n; k++)
        ck_assert(!insn_decode(bytes, k, INSN_64, &i));
    ck_assert(insn_decode(bytes, n, INSN_64, &i));
}
END_TEST

START_TEST(more_than_15_bytes_are_refused)
{
    uint8_t bytes[32];
    struct insn i;

    memset(bytes, 0x66, sizeof(bytes));
    bytes[13] = 0x89;
    bytes[14] = 0;
    ck_assert(insn_decode(bytes, sizeof(bytes), INSN_64, &i));
    bytes[13] = 0x66;
    bytes[14] = 0x89;
    bytes[15] = 0;
    ck_assert(!insn_decode(bytes, sizeof(bytes), INSN_64, &i));
}
END_TEST

START_TEST(mov_load_names_its_operands)
{
    struct insn i = decoded("8b 83 20 00 00 00", INSN_64);

    ck_assert_int_eq(i.op, INSN_MOV_LOAD);
    ck_assert_int_eq(i.size, 4);
    ck_assert_int_eq(i.reg, 0);
    ck_assert(i.has_memory);
    ck_assert_int_eq(i.base, 3);
    ck_assert_int_eq(i.displacement, 0x20);
}
END_TEST

START_TEST(rex_widens_registers_and_operands)
{
    struct insn i = decoded("4c 89 0c 2e", INSN_64); /* mov %r9,(%rsi,%rbp) */

    ck_assert_int_eq(i.op, INSN_MOV_STORE);
    ck_assert_int_eq(i.size, 8);
    ck_assert_int_eq(i.reg, 9);
    ck_assert_int_eq(i.base, 6);
    ck_assert_int_eq(i.index, 5);
}
END_TEST

START_TEST(high_byte_registers_exist_without_rex)
{
    struct insn i = decoded("88 20", INSN_64);

    ck_assert_int_eq(i.reg, 0);
    ck_assert(i.reg_high);
    i = decoded("40 88 20", INSN_64);
    ck_assert_int_eq(i.reg, 4);
    ck_assert(!i.reg_high);
}
END_TEST

START_TEST(movzx_has_two_sizes)
{
    struct insn i = decoded("0f b7 00", INSN_64);

    ck_assert_int_eq(i.op, INSN_MOVZX);
    ck_assert_int_eq(i.size, 2);
    ck_assert_int_eq(i.reg_size, 4);
    i = decoded("48 0f be 00", INSN_64);
    ck_assert_int_eq(i.op, INSN_MOVSX);
    ck_assert_int_eq(i.size, 1);
    ck_assert_int_eq(i.reg_size, 8);
}
END_TEST

START_TEST(immediates_are_sign_extended)
{
    struct insn i = decoded("48 c7 00 ff ff ff ff", INSN_64);

    ck_assert_int_eq(i.op, INSN_MOV_STORE);
    ck_assert(i.has_imm);
    ck_assert_int_eq(i.size, 8);
    ck_assert_int_eq(i.imm, -1);
    i = decoded("83 08 80", INSN_64);
    ck_assert_int_eq(i.op, INSN_OR);
    ck_assert_int_eq(i.imm, -128);
}
END_TEST

START_TEST(arithmetic_has_both_directions)
{
    struct insn i = decoded("01 08", INSN_64);

    ck_assert_int_eq(i.op, INSN_ADD);
    ck_assert(i.memory_dst);
    i = decoded("3b 08", INSN_64);
    ck_assert_int_eq(i.op, INSN_CMP);
    ck_assert(!i.memory_dst);
    i = decoded("f0 ff 00", INSN_64);
    ck_assert_int_eq(i.op, INSN_INC);
    ck_assert(i.lock);
    i = decoded("f7 18", INSN_64);
    ck_assert_int_eq(i.op, INSN_NEG);
    ck_assert(!i.has_imm);
}
END_TEST

START_TEST(strings_carry_their_repeat)
{
    struct insn i = decoded("f3 48 ab", INSN_64);

    ck_assert_int_eq(i.op, INSN_STOS);
    ck_assert_int_eq(i.size, 8);
    ck_assert(i.rep);
    i = decoded("64 a4", INSN_32);
    ck_assert_int_eq(i.op, INSN_MOVS);
    ck_assert_int_eq(i.segment, 4);
    ck_assert(!i.rep);
}
END_TEST

START_TEST(register_forms_have_no_memory)
{
    ck_assert(!decoded("89 c8", INSN_64).has_memory);
    ck_assert(decoded("89 08", INSN_64).has_memory);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("insn");
    TCase *t = tcase_create("decode");
    SRunner *r;
    int failed;

    tcase_add_loop_test(t, length_is_that_of_the_manual, 0,
                        ARRAY_SIZE(lengths));
    tcase_add_test(t, cut_instruction_is_refused);
    tcase_add_test(t, more_than_15_bytes_are_refused);
    tcase_add_test(t, mov_load_names_its_operands);
    tcase_add_test(t, rex_widens_registers_and_operands);
    tcase_add_test(t, high_byte_registers_exist_without_rex);
    tcase_add_test(t, movzx_has_two_sizes);
    tcase_add_test(t, immediates_are_sign_extended);
    tcase_add_test(t, arithmetic_has_both_directions);
    tcase_add_test(t, strings_carry_their_repeat);
    tcase_add_test(t, register_forms_have_no_memory);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
