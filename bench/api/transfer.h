/* Export and import of a machine with a disk that is full. */
#ifndef API_TRANSFER_H
#define API_TRANSFER_H

#include "measure.h"

enum { TRANSFER_DISK_BYTES = 32 << 20 };

struct transfer; /* the machine, its disk, its image */

/* Makes the machine. Ends the program when it cannot be had. */
struct transfer *transfer_open(struct target *t);
/* Removes it. */
void transfer_close(struct transfer *x, struct target *t);

/* Each is one transfer; MB (10^6 bytes) a second until all is done. */
double transfer_raw(struct transfer *x, struct target *t);
double transfer_export(struct transfer *x, struct target *t);
double transfer_import(struct transfer *x, struct target *t);

#endif
