/*
 * LZMA decoder, one LZMA2 chunk at a time; see base/xz.h.
 *
 * All of an image passes through here bit by bit: the range decoder lives in a
 * local structure that the compiler keeps in registers, helpers are inlined.
 */
#include "abi/xen.h"
#include "base/string.h"
#include "base/xz.h"

#define PROB_BITS    11
#define PROB_MOVE    5
#define PROB_HALF    (1 << (PROB_BITS - 1))
#define RANGE_TOP    (1U << 24)
#define LENGTH_MIN   2
#define SLOT_MODEL   4  /* slots below are distances themselves */
#define SLOT_DIRECT  14 /* slots from here on have plain bits */
#define ALIGN_BITS   4
#define HEADER_BYTES 5
#define END_MARK     UINT32_MAX
#define inlined      static inline __attribute__((always_inline))

struct range {
    const uint8_t *in;
    const uint8_t *end;
    uint32_t range;
    uint32_t code;
};

inlined void range_fill(struct range *r)
{
    if (r->range >= RANGE_TOP)
        return;
    r->range <<= 8;
    r->code <<= 8;
    if (likely(r->in < r->end))
        r->code |= *r->in;
    r->in++; /* past the end: found by the caller */
}

inlined unsigned int range_bit(struct range *r, uint16_t *prob)
{
    uint32_t p = *prob;
    uint32_t bound;

    range_fill(r);
    bound = (r->range >> PROB_BITS) * p;
    if (r->code < bound) {
        r->range = bound;
        *prob = p + (((1 << PROB_BITS) - p) >> PROB_MOVE);
        return 0;
    }
    r->range -= bound;
    r->code -= bound;
    *prob = p - (p >> PROB_MOVE);
    return 1;
}

/* Most significant bit first; the result has a leading one bit. */
inlined unsigned int range_tree(struct range *r, uint16_t *probs,
                                unsigned int limit)
{
    unsigned int symbol = 1;

    do {
        symbol = symbol << 1 | range_bit(r, &probs[symbol]);
    } while (symbol < limit);
    return symbol;
}

inlined uint32_t range_tree_reverse(struct range *r, uint16_t *probs,
                                    unsigned int bits)
{
    unsigned int symbol = 1;
    uint32_t value = 0;

    for (unsigned int i = 0; i < bits; i++) {
        unsigned int b = range_bit(r, &probs[symbol]);

        symbol = symbol << 1 | b;
        value |= b << i;
    }
    return value;
}

inlined uint32_t range_direct(struct range *r, unsigned int bits)
{
    uint32_t value = 0;

    while (bits--) {
        range_fill(r);
        r->range >>= 1;
        value <<= 1;
        if (r->code >= r->range) {
            r->code -= r->range;
            value |= 1;
        }
    }
    return value;
}

inlined void literal_decode(struct lzma *s, struct range *r)
{
    uint8_t prev = s->pos > s->dict_from ? s->out[s->pos - 1] : 0;
    uint32_t at = (uint32_t)(s->pos - s->dict_from) & s->lp_mask;
    uint16_t *probs = s->probs.literal[(at << s->lc) + (prev >> (8 - s->lc))];
    unsigned int symbol = 1;

    if (s->state >= 7) { /* after a match: its next byte is the context */
        unsigned int byte = s->out[s->pos - s->dist[0] - 1] << 1;
        unsigned int offset = 0x100;

        do {
            unsigned int bit = byte & offset;
            unsigned int got = range_bit(r, &probs[offset + bit + symbol]);

            symbol = symbol << 1 | got;
            offset &= got ? bit : ~bit;
            byte <<= 1;
        } while (symbol < 0x100);
    } else {
        symbol = range_tree(r, probs, 0x100);
    }
    s->out[s->pos++] = (uint8_t)symbol;
    s->state = s->state < 4 ? 0 : s->state - (s->state < 10 ? 3 : 6);
}

inlined unsigned int length_decode(struct range *r, struct lzma_lengths *l,
                                   unsigned int position)
{
    if (!range_bit(r, &l->choice[0]))
        return LENGTH_MIN + range_tree(r, l->low[position], 8) - 8;
    if (!range_bit(r, &l->choice[1]))
        return LENGTH_MIN + 8 + range_tree(r, l->mid[position], 8) - 8;
    return LENGTH_MIN + 16 + range_tree(r, l->high, 256) - 256;
}

inlined uint32_t distance_decode(struct lzma *s, struct range *r,
                                 unsigned int length)
{
    unsigned int class = MIN(length - LENGTH_MIN, 3U);
    unsigned int slot = range_tree(r, s->probs.slot[class], 64) - 64;
    unsigned int bits = (slot >> 1) - 1;
    uint32_t base;

    if (slot < SLOT_MODEL)
        return slot;
    base = (2 | (slot & 1)) << bits;
    if (slot < SLOT_DIRECT)
        return base +
               range_tree_reverse(r, s->probs.distance + base - slot, bits);
    base += range_direct(r, bits - ALIGN_BITS) << ALIGN_BITS;
    return base + range_tree_reverse(r, s->probs.align, ALIGN_BITS);
}

static void dist_to_front(struct lzma *s, unsigned int from)
{
    uint32_t d = s->dist[from];

    for (; from; from--)
        s->dist[from] = s->dist[from - 1];
    s->dist[0] = d;
}

/* A repeated distance; the length, which is 1 for a single byte. */
inlined unsigned int rep_decode(struct lzma *s, struct range *r,
                                unsigned int position)
{
    if (!range_bit(r, &s->probs.rep0[s->state])) {
        if (!range_bit(r, &s->probs.rep0_long[s->state][position])) {
            s->state = s->state < 7 ? 9 : 11;
            return 1;
        }
    } else if (!range_bit(r, &s->probs.rep1[s->state])) {
        dist_to_front(s, 1);
    } else {
        dist_to_front(s, range_bit(r, &s->probs.rep2[s->state]) ? 3 : 2);
    }
    s->state = s->state < 7 ? 8 : 11;
    return length_decode(r, &s->probs.rep_length, position);
}

inlined unsigned int match_decode(struct lzma *s, struct range *r,
                                  unsigned int position)
{
    unsigned int length = length_decode(r, &s->probs.match_length, position);

    s->dist[3] = s->dist[2];
    s->dist[2] = s->dist[1];
    s->dist[1] = s->dist[0];
    s->dist[0] = distance_decode(s, r, length);
    s->state = s->state < 7 ? 7 : 10;
    return length;
}

/* Repeat what lies dist[0] + 1 back; source and target may overlap. */
inlined bool match_copy(struct lzma *s, unsigned int length, size_t out_end)
{
    size_t back = (size_t)s->dist[0] + 1;
    uint8_t *to = s->out + s->pos;

    if (back > s->pos - s->dict_from || length > out_end - s->pos)
        return false;
    s->pos += length;
    if (back == 1) {
        memset(to, to[-1], length);
        return true;
    }
    while (back >= 8 && length >= 8) {
        uint64_t word;

        memcpy(&word, to - back, sizeof(word));
        memcpy(to, &word, sizeof(word));
        to += 8;
        length -= 8;
    }
    for (; length; length--, to++)
        *to = *(to - back);
    return true;
}

bool lzma_chunk(struct lzma *s, const uint8_t *in, size_t in_bytes,
                size_t out_end)
{
    struct range r = {in + HEADER_BYTES, in + in_bytes, UINT32_MAX, 0};

    if (in_bytes < HEADER_BYTES || in[0] != 0)
        return false;
    for (unsigned int i = 1; i < HEADER_BYTES; i++)
        r.code = r.code << 8 | in[i];
    while (s->pos < out_end) {
        unsigned int position = (uint32_t)(s->pos - s->dict_from) & s->pb_mask;
        unsigned int length;

        if (!range_bit(&r, &s->probs.match[s->state][position])) {
            if (s->state >= 7 && s->dist[0] >= s->pos - s->dict_from)
                return false;
            literal_decode(s, &r);
            continue;
        }
        if (range_bit(&r, &s->probs.rep[s->state]))
            length = rep_decode(s, &r, position);
        else
            length = match_decode(s, &r, position);
        if (!match_copy(s, length, out_end))
            return false;
    }
    range_fill(&r);
    return r.in == r.end && r.code == 0;
}

bool lzma_set_props(struct lzma *s, uint8_t props)
{
    unsigned int lc = props % 9, rest = props / 9;

    if (rest >= 5 * 5 || lc + rest % 5 > LZMA_LITERAL_BITS)
        return false;
    s->lc = lc;
    s->lp_mask = (1U << rest % 5) - 1;
    s->pb_mask = (1U << rest / 5) - 1;
    return true;
}

void lzma_reset(struct lzma *s)
{
    uint16_t *p = (uint16_t *)&s->probs;

    static_assert(sizeof(s->probs) % sizeof(*p) == 0, "only uint16_t inside");
    for (size_t i = 0; i < sizeof(s->probs) / sizeof(*p); i++)
        p[i] = PROB_HALF;
    memset(s->dist, 0, sizeof(s->dist));
    s->state = 0;
}
