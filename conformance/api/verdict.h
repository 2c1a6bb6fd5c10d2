/*
 * Check's assertions without its runner: an assertion that fails ends the
 * check and leaves its words; one that holds is counted.
 *
 * Check's own runner tells nothing before the whole run is over, and writes a
 * file for each assertion that holds. One thread.
 */
#ifndef API_VERDICT_H
#define API_VERDICT_H

#include <stdbool.h>

/* Whether fn(nr) came to its end. The count and the words begin anew. */
bool verdict_of(void (*fn)(int nr), int nr);
/* The same without beginning anew: what has to be done after a check. */
bool verdict_also(void (*fn)(int nr), int nr);

/* Something held that no assertion states. */
void verdict_count(void);
int verdict_counted(void);
/* Of the first assertion that failed; "" if none. */
const char *verdict_words(void);

#endif
