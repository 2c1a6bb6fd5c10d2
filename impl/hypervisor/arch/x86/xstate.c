/*
 * FPU and extended state of vCPUs (APM 2 11.5; APM 4 XSAVE).
 *
 * Switched as a whole when another vCPU takes a CPU over: the hypervisor itself
 * uses none of it. All that the machine's XCR0 can enable is saved, so a guest
 * that sets XCR0 without an exit (TCG 7.2) reaches nothing unsaved. Without
 * XSAVE it is the FXSAVE image.
 */
#include "x86/cpuid.h"
#include "x86/vcpu.h"
#include "x86/vt.h"

#include "hv/heap.h"
#include "hv/log.h"

#include "base/string.h"

#define FXSAVE_BYTES  512
#define XSAVE_MINIMUM 576 /* legacy area and header */
#define XSAVE_ALIGN   64
#define FCW_RESET     0x037f
#define MXCSR_RESET   0x1f80
#define MXCSR_DEFAULT 0xffbfU /* mask when the CPU reports none */
#define XSTATE_BV     512
#define MXCSR_OFFSET  24
#define MXCSR_MASK_AT 28

static uint64_t mask; /* [I] XCR0 bits of the machine; 0: no XSAVE */
static uint32_t area_bytes;
static uint32_t mxcsr_mask;

static uint64_t read_xcr0(void)
{
    uint32_t lo, hi;

    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return lo | (uint64_t)hi << 32;
}

static void write_xcr0(uint64_t v)
{
    asm volatile("xsetbv"
                 :
                 : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

uint64_t xstate_mask(void)
{
    return mask;
}

uint32_t xstate_bytes(uint64_t xcr0)
{
    uint32_t bytes = XSAVE_MINIMUM;

    for (unsigned int i = 2; i < 63; i++) {
        struct cpuid_regs r;

        if (!(xcr0 & mask & BIT(i)))
            continue;
        r = cpuid(0xd, i);
        bytes = MAX(bytes, r.a + r.b);
    }
    return bytes;
}

uint32_t xstate_area_bytes(void)
{
    return area_bytes;
}

static void probe(void)
{
    static uint8_t image[FXSAVE_BYTES] __attribute__((aligned(16)));

    area_bytes = FXSAVE_BYTES;
    if (cpuid(1, 0).c & BIT(26)) {
        struct cpuid_regs r = cpuid(0xd, 0);

        mask = r.a | (uint64_t)r.d << 32;
        area_bytes = xstate_bytes(mask);
    }
    asm volatile("fxsave64 %0" : "=m"(image));
    memcpy(&mxcsr_mask, image + MXCSR_MASK_AT, sizeof(mxcsr_mask));
    if (!mxcsr_mask)
        mxcsr_mask = MXCSR_DEFAULT;
}

void xstate_init_cpu(void)
{
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP);
    if (arch_cpu_self() == 0)
        probe();
    if (!mask)
        return;
    write_cr4(read_cr4() | CR4_OSXSAVE);
    write_xcr0(mask);
}

int xstate_create(struct vcpu *v)
{
    void *block = heap_alloc(area_bytes + XSAVE_ALIGN);

    if (!block)
        return -XEN_ENOMEM;
    v->arch->xsave_block = block;
    v->arch->xsave = (void *)ALIGN_UP((uintptr_t)block, (uintptr_t)XSAVE_ALIGN);
    xstate_reset(v);
    return 0;
}

void xstate_destroy(struct vcpu *v)
{
    heap_free(v->arch->xsave_block);
}

void xstate_reset(struct vcpu *v)
{
    uint8_t *area = v->arch->xsave;
    const uint16_t fcw = FCW_RESET;
    const uint32_t mxcsr = MXCSR_RESET;

    memset(area, 0, area_bytes);
    memcpy(area, &fcw, sizeof(fcw));
    memcpy(area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    v->arch->xcr0 = XCR0_X87;
    v->arch->xcr0_accum = XCR0_X87;
    if (v->arch->loaded)
        xstate_load(v);
}

void xstate_load(struct vcpu *v)
{
    if (!mask) {
        asm volatile("fxrstor64 (%0)" : : "r"(v->arch->xsave) : "memory");
        return;
    }
    write_xcr0(mask);
    asm volatile("xrstor64 (%0)"
                 :
                 : "r"(v->arch->xsave), "a"((uint32_t)mask),
                   "d"((uint32_t)(mask >> 32))
                 : "memory");
    if (v->arch->xcr0 != mask)
        write_xcr0(v->arch->xcr0);
}

void xstate_save(struct vcpu *v)
{
    if (!mask) {
        asm volatile("fxsave64 (%0)" : : "r"(v->arch->xsave) : "memory");
        return;
    }
    v->arch->xcr0 = read_xcr0();
    v->arch->xcr0_accum |= v->arch->xcr0;
    if (v->arch->xcr0 != mask)
        write_xcr0(mask);
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(v->arch->xsave), "a"((uint32_t)mask),
                   "d"((uint32_t)(mask >> 32))
                 : "memory");
}

uint64_t xstate_guest_xcr0(const struct vcpu *v)
{
    if (!mask)
        return XCR0_X87;
    return v->arch->loaded ? read_xcr0() : v->arch->xcr0;
}

bool xstate_set_xcr0(struct vcpu *v, uint64_t value)
{
    const struct cpu_policy *p = v->domain->arch->policy;
    int row = cpuid_row_find(0xd, 0);

    if (!mask || !(vt_get(v, VT_CR4) & CR4_OSXSAVE) || !(value & XCR0_X87) ||
        value & ~(uint64_t)p->reg[row][CPUID_A] ||
        (value & XCR0_AVX && !(value & XCR0_SSE)) ||
        (value & 0xe0 && (value & 0xe0) != 0xe0) ||
        (value & 0xe0 && !(value & XCR0_AVX)))
        return false;
    write_xcr0(value);
    return true;
}

/* What XRSTOR would fault on must not get into an area. */
bool xstate_area_valid(const void *area, uint32_t bytes)
{
    uint64_t header[8];
    uint32_t mxcsr;

    memcpy(&mxcsr, (const uint8_t *)area + MXCSR_OFFSET, sizeof(mxcsr));
    if (mxcsr & ~mxcsr_mask)
        return false;
    if (bytes <= FXSAVE_BYTES)
        return true;
    memcpy(header, (const uint8_t *)area + XSTATE_BV, sizeof(header));
    if (header[0] & ~mask)
        return false;
    for (unsigned int i = 1; i < ARRAY_SIZE(header); i++)
        if (header[i])
            return false;
    return true;
}
