/*
 * Programs run on bytes of strangers, and expected to break: bounded in time,
 * processor, memory, files and output, without network, privileges, terminal or
 * anything of our environment, in a directory of their own.
 *
 * As root they run as nobody; elsewhere a namespace takes the network away where
 * the kernel allows it. Nothing here is shared between threads.
 */
#ifndef AML_SANDBOX_H
#define AML_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    SANDBOX_OUTPUT_BYTES = 16 << 20, /* of one program, both streams */
    SANDBOX_SECONDS = 10,            /* by the clock, and of its CPU */
    SANDBOX_PATH_BYTES = 64,
    SANDBOX_ARGS_MAX = 192,
};

/* A directory that only the programs and we use. */
struct sandbox {
    char dir[SANDBOX_PATH_BYTES];
};

enum sandbox_end {
    SANDBOX_EXIT,   /* of its own accord; `status` */
    SANDBOX_SIGNAL, /* it crashed; `status`: the signal */
    SANDBOX_TIME,   /* it was stopped */
    SANDBOX_OUTPUT, /* it said too much, and was stopped */
};

struct sandbox_run {
    pid_t pid;
    int fd;
    char *out; /* ends with a zero; NULL: it said nothing */
    size_t len, room;
    enum sandbox_end end;
    int status;
};

/* Makes the directory. 0, or a negative errno. */
int sandbox_open(struct sandbox *s);
/* Removes it with all that is in it. */
void sandbox_close(struct sandbox *s);
/* A file in it that the programs may read. 0, or a negative errno. */
int sandbox_write(const struct sandbox *s, const char *name, const void *data,
                  size_t size);
/* A file in it that they made, at most `most` bytes; the caller frees. NULL. */
char *sandbox_read(const struct sandbox *s, const char *name, size_t most,
                   size_t *len);

/* Whether a program of that name is to be had. */
bool sandbox_has(const char *program);
/* Starts `args`, which end with NULL; `input`: the file in the directory that it
   reads, or NULL. 0, or a negative errno. */
int sandbox_start(const struct sandbox *s, char *const *args, const char *input,
                  struct sandbox_run *r);
/* Waits for `nr` of them, which run side by side; nobody outlives it. */
void sandbox_wait(struct sandbox_run *r, size_t nr);
void sandbox_run_fini(struct sandbox_run *r);

#endif
