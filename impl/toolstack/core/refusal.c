/* Carries out refusals.def. */
#include <string.h>

#include "handlers.h"
#include "request.h"

static const struct {
    const char *message, *code, *parameter;
} refusals[] = {
#define REFUSAL(class, name, c, p) \
    {.message = #class "." #name, .code = c, .parameter = p},
#include "refusals.def"
#undef REFUSAL
};

int any_refuse(struct request *r)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(refusals[i].message, r->message->name) == 0)
            return request_fail(r, refusals[i].code, refusals[i].parameter,
                                NULL);
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}
