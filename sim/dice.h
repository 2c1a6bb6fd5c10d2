/* The only dice of a simulation: splitmix64, one seed and one sequence. */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdint.h>

static inline uint64_t dice_throw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

#endif
