/* Scenarios: every state of a machine against every operation. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum operation {
#define OPERATION(name, states, flags) OP_##name,
#include "lifecycle.def"
#undef OPERATION
    OPS_NR,
};

static const struct {
    const char *name, *states, *flags;
} operations[] = {
#define OPERATION(name, states, flags) {#name, states, flags},
#include "lifecycle.def"
#undef OPERATION
};

static const struct move {
    const char *method, *params, *after;
    enum operation op;
} moves[] = {
#define MOVE(method, op, params, after) {method, params, after, OP_##op},
#include "moves.def"
#undef MOVE
};

enum {
    MOVES_NR = sizeof(moves) / sizeof(moves[0]),
    TEXT_BYTES = 256,
    NAME_BYTES = 64,
};

/* --- Machines in every state --- */

static const char *make_halted(void)
{
    const char *vm = new_machine("halted");

    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    return vm;
}

static const char *make_running(void)
{
    return running_machine("running", "clean_shutdown");
}

static const char *make_paused(void)
{
    const char *vm = make_running();

    ok("VM.pause", "s", vm);
    return vm;
}

static const char *make_suspended(void)
{
    const char *vm = running_machine("suspended", "suspend");

    ok("VM.set_suspend_SR", "ss", vm, storage());
    ok("VM.suspend", "s", vm);
    return vm;
}

static const char *make_template(void)
{
    const char *vm = make_halted();

    ok("VM.set_is_a_template", "sb", vm, true);
    return vm;
}

static const char *make_snapshot(void)
{
    return later_machine(
        ok_text("VM.snapshot", "ss", make_halted(), made_name("kept")));
}

static const char *make_checkpoint(void)
{
    const char *vm = running_machine("origin", "checkpoint");

    return later_machine(ok_text("VM.checkpoint", "ss", vm, made_name("kept")));
}

/* Kinds of machines: a power state, and whether it is one of two exceptions. */
static const struct kind {
    const char *name;
    const char *(*make)(void);
    char state;
    bool template, snapshot;
} kinds[] = {
    {"halted", make_halted, 'H', false, false},
    {"running", make_running, 'R', false, false},
    {"paused", make_paused, 'P', false, false},
    {"suspended", make_suspended, 'S', false, false},
    {"template", make_template, 'H', true, false},
    {"snapshot", make_snapshot, 'H', false, true},
    {"checkpoint", make_checkpoint, 'S', false, true},
};

enum {
    KINDS_NR = sizeof(kinds) / sizeof(kinds[0]),
};

static const char letters[] = "HPSR";
static const char *const states[] = {"Halted", "Paused", "Suspended",
                                     "Running"};
static const char *const words_of_states[] = {"halted", "paused", "suspended",
                                              "running"};

static int state_nr(char letter)
{
    return (int)(strchr(letters, letter) - letters);
}

static bool op_has(enum operation op, char flag)
{
    return strchr(operations[op].flags, flag) != NULL;
}

/* --- What the tables say --- */

/* Snapshots with memory can be copied although they are suspended. */
static bool state_allows(enum operation op, const struct kind *k)
{
    if (k->snapshot && (op == OP_clone || op == OP_copy))
        return strchr("HS", k->state);
    return strchr(operations[op].states, k->state);
}

/* "halted, running": the states that an operation may start from. */
static const char *states_wanted(enum operation op, const struct kind *k,
                                 char text[TEXT_BYTES])
{
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; letters[i]; i++) {
        struct kind there = *k;

        there.state = letters[i];
        if (state_allows(op, &there))
            len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s%s",
                                    len ? ", " : "", words_of_states[i]);
    }
    return text;
}

/* How an operation is refused: the words of the error, up to NULL; none at all
 * when it is allowed. */
struct refusal {
    const char *words[5];
    char wanted[TEXT_BYTES];
};

static void expect(enum operation op, const struct kind *k, const char *vm,
                   struct refusal *r)
{
    const char *name = operations[op].name;

    memset(r, 0, sizeof(*r));
    if (!state_allows(op, k)) {
        r->words[0] = "VM_BAD_POWER_STATE";
        r->words[1] = vm;
        r->words[2] = states_wanted(op, k, r->wanted);
        r->words[3] = words_of_states[state_nr(k->state)];
    } else if ((k->template && !op_has(op, 'T')) ||
               (k->snapshot && !op_has(op, 'S'))) {
        r->words[0] = k->snapshot ? "VM_IS_SNAPSHOT" : "VM_IS_TEMPLATE";
        r->words[1] = vm;
        r->words[2] = name;
    } else if (op == OP_provision && !k->template) {
        r->words[0] = "PROVISION_ONLY_ALLOWED_ON_TEMPLATE";
    } else if (op == OP_revert && !k->snapshot) {
        r->words[0] = "REVERT_ONLY_ALLOWED_ON_SNAPSHOT";
    }
}

/* Fails unless the call ended like that. */
static void judge(const struct rpc_answer *a, const struct refusal *r,
                  const char *what)
{
    cJSON *error = a->error ? keep(a->error) : NULL;

    if (a->value)
        (void)keep(a->value);
    ck_assert_msg(r->words[0] || !error, "%s: refused with %s", what,
                  error ? cJSON_GetArrayItem(error, 0)->valuestring : "");
    if (!r->words[0])
        return;
    ck_assert_msg(error, "%s: not refused; wanted %s", what, r->words[0]);
    words(error, r->words[0], r->words[1], r->words[2], r->words[3], NULL);
}

/* --- assert_operation_valid and allowed_operations --- */

int kind_count(void)
{
    return KINDS_NR;
}

const char *kind_name(int nr)
{
    return kinds[nr].name;
}

void check_allowed(int nr)
{
    const struct kind *k = &kinds[nr];
    const char *vm = k->make();
    cJSON *allowed = get("VM", vm, "allowed_operations");

    for (enum operation op = 0; op < OPS_NR; op++) {
        const char *name = operations[op].name;
        struct rpc_answer answer;
        struct refusal r;

        expect(op, k, vm, &r);
        call_any(&answer, suite.session, "VM.assert_operation_valid", "ss", vm,
                 name);
        judge(&answer, &r, name);
        if (op_has(op, 'L'))
            ck_assert_msg(lists(allowed, name) == !r.words[0],
                          "allowed_operations %s %s",
                          r.words[0] ? "has" : "lacks", name);
    }
    coverage_mark(message_find("VM.assert_operation_valid"), COLUMN_SUCCESS);
}

/* --- The messages themselves --- */

int move_count(void)
{
    return MOVES_NR * KINDS_NR;
}

const char *move_name(int nr)
{
    static char names[MOVES_NR * KINDS_NR][NAME_BYTES];
    const struct move *m = &moves[nr / KINDS_NR];

    (void)snprintf(names[nr], NAME_BYTES, "%s%s %s", m->method,
                   strstr(m->params, "true, false") ? " paused" : "",
                   kinds[nr % KINDS_NR].name);
    return names[nr];
}

/* What "$..." stands for; NULL for anything else. */
static cJSON *meaning(const char *text, const char *vm)
{
    if (!text || text[0] != '$')
        return NULL;
    if (strcmp(text, "$vm") == 0)
        return cJSON_CreateString(vm);
    if (strcmp(text, "$host") == 0)
        return cJSON_CreateString(the_master());
    if (strcmp(text, "$least") == 0)
        return cJSON_CreateNumber(get_number("VM", vm, "memory_static_min"));
    if (strcmp(text, "$most") == 0)
        return cJSON_CreateNumber(get_number("VM", vm, "memory_static_max"));
    return cJSON_CreateString(made_name("made"));
}

static cJSON *params_for(const struct move *m, const char *vm)
{
    cJSON *plain = cJSON_Parse(m->params), *list = cJSON_CreateArray();

    ck_assert_ptr_nonnull(plain);
    cJSON_AddItemToArray(list, cJSON_CreateString(suite.session));
    for (cJSON *p = plain->child; p; p = p->next) {
        cJSON *meant = meaning(cJSON_GetStringValue(p), vm);

        cJSON_AddItemToArray(list, meant ? meant : cJSON_Duplicate(p, true));
    }
    cJSON_Delete(plain);
    return list;
}

/* What a message has made is to be removed. */
static void remove_made(const cJSON *value)
{
    const char *ref = cJSON_GetStringValue(value);

    if (ref && strncmp(ref, "OpaqueRef:", 10) == 0)
        later_machine(ref);
}

static void check_after(const struct kind *k, const char *vm, char after)
{
    struct rpc_answer answer;

    if (after == 'X') {
        call_any(&answer, suite.session, "VM.get_power_state", "s", vm);
        if (answer.error)
            (void)keep(answer.error);
        ck_assert_str_eq(rpc_code(&answer), "HANDLE_INVALID");
        return;
    }
    ck_assert_str_eq(get_text("VM", vm, "power_state"),
                     states[state_nr(after == '-' ? k->state : after)]);
    ck_assert_ptr_null(get("VM", vm, "current_operations")->child);
}

void check_move(int nr)
{
    const struct move *m = &moves[nr / KINDS_NR];
    const struct kind *k = &kinds[nr % KINDS_NR];
    char after = m->after[state_nr(k->state)];
    int message = message_find(m->method);
    struct rpc_answer answer;
    struct refusal r;
    const char *vm;

    vm = k->make();
    expect(m->op, k, vm, &r);
    rpc_call(suite.rpc, m->method, params_for(m, vm), &answer);
    if (answer.value)
        remove_made(answer.value);
    judge(&answer, &r, m->method);
    if (r.words[0])
        coverage_mark_error(message, r.words[0]);
    else
        coverage_mark(message, COLUMN_SUCCESS);
    check_after(k, vm, r.words[0] ? '-' : after);
}

/* --- Operations that take their time --- */

/* The operation that is in progress under the task. */
static const char *current(const char *vm, const char *task)
{
    return cJSON_GetStringValue(
        cJSON_GetObjectItem(get("VM", vm, "current_operations"), task));
}

void check_current_operations(int nr)
{
    const char *vm, *task;
    cJSON *record, *error;

    (void)nr;
    world("--pace", "400", "--clock", "virtual", NULL);
    vm = new_machine("current");
    task = ok_text("Async.VM.start", "sbb", vm, false, false);
    ck_assert_str_eq(current(vm, task), "start");
    ck_assert_str_eq(get_text("task", task, "status"), "pending");
    ck_assert(!allows(vm, "start") && !allows(vm, "destroy"));
    error = refused("OTHER_OPERATION_IN_PROGRESS", "VM.start", "sbb", vm, false,
                    false);
    words(error, "OTHER_OPERATION_IN_PROGRESS", "VM", vm, "start", task, NULL);
    refused("OTHER_OPERATION_IN_PROGRESS", "VM.destroy", "s", vm);
    record = task_wait(task);
    ck_assert_str_eq(field_text(record, "status"), "success");
    ck_assert_ptr_null(get("VM", vm, "current_operations")->child);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Running");
}

/* Copies do not mind each other. */
void check_joined_operations(int nr)
{
    const char *vm, *one, *two;

    (void)nr;
    world("--pace", "400", "--clock", "virtual", NULL);
    vm = new_machine("joined");
    one = ok_text("Async.VM.clone", "ss", vm, made_name("one"));
    two = ok_text("Async.VM.clone", "ss", vm, made_name("two"));
    ck_assert_str_eq(current(vm, one), "clone");
    ck_assert_str_eq(current(vm, two), "clone");
    ck_assert(allows(vm, "clone") && !allows(vm, "start"));
    ck_assert_str_eq(field_text(task_wait(one), "status"), "success");
    ck_assert_str_eq(field_text(task_wait(two), "status"), "success");
    ck_assert(allows(vm, "start"));
}
