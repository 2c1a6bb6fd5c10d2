/*
 * Spinlock (ticket order) and atomic bit helpers.
 *
 * The hypervisor runs with interrupts off everywhere except in the guest and
 * in the idle wait, so a lock is never taken from an interrupt handler that
 * preempted its holder and no irq-saving variant exists. NMI and #MC handlers
 * take no lock. Lock order is written in hv/domain.h.
 */
#ifndef HV_LOCK_H
#define HV_LOCK_H

#include "base/types.h"

struct spinlock {
    uint16_t next;  /* [a] ticket to hand out */
    uint16_t owner; /* [a] ticket being served */
};

static inline void spin_relax(void)
{
    __builtin_ia32_pause();
}

/* Critical sections are short: PAUSE, which costs a trip through its main loop
   under an emulator, comes only once in a while. */
static inline void spin_lock(struct spinlock *l)
{
    uint16_t t = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
    unsigned int rounds = 0;

    while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != t)
        if (!(++rounds % 64))
            spin_relax();
}

static inline bool spin_trylock(struct spinlock *l)
{
    uint16_t t = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);

    return __atomic_compare_exchange_n(&l->next, &t, (uint16_t)(t + 1), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(struct spinlock *l)
{
    __atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

/* Take two locks of one class in address order; they may be the same. */
static inline void spin_lock_two(struct spinlock *a, struct spinlock *b)
{
    spin_lock(a < b ? a : b);
    if (a != b)
        spin_lock(a < b ? b : a);
}

static inline void spin_unlock_two(struct spinlock *a, struct spinlock *b)
{
    spin_unlock(a);
    if (a != b)
        spin_unlock(b);
}

/* Bit operations on arrays of unsigned long, atomic, full barrier. */
static inline bool bit_test(const unsigned long *map, unsigned int n)
{
    return __atomic_load_n(&map[n / 64], __ATOMIC_RELAXED) >> (n % 64) & 1;
}

static inline bool bit_test_and_set(unsigned long *map, unsigned int n)
{
    return __atomic_fetch_or(&map[n / 64], 1UL << (n % 64), __ATOMIC_SEQ_CST) >>
               (n % 64) &
           1;
}

static inline bool bit_test_and_clear(unsigned long *map, unsigned int n)
{
    return __atomic_fetch_and(&map[n / 64], ~(1UL << (n % 64)),
                              __ATOMIC_SEQ_CST) >>
               (n % 64) &
           1;
}

#endif
