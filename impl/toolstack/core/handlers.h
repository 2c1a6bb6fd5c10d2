/* Which function implements which message: the rows of handlers.def. */
#ifndef CORE_HANDLERS_H
#define CORE_HANDLERS_H

#include "model.h"

#define HANDLER(class, message, function) int function(struct request *r);
#define CHECKED                           HANDLER
#include "handlers.def"
#undef CHECKED
#undef HANDLER

/* NULL when no row names the message. *checks_only: it does no more. */
handler_fn handler_find(const char *message, bool *checks_only);

#endif
