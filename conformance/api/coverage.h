/*
 * What of every message has been exercised, and what has not.
 *
 * Marks are made where calls are made (suite.h) and taken back when the check
 * that made them fails. One thread.
 */
#ifndef API_COVERAGE_H
#define API_COVERAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "message.h"

enum column {
#define COLUMN(id, name, help) COLUMN_##id,
#include "columns.def"
#undef COLUMN
    COLUMNS_NR,
};

const char *column_name(enum column c);
const char *column_help(enum column c);

/* Whether the column means anything for the message. */
bool column_applies(enum column c, const struct message *m);

void coverage_mark(int message, enum column c);
/* A documented error was seen. Other codes are not counted. */
void coverage_mark_error(int message, const char *code);

/* Marks made since the last of these two calls: keep them, or drop them. */
void coverage_keep(void);
void coverage_drop(void);

/*
 * The marks made since then, as pairs of message and place, good until one of
 * those calls; how many. What another process found is marked by the same pair.
 */
int coverage_news(const int (**pairs)[2]);
void coverage_mark_place(int message, int place);
/* A place as text, and back: "success", or the code of an error. Negative: the
 * message has no such place. */
const char *coverage_place_name(int message, int place);
int coverage_place_find(int message, const char *name);

/* Places exercised, out of those that apply. An error is a place each. */
int coverage_places(enum column c, int *exercised);
/* The same for one message. */
int coverage_of(int message, enum column c, int *exercised);
/* Messages with at least one place exercised. */
int coverage_messages(void);
bool coverage_has_error(int message, int error);

#endif
