/* The control endpoint: its rows, and how they answer. */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "json.h"

enum {
    BODY_BYTES_MAX = 1 << 20,
};

static const struct route rows[] = {
#define CONTROL(m, p, function) \
    {.method = m, .path = p, .action = "sim", .fn = function},
#include "control.def"
#undef CONTROL
};

void control_open(struct toolstack *ts)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        route_add(ts, &rows[i]);
}

struct sim *control_sim(struct route_call *c)
{
    return c->request.ts->env.ctx;
}

int control_answer(struct route_call *c, unsigned status, const struct value *v)
{
    struct buf out = {0};

    json_encode(&out, v);
    buf_putc(&out, '\n');
    return route_answer_buf(c, status, "application/json", &out);
}

int control_refuse(struct route_call *c, const char *why)
{
    const struct member error = {"error", value_string(why)};
    struct value v = value_map(&error, 1);

    return control_answer(c, 400, &v);
}

int control_collect(struct route_call *c, route_fn fn)
{
    return route_collect(c, BODY_BYTES_MAX, fn);
}

int control_body(struct route_call *c, struct value *v, const char **why)
{
    if (!c->body.len) {
        *v = value_map(NULL, 0);
        return 0;
    }
    return document_parse(c->request.arena, c->body.data, c->body.len, v, why);
}

/* --- Faults --------------------------------------------------------------- */

static int add_faults(struct route_call *c)
{
    struct sim *sim = control_sim(c);
    struct arena *a = c->request.arena;
    const char *why = "";
    struct value v, answer;
    struct member id;
    int64_t number = 0;

    if (control_body(c, &v, &why))
        return control_refuse(c, why);
    if (v.kind == VALUE_MAP && !value_find(&v, "faults")) {
        if (faults_add(sim->faults, a, &v, &number, &why))
            return control_refuse(c, why);
        id = (struct member){"id", value_int(number)};
        (void)faults_step(sim->faults); /* it may be due */
        answer = value_map(&id, 1);
        return control_answer(c, 200, &answer);
    }
    if (faults_add_all(sim->faults, a, &v, &why))
        return control_refuse(c, why);
    (void)faults_step(sim->faults); /* they may be due */
    answer = faults_list(sim->faults, a);
    return control_answer(c, 200, &answer);
}

int control_add_faults(struct route_call *c)
{
    return control_collect(c, add_faults);
}

/* One by its number, or all. */
int control_del_faults(struct route_call *c)
{
    struct sim *sim = control_sim(c);
    struct value none = value_map(NULL, 0);
    char *end;
    long long id;

    if (!*c->rest || strcmp(c->rest, "/") == 0) {
        faults_clear(sim->faults);
        return control_answer(c, 200, &none);
    }
    id = strtoll(c->rest + 1, &end, 10);
    if (*end || faults_del(sim->faults, id))
        return control_refuse(c, "no such fault");
    return control_answer(c, 200, &none);
}
