/* A simulation of a check's own, and what is done to it from outside. */
#define _GNU_SOURCE /* memfd_create */
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "options.h"
#include "scenario.h"
#include "simulation.h"
#include "suite.h"

enum {
    VISITS_MAX = 32,
    FILES_MAX = 8,
    URL_BYTES = 128,
    PATH_BYTES = 256,
    STARTS_MAX = 5,
};

static struct {
    struct simulation simulation;
    struct rpc *control;
    struct { /* connections and sessions, each freed at the end */
        struct rpc *rpc;
        char *session;
    } visits[VISITS_MAX];
    int visits_nr;
    int files[FILES_MAX];
    int files_nr;
    struct rpc *outer; /* the target's */
    const char *outer_session;
} own;

/* A port that nobody listens at just now. */
static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0), port = 0;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.sin_port);
    close(fd);
    ck_assert_int_gt(port, 0);
    return port;
}

static struct rpc *open_at(const char *user, const char *address, int port)
{
    char url[URL_BYTES];

    (void)snprintf(url, sizeof(url), "http://%s%s:%d", user, address, port);
    return rpc_open(url, RPC_JSON2);
}

bool world_is_own(void)
{
    return own.simulation.pid > 0;
}

bool world_can(void)
{
    return strcmp(suite.options->target, "sim") == 0;
}

int world_port(void)
{
    return own.simulation.port;
}

/* Another process may take the port first: then one more is tried. */
static void start(const char **options, int nr)
{
    char control[32];
    int port, rc = -EAGAIN;

    options[nr++] = "--control";
    options[nr++] = control;
    options[nr] = NULL;
    for (int i = 0; rc && i < STARTS_MAX; i++) {
        port = free_port();
        (void)snprintf(control, sizeof(control), "%d", port);
        rc = simulation_start(&own.simulation, options);
    }
    ck_assert_msg(rc == 0, "no simulation comes up: %s", strerror(-rc));
    own.outer = suite.rpc;
    own.outer_session = suite.session;
    own.control = open_at("root:conform@", "127.0.0.1", port);
}

void world(const char *option, ...)
{
    const char *options[SIMULATION_OPTIONS_MAX] = {"--seed", "1"};
    int nr = 2;
    va_list args;

    if (!world_can())
        skip("needs target 'sim', whose hosts and clock can be controlled");
    va_start(args, option);
    for (; option; option = va_arg(args, const char *)) {
        ck_assert_int_lt(nr, SIMULATION_OPTIONS_MAX - 3);
        options[nr++] = option;
    }
    va_end(args);
    start(options, nr);
    world_at("127.0.0.1");
}

const char *world_file(const char *text)
{
    int fd = memfd_create("conform", 0); /* the simulation inherits it */
    ssize_t len = (ssize_t)strlen(text);

    ck_assert_int_ge(fd, 0);
    ck_assert(write(fd, text, (size_t)len) == len);
    ck_assert_int_lt(own.files_nr, FILES_MAX);
    own.files[own.files_nr++] = fd;
    return keep(json_of("'/dev/fd/%d'", fd))->valuestring;
}

/* What a login at the connection ends with; the session, to be freed. */
static char *log_in(struct rpc *rpc, const char *method,
                    struct rpc_answer *answer)
{
    cJSON *params = json_of("['root', 'conform']");
    char *session = NULL;

    rpc_call(rpc, method, params, answer);
    if (answer->value)
        session = strdup(cJSON_GetStringValue(answer->value));
    return session;
}

static void visit(const char *address, const char *method)
{
    struct rpc *rpc = open_at("", address, own.simulation.port);
    struct rpc_answer answer;
    char *session = log_in(rpc, method, &answer);

    ck_assert_int_lt(own.visits_nr, VISITS_MAX);
    own.visits[own.visits_nr].rpc = rpc;
    own.visits[own.visits_nr++].session = session;
    if (!session)
        ck_abort_msg("%s at %s: %s", method, address, rpc_code(&answer));
    rpc_answer_free(&answer);
    suite.rpc = rpc;
    suite.session = session;
}

void world_at(const char *address)
{
    visit(address, "session.login_with_password");
}

void world_at_locally(const char *address)
{
    visit(address, "session.slave_local_login_with_password");
}

/* Whether a login there works; the answer is to be freed. */
static bool let_in(const char *address, struct rpc_answer *answer)
{
    struct rpc *rpc = open_at("", address, own.simulation.port);
    char *session = log_in(rpc, "session.login_with_password", answer);
    bool in = session != NULL;

    free(session);
    rpc_close(rpc);
    return in;
}

bool world_answers(const char *address)
{
    struct rpc_answer answer;
    bool in = let_in(address, &answer);

    rpc_answer_free(&answer);
    return in;
}

cJSON *world_refuses(const char *address)
{
    struct rpc_answer answer;
    bool in = let_in(address, &answer);

    ck_assert_msg(!in && answer.error, "%s lets in, or does not answer: %s",
                  address, answer.why);
    return keep(answer.error);
}

cJSON *world_control(const char *method, const char *path, const char *body)
{
    size_t len;
    char *text;
    long status;
    cJSON *answer;

    status = rpc_http(own.control, method, path, "application/json", body,
                      body ? strlen(body) : 0, &text, &len);
    answer = cJSON_Parse(text);
    if (status != 200 || !answer) {
        cJSON *said = keep(cJSON_CreateString(text));

        free(text);
        ck_abort_msg("%s %s: HTTP %ld: %s", method, path, status,
                     said->valuestring);
    }
    free(text);
    return keep(answer);
}

void world_host(const char *address, const char *what)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "/sim/host/%s/%s", address, what);
    (void)world_control("POST", path, "{}");
}

cJSON *world_state(const char *address)
{
    cJSON *hosts =
        cJSON_GetObjectItem(world_control("GET", "/sim", NULL), "hosts");

    for (cJSON *h = hosts->child; h; h = h->next)
        if (strcmp(field_text(h, "address"), address) == 0)
            return h;
    ck_abort_msg("there is no host at %s", address);
    return NULL; /* not reached */
}

void world_advance(int seconds)
{
    char body[PATH_BYTES];

    (void)snprintf(body, sizeof(body), "{\"advance\": %d}", seconds);
    (void)world_control("POST", "/sim/clock", body);
}

void world_end(void)
{
    while (own.files_nr > 0)
        close(own.files[--own.files_nr]);
    if (!world_is_own())
        return;
    while (own.visits_nr > 0) {
        rpc_close(own.visits[--own.visits_nr].rpc);
        free(own.visits[own.visits_nr].session);
    }
    rpc_close(own.control);
    simulation_stop(&own.simulation); /* it waits for open connections */
    suite.rpc = own.outer;
    suite.session = own.outer_session;
}
