/* Starting a simulation, logging in, cleaning up. */
#define _GNU_SOURCE /* memfd_create */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calllog.h"
#include "recipe.h"
#include "simulation.h"
#include "suite.h"
#include "worlds.h"

enum {
    URL_BYTES = 512,
    LINE_BYTES = 256,
};

static struct {
    char url[URL_BYTES], user[URL_BYTES], password[URL_BYTES];
    struct simulation simulation;
} target;

/* "http://user:password@host:port" taken apart. 0 or -EINVAL. */
static int take_url(const char *text)
{
    const char *rest = strstr(text, "://"), *at, *colon;

    if (!rest || (strncmp(text, "http://", 7) && strncmp(text, "https://", 8)))
        return -EINVAL;
    rest += 3;
    at = strrchr(rest, '@');
    colon = strchr(rest, ':');
    if (!at || !colon || colon > at || strlen(text) >= URL_BYTES)
        return -EINVAL;
    (void)snprintf(target.url, URL_BYTES, "%.*s%s", (int)(rest - text), text,
                   at + 1);
    (void)snprintf(target.user, URL_BYTES, "%.*s", (int)(colon - rest), rest);
    (void)snprintf(target.password, URL_BYTES, "%.*s", (int)(at - colon - 1),
                   colon + 1);
    target.url[strcspn(target.url + 8, "/") + 8] = '\0';
    return 0;
}

/* One user for each role, named like it. */
static const char sim_users[] =
    "{\"domain\": \"conform.test\", \"users\": ["
    "{\"name\": \"conform-nobody\", \"password\": \"p\"},"
    "{\"name\": \"read-only\", \"password\": \"p\", \"roles\": "
    "[\"read-only\"]},"
    "{\"name\": \"vm-operator\", \"password\": \"p\", \"roles\": "
    "[\"vm-operator\"]},"
    "{\"name\": \"vm-admin\", \"password\": \"p\", \"roles\": [\"vm-admin\"]},"
    "{\"name\": \"vm-power-admin\", \"password\": \"p\", \"roles\": "
    "[\"vm-power-admin\"]},"
    "{\"name\": \"pool-operator\", \"password\": \"p\", \"roles\": "
    "[\"pool-operator\"]},"
    "{\"name\": \"pool-admin\", \"password\": \"p\", \"roles\": "
    "[\"pool-admin\"]}]}";
const char *target_directory(void)
{
    return sim_users;
}

static const char sim_logins[] =
    "read-only=read-only:p,vm-operator=vm-operator:p,vm-admin=vm-admin:p,"
    "vm-power-admin=vm-power-admin:p,pool-operator=pool-operator:p,"
    "pool-admin=pool-admin:p";

/* The path of a file without a name that holds the text. 0 or -errno. */
static int text_file(const char *text, char path[LINE_BYTES])
{
    int fd = memfd_create("conform", 0);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return -EIO;
    (void)snprintf(path, LINE_BYTES, "/dev/fd/%d", fd);
    return 0;
}

static int start_simulation(const struct options *o)
{
    char seed[LINE_BYTES], users[LINE_BYTES];
    const char *const words[] = {"--seed",  seed,  "--preset", "lab",
                                 "--users", users, NULL};
    int rc = text_file(sim_users, users);

    (void)snprintf(seed, sizeof(seed), "%llu", o->seed);
    if (!rc)
        rc = simulation_start(&target.simulation, words);
    if (rc)
        return rc;
    (void)snprintf(target.url, URL_BYTES, "http://127.0.0.1:%d",
                   target.simulation.port);
    (void)snprintf(target.user, URL_BYTES, "root");
    (void)snprintf(target.password, URL_BYTES, "touchstone");
    return 0;
}

bool target_is_sim(void)
{
    return target.simulation.pid > 0;
}

const char *target_name(void)
{
    return target_is_sim() ? "sim" : target.url;
}

const char *target_login(const char *user, const char *password)
{
    cJSON *params = cJSON_CreateArray();
    struct rpc_answer answer;
    const char *session = NULL;

    if (!user) {
        user = target.user;
        password = target.password;
    }
    cJSON_AddItemToArray(params, cJSON_CreateString(user));
    cJSON_AddItemToArray(params, cJSON_CreateString(password));
    cJSON_AddItemToArray(params, cJSON_CreateString("1.0"));
    cJSON_AddItemToArray(params, cJSON_CreateString("conform"));
    rpc_call(suite.rpc, "session.login_with_password", params, &answer);
    if (answer.value)
        session = strdup(cJSON_GetStringValue(answer.value));
    if (session)
        calllog_hide(session);
    else
        fprintf(stderr, "conform: %s cannot log in at %s: %s\n", user,
                target.url, rpc_code(&answer));
    rpc_answer_free(&answer);
    return session;
}

/* "ROLE=NAME:PASSWORD,...": a session for each. */
static void login_roles(const char *users)
{
    char *text = strdup(users), *rest;

    for (char *one = strtok_r(text, ",", &rest); one;
         one = strtok_r(NULL, ",", &rest)) {
        char *name = strchr(one, '='),
             *password = name ? strchr(name, ':') : NULL;
        int rank;

        if (!password) {
            fprintf(stderr, "conform: not ROLE=NAME:PASSWORD: '%s'\n", one);
            continue;
        }
        *name++ = '\0';
        *password++ = '\0';
        rank = role_rank(one);
        if (!role_at(rank))
            fprintf(stderr, "conform: no role '%s'\n", one);
        else
            suite.role_sessions[rank] = target_login(name, password);
    }
    free(text);
}

static bool is_sim(const struct options *o)
{
    return strcmp(o->target, "sim") == 0;
}

int target_check(const struct options *o)
{
    if (is_sim(o) || take_url(o->target) == 0)
        return 0;
    return options_refuse("that is no target: sim, or "
                          "http(s)://user:password@host[:port]");
}

int target_open(const struct options *o)
{
    int rc = is_sim(o) ? start_simulation(o) : take_url(o->target);

    if (rc) {
        fprintf(stderr, "conform: cannot start the simulation: %s\n",
                strerror(-rc));
        return rc;
    }
    rpc_trust(o->ca_file, o->insecure);
    rpc_patience((long)o->timeout);
    calllog_hide(target.password);
    suite.rpc = rpc_open(target.url, RPC_JSON2);
    suite.xml = rpc_open(target.url, RPC_XML);
    suite.session = target_login(NULL, NULL);
    if (suite.session && (o->users || target_is_sim()))
        login_roles(o->users ? o->users : sim_logins);
    return suite.session ? 0 : -EACCES;
}

void target_close(void)
{
    struct rpc_answer answer;

    if (suite.session && suite.options->destructive)
        recipe_close();
    for (int i = 0; role_at(i); i++)
        if (suite.role_sessions[i]) {
            call_any(&answer, suite.role_sessions[i], "session.logout", "");
            rpc_answer_free(&answer);
            free((void *)suite.role_sessions[i]);
            suite.role_sessions[i] = NULL; /* the log hides what is there */
        }
    if (suite.session) {
        call_any(&answer, suite.session, "session.logout", "");
        rpc_answer_free(&answer);
        free((void *)suite.session);
    }
    rpc_close(suite.rpc);
    rpc_close(suite.xml);
    worlds_close();
    simulation_stop(&target.simulation);
    suite.session = NULL;
    suite.rpc = suite.xml = NULL;
}

const char *target_url_at(const char *address, char *url, size_t len)
{
    const char *scheme = strstr(target.url, "://");
    const char *port = scheme ? strrchr(scheme + 3, ':') : NULL;

    (void)snprintf(url, len, "%.*s%s%s",
                   scheme ? (int)(scheme + 3 - target.url) : 0, target.url,
                   address, port ? port : "");
    return url;
}
