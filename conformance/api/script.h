/*
 * Short scripts of calls that bring a target into a state, and their undoing.
 *
 * A script is text: `[NAME =] METHOD [ARGUMENTS] [~ METHOD [ARGUMENTS]]...`,
 * again and again. Arguments are JSON in a list, with ' for quotes. A text
 * "$name" in them stands for what the call of that name answered,
 * "$name.key.0" for a part of it, or of the record that `find` found. What
 * stands behind ~ undoes the call: it is carried out in the end, the latest
 * first; `~?` may fail. Methods without a dot are verbs of script_verbs.c.
 *
 * Nothing here ends the check: what goes wrong is kept, and told at the end.
 * One thread, one script at a time.
 */
#ifndef API_SCRIPT_H
#define API_SCRIPT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "rpc.h"

enum {
    SCRIPT_NAMES_MAX = 64,
    SCRIPT_UNDO_MAX = 64,
    SCRIPT_STATES_MAX = 64,
    SCRIPT_WORD_BYTES = 128,
    SCRIPT_WHY_BYTES = 1024,
};

struct script {
    struct rpc *rpc;       /* borrowed: where calls go */
    const char *session;   /* borrowed: put in front of parameters */
    char *borrowed;        /* owned: another session, for calls from now on */
    struct rpc *elsewhere; /* owned: another address, for calls from now on */
    struct {
        char name[SCRIPT_WORD_BYTES];
        cJSON *value, *record; /* owned; record: NULL unless found */
    } names[SCRIPT_NAMES_MAX];
    int names_nr;
    struct {
        char method[SCRIPT_WORD_BYTES];
        cJSON *params; /* owned */
        bool may_fail;
    } undo[SCRIPT_UNDO_MAX];
    int undo_nr;
    const char *states[SCRIPT_STATES_MAX]; /* what has been set up */
    int states_nr;
    char why[SCRIPT_WHY_BYTES]; /* the first thing that went wrong, or "" */
};

void script_begin(struct script *s, struct rpc *rpc, const char *session);
/* Brings about states of errors/states.def, separated by spaces. */
bool script_state(struct script *s, const char *states);
bool script_run(struct script *s, const char *text);
/* JSON with ' for quotes and names put in; NULL, and `why`, when it is none.
 * The caller frees it. */
cJSON *script_values(struct script *s, const char *text);
/* One call with a session in front unless it takes none. Takes over `params`.
 * The caller frees the answer. */
void script_call(struct script *s, const char *method, cJSON *params,
                 struct rpc_answer *answer);
/* Undoes everything and frees what is owned. False: something cannot be
 * undone; `why` says it unless it said something before. */
bool script_end(struct script *s);
/* Frees what is owned, where nothing needs to be undone. */
void script_drop(struct script *s);

/* False, always; keeps the reason unless there is one already. */
bool script_fail(struct script *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Names a value, and takes it over, with the record that belongs to it. */
bool script_name(struct script *s, const char *name, cJSON *value,
                 cJSON *record);

/* Waits until the task is over. */
bool script_task_over(struct script *s, const char *task);

/* Verbs: false, and `why`, when it did not work. The value (the caller frees
 * it) and the record are for the name in front. */
struct script_result {
    cJSON *value, *record;
};
bool script_verb(struct script *s, const char *verb, const cJSON *params,
                 struct script_result *result);

#endif
