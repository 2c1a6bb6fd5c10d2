/*
 * Makes the objects that an export describes: each class in its turn, what it
 * needs first. What exists already is found again; the rest is made, and
 * unmade if anything fails.
 */
#ifndef TRANSFER_IMPORT_SET_H
#define TRANSFER_IMPORT_SET_H

#include "refmap.h"
#include "request.h"
#include "xva_header.h"

struct import_options {
    struct object *sr;  /* where disks are made; NULL: they are there already */
    bool restore;       /* the same machines again: uuids and MACs are kept */
    bool force;         /* go on without what is missing */
    bool dry_run;       /* only look whether it would work */
    bool live;          /* the machines run elsewhere and will arrive */
    struct value disks; /* map: uuid of a disk to that of the one to use */
};

struct import_set {
    struct request *r;
    struct import_options options;
    struct xva_header header;
    struct refmap described; /* "Ref:N" -> struct xva_object */
    struct refmap made;      /* "Ref:N" -> reference, or REF_NULL */
    const char **created;    /* references, to be unmade backwards */
    size_t created_nr, created_room;
    const char **machines; /* references of new ones */
    size_t machines_nr;
};

/* The header is kept; it lives in the request's arena. */
void import_set_init(struct import_set *s, struct request *r,
                     const struct import_options *options,
                     const struct xva_header *header);

/* 0, or API_FAILED with the error; then import_set_undo is up to the caller. */
int import_set_make(struct import_set *s);
void import_set_undo(struct import_set *s);
/* Opens the new machines to others, and gives the result. 0 or API_FAILED. */
int import_set_complete(struct import_set *s);

/* What became of a described object; NULL: nothing of that class. */
struct object *import_set_object(const struct import_set *s,
                                 const char *class_name, const char *id);

/* --- Between the parts ---------------------------------------------------- */

/* Records what an object has become. */
void import_bind(struct import_set *s, const struct xva_object *x,
                 const char *ref);
/* A new object with the fields of the description, except references. NULL,
 * with the error set, when a field cannot be. */
struct object *import_create(struct import_set *s, const struct xva_object *x);
/* To be unmade if the import fails. */
void import_created(struct import_set *s, const struct object *o);
/* What the field refers to; NULL, with the error set, when that is not there.
 */
struct object *import_lookup(struct import_set *s, const struct xva_object *x,
                             const char *field);
/* Whether the field refers to something that there is now. */
bool import_has(const struct import_set *s, const struct xva_object *x,
                const char *field);
/* A value as it is described; `type` must fit it. False: it is not there. */
bool import_flag(const struct xva_object *x, const char *field);

int import_machine(struct import_set *s, const struct xva_object *x);
int import_disk(struct import_set *s, const struct xva_object *x);
int import_vbd(struct import_set *s, const struct xva_object *x);

/* API_FAILED: IMPORT_ERROR with a text. */
int import_fail(struct request *r, const char *text);

#endif
