/*
 * Machine check banks (APM 2 9.3). MSRs that a CPU lacks read as 0 and ignore
 * writes: that is what the unused results mean here.
 */
#include "x86/machine_check.h"

#include "x86/panic.h"
#include "x86/trap.h"

#define MSR_MCG_CAP     0x179
#define MSR_MCG_STATUS  0x17a
#define MSR_MCG_CTL     0x17b
#define MCG_CTL_PRESENT BIT(8)
#define MC_STATUS_VALID BIT(63)

/* Four registers per bank. */
#define MSR_MC_CTL(bank)     (0x400 + (bank)*4)
#define MSR_MC_STATUS(bank)  (0x401 + (bank)*4)
#define MSR_MC_ADDRESS(bank) (0x402 + (bank)*4)

static unsigned int bank_count(uint64_t *capabilities)
{
    *capabilities = 0;
    return rdmsr_safe(MSR_MCG_CAP, capabilities) ? *capabilities & 0xff : 0;
}

void machine_check_init(void)
{
    uint64_t cap;
    unsigned int banks = bank_count(&cap);

    if (cap & MCG_CTL_PRESENT)
        (void)wrmsr_safe(MSR_MCG_CTL, ~0UL);
    for (unsigned int bank = 0; bank < banks; bank++) {
        (void)wrmsr_safe(MSR_MC_CTL(bank), ~0UL);
        (void)wrmsr_safe(MSR_MC_STATUS(bank), 0);
    }
}

void machine_check_say(void)
{
    uint64_t cap, status = 0;
    unsigned int banks = bank_count(&cap);

    (void)rdmsr_safe(MSR_MCG_STATUS, &status);
    panic_say("machine check status %lx", status);
    for (unsigned int bank = 0; bank < banks; bank++) {
        uint64_t address = 0;

        if (!rdmsr_safe(MSR_MC_STATUS(bank), &status) ||
            !(status & MC_STATUS_VALID))
            continue;
        (void)rdmsr_safe(MSR_MC_ADDRESS(bank), &address);
        panic_say("bank %u status %016lx address %lx", bank, status, address);
    }
}
