/* The rows of messages/, taken apart once. */
#include "message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define M(n, r, f, res, p, e, rel) \
    {.name = n,                    \
     .role = r,                    \
     .flags = f,                   \
     .result = res,                \
     .releases = rel,              \
     .params_text = p,             \
     .errors_text = e},
static struct message messages[] = {
#include "messages/all.def"
};
#undef M

enum {
    MESSAGES_NR = sizeof(messages) / sizeof(messages[0]),
    SLOTS = 8192, /* of the hash below: a power of two above MESSAGES_NR */
};

static const struct {
    const char *name, *values;
} enumerations[] = {
#define ENUM(n, v) {n, v},
#include "messages/enums.def"
#undef ENUM
};

static const char *const roles[] = {"read-only",     "vm-operator",
                                    "vm-admin",      "vm-power-admin",
                                    "pool-operator", "pool-admin"};
static int slots[SLOTS]; /* number of a message plus one */

static unsigned hash(const char *name)
{
    unsigned h = 5381;

    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h % SLOTS;
}

/* "VM ref vm; bool force ?": the last word is the name, "?" optional. */
static void add_param(struct message *m, char *text)
{
    struct param *p = &m->params[m->params_nr++];
    size_t len = strlen(text);
    char *space;

    assert(m->params_nr <= PARAMS_MAX);
    p->optional = len > 2 && strcmp(text + len - 2, " ?") == 0;
    if (p->optional)
        text[len - 2] = '\0';
    space = strrchr(text, ' ');
    assert(space);
    p->name = strdup(space + 1);
    p->type = strndup(text, (size_t)(space - text));
    m->required_nr += !p->optional;
}

static void take_apart(struct message *m)
{
    char *text = strdup(m->params_text), *at = text, *rest;

    while (at && *at) {
        rest = strstr(at, "; ");
        if (rest)
            *rest = '\0';
        add_param(m, at);
        at = rest ? rest + 2 : NULL;
    }
    free(text);
    text = strdup(m->errors_text);
    for (char *code = strtok_r(text, " ", &rest); code;
         code = strtok_r(NULL, " ", &rest)) {
        assert(m->errors_nr < ERRORS_MAX);
        m->errors[m->errors_nr++] = strdup(code);
    }
    free(text);
}

void messages_init(void)
{
    for (int i = 0; i < MESSAGES_NR; i++) {
        unsigned at = hash(messages[i].name);

        take_apart(&messages[i]);
        while (slots[at])
            at = (at + 1) % SLOTS;
        slots[at] = i + 1;
    }
}

void messages_fini(void)
{
    for (int i = 0; i < MESSAGES_NR; i++) {
        for (int p = 0; p < messages[i].params_nr; p++) {
            free(messages[i].params[p].name);
            free(messages[i].params[p].type);
        }
        for (int e = 0; e < messages[i].errors_nr; e++)
            free(messages[i].errors[e]);
    }
}

int message_count(void)
{
    return MESSAGES_NR;
}

const struct message *message_at(int nr)
{
    return &messages[nr];
}

int message_find(const char *name)
{
    for (unsigned at = hash(name); slots[at]; at = (at + 1) % SLOTS)
        if (strcmp(messages[slots[at] - 1].name, name) == 0)
            return slots[at] - 1;
    return -1;
}

bool message_has(const struct message *m, char flag)
{
    return strchr(m->flags, flag) != NULL;
}

int message_first_ref(const struct message *m)
{
    for (int i = 0; i < m->params_nr; i++) {
        const char *type = m->params[i].type;
        size_t len = strlen(type);

        if (len > 4 && strcmp(type + len - 4, " ref") == 0 && type[0] != '(')
            return i;
    }
    return -1;
}

bool message_verb(const struct message *m, const char *prefix)
{
    const char *dot = strchr(m->name, '.');

    return dot && strncmp(dot + 1, prefix, strlen(prefix)) == 0;
}

const char *message_class(const struct message *m, char class[CLASS_BYTES])
{
    (void)snprintf(class, CLASS_BYTES, "%.*s", (int)strcspn(m->name, "."),
                   m->name);
    return class;
}

const char *enumeration_values(const char *name)
{
    for (size_t i = 0; i < sizeof(enumerations) / sizeof(enumerations[0]); i++)
        if (strcmp(enumerations[i].name, name) == 0)
            return enumerations[i].values;
    return "";
}

bool class_has_events(const char *class)
{
    static const char *const without[] = {"session", "auth",   "event",
                                          "user",    "secret", "Diagnostics"};

    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        if (strcmp(without[i], class) == 0)
            return false;
    return true;
}

const char *role_at(int nr)
{
    return nr < (int)(sizeof(roles) / sizeof(roles[0])) ? roles[nr] : NULL;
}

int role_rank(const char *role)
{
    int nr = 0;

    while (role_at(nr) && strcmp(role_at(nr), role) != 0)
        nr++;
    return nr;
}
