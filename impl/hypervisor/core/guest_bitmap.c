/*
 * Bit maps of control tools: copied in and out, whatever their length.
 */
#include "guest_bitmap.h"

#include "hv/guest.h"

#include "base/string.h"

#define BITMAP_BYTES     sizeof(struct cpumask)
#define GUEST_BITS_LIMIT 65536

static_assert(CPU_MAX % 64 == 0, "whole words");

static size_t bytes_of(uint32_t bits)
{
    return (bits + 7UL) / 8;
}

int guest_bitmap_read(struct vcpu *v, struct cpumask *dst,
                      const struct xenctl_bitmap *src)
{
    size_t bytes = MIN(bytes_of(src->nr_bits), BITMAP_BYTES);
    unsigned int odd = src->nr_bits % 8;
    uint8_t raw[BITMAP_BYTES] = {0};

    if (guest_copy_from(v, raw, guest_ptr(src->bitmap), bytes))
        return -XEN_EFAULT;
    if (odd && src->nr_bits < CPU_MAX)
        raw[bytes - 1] &= (uint8_t)((1U << odd) - 1);
    memcpy(dst->bits, raw, sizeof(raw));
    return 0;
}

int guest_bitmap_write(struct vcpu *v, const struct xenctl_bitmap *dst,
                       const struct cpumask *src)
{
    size_t bytes = bytes_of(dst->nr_bits), ours = MIN(bytes, BITMAP_BYTES);
    unsigned int odd = dst->nr_bits % 8;
    uint8_t raw[BITMAP_BYTES];
    static const uint8_t zero[BITMAP_BYTES];

    if (dst->nr_bits > GUEST_BITS_LIMIT)
        return -XEN_EINVAL;
    memcpy(raw, src->bits, sizeof(raw));
    if (odd && dst->nr_bits < CPU_MAX)
        raw[ours - 1] &= (uint8_t)((1U << odd) - 1);
    if (guest_copy_to(v, guest_ptr(dst->bitmap), raw, ours))
        return -XEN_EFAULT;
    for (size_t i = ours; i < bytes; i += sizeof(zero))
        if (guest_copy_to(v, guest_ptr(dst->bitmap) + i, zero,
                          MIN(bytes - i, sizeof(zero))))
            return -XEN_EFAULT;
    return 0;
}

void cpumask_online(struct cpumask *m)
{
    memset(m, 0, sizeof(*m));
    for (unsigned int i = 0; i < cpu_count; i++)
        m->bits[i / 64] |= 1UL << i % 64;
}

void cpumask_and(struct cpumask *a, const struct cpumask *b)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(a->bits); i++)
        a->bits[i] &= b->bits[i];
}
