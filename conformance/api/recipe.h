/*
 * Recipes: what to call, in which order, and how to see that it was done.
 *
 * Rows are in recipes/. A recipe is run up to three times: as it stands; with
 * the asynchronous form of each message that is judged; and with the weakest
 * role that may. A message counts as a success (or asynchronous success, or
 * allowed) when a proof behind it holds, and its event has come.
 *
 *   RECIPE(name)                     begins one
 *   STATE(name)                      begins steps that bring objects about
 *   RECIPE_SIM, STATE_SIM            the same, on a simulation only: they change
 *                                    hosts, their devices or the whole pool
 *   USE(name)                        the steps of a state, here
 *   WORLD(options)                   goes on in a simulation of its own; the
 *                                    word DIRECTORY is a file for --users
 *   AT(address)                      goes on at another host of it
 *   LOCALLY(address)                 goes on there in a session of its own root
 *   WITH(session)                    goes on in another session
 *   POWER(address, what)             crash, boot, cut or join that host
 *   CLOCK(seconds)                   its clock, which is still, goes on
 *   DO(bind, method, params)         a call that prepares
 *   CALL(bind, method, params)       a call that is judged
 *   QUIET(bind, method, params)      the same, without effect that can be read
 *   REFUSED(code, method, params)    a call that has to fail, and how
 *   IS(method, params, value)        proof: it answers this; a map may have more
 *   ISNT(method, params, value)      proof: it answers something else
 *   HAS(method, params, value)       proof: the list, map or text has it
 *   LACKS(method, params, value)     proof: it has not
 *   SOON(method, params, value)      proof: IS, at once or after an event
 *   GONE(class, ref)                 proof: there is no such object
 *   HTTP(method, path, body)         a request that has to succeed
 *   DOWN(address)                    proof: that host of a world lets nobody in
 *   UNDO(method, params)             sent when the check is over; may be refused
 *
 * Where a CALL answers nothing, its proof may not hold before it.
 *
 * Parameters and values are texts of bound.h, the session apart; "=" as method
 * stands for the parameter itself. `bind` names the result, "" does not. "$Class"
 * is an object of that class: what STATE(Class) binds to this name, or else
 * the first that is there; it lasts as long as the run.
 */
#ifndef API_RECIPE_H
#define API_RECIPE_H

#include <stdbool.h>

/* Brings a state about in the running check. */
void recipe_use(const char *state);
/* The text of a value that a state has bound. */
const char *recipe_text(const char *name);
/* An object of the class, as "$Class" above; NULL: there is none. */
const char *object_of(const char *class);

/* For the runner: at the end of each check, and of the run. */
void recipe_end(void);
void recipe_close(void);

#endif
