/* Disks: what may be done with them, and what follows when it is done. */
#ifndef STORAGE_VDI_H
#define STORAGE_VDI_H

#include "request.h"

/*
 * A copy in the same repository that shares its contents: a snapshot, or a disk
 * of its own. NULL: failed, and the error of the request says why.
 */
struct object *vdi_duplicate(struct request *r, struct object *from,
                             bool snapshot);

/* 0, or API_FAILED: why the operation (of vdi_ops.def) cannot be done now. */
int vdi_check(struct request *r, const struct object *vdi, const char *op);
/* 0, or API_FAILED: a disk that the daemon looks after. */
int vdi_check_managed(struct request *r, const struct object *vdi);

/* Works out allowed_operations again. */
void vdi_refresh(struct request *r, struct object *vdi);

/* The uuid of the disk's repository, and the name of its volume there. */
const char *vdi_sr_uuid(struct toolstack *ts, const struct object *vdi);
const char *vdi_volume(const struct object *vdi);

/*
 * Whether a plugged device uses the disk; `writes_only` leaves out those that
 * only read.
 */
bool vdi_in_use(struct request *r, const struct object *vdi, bool writes_only);

/* Makes the record of a volume. */
struct object *vdi_record(struct request *r, struct object *sr,
                          const char *type, const char *label, int64_t size);
/* Removes the record, and what refers to it: its block devices. */
void vdi_remove(struct request *r, struct object *vdi);

/* --- Repositories -------------------------------------------------------- */

/* 0, or API_FAILED with SR_HAS_NO_PBDS: no host has it plugged. */
int sr_check_plugged(struct request *r, const struct object *sr);
bool sr_is_plugged(struct request *r, const struct object *sr);
/* 0, or API_FAILED: why the operation on the repository cannot be done now. */
int sr_check(struct request *r, struct object *sr, const char *op);
/* Works out allowed_operations again. */
void sr_refresh(struct request *r, struct object *sr);
/* API_FAILED with what the driver's -Exxx means where no disk is at fault. */
int sr_fail(struct request *r, const struct object *sr, int rc);

/* NULL, with the error of the request set: the host has one already. */
struct object *pbd_make(struct request *r, struct object *sr,
                        struct object *host, const struct value *config);
/* What plug and unplug do. 0, or API_FAILED. */
int pbd_attach(struct request *r, struct object *pbd);
int pbd_detach(struct request *r, struct object *pbd);

/* Records of disks for what is there, and none for what is not. */
int sr_rescan(struct request *r, struct object *sr);

/* Sizes as they are now. */
void sr_refresh_size(struct toolstack *ts, struct object *sr);

#endif
