/* A host's network hardware to test with: four NICs, and bridges that count. */
#ifndef TEST_FAKE_NETWORK_H
#define TEST_FAKE_NETWORK_H

#include "network_driver.h"

enum {
    FAKE_NICS = 4, /* the last has virtual functions */
};

struct fake_network {
    struct network_driver driver;
    bool carrier[FAKE_NICS];
    int bridges; /* that are up */
    int fail;    /* what bridge_up answers, when not 0 */
    uint64_t changes;
};

void fake_network_init(struct fake_network *n);

#endif
