/*
 * Faults: what goes wrong on the simulated side, where, when and how often.
 *
 * A fault names its kind (faults.def) and its target: a pattern as of the shell
 * for the name or the uuid of a host, SR, NIC or machine. It lasts from
 * `start` seconds on for `duration` seconds of the simulation's clock, hits
 * with a probability, and at most `count` times. Its dice follow from the seed
 * and from nothing else, so that references stay the same with and without it.
 *
 * Wherever `names` is wanted: the names and uuids of what is touched, ending
 * with NULL. Used under the lock of the toolstack.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "value.h"

enum fault_kind {
#define FAULT(name, kind, effect) FAULT_##kind,
#include "faults.def"
#undef FAULT
    FAULT_KINDS,
};

enum {
    FAULTS_MAX = 1000,
    FAULT_TARGET_BYTES = 64,
};

struct faults;

/* The clock is borrowed. */
struct faults *faults_create(struct sim_clock *clock, uint64_t seed);
void faults_destroy(struct faults *f);

/*
 * Adds what `spec` describes: a map with `what`, and with `target` ("*"),
 * `probability` (1), `count` (without end), `start` (0) and `duration` (for
 * ever) in seconds, `delay` in seconds (latency, slow-master, clock-jump), or
 * `period` in seconds (link-flap). 0 and its number, or -EINVAL and the reason
 * in the arena.
 */
int faults_add(struct faults *f, struct arena *a, const struct value *spec,
               int64_t *id, const char **why);
/* A set of such maps, or a map with the set under "faults". */
int faults_add_all(struct faults *f, struct arena *a, const struct value *specs,
                   const char **why);
/* 0, or -ENOENT. */
int faults_del(struct faults *f, int64_t id);
void faults_clear(struct faults *f);

/* Another number after each fault that came or went. */
uint64_t faults_changes(const struct faults *f);

/* All of them: what faults_add takes, with number, hits and state. */
struct value faults_list(const struct faults *f, struct arena *a);

/* Whether there is none at all, which is quick to say. */
bool faults_none(const struct faults *f);

/*
 * Storage asks before each access: 0, -EIO, -ENOSPC (only when `grows`) or
 * -ENXIO, a lost path.
 */
int faults_error(struct faults *f, const char *const *names, bool grows);

/* How long a call that touches these takes longer, in ms. */
int64_t faults_delay_ms(struct faults *f, const char *const *names,
                        bool on_master);

/* Whether a state of that kind holds now; LINK_DOWN covers LINK_FLAP. */
bool faults_active(const struct faults *f, enum fault_kind kind,
                   const char *const *names);

/* Told when a state begins and ends; `target` is the pattern. */
typedef void (*fault_fn)(void *ctx, enum fault_kind kind, const char *target,
                         bool begins);
void faults_watch(struct faults *f, fault_fn fn, void *ctx);
bool fault_matches(const char *target, const char *const *names);

/*
 * Lets states begin and end that are due, and jumps the clock where one says
 * so; when the next one is due (INT64_MAX: none).
 */
int64_t faults_step(struct faults *f);

#endif
