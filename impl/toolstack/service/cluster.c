/* Clusters of hosts. */
#include <string.h>

#include "handlers.h"
#include "request.h"

int cluster_create(struct request *r)
{
    if (strcmp(arg_text(r, 1), "corosync") != 0)
        return request_fail(r, "INVALID_CLUSTER_STACK", arg_text(r, 1), NULL);
    if (!arg_object(r, 0, "PIF"))
        return API_FAILED;
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}
