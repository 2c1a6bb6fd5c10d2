/* How objects of each class are imported: the smaller ones. */
#ifndef TRANSFER_IMPORT_CLASSES_H
#define TRANSFER_IMPORT_CLASSES_H

#include "import_set.h"

/* Each: 0, or API_FAILED with the error set. */
int import_host(struct import_set *s, const struct xva_object *x);
int import_sr(struct import_set *s, const struct xva_object *x);
int import_metrics(struct import_set *s, const struct xva_object *x);
int import_network(struct import_set *s, const struct xva_object *x);
int import_gpu_group(struct import_set *s, const struct xva_object *x);
int import_vif(struct import_set *s, const struct xva_object *x);
int import_vgpu_type(struct import_set *s, const struct xva_object *x);
int import_vgpu(struct import_set *s, const struct xva_object *x);
int import_pvs_proxy(struct import_set *s, const struct xva_object *x);
int import_vtpm(struct import_set *s, const struct xva_object *x);

/*
 * With `restore`, a device that is still there is used again: true, and bound.
 */
bool import_again(struct import_set *s, const struct xva_object *x);
/* Gives a restored object its uuid back. */
void import_keep_uuid(struct import_set *s, const struct xva_object *x,
                      struct object *o);
/* Nothing is made, only noted. */
int import_pretend(struct import_set *s, const struct xva_object *x);

#endif
