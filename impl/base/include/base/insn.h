/*
 * Decoder of the x86 instructions that software uses on device memory: moves,
 * exchanges, strings, arithmetic (APM 3 appendix A). Pure: bytes in, a
 * description out, for 16, 32 and 64-bit code.
 */
#ifndef BASE_INSN_H
#define BASE_INSN_H

#include "base/types.h"

#define INSN_BYTES_MAX 15

enum insn_mode { INSN_16, INSN_32, INSN_64 };

/* What it does with its memory operand. */
enum insn_op {
    INSN_MOV_LOAD,
    INSN_MOV_STORE,
    INSN_MOVZX,
    INSN_MOVSX,
    INSN_STOS,
    INSN_MOVS,
    INSN_LODS,
    INSN_XCHG,
    /* The eight of opcode bits 5-3, in that order. */
    INSN_ADD,
    INSN_OR,
    INSN_ADC,
    INSN_SBB,
    INSN_AND,
    INSN_SUB,
    INSN_XOR,
    INSN_CMP,
    INSN_TEST,
    INSN_NOT,
    INSN_NEG,
    INSN_INC,
    INSN_DEC,
};

#define INSN_NO_REG 0xff

struct insn {
    uint8_t length;
    uint8_t op;       /* enum insn_op */
    uint8_t size;     /* bytes of the memory operand */
    uint8_t reg_size; /* bytes of the register operand */
    uint8_t reg;      /* register operand 0..15 */
    bool reg_high;    /* it is AH, CH, DH or BH */
    bool has_memory;  /* an operand is in memory */
    bool memory_dst;  /* and it is the first one */
    bool has_imm;     /* the other operand is 'imm' */
    bool lock;
    bool rep; /* F3 or F2 */
    uint8_t address_size;
    uint8_t segment; /* override 0..5 (ES CS SS DS FS GS), or INSN_NO_REG */
    uint8_t base;    /* register, or INSN_NO_REG */
    uint8_t index;
    uint8_t scale; /* shift */
    bool rip_relative;
    int64_t displacement;
    int64_t imm; /* sign extended */
};

/* Decode the first of 'n' bytes. False: another instruction, an invalid one, or
   longer than 'n'. */
bool insn_decode(const uint8_t *bytes, size_t n, enum insn_mode mode,
                 struct insn *out);

#endif
