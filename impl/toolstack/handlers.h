/* Which function implements which message: the rows of handlers.def. */
#ifndef TOOLSTACK_HANDLERS_H
#define TOOLSTACK_HANDLERS_H

#include "model.h"

#define HANDLER(class, message, function) int function(struct request *r);
#include "handlers.def"
#undef HANDLER

/* NULL when no row names the message. */
handler_fn handler_find(const char *message);

#endif
