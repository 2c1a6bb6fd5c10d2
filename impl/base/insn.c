/*
 * x86 instruction decoder, by one letter per opcode for what follows it.
 */
#include "base/insn.h"

/*
 * Letters: '-' nothing; m ModRM; b imm8; w imm16; z imm16/32; v imm up to 64;
 * B ModRM imm8; Z ModRM imm16/32; o address; f far pointer; e ENTER;
 * 6, 7 the groups F6 and F7; p prefix or escape (handled before); x invalid;
 * in 64-bit code: capital X is invalid there and '-' elsewhere, F far pointer,
 * D imm8 and M ModRM likewise.
 */
static const char one_byte[256 + 1] =
    "mmmmbzXXmmmmbzXp" /* 00 */
    "mmmmbzXXmmmmbzXX" /* 10 */
    "mmmmbzpXmmmmbzpX" /* 20 */
    "mmmmbzpXmmmmbzpX" /* 30 */
    "----------------" /* 40: REX in 64-bit code */
    "----------------" /* 50 */
    "XXMmppppzZbB----" /* 60 */
    "bbbbbbbbbbbbbbbb" /* 70 */
    "BZDBmmmmmmmmmmmm" /* 80: 82 takes ModRM too */
    "----------F-----" /* 90 */
    "oooo----bz------" /* a0 */
    "bbbbbbbbvvvvvvvv" /* b0 */
    "BBw-MMBZe-w--bX-" /* c0 */
    "mmmmDDX-mmmmmmmm" /* d0 */
    "bbbbbbbbzzFb----" /* e0 */
    "p-pp--67------mm" /* f0 */;

static const char two_byte[256 + 1] = "mmmmx-----x-xm-B" /* 00 */
                                      "mmmmmmmmmmmmmmmm" /* 10 */
                                      "mmmmxxxxmmmmmmmm" /* 20 */
                                      "------x-pxpxxxxx" /* 30 */
                                      "mmmmmmmmmmmmmmmm" /* 40 */
                                      "mmmmmmmmmmmmmmmm" /* 50 */
                                      "mmmmmmmmmmmmmmmm" /* 60 */
                                      "BBBBmmm-mmmmmmmm" /* 70 */
                                      "zzzzzzzzzzzzzzzz" /* 80 */
                                      "mmmmmmmmmmmmmmmm" /* 90 */
                                      "---mBmxx---mBmmm" /* a0 */
                                      "mmmmmmmmmmBmmmmm" /* b0 */
                                      "mmBmBBBm--------" /* c0 */
                                      "mmmmmmmmmmmmmmmm" /* d0 */
                                      "mmmmmmmmmmmmmmmm" /* e0 */
                                      "mmmmmmmmmmmmmmmm" /* f0 */;

enum map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

struct cursor {
    const uint8_t *bytes;
    size_t left;
    unsigned int used;
    bool short_of; /* ran past the end */
};

struct decode {
    struct cursor c;
    enum insn_mode mode;
    enum map map;
    uint8_t opcode;
    uint8_t rex;
    bool vex;
    bool data16; /* 66 */
    uint8_t operand_size;
    uint8_t mod, reg, rm;
};

#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

static uint8_t next(struct cursor *c)
{
    if (c->used >= c->left || c->used >= INSN_BYTES_MAX) {
        c->short_of = true;
        return 0;
    }
    return c->bytes[c->used++];
}

/* A little endian value, sign extended. */
static int64_t signed_value(struct cursor *c, unsigned int bytes)
{
    uint64_t v = 0;
    unsigned int shift = 64 - bytes * 8;

    if (!bytes)
        return 0;
    for (unsigned int i = 0; i < bytes; i++)
        v |= (uint64_t)next(c) << i * 8;
    return (int64_t)(v << shift) >> shift;
}

/* --- Prefixes --- */

static bool take_prefix(struct decode *d, struct insn *i, uint8_t b)
{
    switch (b) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        i->segment = b >> 3 & 3;
        return true;
    case 0x64:
    case 0x65:
        i->segment = b & 7;
        return true;
    case 0x66:
        d->data16 = true;
        return true;
    case 0x67:
        i->address_size = d->mode == INSN_32 ? 2 : 4;
        return true;
    case 0xf0:
        i->lock = true;
        return true;
    case 0xf2:
    case 0xf3:
        i->rep = true;
        return true;
    }
    return false;
}

/* VEX and EVEX: known by their length only. */
static void take_vex(struct decode *d, uint8_t b)
{
    unsigned int payload = b == 0xc5 ? 1 : b == 0xc4 ? 2 : 3;
    uint8_t first = next(&d->c);

    for (unsigned int i = 1; i < payload; i++)
        (void)next(&d->c);
    d->vex = true;
    d->map = b == 0xc5 ? MAP_0F : (enum map)(first & (b == 0xc4 ? 31 : 7));
    d->opcode = next(&d->c);
    if (d->map < MAP_0F || d->map > MAP_0F3A)
        d->c.short_of = true;
}

/* C4, C5 and 62 begin a vector instruction in 64-bit code, and elsewhere when
   what would be their ModRM names registers. */
static bool is_vex(const struct decode *d, uint8_t b)
{
    if (b != 0xc4 && b != 0xc5 && b != 0x62)
        return false;
    return d->mode == INSN_64 ||
           (d->c.used < d->c.left && d->c.bytes[d->c.used] >= 0xc0);
}

static void take_opcode(struct decode *d, struct insn *i)
{
    uint8_t b = next(&d->c);

    while (!d->c.short_of && take_prefix(d, i, b))
        b = next(&d->c);
    if (d->mode == INSN_64 && (b & 0xf0) == 0x40) {
        d->rex = b;
        b = next(&d->c);
    }
    if (is_vex(d, b)) {
        take_vex(d, b);
        return;
    }
    if (b == 0x0f) {
        d->map = MAP_0F;
        b = next(&d->c);
        if (b == 0x38 || b == 0x3a) {
            d->map = b == 0x38 ? MAP_0F38 : MAP_0F3A;
            b = next(&d->c);
        }
    }
    d->opcode = b;
}

static uint8_t operand_size(const struct decode *d)
{
    if (d->rex & REX_W)
        return 8;
    if (d->mode == INSN_16)
        return d->data16 ? 4 : 2;
    return d->data16 ? 2 : 4;
}

/* --- ModRM --- */

static void memory_16(struct decode *d, struct insn *i)
{
    static const uint8_t base[8] = {3, 3, 5, 5, 6, 7, 5, 3};
    static const uint8_t index[4] = {6, 7, 6, 7};

    i->base = base[d->rm];
    if (d->rm < 4)
        i->index = index[d->rm];
    if (d->mod == 0 && d->rm == 6) {
        i->base = INSN_NO_REG;
        i->displacement = signed_value(&d->c, 2);
    } else {
        i->displacement = signed_value(&d->c, d->mod);
    }
}

static void memory_sib(struct decode *d, struct insn *i)
{
    uint8_t sib = next(&d->c);
    uint8_t index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);

    i->scale = sib >> 6;
    if (index != 4)
        i->index = index;
    i->base = (sib & 7) | (d->rex & REX_B ? 8 : 0);
    if ((sib & 7) == 5 && d->mod == 0) {
        i->base = INSN_NO_REG;
        i->displacement = signed_value(&d->c, 4);
    }
}

static void memory_32(struct decode *d, struct insn *i)
{
    if (d->rm == 4) {
        memory_sib(d, i);
    } else if (d->mod == 0 && d->rm == 5) {
        i->rip_relative = d->mode == INSN_64;
        i->displacement = signed_value(&d->c, 4);
    } else {
        i->base = d->rm | (d->rex & REX_B ? 8 : 0);
    }
    if (d->mod == 1)
        i->displacement = signed_value(&d->c, 1);
    else if (d->mod == 2)
        i->displacement = signed_value(&d->c, 4);
}

static void take_modrm(struct decode *d, struct insn *i)
{
    uint8_t b = next(&d->c);

    d->mod = b >> 6;
    d->reg = b >> 3 & 7;
    d->rm = b & 7;
    i->has_modrm = true;
    i->reg = d->reg | (d->rex & REX_R ? 8 : 0);
    /* MOV to and from control and debug registers ignores mod. */
    if (d->mod == 3 ||
        (d->map == MAP_0F && d->opcode >= 0x20 && d->opcode <= 0x23))
        return;
    i->has_memory = true;
    if (i->address_size == 2)
        memory_16(d, i);
    else
        memory_32(d, i);
}

/* --- Immediates --- */

static void take_operands(struct decode *d, struct insn *i, char kind)
{
    unsigned int z = MIN(d->operand_size, 4);

    switch (kind) {
    case 'b':
    case 'B':
        i->imm = signed_value(&d->c, 1);
        break;
    case 'w':
        i->imm = signed_value(&d->c, 2);
        break;
    case 'e':
        i->imm = signed_value(&d->c, 2);
        (void)next(&d->c);
        break;
    case 'z':
    case 'Z':
        i->imm = signed_value(&d->c, z);
        break;
    case 'v':
        i->imm = signed_value(&d->c, d->operand_size);
        break;
    case 'f':
        i->imm = signed_value(&d->c, z);
        (void)signed_value(&d->c, 2);
        break;
    case 'o':
        i->displacement = signed_value(&d->c, i->address_size);
        i->has_memory = true;
        break;
    case '6':
        if (d->reg < 2)
            i->imm = signed_value(&d->c, 1);
        break;
    case '7':
        if (d->reg < 2)
            i->imm = signed_value(&d->c, z);
        break;
    }
}

static char operand_kind(const struct decode *d)
{
    char k;

    if (d->map == MAP_0F38)
        return 'm';
    if (d->map == MAP_0F3A)
        return 'B';
    k = d->map == MAP_0F ? two_byte[d->opcode] : one_byte[d->opcode];
    if (d->vex)
        return k == '-' && d->opcode == 0x77 ? '-' : k == 'B' ? 'B' : 'm';
    if (k == 'X')
        return d->mode == INSN_64 ? 'x' : '-';
    if (k == 'F')
        return d->mode == INSN_64 ? 'x' : 'f';
    if (k == 'M')
        return d->mode == INSN_64 ? 'x' : 'm';
    if (k == 'D') {
        if (d->mode == INSN_64)
            return 'x';
        return d->opcode == 0x82 ? 'B' : 'b';
    }
    return k;
}

static bool kind_has_modrm(char k)
{
    return k == 'm' || k == 'B' || k == 'Z' || k == '6' || k == '7';
}

/* --- Meaning --- */

/* Operation, with the size of the memory operand (0: the operand size) and the
   direction. 'group' rows take the operation from ModRM.reg. */
struct meaning {
    uint8_t opcode;
    uint8_t op;
    uint8_t size;
    bool memory_dst;
    bool imm;
    bool no_reg;
};

static const struct meaning one_byte_ops[] = {
    {0x63, INSN_MOVSX, 4, false, false, false},
    {0x84, INSN_TEST, 1, true, false, false},
    {0x85, INSN_TEST, 0, true, false, false},
    {0x86, INSN_XCHG, 1, true, false, false},
    {0x87, INSN_XCHG, 0, true, false, false},
    {0x88, INSN_MOV_STORE, 1, true, false, false},
    {0x89, INSN_MOV_STORE, 0, true, false, false},
    {0x8a, INSN_MOV_LOAD, 1, false, false, false},
    {0x8b, INSN_MOV_LOAD, 0, false, false, false},
    {0xa0, INSN_MOV_LOAD, 1, false, false, true},
    {0xa1, INSN_MOV_LOAD, 0, false, false, true},
    {0xa2, INSN_MOV_STORE, 1, true, false, true},
    {0xa3, INSN_MOV_STORE, 0, true, false, true},
    {0xa4, INSN_MOVS, 1, true, false, true},
    {0xa5, INSN_MOVS, 0, true, false, true},
    {0xaa, INSN_STOS, 1, true, false, true},
    {0xab, INSN_STOS, 0, true, false, true},
    {0xac, INSN_LODS, 1, false, false, true},
    {0xad, INSN_LODS, 0, false, false, true},
    {0xc6, INSN_MOV_STORE, 1, true, true, true},
    {0xc7, INSN_MOV_STORE, 0, true, true, true},
};

static const struct meaning two_byte_ops[] = {
    {0xb6, INSN_MOVZX, 1, false, false, false},
    {0xb7, INSN_MOVZX, 2, false, false, false},
    {0xbe, INSN_MOVSX, 1, false, false, false},
    {0xbf, INSN_MOVSX, 2, false, false, false},
};

static const struct meaning *find_meaning(const struct decode *d)
{
    const struct meaning *m = d->map == MAP_0F ? two_byte_ops : one_byte_ops;
    unsigned int nr =
        d->map == MAP_0F ? ARRAY_SIZE(two_byte_ops) : ARRAY_SIZE(one_byte_ops);

    for (unsigned int i = 0; i < nr; i++)
        if (m[i].opcode == d->opcode)
            return &m[i];
    return NULL;
}

static void set_meaning(struct insn *i, uint8_t op, bool memory_dst, bool imm)
{
    i->op = op;
    i->memory_dst = memory_dst;
    i->has_imm = imm;
}

/* Arithmetic: its own opcodes, and the groups that ModRM.reg selects in. */
static void mean_arithmetic(const struct decode *d, struct insn *i)
{
    static const uint8_t group_f6[8] = {INSN_TEST, INSN_TEST, INSN_NOT,
                                        INSN_NEG};

    if (d->opcode < 0x40 && (d->opcode & 7) < 4)
        set_meaning(i, INSN_ADD + (d->opcode >> 3), !(d->opcode & 2), false);
    else if (d->opcode >= 0x80 && d->opcode <= 0x83)
        set_meaning(i, INSN_ADD + d->reg, true, true);
    else if (d->opcode == 0xf6 || d->opcode == 0xf7)
        set_meaning(i, group_f6[d->reg], true, d->reg < 2);
    else if ((d->opcode == 0xfe || d->opcode == 0xff) && d->reg < 2)
        set_meaning(i, INSN_INC + d->reg, true, false);
    if (i->op != INSN_OTHER)
        i->size = d->opcode & 1 ? d->operand_size : 1;
    i->reg_size = i->size;
}

static void set_high_byte(const struct decode *d, struct insn *i)
{
    if (i->reg_size == 1 && !d->rex && i->reg >= 4 && i->reg < 8) {
        i->reg_high = true;
        i->reg -= 4;
    }
}

static void mean(const struct decode *d, struct insn *i)
{
    const struct meaning *m = NULL;

    if (d->vex || d->map > MAP_0F)
        return;
    m = find_meaning(d);
    /* In 16 and 32-bit code 63 is ARPL; C6 and C7 are MOV for reg 0 only. */
    if (m && ((d->opcode == 0x63 && d->mode != INSN_64) ||
              ((d->opcode & 0xfe) == 0xc6 && d->map == MAP_ONE && d->reg)))
        return;
    if (m) {
        set_meaning(i, m->op, m->memory_dst, m->imm);
        i->size = m->size ? m->size : d->operand_size;
        i->reg_size = m->op == INSN_MOVZX || m->op == INSN_MOVSX
                          ? d->operand_size
                          : i->size;
        if (m->no_reg)
            i->reg = 0;
        if (m->op == INSN_STOS || m->op == INSN_MOVS || m->op == INSN_LODS)
            i->has_memory = true;
    } else if (d->map == MAP_ONE) {
        mean_arithmetic(d, i);
    }
    if (i->has_modrm)
        set_high_byte(d, i);
}

bool insn_decode(const uint8_t *bytes, size_t n, enum insn_mode mode,
                 struct insn *out)
{
    static const uint8_t address_size[] = {2, 4, 8};
    struct decode d = {.c = {.bytes = bytes, .left = n}, .mode = mode};
    char kind;

    *out = (struct insn){
        .segment = INSN_NO_REG,
        .base = INSN_NO_REG,
        .index = INSN_NO_REG,
        .address_size = address_size[mode],
    };
    take_opcode(&d, out);
    if (d.c.short_of)
        return false;
    d.operand_size = operand_size(&d);
    kind = operand_kind(&d);
    if (kind == 'x' || kind == 'p')
        return false;
    if (kind_has_modrm(kind))
        take_modrm(&d, out);
    /* XOP, which took POP's undefined forms: not known here. */
    if (d.map == MAP_ONE && d.opcode == 0x8f && d.reg)
        return false;
    take_operands(&d, out, kind);
    if (d.c.short_of)
        return false;
    out->length = d.c.used;
    mean(&d, out);
    return true;
}
