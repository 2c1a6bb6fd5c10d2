/*
 * Which objects an export describes, and how: a machine, what belongs to it,
 * and what that refers to. References are rewritten to short names; those that
 * lead out of the export become null.
 */
#ifndef TRANSFER_EXPORT_SET_H
#define TRANSFER_EXPORT_SET_H

#include "refmap.h"
#include "request.h"
#include "xva_header.h"

enum {
    EXPORT_NO_VIF = 1 << 0,
    EXPORT_NO_VBD = 1 << 1,
    EXPORT_NO_VGPU = 1 << 2,
    EXPORT_NO_VTPM = 1 << 3,
};

struct export_set {
    struct request *r;
    bool snapshots; /* with the snapshots of the machines, and their tree */
    bool power;     /* suspended machines stay suspended, with their image */
    bool parents;   /* with the volumes that volumes depend on */
    unsigned without;
    struct refmap names; /* reference -> "Ref:N" */
    struct object **objects;
    size_t nr, room;
};

/* The options come after it, and before machines are added. */
void export_set_init(struct export_set *s, struct request *r);
void export_set_add(struct export_set *s, struct object *vm);

/* The short name; NULL: not in the export. */
const char *export_set_name(const struct export_set *s, const char *ref);
/* The description, in the request's arena. */
void export_set_describe(struct export_set *s, struct xva_header *h);

#endif
