/*
 * Pools as a file describes them, or as the options do: one tree of values.
 *
 * What a key makes is a row of pool_file.def: KEY(scope, key, function). The
 * rows of a scope run in the order of the table; a key without a row is
 * refused.
 */
#ifndef SIM_POOL_FILE_H
#define SIM_POOL_FILE_H

#include "pools.h"
#include "seed.h"

struct answer;
struct pool_file;

/* 0, or -Exxx with the reason on stderr; *file is NULL then. */
int pool_file_open(const struct options *options, struct pool_file **file);
void pool_file_close(struct pool_file *file);
int pool_file_count(const struct pool_file *file);

/* Makes pool `nr` in an empty toolstack. As pool_file_open. */
int pool_file_make(const struct pool_file *file, struct world *w,
                   struct toolstack *ts, int nr);

/* A pool of one host, which another pool has had, in an empty toolstack. */
void pool_file_alone(struct world *w, struct toolstack *from,
                     struct toolstack *to, const char *host);

/* Where a key can stand. */
enum making_scope {
    SCOPE_POOL,
    SCOPE_HOST,
    SCOPE_NIC,
    SCOPE_HA,
    SCOPE_NETWORK,
    SCOPE_STORAGE,
    SCOPE_VM,
};

/* The pool that is being made. */
struct making {
    struct world *world;
    struct toolstack *ts;
    struct db *db;
    struct seeder *seeder;
    struct arena *arena;
    const char *session; /* for making_call */
    int pool_nr, hosts_nr;
    struct object *pool;
    struct object *turn; /* host that the next machine may start on */
    struct object *self; /* of the scope: the host, network, SR or machine */
    bool first_host_done;
    struct nic *nics; /* of the host */
    int nics_nr;
    struct value ha[2];    /* timeout and failures */
    int64_t count, number; /* how many are alike, and which one this is */
};

/* What a row's function does with the key's value: 0 or -EINVAL. */
typedef int making_fn(struct making *m, const struct value *v);

/* Runs the rows of a scope over a map. 0 or -EINVAL. */
int making_run(struct making *m, enum making_scope scope,
               const struct value *map);

/*
 * Runs the scope for each thing of a list: `begin` makes m->self. A thing with
 * a `count` is made that many times. A number instead of a list: that many
 * without any key. 0 or -EINVAL.
 */
int making_list(struct making *m, enum making_scope scope,
                const struct value *list, int (*begin)(struct making *m));

/* Says on stderr what is wrong. Always -EINVAL. */
int making_fail(const struct making *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Calls the API as root; `params` without the session. 0 or -EINVAL. */
int making_call(struct making *m, const char *method,
                const struct value *params, size_t nr, struct value *result);

/* The same, without a word when it is refused. */
int making_try(struct making *m, const char *method, const struct value *params,
               size_t nr, struct answer *answer);

/* 3 of 3; 68719476736 of 68719476736 or "64 GiB". 0 or -EINVAL. */
int making_number(const struct making *m, const struct value *v,
                  int64_t *number);
/* Text as it is; NULL, with the reason said, for anything else. */
const char *making_text(const struct making *m, const struct value *v);
/* The text, with a number behind it where several things are alike. */
const char *making_numbered(struct making *m, const char *text);

#endif
