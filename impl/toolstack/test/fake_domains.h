/* A domain driver for tests: every call works. */
#ifndef TEST_FAKE_DOMAINS_H
#define TEST_FAKE_DOMAINS_H

#include "domain_driver.h"

struct domain_driver fake_domains(void);

#endif
