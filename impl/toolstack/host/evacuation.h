/* Which machines can leave a host, and where they would go. */
#ifndef HOST_EVACUATION_H
#define HOST_EVACUATION_H

#include "request.h"

/* One machine of the host: where it goes, or why it does not. */
struct departure {
    struct object *vm;
    struct object *to;  /* NULL: nowhere */
    struct value error; /* a set of strings then */
};

/* All of them; *nr of them. They live in the arena. */
struct departure *evacuation_plan(struct request *r, struct object *host,
                                  bool ignore_ha, size_t *nr);

#endif
