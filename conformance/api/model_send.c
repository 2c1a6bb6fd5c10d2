/* Calls whose end the model has foretold. */
#include <stdio.h>
#include <string.h>

#include "model_ops.h"
#include "suite.h"
#include "verdict.h"

void model_touch(struct model *m, enum model_kind kind, int nr)
{
    m->touched.kind = kind;
    m->touched.nr = nr;
}

void model_drop(struct model *m, enum model_kind kind, int nr)
{
    model_object(m, kind, nr)->alive = false;
    model_touch(m, kind, nr);
}

void model_drop_disk(struct model *m, int nr)
{
    model_drop(m, MODEL_DISK, nr);
    for (int i = 0; i < MODEL_DISKS; i++)
        if (m->disks[i].origin == nr)
            m->disks[i].origin = -1;
}

static void compare_words(struct model *m, const struct model_end *end,
                          const char *method, const struct rpc_answer *answer)
{
    for (int i = 0; i < 3; i++)
        if (end->words[i] &&
            strcmp(rpc_word(answer, i + 1), end->words[i]) != 0)
            model_wrong(m, "%s: %s says '%s', the model '%s'", method,
                        end->code, rpc_word(answer, i + 1), end->words[i]);
}

static void compare_end(struct model *m, const struct model_end *end,
                        const char *method, const struct rpc_answer *answer)
{
    const char *code = answer->error ? rpc_code(answer) : "";

    if (end->instead && strcmp(code, end->instead) == 0)
        return;
    if (strcmp(code, end->code) != 0)
        model_wrong(m, "%s %s%s, the model says %s", method,
                    *code ? "was refused with " : "succeeded", code,
                    *end->code ? end->code : "success");
    else if (*code)
        compare_words(m, end, method, answer);
    verdict_count();
}

static void mark(const char *method, const struct rpc_answer *answer)
{
    int nr = message_find(strncmp(method, "Async.", 6) ? method : method + 6);

    if (answer->error)
        coverage_mark_error(nr, rpc_code(answer));
    else
        coverage_mark(nr, strncmp(method, "Async.", 6) ? COLUMN_SUCCESS
                                                       : COLUMN_ASYNC);
}

cJSON *model_send(struct model *m, struct model_end end, const char *method,
                  cJSON *params)
{
    struct rpc_answer answer;

    cJSON_InsertItemInArray(params, 0, cJSON_CreateString(suite.session));
    rpc_call(suite.rpc, method, params, &answer);
    if (!answer.value && !answer.error)
        ck_abort_msg("%s got no answer: %s", method, answer.why);
    if (answer.value)
        keep(answer.value);
    if (answer.error)
        keep(answer.error);
    compare_end(m, &end, method, &answer);
    if (*m->wrong)
        return NULL;
    mark(method, &answer);
    return answer.value;
}

bool model_make(struct model *m, struct model_end end, const char *method,
                cJSON *params, enum model_kind kind, int nr)
{
    cJSON *value = model_send(m, end, method, params);
    const char *ref = cJSON_GetStringValue(value);
    struct model_object *o = model_object(m, kind, nr);

    if (!value)
        return false;
    if (!ref || strlen(ref) >= MODEL_REF_BYTES) {
        model_wrong(m, "%s answers no reference", method);
        return false;
    }
    *o = (struct model_object){.alive = true};
    (void)snprintf(o->ref, sizeof(o->ref), "%s", ref);
    model_touch(m, kind, nr);
    return true;
}
