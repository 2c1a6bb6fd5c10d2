/*
 * The simulation's clock: the machine's, moved by jumps, or a virtual one that
 * stands still until it is moved.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sim_clock {
    bool is_virtual;
    bool jumps; /* to what is due next, when everybody waits */
    int64_t ms; /* virtual: the time since 1970; real: added to the machine's */
};

/*
 * `text` is of --clock: NULL, "real", "virtual" (jumps when everybody waits) or
 * "still" (never by itself); these with "=DATE", 2026-01-31T12:00:00Z or its
 * first part. 0, or -EINVAL.
 */
int sim_clock_init(struct sim_clock *c, const char *text);

int64_t sim_clock_now_ms(const struct sim_clock *c);
/* The machine's own clock, whatever was done to ours. */
int64_t sim_clock_machine_ms(void);

/* Forward or, as a jump, back; never to before 1970. */
void sim_clock_move(struct sim_clock *c, int64_t by_ms);

#endif
