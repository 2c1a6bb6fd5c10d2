/* Starting a simulation, logging in, cleaning up. */
#define _GNU_SOURCE /* memfd_create */
#include "target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recipe.h"
#include "suite.h"

enum {
    URL_BYTES = 512,
    LINE_BYTES = 256,
};

static struct {
    char url[URL_BYTES], user[URL_BYTES], password[URL_BYTES];
    pid_t pid; /* of the simulation; 0: none */
    FILE *out; /* what it prints */
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
static const char sim_logins[] =
    "read-only=read-only:p,vm-operator=vm-operator:p,vm-admin=vm-admin:p,"
    "vm-power-admin=vm-power-admin:p,pool-operator=pool-operator:p,"
    "pool-admin=pool-admin:p";

/* The path of a file without a name that holds the text. */
static const char *text_file(const char *text, char path[LINE_BYTES])
{
    int fd = memfd_create("conform", 0);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(127);
    (void)snprintf(path, LINE_BYTES, "/dev/fd/%d", fd);
    return path;
}

static void become_simulation(int out, unsigned long long seed)
{
    const char *build = getenv("TOUCHSTONE_BUILD");
    char program[URL_BYTES], text[LINE_BYTES], users[LINE_BYTES];

    (void)snprintf(program, sizeof(program), "%s/touchstone-sim",
                   build ? build : "build");
    (void)snprintf(text, sizeof(text), "%llu", seed);
    if (dup2(out, STDOUT_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM))
        _exit(127);
    execl(program, program, "--port", "0", "--seed", text, "--preset", "trio",
          "--users", text_file(sim_users, users), (char *)NULL);
    fprintf(stderr, "conform: cannot start '%s': %s; run `make` first\n",
            program, strerror(errno));
    _exit(127);
}

static int start_simulation(const struct options *o)
{
    char line[LINE_BYTES];
    int ends[2], port;

    if (pipe(ends))
        return -errno;
    target.pid = fork();
    if (target.pid < 0)
        return -errno;
    if (target.pid == 0)
        become_simulation(ends[1], o->seed);
    close(ends[1]);
    target.out = fdopen(ends[0], "r");
    if (!target.out || !fgets(line, sizeof(line), target.out) ||
        sscanf(line, "listening on http://127.0.0.1:%d", &port) != 1)
        return -ECHILD;
    (void)snprintf(target.url, URL_BYTES, "http://127.0.0.1:%d", port);
    (void)snprintf(target.user, URL_BYTES, "root");
    (void)snprintf(target.password, URL_BYTES, "conform");
    return 0;
}

const char *target_name(void)
{
    return target.pid > 0 ? "sim" : target.url;
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

int target_open(const struct options *o)
{
    int rc = strcmp(o->target, "sim") == 0 ? start_simulation(o)
                                           : take_url(o->target);

    if (rc) {
        fprintf(stderr,
                "conform: '%s' is no target: sim, or "
                "http(s)://user:password@host[:port]\n",
                o->target);
        return rc;
    }
    suite.rpc = rpc_open(target.url, RPC_JSON2);
    suite.xml = rpc_open(target.url, RPC_XML);
    suite.session = target_login(NULL, NULL);
    if (suite.session && (o->users || target.pid > 0))
        login_roles(o->users ? o->users : sim_logins);
    return suite.session ? 0 : -EACCES;
}

/* Machines and disks whose name says that a check made them. */
static void clean_up(const char *class, const char *destroy)
{
    struct rpc_answer all, gone;
    char method[LINE_BYTES];

    (void)snprintf(method, sizeof(method), "%s.get_all_records", class);
    call_any(&all, suite.session, method, "");
    for (cJSON *o = all.value ? all.value->child : NULL; o; o = o->next) {
        const char *name =
            cJSON_GetStringValue(cJSON_GetObjectItem(o, "name_label"));

        if (!name || strncmp(name, "conform-", 8) != 0)
            continue;
        call_any(&gone, suite.session, "VM.hard_shutdown", "s", o->string);
        rpc_answer_free(&gone);
        call_any(&gone, suite.session, destroy, "s", o->string);
        if (gone.error)
            fprintf(stderr, "conform: left behind: %s %s (%s)\n", class, name,
                    rpc_code(&gone));
        rpc_answer_free(&gone);
    }
    rpc_answer_free(&all);
}

void target_close(void)
{
    struct rpc_answer answer;

    if (suite.session && suite.options->destructive) {
        recipe_close();
        clean_up("VM", "VM.destroy");
        clean_up("VDI", "VDI.destroy");
    }
    for (int i = 0; role_at(i); i++)
        if (suite.role_sessions[i]) {
            call_any(&answer, suite.role_sessions[i], "session.logout", "");
            rpc_answer_free(&answer);
            free((void *)suite.role_sessions[i]);
        }
    if (suite.session) {
        call_any(&answer, suite.session, "session.logout", "");
        rpc_answer_free(&answer);
        free((void *)suite.session);
    }
    rpc_close(suite.rpc);
    rpc_close(suite.xml);
    if (target.pid > 0) {
        (void)kill(target.pid, SIGTERM); /* ours, and not yet waited for */
        (void)waitpid(target.pid, NULL, 0);
    }
    if (target.out)
        fclose(target.out);
}
