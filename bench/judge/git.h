/* Asking git: its output as a stream, no shell between. */
#ifndef JUDGE_GIT_H
#define JUDGE_GIT_H

#include <stddef.h>

/*
 * Runs `git -C repository ARGUMENTS...` (NULL at the end) and returns at most
 * `most` bytes of what it says, with a terminating 0, to be freed. What it
 * complains of is dropped. 0, -ENOENT: it failed; -E2BIG, -ENOMEM.
 */
int git_ask(const char *repository, const char *const *arguments, size_t most,
            char **text, size_t *len);

#endif
