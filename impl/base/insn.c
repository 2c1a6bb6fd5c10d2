/*
 * Decoder of the x86 instructions that access memory: a row per opcode, and
 * the arithmetic ones by the pattern of their encoding.
 */
#include "base/insn.h"

enum map { MAP_ONE, MAP_0F };

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
    bool data16; /* 66 */
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

static void take_opcode(struct decode *d, struct insn *i)
{
    uint8_t b = next(&d->c);

    while (!d->c.short_of && take_prefix(d, i, b))
        b = next(&d->c);
    if (d->mode == INSN_64 && (b & 0xf0) == 0x40) {
        d->rex = b;
        b = next(&d->c);
    }
    if (b == 0x0f) {
        d->map = MAP_0F;
        b = next(&d->c);
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
    i->reg = d->reg | (d->rex & REX_R ? 8 : 0);
    i->has_memory = d->mod != 3;
    if (!i->has_memory)
        return;
    if (i->address_size == 2)
        memory_16(d, i);
    else
        memory_32(d, i);
}

/* --- Opcodes --- */

/* What follows the opcode. */
enum form { MODRM, MODRM_IMM8, MODRM_IMM, OFFSET, STRING };

struct opcode {
    uint8_t map; /* enum map */
    uint8_t opcode;
    uint8_t op;      /* enum insn_op */
    uint8_t size;    /* of the memory operand, 0: the operand size */
    uint8_t form;    /* enum form */
    bool memory_dst; /* memory is the first operand */
};

static const struct opcode opcodes[] = {
    {MAP_ONE, 0x63, INSN_MOVSX, 4, MODRM, false}, /* in 64-bit code */
    {MAP_ONE, 0x84, INSN_TEST, 1, MODRM, true},
    {MAP_ONE, 0x85, INSN_TEST, 0, MODRM, true},
    {MAP_ONE, 0x86, INSN_XCHG, 1, MODRM, true},
    {MAP_ONE, 0x87, INSN_XCHG, 0, MODRM, true},
    {MAP_ONE, 0x88, INSN_MOV_STORE, 1, MODRM, true},
    {MAP_ONE, 0x89, INSN_MOV_STORE, 0, MODRM, true},
    {MAP_ONE, 0x8a, INSN_MOV_LOAD, 1, MODRM, false},
    {MAP_ONE, 0x8b, INSN_MOV_LOAD, 0, MODRM, false},
    {MAP_ONE, 0xa0, INSN_MOV_LOAD, 1, OFFSET, false},
    {MAP_ONE, 0xa1, INSN_MOV_LOAD, 0, OFFSET, false},
    {MAP_ONE, 0xa2, INSN_MOV_STORE, 1, OFFSET, true},
    {MAP_ONE, 0xa3, INSN_MOV_STORE, 0, OFFSET, true},
    {MAP_ONE, 0xa4, INSN_MOVS, 1, STRING, true},
    {MAP_ONE, 0xa5, INSN_MOVS, 0, STRING, true},
    {MAP_ONE, 0xaa, INSN_STOS, 1, STRING, true},
    {MAP_ONE, 0xab, INSN_STOS, 0, STRING, true},
    {MAP_ONE, 0xac, INSN_LODS, 1, STRING, false},
    {MAP_ONE, 0xad, INSN_LODS, 0, STRING, false},
    {MAP_ONE, 0xc6, INSN_MOV_STORE, 1, MODRM_IMM, true},
    {MAP_ONE, 0xc7, INSN_MOV_STORE, 0, MODRM_IMM, true},
    {MAP_0F, 0xb6, INSN_MOVZX, 1, MODRM, false},
    {MAP_0F, 0xb7, INSN_MOVZX, 2, MODRM, false},
    {MAP_0F, 0xbe, INSN_MOVSX, 1, MODRM, false},
    {MAP_0F, 0xbf, INSN_MOVSX, 2, MODRM, false},
};

/* Arithmetic: 00-3b by bits 5-3, the groups 80-83, f6-f7 and fe-ff by ModRM.reg,
   which 'reg' gives. False: none of them. */
static bool find_arithmetic(uint8_t opcode, uint8_t reg, struct opcode *o)
{
    static const uint8_t group_f6[] = {INSN_TEST, INSN_TEST, INSN_NOT,
                                       INSN_NEG};

    *o = (struct opcode){.size = !(opcode & 1), .form = MODRM};
    o->memory_dst = true;
    if (opcode < 0x40 && (opcode & 7) < 4) {
        o->op = INSN_ADD + (opcode >> 3);
        o->memory_dst = !(opcode & 2);
        return true;
    }
    if (opcode == 0x80 || opcode == 0x81 || opcode == 0x83) {
        o->op = INSN_ADD + reg;
        o->form = opcode == 0x83 ? MODRM_IMM8 : MODRM_IMM;
        return true;
    }
    if ((opcode & 0xfe) == 0xf6 && reg < ARRAY_SIZE(group_f6)) {
        o->op = group_f6[reg];
        o->form = reg < 2 ? MODRM_IMM : MODRM;
        return true;
    }
    o->op = INSN_INC + reg;
    return (opcode & 0xfe) == 0xfe && reg < 2;
}

static bool find(const struct decode *d, struct opcode *o)
{
    const struct cursor *c = &d->c;
    uint8_t modrm = c->used < c->left ? c->bytes[c->used] : 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(opcodes); i++)
        if (opcodes[i].map == d->map && opcodes[i].opcode == d->opcode) {
            *o = opcodes[i];
            return true;
        }
    return d->map == MAP_ONE && find_arithmetic(d->opcode, modrm >> 3 & 7, o);
}

static void take_operands(struct decode *d, struct insn *i, enum form form)
{
    i->has_memory = true;
    if (form == OFFSET)
        i->displacement = signed_value(&d->c, i->address_size);
    else if (form != STRING)
        take_modrm(d, i);
    i->has_imm = form == MODRM_IMM || form == MODRM_IMM8;
    if (i->has_imm)
        i->imm = signed_value(&d->c, form == MODRM_IMM8 ? 1 : MIN(i->size, 4));
}

/* Without REX, byte registers 4 to 7 are AH, CH, DH and BH. */
static void set_high_byte(const struct decode *d, struct insn *i)
{
    if (i->reg_size == 1 && !d->rex && i->reg >= 4) {
        i->reg_high = true;
        i->reg -= 4;
    }
}

bool insn_decode(const uint8_t *bytes, size_t n, enum insn_mode mode,
                 struct insn *out)
{
    static const uint8_t address_size[] = {2, 4, 8};
    struct decode d = {.c = {.bytes = bytes, .left = n}, .mode = mode};
    struct opcode o;
    bool extends;

    *out = (struct insn){
        .segment = INSN_NO_REG,
        .base = INSN_NO_REG,
        .index = INSN_NO_REG,
        .address_size = address_size[mode],
    };
    take_opcode(&d, out);
    if (d.c.short_of || !find(&d, &o) ||
        (d.map == MAP_ONE && d.opcode == 0x63 && mode != INSN_64))
        return false;
    extends = o.op == INSN_MOVZX || o.op == INSN_MOVSX;
    out->op = o.op;
    out->memory_dst = o.memory_dst;
    out->size = o.size ? o.size : operand_size(&d);
    out->reg_size = extends ? operand_size(&d) : out->size;
    take_operands(&d, out, o.form);
    /* C6 and C7 are MOV with reg 0 only. */
    if (d.c.short_of ||
        (o.op == INSN_MOV_STORE && o.form == MODRM_IMM && d.reg))
        return false;
    out->length = d.c.used;
    set_high_byte(&d, out);
    return true;
}
