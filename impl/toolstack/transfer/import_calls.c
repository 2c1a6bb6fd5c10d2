/* Messages about imports. */
#include "handlers.h"
#include "request.h"

/*
 * An archive at some address: the daemon fetches nothing by itself, so that no
 * client can make it reach into its network. Clients send it to PUT /import.
 */
int vm_import(struct request *r)
{
    if (!arg_object(r, 1, "SR"))
        return API_FAILED;
    return request_fail(r, "IMPORT_ERROR",
                        arena_printf(r->arena,
                                     "'%s' is not fetched: send the archive "
                                     "to PUT /import",
                                     arg_text(r, 0)),
                        NULL);
}
