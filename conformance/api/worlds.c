/* Starts worlds, and logs in there. */
#define _GNU_SOURCE /* memfd_create */
#include "worlds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "options.h"
#include "simulation.h"
#include "suite.h"

enum {
    OPTIONS_MAX = 16,
    NUMBER_BYTES = 32,
    PATH_BYTES = 64,
};

static const struct {
    const char *name, *options[OPTIONS_MAX], *pool;
} worlds[] = {
#define OPTIONS(...)   __VA_ARGS__
#define WORLD(n, o, p) {.name = n, .options = {o}, .pool = p},
#include "errors/worlds.def"
#undef WORLD
};

enum {
    WORLDS_NR = sizeof(worlds) / sizeof(worlds[0]),
};

static struct {
    struct simulation simulation;
    struct rpc *rpc;
    char *session; /* owned */
} open[WORLDS_NR];

static int world_find(const char *name)
{
    for (int i = 0; i < WORLDS_NR; i++)
        if (strcmp(worlds[i].name, name) == 0)
            return i;
    return -1;
}

static void close_world(int nr)
{
    rpc_close(open[nr].rpc);
    open[nr].rpc = NULL;
    free(open[nr].session);
    open[nr].session = NULL;
    simulation_stop(&open[nr].simulation);
}

static char *login(struct rpc *rpc)
{
    cJSON *params = cJSON_CreateArray();
    struct rpc_answer answer;
    const char *session;
    char *copy;

    cJSON_AddItemToArray(params, cJSON_CreateString("root"));
    cJSON_AddItemToArray(params, cJSON_CreateString("conform"));
    rpc_call(rpc, "session.login_with_password", params, &answer);
    session = cJSON_GetStringValue(answer.value);
    copy = session ? strdup(session) : NULL;
    rpc_answer_free(&answer);
    return copy;
}

/* A file without a name; negative: there is none. */
static int text_file(const char *text)
{
    int fd = text ? memfd_create("conform", 0) : -1;

    if (fd >= 0 && write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        close(fd);
        return -EIO;
    }
    return fd;
}

static int start_simulation(int nr)
{
    const char *words[SIMULATION_OPTIONS_MAX + 1] = {"--seed"};
    char seed[NUMBER_BYTES], path[PATH_BYTES];
    int count = 1, rc, fd = text_file(worlds[nr].pool);

    (void)snprintf(seed, sizeof(seed), "%llu", suite.options->seed);
    words[count++] = seed;
    for (int i = 0; worlds[nr].options[i]; i++)
        words[count++] = worlds[nr].options[i];
    if (fd >= 0) {
        (void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
        words[count++] = "--pool";
        words[count++] = path;
    }
    rc = simulation_start(&open[nr].simulation, words);
    if (fd >= 0)
        close(fd);
    return rc;
}

static bool start(int nr)
{
    char url[PATH_BYTES];

    if (start_simulation(nr))
        return false;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
                   open[nr].simulation.port);
    open[nr].rpc = rpc_open(url, RPC_JSON2);
    open[nr].session = login(open[nr].rpc);
    if (!open[nr].session)
        close_world(nr);
    return open[nr].rpc != NULL;
}

bool world_open(const char *name, struct rpc **rpc, const char **session)
{
    int nr = world_find(name);

    if (nr < 0 || (!open[nr].rpc && !start(nr)))
        return false;
    *rpc = open[nr].rpc;
    *session = open[nr].session;
    return true;
}

void world_close(const char *name)
{
    int nr = world_find(name);

    if (nr >= 0)
        close_world(nr);
}

void worlds_close(void)
{
    for (int i = 0; i < WORLDS_NR; i++)
        close_world(i);
}
