/*
 * Calls that wait on a connection of their own while the check goes on, and
 * connections that stop speaking HTTP.
 */
#ifndef API_PARKED_H
#define API_PARKED_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct parked;

/*
 * Sends a call as ok() does, and does not wait for its end. It goes to where
 * the check's calls go at this moment.
 */
struct parked *park(const char *session, const char *method, cJSON *params);
/*
 * The end of it, which is waited for: the result, which is kept, or NULL, and
 * then `code` is what it was refused with; "" when the connection just ended.
 * Frees it.
 */
cJSON *parked_end(struct parked *p, const char **code);

/*
 * Sends this to where the calls go, and reads until these words have come, the
 * room is full, or nobody sends any more; how many bytes came. The reply has
 * room for them and ends with a NUL.
 */
size_t exchange_raw(const char *request, char *reply, size_t room,
                    const char *until);

#endif
