/*
 * The `touchstone` command: finds the subcommand's row and becomes it.
 *
 * Subcommands are Python modules or scripts of this source tree or programs of
 * the build, and work from any directory; SOURCE_DIR and BUILD_DIR come from the build.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PYTHON      "/usr/bin/python3"
#define PYTHON_PATH SOURCE_DIR "/impl/platform:" SOURCE_DIR "/impl/dom0"
#define VERSION     "touchstone 0.1"
#define ARGS_MAX    256
#define ARGS_OWN    4 /* ours, with the closing NULL */

enum {
    EXIT_ENVIRONMENT = 2, /* usage or environment error */
};

/* What a row's target is. */
enum command_kind {
    COMMAND_ABSENT, /* nothing yet */
    COMMAND_PYTHON, /* a module in PYTHON_PATH */
    COMMAND_BUILT,  /* a program in BUILD_DIR */
    COMMAND_SOURCE, /* a script in SOURCE_DIR */
};

struct command {
    const char *name;
    enum command_kind kind;
    const char *target;
    const char *help;
};

static const struct command commands[] = {
#define COMMAND(n, k, t, h) {.name = n, .kind = k, .target = t, .help = h},
#include "commands.def"
#undef COMMAND
};

static const struct command *command_find(const char *name);
static int command_run(const struct command *cmd, int argc, char **argv);
static int command_start(const struct command *cmd, char path[PATH_MAX],
                         char **args);
static void usage(FILE *out);

int main(int argc, char **argv)
{
    const struct command *cmd;

    if (argc < 2) {
        usage(stderr);
        return EXIT_ENVIRONMENT;
    }
    if (strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(VERSION);
        return EXIT_SUCCESS;
    }
    cmd = command_find(argv[1]);
    if (!cmd) {
        fprintf(stderr,
                "touchstone: unknown command '%s'; try touchstone --help\n",
                argv[1]);
        return EXIT_ENVIRONMENT;
    }
    return command_run(cmd, argc - 2, argv + 2);
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Returns only when the subcommand cannot be started. */
static int command_run(const struct command *cmd, int argc, char **argv)
{
    char *args[ARGS_MAX] = {NULL};
    char path[PATH_MAX];
    int n;

    if (cmd->kind == COMMAND_ABSENT) {
        fprintf(stderr, "touchstone %s: NOT_IMPLEMENTED: %s\n", cmd->name,
                cmd->help);
        return EXIT_ENVIRONMENT;
    }
    if (argc > ARGS_MAX - ARGS_OWN) {
        fprintf(stderr, "touchstone %s: more than %d arguments\n", cmd->name,
                ARGS_MAX - ARGS_OWN);
        return EXIT_ENVIRONMENT;
    }
    n = command_start(cmd, path, args);
    memcpy(args + n, argv, (size_t)argc * sizeof(*argv));
    if (setenv("PYTHONPATH", PYTHON_PATH, 1) ||
        setenv("PYTHONDONTWRITEBYTECODE", "1", 1) ||
        setenv("TOUCHSTONE_BUILD", BUILD_DIR, 0) ||
        setenv("TOUCHSTONE_SOURCE", SOURCE_DIR, 0)) {
        perror("touchstone: cannot set the environment");
        return EXIT_ENVIRONMENT;
    }
    execv(args[0], args);
    fprintf(stderr, "touchstone %s: cannot start '%s': %s\n", cmd->name,
            args[0], strerror(errno));
    return EXIT_ENVIRONMENT;
}

/* What is started, in front of the user's arguments; how many of them. */
static int command_start(const struct command *cmd, char path[PATH_MAX],
                         char **args)
{
    if (cmd->kind != COMMAND_PYTHON) {
        (void)snprintf(path, PATH_MAX, "%s/%s",
                       cmd->kind == COMMAND_BUILT ? BUILD_DIR : SOURCE_DIR,
                       cmd->target);
        args[0] = path;
        return 1;
    }
    args[0] = PYTHON;
    args[1] = "-m";
    args[2] = (char *)cmd->target;
    return 3;
}

static void usage(FILE *out)
{
    fputs("usage: touchstone COMMAND [OPTION...]\n"
          "       touchstone COMMAND --help | --help | --version\n\n",
          out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-10s  %s%s\n", commands[i].name, commands[i].help,
                commands[i].kind == COMMAND_ABSENT ? " (not implemented)" : "");
}
