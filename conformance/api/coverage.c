/* Marks per message and column, with a journal of the latest. */
#include "coverage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MESSAGES_MAX = 4096,
    PLACES = COLUMNS_NR + ERRORS_MAX, /* columns, then errors */
    JOURNAL_MAX = 8192,
};

static bool marks[MESSAGES_MAX][PLACES];
static int journal[JOURNAL_MAX][2]; /* message and place */
static int journal_nr;

static const char *const names[] = {
#define COLUMN(id, name, help) name,
#include "columns.def"
#undef COLUMN
};
static const char *const helps[] = {
#define COLUMN(id, name, help) help,
#include "columns.def"
#undef COLUMN
};

const char *column_name(enum column c)
{
    return names[c];
}

const char *column_help(enum column c)
{
    return helps[c];
}

/* Changes something that events tell of. */
static bool has_effect(const struct message *m)
{
    static const char *const verbs[] = {"set_", "add_", "remove_", "create",
                                        "destroy"};

    char class[CLASS_BYTES];

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (message_verb(m, verbs[i]))
            return class_has_events(message_class(m, class));
    return false;
}

bool column_applies(enum column c, const struct message *m)
{
    bool removed = message_has(m, 'R'), internal = message_has(m, 'I');
    bool session = !message_has(m, 'N');
    bool applies[COLUMNS_NR] = {
        [COLUMN_SUCCESS] = !removed && !internal,
        [COLUMN_ERRORS] = !removed && !internal && m->errors_nr > 0,
        [COLUMN_BAD_SESSION] = session,
        [COLUMN_COUNT] = session || m->required_nr > 0,
        [COLUMN_TYPES] = m->params_nr > 0,
        [COLUMN_UNKNOWN_REF] =
            message_first_ref(m) >= 0 && !removed && !internal,
        [COLUMN_ALLOWED] =
            session && role_at(role_rank(m->role)) && !removed && !internal,
        [COLUMN_DENIED] =
            session && role_rank(m->role) > 0 && !removed && !internal,
        [COLUMN_ASYNC] = message_has(m, 'A') && !removed && !internal,
        [COLUMN_EVENT] = !removed && !internal && has_effect(m),
    };

    return applies[c];
}

static void mark(int message, int place)
{
    if (message < 0 || marks[message][place] || journal_nr == JOURNAL_MAX)
        return;
    marks[message][place] = true;
    journal[journal_nr][0] = message;
    journal[journal_nr++][1] = place;
}

void coverage_mark(int message, enum column c)
{
    mark(message, (int)c);
}

void coverage_mark_error(int message, const char *code)
{
    const struct message *m;

    if (message < 0)
        return;
    m = message_at(message);
    for (int i = 0; i < m->errors_nr; i++)
        if (strcmp(m->errors[i], code) == 0)
            mark(message, COLUMNS_NR + i);
}

void coverage_keep(void)
{
    journal_nr = 0;
}

void coverage_drop(void)
{
    while (journal_nr > 0) {
        journal_nr--;
        marks[journal[journal_nr][0]][journal[journal_nr][1]] = false;
    }
}

int coverage_news(const int (**pairs)[2])
{
    *pairs = (const int(*)[2])journal;
    return journal_nr;
}

void coverage_mark_place(int message, int place)
{
    if (message >= 0 && message < message_count() && place >= 0 &&
        place < PLACES)
        marks[message][place] = true;
}

const char *coverage_place_name(int message, int place)
{
    const struct message *m = message_at(message);

    if (place < COLUMNS_NR)
        return names[place];
    return place - COLUMNS_NR < m->errors_nr ? m->errors[place - COLUMNS_NR]
                                             : "";
}

int coverage_place_find(int message, const char *name)
{
    const struct message *m = message_at(message);

    for (int i = 0; i < COLUMNS_NR + m->errors_nr; i++)
        if (strcmp(coverage_place_name(message, i), name) == 0)
            return i;
    return -ENOENT;
}

int coverage_of(int message, enum column c, int *exercised)
{
    const struct message *m = message_at(message);
    int places = 1;

    *exercised = 0;
    if (!column_applies(c, m))
        return 0;
    if (c != COLUMN_ERRORS) {
        *exercised = marks[message][c];
        return places;
    }
    for (int i = 0; i < m->errors_nr; i++)
        *exercised += marks[message][COLUMNS_NR + i];
    return m->errors_nr;
}

int coverage_places(enum column c, int *exercised)
{
    int places = 0, one;

    *exercised = 0;
    for (int i = 0; i < message_count(); i++) {
        places += coverage_of(i, c, &one);
        *exercised += one;
    }
    return places;
}

int coverage_messages(void)
{
    int nr = 0;

    for (int i = 0; i < message_count(); i++) {
        bool any = false;

        for (int place = 0; place < PLACES; place++)
            any |= marks[i][place];
        nr += any;
    }
    return nr;
}

bool coverage_has_error(int message, int error)
{
    return marks[message][COLUMNS_NR + error];
}
