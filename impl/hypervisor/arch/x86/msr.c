/*
 * MSRs of guests: a table of ranges with a read and a write function each.
 */
#include "x86/cpuid.h"
#include "x86/vcpu.h"
#include "x86/vlapic_regs.h"
#include "x86/vt.h"

#include "hv/guest.h"
#include "hv/log.h"

#include "base/string.h"

typedef bool msr_read_fn(struct vcpu *v, uint32_t msr, uint64_t *value);
typedef bool msr_write_fn(struct vcpu *v, uint32_t msr, uint64_t value);

#define MTRR_DEF_OK  0xcffUL
#define HWCR_TSCFREQ BIT(24)
#define VM_CR_OFF    0x18 /* SVM disabled and locked */

/* --- Trivial ones --- */

static bool write_ignore(struct vcpu *v, uint32_t msr, uint64_t value)
{
    return true;
}

static bool write_zero(struct vcpu *v, uint32_t msr, uint64_t value)
{
    return value == 0;
}

/* --- Time --- */

static bool read_tsc(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = vcpu_guest_tsc(v);
    return true;
}

static bool write_tsc(struct vcpu *v, uint32_t msr, uint64_t value)
{
    vcpu_set_guest_tsc(v, value);
    return true;
}

static bool read_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = v->arch->tsc_aux;
    return cpu_has_tsc_aux();
}

static bool write_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t value)
{
    if (!cpu_has_tsc_aux() || value >> 32)
        return false;
    v->arch->tsc_aux = value;
    wrmsr(msr, value);
    return true;
}

/* --- Local APIC --- */

static bool read_apic_base(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = v->arch->lapic.base;
    return true;
}

static bool write_apic_base(struct vcpu *v, uint32_t msr, uint64_t value)
{
    return vlapic_base_write(v, value);
}

/* --- Memory types: kept for the guest to read back --- */

static bool memory_types_valid(uint64_t value)
{
    for (unsigned int i = 0; i < 8; i++, value >>= 8)
        if ((value & 0xff) > 7 || (value & 0xff) == 2 || (value & 0xff) == 3)
            return false;
    return true;
}

/* Where a range register is kept: 0x200.., 0x250, 0x258, 0x259, 0x268.., 0x2ff. */
static uint64_t *mtrr_slot(struct vcpu *v, uint32_t msr)
{
    struct mtrr *m = &v->arch->mtrr;

    if (msr < 0x250)
        return &m->var[msr - 0x200];
    if (msr == 0x2ff)
        return &m->def_type;
    return &m->fixed[msr == 0x250  ? 0
                     : msr < 0x268 ? msr - 0x257
                                   : msr - 0x265];
}

static bool read_mtrr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = *mtrr_slot(v, msr);
    return true;
}

static bool write_mtrr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    bool fixed = msr >= 0x250 && msr < 0x2ff;

    if ((fixed && !memory_types_valid(value)) ||
        (msr == 0x2ff && value & ~MTRR_DEF_OK))
        return false;
    *mtrr_slot(v, msr) = value;
    return true;
}

static bool read_pat(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = vt_get(v, VT_PAT);
    return true;
}

static bool write_pat(struct vcpu *v, uint32_t msr, uint64_t value)
{
    if (!memory_types_valid(value))
        return false;
    vt_set(v, VT_PAT, value);
    return true;
}

/* --- EFER --- */

static bool read_efer(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = vt_get(v, VT_EFER);
    return true;
}

static bool write_efer(struct vcpu *v, uint32_t msr, uint64_t value)
{
    const uint64_t allowed =
        EFER_SCE | EFER_LME | EFER_LMA | EFER_NX | EFER_FFXSR;
    uint64_t old = vt_get(v, VT_EFER);

    if (value & ~allowed)
        return false;
    /* LME cannot change while paging is on; LMA follows by itself. */
    if ((value ^ old) & EFER_LME && vt_get(v, VT_CR0) & CR0_PG)
        return false;
    vt_set(v, VT_EFER, (value & ~EFER_LMA) | (old & EFER_LMA));
    return true;
}

/* --- Hypercall page --- */

#define STUB_BYTES 32

/* One stub per number: mov $nr, %eax; vmmcall; ret. */
static bool write_hypercall_page(struct vcpu *v, uint32_t msr, uint64_t value)
{
    static const uint8_t stub[] = {0xb8, 0, 0, 0, 0, 0x0f, 0x01, 0xd9, 0xc3};
    static const uint8_t iret[] = {0x0f, 0x0b};
    uint8_t code[STUB_BYTES];

    if (value & ~PAGE_MASK)
        return false; /* there is one page */
    for (unsigned int i = 0; i < PAGE_SIZE / STUB_BYTES; i++) {
        memset(code, 0xcc, sizeof(code));
        memcpy(code, stub, sizeof(stub));
        code[1] = i;
        if (i == __HYPERVISOR_iret)
            memcpy(code, iret, sizeof(iret));
        if (guest_phys_write(v->domain, value + i * STUB_BYTES, code,
                             sizeof(code)))
            return false;
    }
    return true;
}

/* --- Table --- */

static const struct msr_row {
    uint32_t first;
    uint32_t last;
    msr_read_fn *read;
    msr_write_fn *write;
    bool constant; /* reads as 'value' */
    uint64_t value;
} rows[] = {
#define MSR(first, last, read, write) {first, last, read, write, false, 0},
#define MSR_VALUE(first, last, value, write) \
    {first, last, NULL, write, true, value},
#include "x86/msr.def"
#undef MSR
#undef MSR_VALUE
};

static const struct msr_row *find(uint32_t msr)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
        if (msr >= rows[i].first && msr <= rows[i].last)
            return &rows[i];
    return NULL;
}

/* The frequent ones: the table is not walked for them. */
static bool is_x2apic(uint32_t msr)
{
    return msr >> 8 == MSR_X2APIC >> 8;
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct msr_row *r;

    if (is_x2apic(msr))
        return vlapic_msr_read(v, msr, value);
    r = find(msr);
    if (r && r->read)
        return r->read(v, msr, value);
    *value = r ? r->value : 0;
    if ((r && r->constant) || v->domain->arch->msr_relaxed)
        return true;
    log_guest(v->domain, "vcpu %u: unknown rdmsr 0x%x", v->id, msr);
    return false;
}

bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    const struct msr_row *r;

    if (is_x2apic(msr))
        return vlapic_msr_write(v, msr, value);
    r = find(msr);
    if (r && r->write)
        return r->write(v, msr, value);
    if (v->domain->arch->msr_relaxed)
        return true;
    log_guest(v->domain, "vcpu %u: unknown wrmsr 0x%x 0x%lx", v->id, msr,
              value);
    return false;
}
