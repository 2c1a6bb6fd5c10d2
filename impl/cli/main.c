/*
 * The `touchstone` command: finds the subcommand's row and becomes it.
 *
 * Subcommands are Python modules of this source tree, so that the command
 * works from any directory; SOURCE_DIR and BUILD_DIR come from the build.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PYTHON      "/usr/bin/python3"
#define PYTHON_PATH SOURCE_DIR "/impl/platform:" SOURCE_DIR "/impl/dom0"
#define VERSION     "touchstone 0.1"
#define ARGS_MAX    256

enum {
    EXIT_ENVIRONMENT = 2, /* usage or environment error */
};

struct command {
    const char *name;
    const char *module; /* NULL: not there yet */
    const char *help;
};

static const struct command commands[] = {
#define COMMAND(n, m, h) {.name = n, .module = m, .help = h},
#include "commands.def"
#undef COMMAND
};

static const struct command *command_find(const char *name);
static int command_run(const struct command *cmd, int argc, char **argv);
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
    char *args[ARGS_MAX] = {PYTHON, "-m", (char *)cmd->module};

    if (!cmd->module) {
        fprintf(stderr, "touchstone %s: NOT_IMPLEMENTED: %s\n", cmd->name,
                cmd->help);
        return EXIT_ENVIRONMENT;
    }
    if (argc > ARGS_MAX - 4) {
        fprintf(stderr, "touchstone %s: more than %d arguments\n", cmd->name,
                ARGS_MAX - 4);
        return EXIT_ENVIRONMENT;
    }
    memcpy(args + 3, argv, (size_t)argc * sizeof(*argv));
    if (setenv("PYTHONPATH", PYTHON_PATH, 1) ||
        setenv("PYTHONDONTWRITEBYTECODE", "1", 1) ||
        setenv("TOUCHSTONE_BUILD", BUILD_DIR, 0)) {
        perror("touchstone: cannot set the environment");
        return EXIT_ENVIRONMENT;
    }
    execv(PYTHON, args);
    fprintf(stderr, "touchstone %s: cannot start '%s': %s\n", cmd->name, PYTHON,
            strerror(errno));
    return EXIT_ENVIRONMENT;
}

static void usage(FILE *out)
{
    fputs("usage: touchstone COMMAND [OPTION...]\n"
          "       touchstone COMMAND --help | --help | --version\n\n",
          out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-8s  %s%s\n", commands[i].name, commands[i].help,
                commands[i].module ? "" : " (not implemented)");
}
