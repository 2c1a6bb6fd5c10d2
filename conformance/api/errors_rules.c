/* Operations of machines against every state: rules times operations. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "errors.h"

enum {
    TEXT_BYTES = 512,
    NAME_BYTES = 128,
};

static const struct operation {
    const char *message, *name, *states, *params, *flags;
} operations[] = {
#define OPERATION(message, name, states, params, flags) \
    {message, name, states, params, flags},
#include "errors/operations.def"
#undef OPERATION
};

enum {
    OPERATIONS_NR = sizeof(operations) / sizeof(operations[0]),
};

static const char letters[] = "HPSR";
static const struct {
    const char *name;  /* as errors spell it */
    const char *state; /* of states.def */
    const char *busy;  /* another that keeps the machine in it for a while */
} powers[] = {
    {"halted", "vm", "starting"},
    {"paused", "paused", "unpausing"},
    {"suspended", "suspended", "resuming"},
    {"running", "running", "pausing"},
};

enum {
    POWERS_NR = sizeof(powers) / sizeof(powers[0]),
};

static bool in_state(const struct operation *o, int power)
{
    return strchr(o->states, letters[power]) != NULL;
}

static bool has(const struct operation *o, char flag)
{
    return strchr(o->flags, flag) != NULL;
}

/* "halted, running" */
static void list_states(const struct operation *o, char text[TEXT_BYTES])
{
    size_t len = 0;

    text[0] = '\0';
    for (const char *s = o->states; *s; s++)
        len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s%s",
                                len ? ", " : "",
                                powers[strchr(letters, *s) - letters].name);
}

/* Rules fill in a row, or say that they mean nothing here. */
struct texts {
    char state[TEXT_BYTES], words[TEXT_BYTES];
};

static bool rule_power(const struct operation *o, int power,
                       struct error_row *row, struct texts *t)
{
    char states[TEXT_BYTES];

    if (in_state(o, power))
        return false;
    list_states(o, states);
    row->code = "VM_BAD_POWER_STATE";
    (void)snprintf(t->state, TEXT_BYTES, "%s host", powers[power].state);
    (void)snprintf(t->words, TEXT_BYTES, "['$vm', '%s', '%s']", states,
                   powers[power].name);
    return strcmp(o->name, "csvm") != 0; /* looks for the image first */
}

static bool rule_blocked(const struct operation *o, int power,
                         struct error_row *row, struct texts *t)
{
    row->code = "OPERATION_BLOCKED";
    (void)snprintf(t->state, TEXT_BYTES, "%s host block_%s",
                   powers[power].state, o->name);
    (void)snprintf(t->words, TEXT_BYTES, "['$vm', 'for a reason']");
    return (power == 0 || power == 2) && strcmp(o->name, "csvm") != 0;
}

/* Needs machines that take their time. */
static bool rule_busy(const struct operation *o, int power,
                      struct error_row *row, struct texts *t)
{
    const char *busy = powers[power].busy;

    if (!in_state(o, power))
        return false;
    if (has(o, 'W'))
        busy = strcmp(o->name, "hard_reboot") == 0 ? "rebooting" : "stopping";
    row->where = "paced";
    row->code = "OTHER_OPERATION_IN_PROGRESS";
    (void)snprintf(t->state, TEXT_BYTES, "%s host %s", powers[power].state,
                   busy);
    (void)snprintf(t->words, TEXT_BYTES, "['VM', '$vm', '*', '*']");
    return true;
}

static bool rule_template(const struct operation *o, int power,
                          struct error_row *row, struct texts *t)
{
    static const char *const made[POWERS_NR] = {"own_template", NULL,
                                                "suspended_template", NULL};

    if (!made[power] || !in_state(o, power) || has(o, 'T'))
        return false;
    row->code = "VM_IS_TEMPLATE";
    (void)snprintf(t->state, TEXT_BYTES, "%s host", made[power]);
    (void)snprintf(t->words, TEXT_BYTES, "['$vm', '%s']", o->name);
    return true;
}

static bool rule_snapshot(const struct operation *o, int power,
                          struct error_row *row, struct texts *t)
{
    static const char *const kept[POWERS_NR] = {"of_halted", NULL, "of_running",
                                                NULL};

    if (!kept[power] || !in_state(o, power) || has(o, 'N'))
        return false;
    row->code = "VM_IS_SNAPSHOT";
    (void)snprintf(t->state, TEXT_BYTES, "%s host", kept[power]);
    (void)snprintf(t->words, TEXT_BYTES, "['$vm', '%s']", o->name);
    return true;
}

/* The control domain runs. */
static bool rule_control(const struct operation *o, int power,
                         struct error_row *row, struct texts *t)
{
    if (powers[power].name[0] != 'r' || !in_state(o, power) || has(o, 'D'))
        return false;
    row->code = "OPERATION_NOT_ALLOWED";
    (void)snprintf(t->state, TEXT_BYTES, "control host");
    (void)snprintf(t->words, TEXT_BYTES,
                   "['This operation is not allowed on a control domain']");
    return true;
}

static bool (*const rules[])(const struct operation *o, int power,
                             struct error_row *row, struct texts *t) = {
    rule_power,    rule_blocked,  rule_busy,
    rule_template, rule_snapshot, rule_control,
};

enum {
    RULES_NR = sizeof(rules) / sizeof(rules[0]),
    ALL_NR = OPERATIONS_NR * RULES_NR * POWERS_NR,
};

/* The row of a number; false: it means nothing. */
static bool make(int nr, struct error_row *row, struct texts *t)
{
    const struct operation *o = &operations[nr / (RULES_NR * POWERS_NR)];

    *row = (struct error_row){.where = "",
                              .message = o->message,
                              .params = o->params,
                              .state = t->state,
                              .words = t->words};
    return rules[nr / POWERS_NR % RULES_NR](o, nr % POWERS_NR, row, t);
}

/* Numbers of the rows that mean something, found once. */
static int numbers[ALL_NR], numbers_nr;

static void number_rows(void)
{
    struct error_row row;
    struct texts t;

    for (int i = 0; i < ALL_NR; i++)
        if (make(i, &row, &t))
            numbers[numbers_nr++] = i;
}

int error_rule_count(void)
{
    if (!numbers_nr)
        number_rows();
    return numbers_nr;
}

const char *error_rule_name(int nr)
{
    static char names[ALL_NR][NAME_BYTES];
    struct error_row row;
    struct texts t;

    (void)make(numbers[nr], &row, &t);
    (void)snprintf(names[nr], NAME_BYTES, "%s %s: %s", row.message, row.code,
                   powers[numbers[nr] % POWERS_NR].name);
    return names[nr];
}

void check_error_rule(int nr)
{
    struct error_row row;
    struct texts t;

    (void)make(numbers[nr], &row, &t);
    error_provoke(&row);
}
