/* `touchstone sim`: the XenAPI on a simulated pool, in the foreground. */
#include <signal.h>
#include <stdlib.h>

#include "cli.h"
#include "doors.h"
#include "generic.h"
#include "options.h"
#include "presets.h"
#include "sim.h"

enum {
    EXIT_USAGE = 2,
};

static volatile int stopping;

static void stop_cb(int signum)
{
    (void)signum;
    stopping = 1;
}

static bool missing(const struct message *m)
{
    if (m->flags & MSG_REMOVED)
        return false;
    return m->checks_only || (!m->handler && !generic_knows(m));
}

/* One line a command of the thin CLI, then the count. */
static int list_commands(void)
{
    struct arena a;
    int nr, all;
    const char *const *names;

    model_init();
    arena_init(&a);
    names = cli_missing(&a, &nr, &all);
    for (int i = 0; i < nr; i++)
        printf("%s\n", names[i]);
    printf("%d of %d commands call a message that is missing\n", nr, all);
    arena_fini(&a);
    model_fini();
    return EXIT_SUCCESS;
}

/* One line a message, then the count. */
static int list_missing(void)
{
    int nr = 0;

    model_init();
    for (int i = 0; i < message_count(); i++) {
        const struct message *m = message_at(i);

        if (!missing(m))
            continue;
        printf("%s\n", m->name);
        nr++;
    }
    printf("%d of %d messages answer NOT_IMPLEMENTED\n", nr, message_count());
    model_fini();
    return EXIT_SUCCESS;
}

/* The server lets them in where it waits; threads inherit that they are not. */
static void hold_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL); /* a valid set */
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = stop_cb};
    struct options o;

    if (options_parse(&o, argc, argv)) {
        options_usage(stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        options_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (o.version) {
        puts("touchstone 0.1");
        return EXIT_SUCCESS;
    }
    if (o.list_presets) {
        presets_list(stdout);
        return EXIT_SUCCESS;
    }
    if (o.list_missing)
        return list_missing();
    if (o.list_commands)
        return list_commands();
    if (doors_check(&o))
        return EXIT_USAGE;
    (void)sigaction(SIGINT, &stop, NULL); /* valid signals */
    (void)sigaction(SIGTERM, &stop, NULL);
    hold_signals();
    return sim_run(&o, &stopping);
}
