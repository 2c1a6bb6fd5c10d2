/*
 * The clock and this CPU's timer interrupt.
 *
 * Times are 32.32 fixed point products of TSC differences, so no division is on
 * a hot path. A CPU whose TSC is off gets a constant correction when it starts.
 */
#include "x86/time.h"

#include "x86/insn.h"
#include "x86/irq_vectors.h"
#include "x86/lapic.h"
#include "x86/msr.h"
#include "x86/panic.h"
#include "x86/percpu.h"
#include "x86/ref_clock.h"

#include "base/scale.h"
#include "base/string.h"
#include "hv/arch.h"
#include "hv/lock.h"
#include "hv/log.h"
#include "hv/option.h"

#define NS_PER_S        1000000000ULL
#define CALIBRATE_PARTS 100 /* of a second */
#define SAMPLE_TRIES    8
#define TSC_HZ_MIN      50000000ULL
#define TSC_HZ_MAX      20000000000ULL
#define STUCK_CYCLES    20000000000ULL
#define CPUID_DEADLINE  BIT(24) /* 1 ECX */
#define SYNC_ROUNDS     16
#define SYNC_GOOD_NS    5000 /* a round trip that needs no better one */
#define SYNC_DONE       (~0U)
#define SYNC_SLACK_NS   2000

static uint64_t tsc_start;
static uint64_t tsc_hz;
static uint64_t ns_per_tsc;    /* 32.32 */
static uint64_t tsc_per_ns;    /* 32.32 */
static uint64_t lapic_per_tsc; /* 32.32 */
static bool use_deadline;

uint64_t tsc_now(void)
{
    return rdtsc() + (uint64_t)percpu_self()->tsc_offset;
}

uint64_t tsc_delta_to_ns(uint64_t delta)
{
    return scale(delta, ns_per_tsc);
}

uint64_t tsc_to_ns(uint64_t tsc)
{
    return scale(tsc - tsc_start, ns_per_tsc);
}

static uint64_t tsc_from_ns(uint64_t ns)
{
    return tsc_start + scale(ns, tsc_per_ns);
}

uint64_t arch_now_ns(void)
{
    return tsc_to_ns(tsc_now());
}

uint64_t tsc_khz(void)
{
    return tsc_hz / 1000;
}

void tsc_pvclock_scale(uint32_t *mul, int8_t *shift)
{
    scale_pvclock(ns_per_tsc, mul, shift);
}

void time_wait_us(unsigned int us)
{
    uint64_t until = rdtsc() + tsc_hz / 1000000 * us;

    while ((int64_t)(rdtsc() - until) < 0)
        spin_relax();
}

/* --- Calibration --- */

struct sample {
    uint64_t tsc, ref;
};

/* Both clocks at one moment: the try that took least between two TSC reads. */
static struct sample sample_take(const struct ref_clock *c)
{
    struct sample s = {0, 0};
    uint64_t best = ~0ULL;

    for (unsigned int i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t before = rdtsc_ordered();
        uint64_t ref = c->read();
        uint64_t after = rdtsc_ordered();

        if (after - before < best) {
            best = after - before;
            s = (struct sample){before + best / 2, ref};
        }
    }
    return s;
}

/* The moment at which 'c' is 'ticks' behind 'from'; false: it stands still. */
static bool sample_await(const struct ref_clock *c, const struct sample *from,
                         uint64_t ticks, struct sample *out)
{
    do {
        *out = sample_take(c);
        if (out->tsc - from->tsc > STUCK_CYCLES)
            return false;
    } while (((out->ref - from->ref) & c->mask) < ticks);
    return true;
}

/* TSC frequency by 'c', and the local APIC timer's over the same time; 0: this
   clock stands still or says nonsense. From a tick on: some are a second long. */
static uint64_t calibrate(const struct ref_clock *c, uint64_t *lapic_hz)
{
    struct sample a = sample_take(c), b;
    uint64_t ticks = MAX(c->hz / CALIBRATE_PARTS, 1UL);
    uint64_t lapic_from, lapic_tsc, hz;

    if (!sample_await(c, &a, 1, &b))
        return 0;
    lapic_timer_setup(VECTOR_TIMER, false);
    lapic_timer_start(LAPIC_TIMER_MAX);
    lapic_from = rdtsc_ordered();
    a = b;
    if (!sample_await(c, &a, ticks, &b))
        return 0;
    *lapic_hz = LAPIC_TIMER_MAX - lapic_timer_left();
    lapic_tsc = rdtsc_ordered() - lapic_from;
    lapic_timer_start(0);
    hz = (b.tsc - a.tsc) * c->hz / ((b.ref - a.ref) & c->mask);
    *lapic_hz = *lapic_hz * hz / lapic_tsc;
    return hz >= TSC_HZ_MIN && hz <= TSC_HZ_MAX ? hz : 0;
}

/* Calibrate with the best clock that 'wanted' allows (empty: any). */
static const char *calibrate_by(const char *wanted, uint64_t *lapic_hz)
{
    for (unsigned int i = 0; i < REF_CLOCKS; i++) {
        struct ref_clock *c = &ref_clocks[i];

        if ((*wanted && !str_equal(wanted, c->name)) || !c->init())
            continue;
        tsc_hz = calibrate(c, lapic_hz);
        if (tsc_hz)
            return c->name;
        log_warn("clock %s is of no use", c->name);
    }
    return NULL;
}

void time_init(uint64_t start)
{
    uint64_t lapic_hz = 0;
    const char *name = calibrate_by(opt_clocksource, &lapic_hz);

    tsc_start = start;
    if (!name && *opt_clocksource) {
        log_warn("clocksource '%s' is not there: best one used",
                 opt_clocksource);
        name = calibrate_by("", &lapic_hz);
    }
    if (!name || !lapic_hz)
        boot_refuse(
            "no clock to calibrate the TSC against: HPET, PM timer, PIT "
            "and CMOS clock all stand still");
    ns_per_tsc = scale_ratio(NS_PER_S, tsc_hz);
    tsc_per_ns = scale_ratio(tsc_hz, NS_PER_S);
    lapic_per_tsc = scale_ratio(lapic_hz, tsc_hz);
    use_deadline = cpuid(1, 0).c & CPUID_DEADLINE;
    log_info("time: tsc %lu kHz by %s, lapic timer %lu kHz%s", tsc_khz(), name,
             lapic_hz / 1000, use_deadline ? ", tsc deadline" : "");
}

/* --- Timer interrupt --- */

void time_cpu_init(void)
{
    lapic_timer_setup(VECTOR_TIMER, use_deadline);
}

/* Far deadlines fire early; cpu_loop() then programs the rest. */
static uint32_t count_until(uint64_t tsc)
{
    uint64_t now = rdtsc();
    uint64_t count = tsc > now ? scale(tsc - now, lapic_per_tsc) : 0;

    return (uint32_t)MIN(count + 1, (uint64_t)LAPIC_TIMER_MAX);
}

void arch_timer_program(uint64_t deadline_ns)
{
    uint64_t tsc =
        tsc_from_ns(deadline_ns) - (uint64_t)percpu_self()->tsc_offset;

    if (deadline_ns == ~0ULL)
        return; /* what is set comes in vain, which is cheaper than to stop it */
    if (use_deadline)
        wrmsr(MSR_TSC_DEADLINE, tsc);
    else
        lapic_timer_start(count_until(tsc));
}

/* --- TSC agreement of a new CPU --- */

static struct {
    unsigned int ping; /* [a] round the boot CPU asks for */
    unsigned int pong; /* [a] round the new CPU answered */
    uint64_t tsc;      /* the new CPU's answer */
    int64_t offset;    /* the result */
} sync;

/* The answer lies between question and reply; the shortest round knows best. If
   even that one does not exclude a difference of 0, there is none to correct. */
void tsc_sync_boot_side(void)
{
    uint64_t best = ~0ULL;
    int64_t offset = 0;

    uint64_t good = scale(SYNC_GOOD_NS, tsc_per_ns);

    for (unsigned int round = 1; best > good && round <= SYNC_ROUNDS; round++) {
        uint64_t before = rdtsc_ordered(), after;

        __atomic_store_n(&sync.ping, round, __ATOMIC_RELEASE);
        while (__atomic_load_n(&sync.pong, __ATOMIC_ACQUIRE) != round)
            spin_relax();
        after = rdtsc_ordered();
        if (after - before < best) {
            best = after - before;
            offset = (int64_t)(before + best / 2 - sync.tsc);
        }
    }
    if ((uint64_t)(offset < 0 ? -offset : offset) <=
        best / 2 + scale(SYNC_SLACK_NS, tsc_per_ns))
        offset = 0;
    sync.offset = offset;
    __atomic_store_n(&sync.ping, SYNC_DONE, __ATOMIC_RELEASE);
    while (__atomic_load_n(&sync.pong, __ATOMIC_ACQUIRE) != SYNC_DONE)
        spin_relax();
    __atomic_store_n(&sync.ping, 0, __ATOMIC_RELEASE);
}

void tsc_sync_new_side(void)
{
    struct percpu *p = percpu_self();

    unsigned int round, last = 0;

    __atomic_store_n(&sync.pong, 0, __ATOMIC_RELEASE);
    do {
        round = __atomic_load_n(&sync.ping, __ATOMIC_ACQUIRE);
        if (round != last && round != SYNC_DONE) {
            sync.tsc = rdtsc_ordered();
            __atomic_store_n(&sync.pong, round, __ATOMIC_RELEASE);
            last = round;
        }
        spin_relax();
    } while (round != SYNC_DONE);
    p->tsc_offset = sync.offset;
    if (sync.offset)
        log_warn("tsc of cpu%u differs by %ld: corrected", p->cpu, sync.offset);
    __atomic_store_n(&sync.pong, SYNC_DONE, __ATOMIC_RELEASE);
}
