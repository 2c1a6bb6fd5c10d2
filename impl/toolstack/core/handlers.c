/* The handler table. */
#include "handlers.h"

#include <string.h>

static const struct {
    const char *message;
    handler_fn function;
    bool checks_only;
} handlers[] = {
#define HANDLER(class, message, function) \
    {#class "." #message, function, false},
#define CHECKED(class, message, function) {#class "." #message, function, true},
#include "handlers.def"
#undef CHECKED
#undef HANDLER
};

handler_fn handler_find(const char *message, bool *checks_only)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
        if (strcmp(handlers[i].message, message) == 0) {
            *checks_only = handlers[i].checks_only;
            return handlers[i].function;
        }
    return NULL;
}
