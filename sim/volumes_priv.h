/*
 * How simulated repositories and volumes are kept, for the files that do it.
 *
 * A volume maps its blocks through leaves of LEAF_BLOCKS entries, which clones
 * share until one of them writes. Every entry has the version of its last
 * write: a number that never comes twice, so that two volumes differ in a block
 * exactly if its versions do. A node accounts for the slots that were written
 * through it; a clone leaves its node behind as the parent of two new ones, and
 * a parent with one child left merges with it.
 */
#ifndef SIM_VOLUMES_PRIV_H
#define SIM_VOLUMES_PRIV_H

#include "blocks.h"
#include "sim.h"
#include "volumes.h"

enum {
    LEAF_BLOCKS = 256,
    NAME_BYTES = 256, /* of volumes; a longer name is refused */
    TYPE_BYTES = 32,
    PLACE_BYTES = 1024,
    VOLUME_SLOTS = 4096,
};

struct entry {
    uint64_t version;     /* 0: never written */
    uint32_t slot, owner; /* no slot: zeros */
};

struct leaf {
    uint32_t id, refs;
    bool dirty;
    struct leaf *next_dirty;
    struct entry entries[LEAF_BLOCKS];
};

struct mapped {
    uint32_t index; /* of the leaf, in the volume */
    bool dirty;     /* the row is not on disk */
    struct leaf *leaf;
};

struct block_map { /* sorted by index */
    struct mapped *items;
    uint32_t nr, room;
};

struct node {
    uint32_t own;            /* slots */
    uint32_t into;           /* merged with that one; 0: is itself */
    uint32_t parent;         /* 0: none */
    uint32_t children, kids; /* how many; all their numbers, XORed */
    struct sim_sr *sr;
    bool live, dirty;
};

struct attachment {
    char host[NAME_BYTES];
    struct attachment *next;
};

struct sim_sr {
    char uuid[NAME_BYTES], type[TYPE_BYTES];
    char place[PLACE_BYTES]; /* what of the device config says where it is */
    int64_t size;
    uint32_t used; /* slots */
    bool dirty;
    struct attachment *attached;
    struct sim_sr *next;
};

struct volume {
    char name[NAME_BYTES];
    struct sim_sr *sr;
    int64_t id, size;
    uint64_t epoch; /* versions up to here may be shared; 0: none */
    uint32_t node;
    bool dirty;   /* something of it is not on disk */
    bool passing; /* its name begins with a dot: not for long */
    struct block_map map;
    char *about;         /* owned; NULL: nothing */
    struct volume *next; /* in its hash slot */
};

struct sim_volumes {
    struct sim *sim; /* NULL: alone */
    struct blocks blocks;
    struct sim_sr *srs;
    struct volume *slots[VOLUME_SLOTS];
    struct node *nodes;
    uint32_t nodes_nr, nodes_room;
    uint64_t versions;
    int64_t next_id;
    uint32_t next_leaf;
    struct leaf *dirty_leaves;
    struct volumes_store *store; /* NULL: in memory */
    bool dirty;
    int rc; /* of the store: once it fails, everything does */
};

/* --- volume_map.c ------------------------------------------------------- */

/* The entry of a block; of zeros that were never written, when there is none.
 */
struct entry map_find(const struct volume *v, int64_t block);
/* The same to write to, in a leaf that nobody else has. */
struct entry *map_own(struct sim_volumes *s, struct volume *v, int64_t block);
/* `to`, which is empty, shares all leaves of `from`. */
void map_share(struct volume *from, struct volume *to);
void map_clear(struct sim_volumes *s, struct volume *v);
/* Drops everything at and after the block. */
void map_cut(struct sim_volumes *s, struct volume *v, int64_t block);
/* True when no other volume refers to the entry's slot. */
bool map_alone(const struct sim_volumes *s, const struct volume *v,
               int64_t block);
/* Puts a leaf at its place; for loading and for the above. */
void map_insert(struct volume *v, uint32_t index, struct leaf *leaf);
/* The first leaf at or after an index, as a position in the map. */
uint32_t map_position(const struct block_map *map, uint32_t index);

/* --- volume_nodes.c ----------------------------------------------------- */

uint32_t node_create(struct sim_volumes *s, struct sim_sr *sr, uint32_t parent);
/* The node that a number stands for now. */
uint32_t node_find(const struct sim_volumes *s, uint32_t node);
/* The volume of the node is gone. */
void node_leave(struct sim_volumes *s, uint32_t node);
/* `to` begins as a clone of `from`. */
void node_split(struct sim_volumes *s, struct volume *from, struct volume *to);
/* None of a repository is left. */
void nodes_forget(struct sim_volumes *s, const struct sim_sr *sr);
/* A slot more, or less, that was written through the node. */
void node_account(struct sim_volumes *s, uint32_t node, int change);

/* --- srs.c, volumes.c --------------------------------------------------- */

/* What a name stands for; of records too, see adopt.c. NULL: nothing. */
struct sim_sr *sim_sr_lookup(struct sim_volumes *s, const char *uuid);
struct sim_sr *sim_sr_make(struct sim_volumes *s, const char *uuid,
                           const char *type, const char *place, int64_t size);
struct volume *volume_lookup(struct sim_volumes *s, const char *sr,
                             const char *name);
/* The same without records. */
struct volume *volume_find(struct sim_volumes *s, const char *sr,
                           const char *name);
struct volume *volume_make(struct sim_volumes *s, struct sim_sr *sr,
                           const char *name, int64_t size);
void volume_drop(struct sim_volumes *s, struct volume *v);
void volume_mark(struct sim_volumes *s, struct volume *v);
/* What of a device config says where the contents are. */
const char *sim_sr_place(struct arena *a, const char *host, const char *type,
                         const struct value *config);
void srs_driver(struct storage_driver *driver);
void srs_fini(struct sim_volumes *s);

int volume_write(struct sim_volumes *s, struct volume *v, int64_t offset,
                 const void *data, size_t len);
void volume_stat(const struct sim_volumes *s, const struct volume *v,
                 struct storage_volume_stat *stat);

/* --- iso.c -------------------------------------------------------------- */

/* What is found in a new repository of CD images. */
void isos_make(struct sim_volumes *s, struct sim_sr *sr);

/* --- adopt.c ------------------------------------------------------------ */

/* NULL when no pool has a record of it. */
struct sim_sr *sim_sr_adopt(struct sim_volumes *s, const char *uuid);
struct volume *volume_adopt(struct sim_volumes *s, struct sim_sr *sr,
                            const char *name);
/* Everything that is said to be there. */
void volumes_adopt(struct sim_volumes *s, struct sim_sr *sr);

/* --- volumes_store.c ---------------------------------------------------- */

/* Opens the index and loads what it has. 0 or -Exxx. */
int volumes_store_open(struct sim_volumes *s, const char *path);
void volumes_store_close(struct sim_volumes *s);
/* Writes what is dirty. 0 or -Exxx. */
int volumes_store_flush(struct sim_volumes *s);
/* What is gone is forgotten with the next flush. */
void volumes_store_drop_volume(struct sim_volumes *s, int64_t id);
void volumes_store_drop_leaf(struct sim_volumes *s, uint32_t id);
void volumes_store_drop_row(struct sim_volumes *s, int64_t volume,
                            uint32_t index);
void volumes_store_drop_node(struct sim_volumes *s, uint32_t node);
void volumes_store_drop_sr(struct sim_volumes *s, const char *uuid);

#endif
