/* The operations of the model: what is foretold, what is sent, what follows. */
#ifndef API_MODEL_OPS_H
#define API_MODEL_OPS_H

#include "model.h"

/* How a call is foretold to end. */
struct model_end {
    const char *code;     /* "": it succeeds */
    const char *words[3]; /* that follow the code; NULL: any */
    const char *instead;  /* another code that is as good; NULL: none */
};

#define OP(name, args, weight, run, nr) \
    void run(struct model *m, const struct model_op *op, const int *a);
#include "model_ops.def"
#undef OP

/*
 * Sends it and compares how it ends; takes over `params`, a list without the
 * session. The value of a success that was foretold, kept for the check, or
 * NULL: the model stays as it is.
 */
cJSON *model_send(struct model *m, struct model_end end, const char *method,
                  cJSON *params);
/* The same for calls whose success answers the reference of a new object. */
bool model_make(struct model *m, struct model_end end, const char *method,
                cJSON *params, enum model_kind kind, int nr);
void model_touch(struct model *m, enum model_kind kind, int nr);
/* The object is gone. */
void model_drop(struct model *m, enum model_kind kind, int nr);
void model_drop_disk(struct model *m, int nr);

/* Drives and interfaces of a machine that a call has made anew, like those of
 * another one: read, and given numbers; `snapshot`: their disks are snapshots.
 * False: their number or their places are wrong. */
bool model_adopt(struct model *m, int vm, int from, bool snapshot);
/* Room for as many drives, disks and interfaces as a machine has. */
bool model_has_room(const struct model *m, int vm);
/* All drives and interfaces of a machine are plugged, or none is. */
void model_attach(struct model *m, int vm, bool attached);
/* Whether one of them is not plugged. */
bool model_has_loose(const struct model *m, int vm);
void model_drop_devices(struct model *m, int vm);
/* Whether a disk is plugged into any machine. */
bool model_is_plugged(const struct model *m, int disk);
/* Whether that keeps others from it: drives of suspended machines, and of this
 * one (-1: none), do not. */
bool model_disk_in_use(const struct model *m, int disk, int but_vm);

#endif
