/* Documented errors: how each is provoked, or why it is not. */
#ifndef API_ERRORS_H
#define API_ERRORS_H

#include <cjson/cJSON.h>

/* One error, and what has to be done to meet it: see errors/all.def. */
struct error_row {
    const char *where, *message, *code, *state, *params, *words;
};

/* Ends the check as failed unless the call ends as the row says. */
void error_provoke(const struct error_row *row);

/* Rows of errors/all.def: for the runner. */
int error_count(void);
const char *error_name(int nr);
/* Operations of machines in every state: rules times errors/operations.def. */
int error_rule_count(void);
const char *error_rule_name(int nr);

/* Why the error cannot be provoked from outside; NULL: no reason known. */
const char *error_reason(const char *message, const char *code);
/* How many errors of a message, and of all, were not met for such a reason. */
int errors_excused(int message);
int errors_excused_all(void);
/* They are added to the list: "message", "column", "error", "reason". */
void errors_add_excused(cJSON *list);

#endif
