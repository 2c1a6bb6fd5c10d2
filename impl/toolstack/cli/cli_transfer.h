/*
 * Transfers of files between the client and an HTTP handler of ours: the
 * client is told a path, and the handler's task tells how it went.
 */
#ifndef CLI_CLI_TRANSFER_H
#define CLI_CLI_TRANSFER_H

#include "cli_run.h"

struct transfer {
    bool put;
    const char *file;
    const char *path, *query; /* the query begins with & when not empty */
    const char *label;        /* of the task */
    const char *task_uuid;    /* a task of the client's; NULL: one of ours */
};

/*
 * Until the handler's task is over; `*result` is its result as the API writes
 * it (`result` may be NULL).
 */
int cli_transfer(struct cli *c, const struct transfer *t, const char **result);

/* A download that says how it went; `text` describes its task. */
int cli_download(struct cli *c, const struct transfer *t, const char *text,
                 const char *label);

#endif
