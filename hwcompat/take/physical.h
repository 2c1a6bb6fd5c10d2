/* Physical memory of the machine, as far as its kernel lets it be read. */
#ifndef TAKE_PHYSICAL_H
#define TAKE_PHYSICAL_H

#include "take/take.h"

struct physical {
    int fd;
    int rc; /* why it cannot be read */
};

void physical_open(const struct take *t, struct physical *m);
void physical_close(struct physical *m);
bool physical_read(struct physical *m, uint64_t address, void *out,
                   size_t size);
/* Where the BIOS puts things, the extended data area first; 0: not there. */
uint64_t physical_find(struct physical *m, const char *anchor, size_t align);

#endif
