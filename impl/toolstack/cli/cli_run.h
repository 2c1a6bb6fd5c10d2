/*
 * A command while it runs: its arguments, its output, and how it fails.
 *
 * Functions that can fail return 0 or CLI_FAILED, after one of the cli_fail
 * functions has noted why. Everything lives until the command ends, unless it
 * was made within cli_scratch. The toolstack's lock is held, except while the
 * client is written to, read from or waited for; results of calls are copies,
 * so that they outlast that.
 */
#ifndef CLI_CLI_RUN_H
#define CLI_CLI_RUN_H

#include <errno.h>

#include "buf.h"
#include "cli.h"

#define CLI_NO_OBJECT "<not in database>"

enum {
    CLI_FAILED = -ECANCELED,
    CLI_PARAMS_MAX = 512,
    CLI_UPLOAD_MAX = 32 << 20, /* bytes of a file that a client sends */
};

struct cli_param {
    const char *name, *value;
};

enum cli_failure {
    FAILURE_NONE,
    FAILURE_API,   /* `words`: code and parameters */
    FAILURE_TEXT,  /* `text`, after "Error: " */
    FAILURE_USAGE, /* `text`, and where help is */
    FAILURE_FIELD, /* `text`: a field that the class does not have */
    FAILURE_SOLD,  /* everything has been said; `status` is left */
    FAILURE_LOST,  /* the client is gone */
};

struct cli_memory {
    struct arena arena;
    void **blocks; /* of copied results */
    size_t blocks_nr, blocks_room;
};

struct cli_joined {
    const char *text;
    const struct cli_joined *older;
};

struct cli {
    struct toolstack *ts;
    const struct endpoint *at;   /* the host that was asked */
    const struct caller *caller; /* while it logs in; NULL: this process */
    const struct cli_io *io;
    struct cli_memory *memory;
    const char *session;
    const char *name; /* of the command */
    struct cli_param *params;
    int params_nr;
    bool minimal;
    const struct cli_joined *joined; /* output of --minimal, newest first */
    struct buf out;                  /* frames that were not sent yet */
    int64_t spoken_ms;               /* when the last ones were, in a wait */
    enum cli_failure failure;
    const char *text;
    struct value words;
    int status;
};

/* Memory. */
struct arena *cli_arena(struct cli *c);
void cli_memory_init(struct cli_memory *m);
void cli_memory_fini(struct cli_memory *m);
/* A copy of a value that may lie in the database. */
struct value cli_keep(struct cli *c, const struct value *v);

/*
 * Calls `fn` with memory of its own, which is gone afterwards, so that work on
 * thousands of objects takes no more than work on one. A failure is kept.
 */
int cli_scratch(struct cli *c, int (*fn)(struct cli *c, void *ctx), void *ctx);
/* Adds texts of any length; ends with NULL. */
void cli_join(struct buf *out, ...) __attribute__((sentinel));

/* Failing. All return CLI_FAILED. */
int cli_fail(struct cli *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int cli_fail_usage(struct cli *c, const char *what, const char *text);
int cli_fail_field(struct cli *c, const char *name);
int cli_fail_internal(struct cli *c, const char *text);
int cli_fail_exit(struct cli *c, int status);
/* Forgets the failure: the caller has an answer to it. */
void cli_forgive(struct cli *c);
/* Whether the failure is this error of the API. */
bool cli_failed_with(const struct cli *c, const char *code);
/* What went wrong in one piece, as for one object of several. */
const char *cli_failure_text(struct cli *c);
/* The same as it is called inside: Server_error(CODE, [ parameters ]). */
const char *cli_raised(struct cli *c);
/* Tells the client what went wrong. */
void cli_failure_print(struct cli *c);

/* Arguments. */
const char *cli_param(const struct cli *c, const char *name); /* or NULL */
const char *cli_param_or(const struct cli *c, const char *name,
                         const char *otherwise);
/* An argument that the command demands, though its table does not. */
int cli_param_need(struct cli *c, const char *name, const char **text);
int cli_flag(struct cli *c, const char *name, bool otherwise, bool *flag);
bool cli_bool_parse(const char *text, bool *flag);
int cli_bytes_parse(struct cli *c, const char *name, const char *text,
                    int64_t *bytes);
bool cli_int_parse(const char *text, int64_t *i);
bool cli_float_parse(const char *text, double *f);
/* NAME:key=value and NAME-key=value as a map. */
struct value cli_map_params(struct cli *c, const char *name);
/* The text cut at every `separator`; one empty word for an empty text. */
struct value cli_words(struct cli *c, const char *text, char separator);
/* Splits what was posted; 0 or CLI_FAILED. */
int cli_args_parse(struct cli *c, const char *body, size_t len);

/* Calls of the API. Results may be NULL where nobody wants them. */
int cli_call(struct cli *c, const char *method, struct value *result,
             const struct value *args, int nr);
/* With strings only; ends with NULL. */
int cli_ask(struct cli *c, const char *method, struct value *result, ...)
    __attribute__((sentinel));
/* The same for a result that is a string or a reference. */
int cli_ask_text(struct cli *c, const char *method, const char **text, ...)
    __attribute__((sentinel));
int cli_by_uuid(struct cli *c, const char *class_name, const char *uuid,
                const char **ref);
/* The object whose uuid the argument is; absent: the null reference. */
int cli_param_ref(struct cli *c, const char *class_name, const char *name,
                  const char **ref);
/* The pool; and the one that the argument names, if it was given. */
int cli_pool(struct cli *c, const char *param, const char **ref);
/* The same with the host that the session is on. */
int cli_host(struct cli *c, const char *param, const char **ref);
/* Waits for a task, takes its error as the command's, and destroys it. */
int cli_await_task(struct cli *c, const char *task);
/* Until something changed; at most that long. */
int cli_pause(struct cli *c, int64_t ms);

/* What a reference is called; "" when it leads nowhere. */
const char *cli_uuid_of(struct cli *c, const char *ref);
/* NULL when it has no name. */
const char *cli_label_of(struct cli *c, const char *ref);
/* The text, or uuid and name when it is a reference. */
const char *cli_readable(struct cli *c, const char *text);

/* Output that --minimal joins, or leaves out. */
void cli_print(struct cli *c, const char *text);
void cli_print_list(struct cli *c, const struct value *strings);
void cli_say(struct cli *c, const char *text);
void cli_warn(struct cli *c, const char *text);

/* Output whatever the options. */
void cli_tell(struct cli *c, const char *text);
void cli_complain(struct cli *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tables: records of lines "name: value". */
struct cli_line {
    const char *name, *value;
    struct cli_line *next;
};

struct cli_lines {
    struct cli_line *first, *last;
    struct cli_lines *next;
};

struct cli_table {
    struct cli_lines *first, *last;
};

struct cli_lines *cli_table_row(struct cli *c, struct cli_table *t);
void cli_row_line(struct cli *c, struct cli_lines *row, const char *name,
                  const char *value);
void cli_print_table(struct cli *c, const struct cli_table *t);
/* A map of strings as a table of one record. */
void cli_print_map(struct cli *c, const struct value *map);
/* Commas would end a value of --minimal: they get a backslash. */
void cli_add_escaped(struct buf *out, const char *text);
/* A piece of what --minimal joins. Empties it. */
void cli_join_piece(struct cli *c, struct buf *take_text);
/* At the end: what --minimal gathered. */
void cli_print_joined(struct cli *c);

/* The client's side. */
int cli_flush(struct cli *c);
/* `*text` is NULL when the client has no such file. */
int cli_load(struct cli *c, const char *file, const char **text);
/* The same; complains when there is none. `what` is for the complaint. */
int cli_load_or_fail(struct cli *c, const char *what, const char *file,
                     const char **text);
/* Asks; fails when the client is gone. */
int cli_agrees(struct cli *c, bool *yes);
/* Lets the client do its part of a transfer or console. */
int cli_client_works(struct cli *c, bool *ok);

#endif
