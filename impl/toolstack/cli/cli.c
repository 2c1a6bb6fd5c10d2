/* One connection: greetings, a session, a command, and how it ended. */
#include "cli.h"

#include <string.h>

#include "cli_command.h"
#include "cli_frame.h"

static int check_required(struct cli *c, const struct cli_command *command)
{
    struct value names = cli_words(c, command->required, ' ');

    for (uint32_t i = 0; i < names.nr && *command->required; i++)
        if (!cli_param(c, names.items[i].s))
            return cli_fail_usage(c, "Required parameter not found",
                                  names.items[i].s);
    return 0;
}

static int log_in(struct cli *c, const struct caller *caller, bool local)
{
    const char *user = cli_param_or(c, "username", "");
    const char *password = cli_param_or(c, "password", "");

    int rc;

    c->caller = caller;
    rc = local ? cli_ask_text(c, "session.slave_local_login_with_password",
                              &c->session, user, password, NULL)
               : cli_ask_text(c, "session.login_with_password", &c->session,
                              user, password, "1.20", "cli", NULL);
    c->caller = NULL; /* the session's calls are this process's */
    return rc;
}

/* The command's own failure outlives this. */
static void log_out(struct cli *c, bool local)
{
    enum cli_failure failure = c->failure;
    const char *text = c->text;
    struct value words = c->words;

    (void)cli_ask(c, local ? "session.local_logout" : "session.logout", NULL,
                  NULL); /* the session may have ended by itself */
    c->failure = failure;
    c->text = text;
    c->words = words;
}

static int run_command(struct cli *c, const struct caller *caller)
{
    const char *given = c->session;
    struct cli_command command;
    bool local;
    int rc;

    if (!cli_command_find(c, c->name, &command))
        return cli_fail_usage(c, "Unknown command", c->name);
    local = command.flags & CMD_LOCAL;
    if (check_required(c, &command) || (!given && log_in(c, caller, local)))
        return CLI_FAILED;
    rc = cli_command_run(c, &command);
    if (!given)
        log_out(c, local);
    return rc;
}

static int run_line(struct cli *c, const struct caller *caller,
                    const char *body, size_t len)
{
    const char *minimal;

    if (cli_args_parse(c, body, len))
        return CLI_FAILED;
    minimal = cli_param_or(c, "minimal", "false");
    c->minimal = strcmp(minimal, "true") == 0;
    if (!c->minimal && strcmp(minimal, "false") != 0)
        return cli_fail_internal(
            c, "INTERNAL_ERROR: [ Invalid_argument(\"bool_of_string\") ]");
    if (strcmp(c->name, "help") != 0)
        return run_command(c, caller);
    cli_help(c);
    return 0;
}

/* With --trace: what was raised, as it is called inside. */
static void trace(struct cli *c)
{
    bool wanted;

    if (!cli_param(c, "trace") || c->failure == FAILURE_LOST ||
        !cli_bool_parse(cli_param(c, "trace"), &wanted) || !wanted)
        return;
    cli_complain(c, "Raised %s\n", cli_raised(c));
    cli_complain(c, "Backtrace:\n");
}

static int greet(const struct cli_io *io)
{
    uint8_t theirs[CLI_GREETING_BYTES];
    struct buf ours = {0};
    int rc;

    cli_greet(&ours);
    rc = io->write(io->ctx, ours.data, ours.len);
    buf_fini(&ours);
    if (!rc)
        rc = io->read(io->ctx, theirs, sizeof(theirs));
    return rc ? rc : cli_greeting_check(theirs);
}

int cli_serve(const struct endpoint *at, const struct caller *caller,
              const struct cli_io *io, const char *body, size_t len)
{
    struct cli_memory memory;
    struct cli c = {.ts = at->ts, .at = at, .io = io, .memory = &memory};
    int rc = greet(io);

    if (rc)
        return rc;
    cli_memory_init(&memory);
    io->lock(io->ctx);
    if (run_line(&c, caller, body, len)) {
        cli_failure_print(&c);
        trace(&c);
        if (c.failure != FAILURE_SOLD)
            c.status = 1;
    } else {
        cli_print_joined(&c);
    }
    cli_order_exit(&c.out, c.status);
    if (c.failure == FAILURE_LOST || cli_flush(&c))
        rc = -ECONNRESET;
    io->unlock(io->ctx);
    buf_fini(&c.out);
    cli_memory_fini(&memory);
    return rc;
}
