/*
 * What an update's package says of itself. The text comes from a disk that a
 * client wrote: anything may stand there.
 */
#ifndef SERVICE_UPDATE_INFO_H
#define SERVICE_UPDATE_INFO_H

#include "value.h"

struct update_info {
    const char *uuid, *name, *description, *version, *key;
    int64_t size; /* bytes when installed */
    struct value guidance;
    bool homogeneous;
};

/* NULL; or the name of what is missing. Everything lives in the arena. */
const char *update_info_parse(struct arena *a, const char *text,
                              struct update_info *info);

#endif
