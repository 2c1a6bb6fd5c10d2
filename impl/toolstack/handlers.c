/* The handler table. */
#include "handlers.h"

#include <string.h>

static const struct {
    const char *message;
    handler_fn function;
} handlers[] = {
#define HANDLER(class, message, function) {#class "." #message, function},
#include "handlers.def"
#undef HANDLER
};

handler_fn handler_find(const char *message)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
        if (strcmp(handlers[i].message, message) == 0)
            return handlers[i].function;
    return NULL;
}
