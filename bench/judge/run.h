/*
 * A run of the lab: raw samples as JSON, checked and decoded. The text is
 * hostile: its size, depth, names and numbers of everything have limits.
 */
#ifndef JUDGE_RUN_H
#define JUDGE_RUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "order.h"

enum {
    RUN_BYTES_MAX = 64 << 20,
    RUN_NODES_MAX = 2 << 20, /* values in the JSON text, so that a small text
                                cannot become a large tree */
    RUN_DEPTH_MAX = 32,
    RUN_MEASURES_MAX = 4096,
    RUN_SAMPLES_MAX = 4096,   /* of one series */
    RUN_ALL_SAMPLES = 200000, /* of all of them */
    RUN_PEERS_MAX = 8,
    RUN_NAME_BYTES = 129,
    RUN_UNIT_BYTES = 33,
    RUN_TEXT_BYTES = 1001,
    RUN_ROUND_MAX = 1000000,
    RUN_LOOKS_MAX = 1000,
    RUN_FORMAT = 1,
};

/* What was measured of one thing under one hypervisor, in order of time. */
struct series {
    double *value;
    int *round; /* beside the values; NULL: not known */
    size_t n;
    size_t lost; /* samples that are no number */
};

struct measure {
    char name[RUN_NAME_BYTES];
    char unit[RUN_UNIT_BYTES];
    char note[RUN_TEXT_BYTES];
    bool higher; /* is better */
    bool count;  /* noise cannot move it */
    struct series series[RUN_PEERS_MAX];
};

struct run {
    cJSON *json; /* all of it; the run's */
    char machine[RUN_NAME_BYTES], accelerator[RUN_NAME_BYTES],
        qemu[RUN_NAME_BYTES], revision[RUN_NAME_BYTES], started[RUN_NAME_BYTES],
        profile[RUN_NAME_BYTES];
    unsigned int looks; /* at most, while it ran; 1 when it does not say */
    char peer[RUN_PEERS_MAX][RUN_NAME_BYTES];
    size_t peers;
    struct measure *measure; /* by name */
    size_t measures;
};

struct run_error {
    char text[512];
};

/* Returns `rc`; the text says what is wrong and where. */
int run_fail(struct run_error *e, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * JSON out of text, which is UTF-8, with those limits; NaN and Infinity, which Python writes,
 * become null. 0, -E2BIG, -EINVAL, -ENOMEM.
 */
int run_parse(const char *text, size_t len, cJSON **out, struct run_error *e);

/* Takes `take_json` in any case. */
int run_decode(cJSON *take_json, struct run *out, struct run_error *e);
void run_fini(struct run *r);

/* The samples of another run of this machine come behind those of `r`, rounds
   after rounds. On failure `r` may be empty. 0, -EINVAL, -E2BIG, -ENOMEM. */
int run_join(struct run *r, struct run *take_more, struct run_error *e);

/* All of a stream, with a terminating 0; to be freed. */
int run_read(FILE *in, char **text, size_t *len, struct run_error *e);

/* Names become parts of paths, of keys and of cells: letters, digits, "._+:-",
   a letter or a digit first. */
bool run_name_check(const char *name);

/* The peer's number, or -ENOENT. */
int run_peer_find(const struct run *r, const char *name);
struct measure *run_measure_find(const struct run *r, const char *name);

static inline struct values series_values(const struct series *s)
{
    return (struct values){s->value, s->n};
}

#endif
