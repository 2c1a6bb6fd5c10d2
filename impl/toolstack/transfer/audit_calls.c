/* Messages about the audit trail. */
#include "audit.h"
#include "handlers.h"
#include "request.h"

int pool_audit_log_append(struct request *r)
{
    audit_append(r->ts, arg_text(r, 0));
    return reply_void(r);
}
