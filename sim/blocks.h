/*
 * Where the contents of simulated volumes are: slots of STORAGE_BLOCK bytes in
 * one sparse file, counted by how many leaves refer to each.
 *
 * Without a path the file is anonymous memory. A slot that nobody refers to any
 * more rests until blocks_sync says that nothing on disk refers to it either.
 * Under the toolstack's lock.
 */
#ifndef SIM_BLOCKS_H
#define SIM_BLOCKS_H

#include "storage.h"

struct blocks {
    int fd;
    uint32_t nr;    /* slots ever used; slot 0 is none */
    uint32_t limit; /* slots that there may be */
    uint32_t room;  /* allocated entries of the arrays */
    uint32_t *refs;
    uint32_t *free, free_nr; /* slots that can be taken; they read as zeros */
    uint32_t *resting, resting_nr;
};

/* 0 or -Exxx. `path` NULL: in memory. */
int blocks_init(struct blocks *b, const char *path, uint32_t limit);
void blocks_fini(struct blocks *b);

/* A slot of zeros with one reference; 0 when there is no room. */
uint32_t blocks_take(struct blocks *b);
void blocks_get(struct blocks *b, uint32_t slot);
/* True when that was the last reference. */
bool blocks_put(struct blocks *b, uint32_t slot);

/* Within one slot. 0 or -Exxx. */
int blocks_read(const struct blocks *b, uint32_t slot, size_t offset,
                void *data, size_t len);
int blocks_write(struct blocks *b, uint32_t slot, size_t offset,
                 const void *data, size_t len);

/* For loading: one reference more; then what has none is free. */
void blocks_restore(struct blocks *b, uint32_t slot);
void blocks_restored(struct blocks *b);

/* Contents are on disk. 0 or -Exxx. */
int blocks_sync(struct blocks *b);
/* What rests can be used again: the index on disk is as new as we are. */
void blocks_settle(struct blocks *b);

#endif
