/*
 * Integer types, boxed frame numbers and the handful of macros everybody uses.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)        (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)      ((x) & ~((__typeof__(x))(a)-1))
#define BIT(n)                (1UL << (n))
#define MIN(a, b)             ((a) < (b) ? (a) : (b))
#define MAX(a, b)             ((a) > (b) ? (a) : (b))
#define container_of(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))
#define READ_ONCE(x)          (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)      (*(volatile __typeof__(x) *)&(x) = (v))
#define PRINTF_LIKE(f, a)     __attribute__((format(printf, f, a)))
#define NORETURN              __attribute__((noreturn))
#define MUST_CHECK            __attribute__((warn_unused_result))
#define static_assert _Static_assert
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A guest frame number: an index of 4 KiB pages as one domain sees them. */
typedef struct {
    uint64_t g;
} gfn_t;

/* A machine frame number: an index of 4 KiB pages of real memory. */
typedef struct {
    uint64_t m;
} mfn_t;

typedef uint64_t paddr_t; /* machine or guest physical address, bytes */

#define INVALID_FRAME (~0ULL)

static inline gfn_t _gfn(uint64_t g)
{
    return (gfn_t){g};
}

static inline uint64_t gfn_x(gfn_t g)
{
    return g.g;
}

static inline mfn_t _mfn(uint64_t m)
{
    return (mfn_t){m};
}

static inline uint64_t mfn_x(mfn_t m)
{
    return m.m;
}

static inline bool mfn_valid_value(mfn_t m)
{
    return m.m != INVALID_FRAME;
}

#endif
