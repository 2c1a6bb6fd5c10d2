/* Starting a simulation as a process, and ending it. */
#include "simulation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rpc.h"

enum {
    PATH_BYTES = 4096,
    LINE_BYTES = 256,
};

static void become_simulation(int out, const char *const *options)
{
    const char *build = getenv("TOUCHSTONE_BUILD");
    const char *words[SIMULATION_OPTIONS_MAX + 4] = {"touchstone-sim", "--port",
                                                     "0"};
    char program[PATH_BYTES];

    for (int i = 0; options[i] && i < SIMULATION_OPTIONS_MAX; i++)
        words[3 + i] = options[i];
    (void)snprintf(program, sizeof(program), "%s/touchstone-sim",
                   build ? build : "build");
    if (dup2(out, STDOUT_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM))
        _exit(127);
    execv(program, (char *const *)words);
    fprintf(stderr, "conform: cannot start '%s': %s; run `make` first\n",
            program, strerror(errno));
    _exit(127);
}

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int start(struct simulation *s, const char *const *options)
{
    char line[LINE_BYTES];
    int ends[2];

    *s = (struct simulation){0};
    if (pipe(ends))
        return -errno;
    s->pid = fork();
    if (s->pid == 0)
        become_simulation(ends[1], options);
    close(ends[1]);
    s->out = s->pid > 0 ? fdopen(ends[0], "r") : NULL;
    if (s->out && fgets(line, sizeof(line), s->out) &&
        sscanf(line, "listening on http://127.0.0.1:%d", &s->port) == 1)
        return 0;
    if (!s->out)
        close(ends[0]);
    simulation_stop(s);
    return -ECHILD;
}

int simulation_start(struct simulation *s, const char *const *options)
{
    double begun = seconds_now();
    int rc = start(s, options);

    rpc_waited_more(seconds_now() - begun);
    return rc;
}

void simulation_stop(struct simulation *s)
{
    double begun = seconds_now();

    if (s->pid > 0) {
        (void)kill(s->pid, SIGTERM); /* ours, and not yet waited for */
        (void)waitpid(s->pid, NULL, 0);
    }
    if (s->out)
        fclose(s->out);
    *s = (struct simulation){0};
    rpc_waited_more(seconds_now() - begun);
}
