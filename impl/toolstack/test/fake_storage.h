/*
 * A storage driver for tests: small volumes in memory, copied as a whole. Every
 * repository exists. One at a time: fake_storage() starts from nothing.
 */
#ifndef TEST_FAKE_STORAGE_H
#define TEST_FAKE_STORAGE_H

#include "storage.h"

struct storage_driver fake_storage(void);

#endif
