/* The functions that rows of routes.def name. */
#ifndef WIRE_ROUTES_H
#define WIRE_ROUTES_H

#include "route.h"

#define ROUTE(method, path, action, flags, function) \
    int function(struct route_call *c);
#include "routes.def"
#undef ROUTE

#endif
