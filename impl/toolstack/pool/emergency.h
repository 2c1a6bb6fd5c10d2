/* What a host without its master still serves. */
#ifndef POOL_EMERGENCY_H
#define POOL_EMERGENCY_H

#include "model.h"

bool message_emergency(const struct message *m);

#endif
