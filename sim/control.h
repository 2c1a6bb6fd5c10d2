/*
 * /sim: the simulation changed from outside while it runs, in JSON over HTTP.
 *
 * Only root may: with a session_id in the query or a cookie, or HTTP Basic.
 * Handlers are rows of control.def and run under the server's lock.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "route.h"
#include "sim.h"

/* Lets the toolstack's addresses answer /sim. */
void control_open(struct toolstack *ts);

struct sim *control_sim(struct route_call *c);

/* The answer: status and a value; or 400 and the reason. Always 0. */
int control_answer(struct route_call *c, unsigned status,
                   const struct value *v);
int control_refuse(struct route_call *c, const char *why);

/*
 * Collects the request's body, JSON or YAML, for `fn`, which control_body gives
 * it; an empty one is an empty map. 0, or the answer is given.
 */
int control_collect(struct route_call *c, route_fn fn);
int control_body(struct route_call *c, struct value *v, const char **why);

#define CONTROL(method, path, function) int function(struct route_call *c);
#include "control.def"
#undef CONTROL

#endif
