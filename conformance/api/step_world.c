/* Steps of recipes on the world around: other hosts, power, time, files. */
#include "doing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "suite.h"
#include "target.h"
#include "world.h"

enum {
    NAME_BYTES = 128,
    OPTIONS_MAX = 8,
    VISITS_MAX = 2000,
    ROLES_MAX = 8,
};

void do_http(const struct doing *d)
{
    const char *body = cJSON_GetStringValue(d->value->child);
    char *text;
    size_t len;
    long status = rpc_http(
        suite.rpc, d->step->method, cJSON_GetStringValue(d->params->child),
        "application/octet-stream", body, strlen(body), &text, &len);

    free(text);
    ck_assert_msg(status == 200, "%s %s: status %ld", d->step->method,
                  d->step->params, status);
}

/* Sessions of the target while a world has its own; `swapped`: it has. */
static struct {
    const char *sessions[ROLES_MAX];
    bool swapped;
} outer;

void step_end_world(void)
{
    for (int i = 0; outer.swapped && role_at(i); i++) {
        free((void *)suite.role_sessions[i]);
        suite.role_sessions[i] = outer.sessions[i];
    }
    outer.swapped = false;
}

/* A session for each role, in the world that has just begun. */
static void log_in_roles(void)
{
    step_end_world();
    outer.swapped = true;
    for (int i = 0; role_at(i); i++) {
        cJSON *params = cJSON_CreateArray();
        struct rpc_answer answer;

        outer.sessions[i] = suite.role_sessions[i];
        suite.role_sessions[i] = NULL;
        cJSON_AddItemToArray(params, cJSON_CreateString(role_at(i)));
        cJSON_AddItemToArray(params, cJSON_CreateString("p"));
        rpc_call(suite.rpc, "session.login_with_password", params, &answer);
        if (answer.value)
            suite.role_sessions[i] = strdup(cJSON_GetStringValue(answer.value));
        rpc_answer_free(&answer);
    }
}

/* "--a b --c d" taken apart. */
void do_world(const struct doing *d)
{
    const char *words[OPTIONS_MAX + 1] = {NULL};
    char *text = keep(cJSON_Duplicate(d->params->child, true))->valuestring;
    char *rest;
    int nr = 0;

    for (char *w = strtok_r(text, " ", &rest); w && nr < OPTIONS_MAX - 2;
         w = strtok_r(NULL, " ", &rest))
        words[nr++] =
            strcmp(w, "DIRECTORY") ? w : world_file(target_directory());
    if (d->mode == RECIPE_ROLE && !strstr(d->step->params, "DIRECTORY")) {
        words[nr++] = "--users";
        words[nr] = world_file(target_directory());
    }
    world(words[0], words[1], words[2], words[3], words[4], words[5], words[6],
          words[7], NULL);
    if (d->mode == RECIPE_ROLE)
        log_in_roles();
}

void do_at(const struct doing *d)
{
    const char *address = cJSON_GetStringValue(d->params->child);

    for (int i = 0; i < VISITS_MAX && !world_answers(address); i++)
        continue; /* it is becoming master */
    world_at(address);
    if (d->mode == RECIPE_ROLE)
        log_in_roles();
    bound_add("session", cJSON_CreateString(suite.session));
}

void do_power(const struct doing *d)
{
    world_host(cJSON_GetStringValue(d->params->child),
               cJSON_GetStringValue(d->value->child));
}

void do_locally(const struct doing *d)
{
    world_at_locally(cJSON_GetStringValue(d->params->child));
}

/* The world takes its own back when it ends. */
void do_with(const struct doing *d)
{
    suite.session = keep(cJSON_Duplicate(d->params->child, true))->valuestring;
}

void do_down(const struct doing *d)
{
    ck_assert_msg(!world_answers(cJSON_GetStringValue(d->params->child)),
                  "the host still lets users in");
    step_prove();
}

void do_clock(const struct doing *d)
{
    char body[NAME_BYTES];

    (void)snprintf(body, sizeof(body), "{\"advance\": %d}",
                   d->params->child->valueint);
    (void)world_control("POST", "/sim/clock", body);
}
