/*
 * A small model of the API: machines, disks, drives, interfaces, networks,
 * repositories and tasks as this suite understands them.
 *
 * A step is an operation on objects by number; whether it succeeds, or with
 * what it is refused, is foretold, and the endpoint is asked to do it. After
 * each step, what events have told, what the object itself says and the lists
 * by name are compared with the model. The first difference is kept in words.
 * One thread.
 */
#ifndef API_MODEL_H
#define API_MODEL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

enum {
    MODEL_VMS = 8,
    MODEL_DISKS = 10,
    MODEL_DRIVES = 16,
    MODEL_CARDS = 12,
    MODEL_NETS = 3,
    MODEL_SRS = 2,
    MODEL_TASKS = 3,
    MODEL_LABELS = 4,
    MODEL_KEYS = 3, /* of other_config and tags */
    MODEL_PLACES = 3,
    MODEL_ARGS_MAX = 4,
    MODEL_REF_BYTES = 64,
    MODEL_WORDS_BYTES = 1024,
};

enum model_kind {
    MODEL_VM,
    MODEL_DISK,
    MODEL_DRIVE,
    MODEL_CARD,
    MODEL_NET,
    MODEL_SR,
    MODEL_TASK,
    MODEL_KINDS,
};

/* What all objects have. */
struct model_object {
    bool alive;
    char ref[MODEL_REF_BYTES]; /* "": there never was one */
    int label;
};

enum model_power {
    MODEL_HALTED,
    MODEL_PAUSED,
    MODEL_SUSPENDED,
    MODEL_RUNNING,
    MODEL_POWERS,
};

struct model_vm {
    struct model_object o;
    enum model_power power;
    bool is_template, is_snapshot;
    bool stale; /* what is allowed is told when something else happens */
    int origin; /* what it is a snapshot of; negative: nothing, or it is gone */
    int text;   /* name_description */
    unsigned tags, keys, blocked; /* bits */
    struct {                      /* of a snapshot: the machine as it was */
        int label, text;
        unsigned keys, blocked;
        bool is_template;
    } kept;
};

struct model_disk {
    struct model_object o;
    int mib;
    bool is_snapshot;
    int origin; /* of a snapshot: the disk; negative: it is gone */
};

/* A VBD or a VIF. */
struct model_device {
    struct model_object o;
    int vm, to, place; /* to: the disk or the network */
    bool attached;
};

struct model {
    struct model_vm vms[MODEL_VMS];
    struct model_disk disks[MODEL_DISKS];
    struct model_device drives[MODEL_DRIVES], cards[MODEL_CARDS];
    struct model_object nets[MODEL_NETS], srs[MODEL_SRS], tasks[MODEL_TASKS];
    bool finished[MODEL_TASKS];
    char labels[MODEL_LABELS][MODEL_REF_BYTES];
    char sr[MODEL_REF_BYTES]; /* where disks are made */
    char *token;              /* of events; owned */
    cJSON *mirror;            /* what events have told, by reference */
    struct {
        enum model_kind kind;
        int nr; /* negative: nothing */
    } touched;  /* by the latest step */
    char wrong[MODEL_WORDS_BYTES];
};

/* An operation: its name in scripts, and the kinds of its numbers (model_ops.def
 * explains the letters). */
struct model_op {
    const char *name, *args;
    int weight;
    void (*run)(struct model *m, const struct model_op *op, const int *a);
    int nr; /* for functions that serve several rows */
};

struct model_step {
    const struct model_op *op;
    int a[MODEL_ARGS_MAX];
};

const struct model_op *model_op_at(int nr); /* NULL past the end */

void model_init(struct model *m);
/* Removes everything that the model has made, as far as it goes. */
void model_fini(struct model *m);

/* Whether the step makes sense now: its objects are there, or not yet. */
bool model_applies(const struct model *m, const struct model_step *s);
/* Does it, and compares. False: `wrong` says what differs. */
bool model_take(struct model *m, const struct model_step *s);

/* The upper end of numbers that a letter stands for, and whether one suits. */
int model_range(char letter);
bool model_suits(const struct model *m, char letter, int nr);

/* --- For the files of the model --- */

struct model_object *model_object(struct model *m, enum model_kind kind,
                                  int nr);
int model_count(enum model_kind kind);
const char *model_class(enum model_kind kind);
const char *model_power_name(enum model_power p);
/* Keeps the first difference. */
void model_wrong(struct model *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Compares everything with what is told and read. */
void model_compare(struct model *m);
/* Whether an operation that a machine lists as allowed is so. */
bool model_allowed(const struct model *m, int vm, int operation);
/* Operations that can be blocked, and are compared. NULL past the end. */
const char *model_operation(int nr);

#endif
