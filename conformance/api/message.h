/* The API as this suite knows it: messages/, one row each. Immutable. */
#ifndef API_MESSAGE_H
#define API_MESSAGE_H

#include <stdbool.h>

enum {
    PARAMS_MAX = 64,
    ERRORS_MAX = 64,
    CLASS_BYTES = 64,
};

struct param {
    char *type, *name;
    bool optional;
};

struct message {
    const char *name, *role, *flags, *result, *releases;
    const char *params_text, *errors_text;
    struct param params[PARAMS_MAX]; /* without the session */
    int params_nr, required_nr;
    char *errors[ERRORS_MAX]; /* documented codes */
    int errors_nr;
};

void messages_init(void);
void messages_fini(void);
int message_count(void);
const struct message *message_at(int nr);
/* Its number; negative: no such message. */
int message_find(const char *name);

bool message_has(const struct message *m, char flag);
/* The first parameter that is a reference; negative: none. */
int message_first_ref(const struct message *m);
/* What the message does, as its name says: "set_" and so on. */
bool message_verb(const struct message *m, const char *prefix);

/* The class of a message, copied to `class`, which is returned. */
const char *message_class(const struct message *m, char class[CLASS_BYTES]);

/* What an enumeration may be, separated by spaces; "" for an unknown one. */
const char *enumeration_values(const char *name);

/* Whether changes of its objects are told of. */
bool class_has_events(const char *class);

/* Roles from the weakest to the strongest. NULL past the end. */
const char *role_at(int nr);
/* Its number; roles that no user can have come out past the end. */
int role_rank(const char *role);

#endif
