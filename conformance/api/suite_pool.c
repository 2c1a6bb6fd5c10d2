/* Scenarios: the pool and its hosts. */
#include <string.h>

#include "checks.h"
#include "suite.h"

void check_one_master(int nr)
{
    cJSON *pools = ok("pool.get_all", ""), *hosts = ok("host.get_all", "");
    const char *master;
    int found = 0;

    (void)nr;
    ck_assert_int_eq(cJSON_GetArraySize(pools), 1);
    master = ok_text("pool.get_master", "s", pools->child->valuestring);
    for (cJSON *h = hosts->child; h; h = h->next)
        found += strcmp(h->valuestring, master) == 0;
    ck_assert_int_eq(found, 1);
}
