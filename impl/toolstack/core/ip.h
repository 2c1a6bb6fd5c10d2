/* Addresses as clients write them. */
#ifndef CORE_IP_H
#define CORE_IP_H

#include <stdbool.h>

bool ip_valid(const char *text, bool v6);
/* address/prefix */
bool ip_valid_cidr(const char *text, bool v6);

#endif
