/* Calls that a call makes itself. */
#include "inner.h"

#include <assert.h>
#include <string.h>

#include "generic.h"
#include "wait.h"

static int take_result(struct request *r, const struct request *inner, int rc,
                       struct value *result)
{
    if (rc == API_FAILED)
        r->error = inner->error;
    if (rc == 0 && result)
        *result = inner->result;
    return rc;
}

int inner_call(struct request *r, const char *method, const struct value *args,
               int nr, struct value *result, struct request **waits)
{
    struct request *inner = arena_alloc(r->arena, sizeof(*inner));
    const struct message *m = message_find(method);
    int rc;

    assert(m && nr == m->params_nr);
    *inner = (struct request){.ts = r->ts,
                              .at = r->at,
                              .db = r->db,
                              .arena = r->arena,
                              .message = m,
                              .session = r->session,
                              .args_nr = nr};
    for (int i = 0; i < nr; i++)
        inner->args[i] = args[i];
    if (m->kind == KIND_CREATE &&
        generic_record(inner, m->class, &inner->args[0], &inner->args[0]))
        return take_result(r, inner, API_FAILED, result);
    if (nr && args[0].kind == VALUE_STRING)
        inner->self = db_find_any(r->db, args[0].s);
    rc = m->handler ? m->handler(inner) : generic_call(inner);
    if (rc == API_WAITING)
        *waits = inner;
    return take_result(r, inner, rc, result);
}

int inner_resume(struct request *r, struct request *waits, struct value *result)
{
    return take_result(r, waits, wait_resume(waits), result);
}
