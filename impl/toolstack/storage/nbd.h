/*
 * Disks over NBD, read only: the fixed newstyle handshake, and simple replies
 * (doc/proto.md of NetworkBlockDevice/nbd). The name of an export is what
 * VDI.get_nbd_info says: "/UUID?session_id=REF".
 */
#ifndef STORAGE_NBD_H
#define STORAGE_NBD_H

#include "raw.h"

extern const struct raw_service nbd_service;

#endif
