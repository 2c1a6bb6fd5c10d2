/* Addresses, checked by the system's own parser. */
#include "ip.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESS_MAX = 64,
};

bool ip_valid(const char *text, bool v6)
{
    struct in6_addr address;

    return inet_pton(v6 ? AF_INET6 : AF_INET, text, &address) == 1;
}

bool ip_valid_cidr(const char *text, bool v6)
{
    const char *slash = strchr(text, '/');
    char address[ADDRESS_MAX], *end;
    long prefix;

    if (!slash || slash - text >= ADDRESS_MAX)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    prefix = strtol(slash + 1, &end, 10);
    return slash[1] && !*end && prefix >= 0 && prefix <= (v6 ? 128 : 32) &&
           ip_valid(address, v6);
}
