/*
 * Instructions that touch emulated memory and ports on behalf of a vCPU.
 *
 * The memory operand is where the nested fault happened. String instructions run
 * a bounded number of rounds; the guest then comes back by itself, since rip
 * stays at them until the count is used up.
 */
#include "x86/vcpu.h"
#include "x86/vt.h"

#include "hv/guest.h"
#include "hv/log.h"

#include "base/insn.h"

#define ROUNDS_MAX 128

#define ARITHMETIC_FLAGS \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

#define PF_WRITE BIT(1)
#define PF_USER  BIT(2)

static enum insn_mode mode_of(struct vcpu *v)
{
    if (arch_vcpu_is_64bit(v))
        return INSN_64;
    return vt_segment(v, SREG_CS)->attr & SEG_ATTR_D ? INSN_32 : INSN_16;
}

static uint64_t size_mask(unsigned int size)
{
    return size == 8 ? ~0UL : BIT(size * 8) - 1;
}

static uint64_t sign_extend(uint64_t value, unsigned int size)
{
    unsigned int shift = 64 - size * 8;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* --- Fetching --- */

static uint64_t linear(struct vcpu *v, enum x86_sreg s, uint64_t offset)
{
    if (!arch_vcpu_is_64bit(v))
        return (uint32_t)(vt_segment(v, s)->base + offset);
    if (s == SREG_FS || s == SREG_GS)
        return vt_segment(v, s)->base + offset;
    return offset;
}

/* Bytes at rip, as many as can be read. */
static size_t fetch(struct vcpu *v, uint8_t bytes[INSN_BYTES_MAX])
{
    uint64_t rip = linear(v, SREG_CS, v->arch->regs.rip);
    size_t first = MIN(PAGE_SIZE - (rip & ~PAGE_MASK), (size_t)INSN_BYTES_MAX);

    if (guest_copy_from(v, bytes, rip, first))
        return 0;
    if (first < INSN_BYTES_MAX &&
        !guest_copy_from(v, bytes + first, rip + first, INSN_BYTES_MAX - first))
        first = INSN_BYTES_MAX;
    return first;
}

static bool decode(struct vcpu *v, struct insn *i)
{
    uint8_t bytes[INSN_BYTES_MAX];
    size_t n = fetch(v, bytes);

    return n && insn_decode(bytes, n, mode_of(v), i);
}

/* --- Operands --- */

static uint64_t gpr_read(struct vcpu *v, const struct insn *i)
{
    uint64_t value = v->arch->regs.gpr[i->reg];

    if (i->reg_high)
        value >>= 8;
    return value & size_mask(i->reg_size);
}

/* 4 bytes clear the upper half, 1 and 2 leave the rest alone. */
static void gpr_merge(uint64_t *reg, uint64_t value, unsigned int size)
{
    uint64_t keep = size == 4 ? 0 : ~size_mask(size);

    *reg = (*reg & keep) | (value & size_mask(size));
}

static void gpr_write(struct vcpu *v, const struct insn *i, uint64_t value)
{
    uint64_t *reg = &v->arch->regs.gpr[i->reg];

    if (i->reg_high)
        *reg = (*reg & ~0xff00UL) | (value & 0xff) << 8;
    else
        gpr_merge(reg, value, i->reg_size);
}

static uint64_t memory_read(struct vcpu *v, paddr_t gpa, unsigned int size)
{
    struct io_access io = {.address = gpa, .size = size};
    uint64_t value = 0;

    if (!guest_phys_read(v->domain, &value, gpa, size))
        return value;
    if (!io_mmio_access(v, &io))
        io.value = ~0UL;
    return io.value & size_mask(size);
}

static void memory_write(struct vcpu *v, paddr_t gpa, unsigned int size,
                         uint64_t value)
{
    struct io_access io = {
        .address = gpa,
        .size = size,
        .value = value & size_mask(size),
        .write = true,
    };

    /* Nothing there, or read-only RAM: the write is dropped. */
    if (guest_phys_write(v->domain, gpa, &value, size))
        (void)io_mmio_access(v, &io);
}

static uint64_t other_operand(struct vcpu *v, const struct insn *i)
{
    return i->has_imm ? (uint64_t)i->imm & size_mask(i->size) : gpr_read(v, i);
}

/* --- Arithmetic --- */

static uint64_t status_flags(uint64_t r, unsigned int size)
{
    uint64_t f = 0;

    if (!(r & size_mask(size)))
        f |= RFLAGS_ZF;
    if (r >> (size * 8 - 1) & 1)
        f |= RFLAGS_SF;
    if (!__builtin_parity(r & 0xff))
        f |= RFLAGS_PF;
    return f;
}

static uint64_t add(uint64_t a, uint64_t b, bool carry, unsigned int size,
                    uint64_t *flags)
{
    uint64_t mask = size_mask(size);
    uint64_t r = (a + b + carry) & mask;

    *flags = status_flags(r, size);
    if (r < a || (carry && r == a))
        *flags |= RFLAGS_CF;
    if ((a ^ b ^ r) & 0x10)
        *flags |= RFLAGS_AF;
    if (((a ^ r) & (b ^ r)) >> (size * 8 - 1) & 1)
        *flags |= RFLAGS_OF;
    return r;
}

static uint64_t subtract(uint64_t a, uint64_t b, bool borrow, unsigned int size,
                         uint64_t *flags)
{
    uint64_t r = (a - b - borrow) & size_mask(size);

    *flags = status_flags(r, size);
    if (a < b || (borrow && a == b))
        *flags |= RFLAGS_CF;
    if ((a ^ b ^ r) & 0x10)
        *flags |= RFLAGS_AF;
    if (((a ^ b) & (a ^ r)) >> (size * 8 - 1) & 1)
        *flags |= RFLAGS_OF;
    return r;
}

/* a OP b; *flags in: all, out: all with the arithmetic ones renewed. */
static uint64_t compute(enum insn_op op, uint64_t a, uint64_t b,
                        unsigned int size, uint64_t *flags)
{
    bool carry = *flags & RFLAGS_CF;
    uint64_t keep = *flags & ~ARITHMETIC_FLAGS;
    uint64_t f = 0;
    uint64_t r = a;

    switch (op) {
    case INSN_ADD:
    case INSN_ADC:
        r = add(a, b, op == INSN_ADC && carry, size, &f);
        break;
    case INSN_SUB:
    case INSN_CMP:
    case INSN_SBB:
        r = subtract(a, b, op == INSN_SBB && carry, size, &f);
        break;
    case INSN_INC:
    case INSN_DEC:
        r = op == INSN_INC ? add(a, 1, false, size, &f)
                           : subtract(a, 1, false, size, &f);
        f = (f & ~RFLAGS_CF) | (*flags & RFLAGS_CF);
        break;
    case INSN_NEG:
        r = subtract(0, a, false, size, &f);
        break;
    case INSN_NOT:
        r = ~a & size_mask(size);
        f = *flags & ARITHMETIC_FLAGS;
        break;
    default:
        r = op == INSN_OR ? a | b : op == INSN_XOR ? a ^ b : a & b;
        f = status_flags(r, size);
        break;
    }
    *flags = keep | f;
    return r;
}

static void arithmetic(struct vcpu *v, const struct insn *i, paddr_t gpa)
{
    uint64_t *flags = &v->arch->regs.rflags;
    uint64_t m = memory_read(v, gpa, i->size);
    uint64_t o = other_operand(v, i);
    uint64_t r = compute(i->op, i->memory_dst ? m : o, i->memory_dst ? o : m,
                         i->size, flags);

    if (i->op == INSN_CMP || i->op == INSN_TEST)
        return;
    if (i->memory_dst)
        memory_write(v, gpa, i->size, r);
    else
        gpr_write(v, i, r);
}

/* --- Strings --- */

static uint64_t string_step(struct vcpu *v, unsigned int size)
{
    return v->arch->regs.rflags & RFLAGS_DF ? -(uint64_t)size : size;
}

static void advance(struct vcpu *v, enum x86_gpr reg, uint64_t by,
                    unsigned int address_size)
{
    uint64_t *r = &v->arch->regs.gpr[reg];

    gpr_merge(r, *r + by, address_size);
}

static bool string_address(struct vcpu *v, enum x86_sreg s, enum x86_gpr reg,
                           unsigned int address_size, bool write, paddr_t *out)
{
    uint64_t offset = v->arch->regs.gpr[reg] & size_mask(address_size);
    uint64_t va = linear(v, s, offset);

    if (!arch_guest_walk(v, va, write, out))
        return true;
    vt_set(v, VT_CR2, va);
    vcpu_inject_error(v, EXC_PF,
                      (write ? PF_WRITE : 0) | (vt_cpl(v) == 3 ? PF_USER : 0));
    return false;
}

/* One element; false: a fault was injected. */
static bool string_round(struct vcpu *v, const struct insn *i)
{
    enum x86_sreg from = i->segment == INSN_NO_REG ? SREG_DS : i->segment;
    uint64_t value = v->arch->regs.gpr[GPR_RAX];
    paddr_t src = 0;
    paddr_t dst = 0;

    if (i->op != INSN_STOS &&
        !string_address(v, from, GPR_RSI, i->address_size, false, &src))
        return false;
    if (i->op != INSN_LODS &&
        !string_address(v, SREG_ES, GPR_RDI, i->address_size, true, &dst))
        return false;
    if (i->op != INSN_STOS) {
        value = memory_read(v, src, i->size);
        advance(v, GPR_RSI, string_step(v, i->size), i->address_size);
    }
    if (i->op == INSN_LODS) {
        gpr_merge(&v->arch->regs.gpr[GPR_RAX], value, i->size);
        return true;
    }
    memory_write(v, dst, i->size, value);
    advance(v, GPR_RDI, string_step(v, i->size), i->address_size);
    return true;
}

/* Rounds that are left when 'rep'; true: the instruction is done. */
static bool count_down(struct vcpu *v, unsigned int address_size)
{
    advance(v, GPR_RCX, ~0UL, address_size);
    return !(v->arch->regs.gpr[GPR_RCX] & size_mask(address_size));
}

static void string_insn(struct vcpu *v, const struct insn *i)
{
    bool done =
        i->rep && !(v->arch->regs.gpr[GPR_RCX] & size_mask(i->address_size));

    for (unsigned int n = 0; !done && n < ROUNDS_MAX; n++) {
        if (!string_round(v, i))
            return;
        done = !i->rep || count_down(v, i->address_size);
    }
    if (done)
        vcpu_skip(v, i->length);
}

static bool string_io_round(struct vcpu *v, const struct string_io *s)
{
    struct io_access io = {
        .address = s->port, .size = s->size, .write = !s->in};
    enum x86_gpr reg = s->in ? GPR_RDI : GPR_RSI;
    enum x86_sreg segment = s->in ? SREG_ES : s->segment;
    paddr_t gpa;

    if (!string_address(v, segment, reg, s->address_size, s->in, &gpa))
        return false;
    if (!s->in)
        io.value = memory_read(v, gpa, s->size);
    io_port_access(v, &io);
    if (s->in)
        memory_write(v, gpa, s->size, io.value);
    advance(v, reg, string_step(v, s->size), s->address_size);
    return true;
}

void emulate_string_io(struct vcpu *v, const struct string_io *s)
{
    bool done =
        s->rep && !(v->arch->regs.gpr[GPR_RCX] & size_mask(s->address_size));

    for (unsigned int n = 0; !done && n < ROUNDS_MAX; n++) {
        if (!string_io_round(v, s))
            return;
        done = !s->rep || count_down(v, s->address_size);
    }
    if (!done)
        return;
    v->arch->regs.rip = s->next_rip;
    vt_clear_shadow(v);
}

/* --- Memory operands --- */

static void execute(struct vcpu *v, const struct insn *i, paddr_t gpa)
{
    uint64_t value;

    switch ((enum insn_op)i->op) {
    case INSN_MOV_LOAD:
    case INSN_MOVZX:
        gpr_write(v, i, memory_read(v, gpa, i->size));
        break;
    case INSN_MOVSX:
        value = memory_read(v, gpa, i->size);
        gpr_write(v, i, sign_extend(value, i->size));
        break;
    case INSN_MOV_STORE:
        memory_write(v, gpa, i->size, other_operand(v, i));
        break;
    case INSN_XCHG:
        value = memory_read(v, gpa, i->size);
        memory_write(v, gpa, i->size, gpr_read(v, i));
        gpr_write(v, i, value);
        break;
    case INSN_STOS:
    case INSN_MOVS:
    case INSN_LODS:
        string_insn(v, i);
        return;
    default:
        arithmetic(v, i, gpa);
        break;
    }
    vcpu_skip(v, i->length);
}

void emulate_mmio(struct vcpu *v, paddr_t gpa)
{
    struct insn i;

    if (decode(v, &i) && i.has_memory)
        execute(v, &i, gpa);
    else
        domain_crash(v->domain,
                     "vcpu %u: cannot emulate access to 0x%lx at rip 0x%lx",
                     v->id, gpa, v->arch->regs.rip);
}
