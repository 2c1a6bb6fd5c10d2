/* What the client is asked for: files, an answer, transfers. */
#include <ctype.h>
#include <string.h>

#include "cli_frame.h"
#include "cli_run.h"

static int lost(struct cli *c)
{
    c->failure = FAILURE_LOST;
    return CLI_FAILED;
}

int cli_flush(struct cli *c)
{
    int rc = 0;

    if (!c->out.len)
        return 0;
    c->io->unlock(c->io->ctx);
    rc = c->io->write(c->io->ctx, c->out.data, c->out.len);
    c->io->lock(c->io->ctx);
    c->out.len = 0;
    return rc ? lost(c) : 0;
}

static int read_unlocked(struct cli *c, void *data, size_t len)
{
    int rc;

    c->io->unlock(c->io->ctx);
    rc = c->io->read(c->io->ctx, data, len);
    c->io->lock(c->io->ctx);
    return rc ? lost(c) : 0;
}

static int read_answer(struct cli *c, struct cli_answer *answer)
{
    uint8_t data[CLI_FRAME_BYTES_MAX];
    uint32_t len;

    if (read_unlocked(c, data, 4))
        return CLI_FAILED;
    len = cli_get32(data);
    if (len > sizeof(data))
        return lost(c);
    if (read_unlocked(c, data, len) || cli_answer_decode(data, len, answer))
        return lost(c);
    return 0;
}

/* Chunks until the end of the blob. */
static int read_blob(struct cli *c, const char **text)
{
    struct cli_answer answer = {0};
    char *data = arena_strdup(cli_arena(c), "");
    size_t len = 0;

    for (;;) {
        char *more;

        if (read_answer(c, &answer))
            return CLI_FAILED;
        if (answer.reply == REPLY_END)
            break;
        if (answer.reply != REPLY_CHUNK)
            return cli_fail(c, "Thin CLI protocol error");
        if (answer.chunk_bytes > CLI_UPLOAD_MAX - len)
            return cli_fail(c,
                            "Fatal error: A CLI client tried to transfer more "
                            "than the maximum allowed of %dB, aborting.",
                            CLI_UPLOAD_MAX);
        more = arena_alloc(cli_arena(c), len + answer.chunk_bytes + 1);
        memcpy(more, data, len);
        if (read_unlocked(c, more + len, answer.chunk_bytes))
            return CLI_FAILED;
        data = more;
        len += answer.chunk_bytes;
    }
    if (memchr(data, '\0', len))
        return cli_fail(c, "Thin CLI protocol error");
    *text = data;
    return 0;
}

int cli_load(struct cli *c, const char *file, const char **text)
{
    struct cli_answer answer = {0};

    *text = NULL;
    cli_order_text(&c->out, ORDER_LOAD, file);
    if (cli_flush(c) || read_answer(c, &answer))
        return CLI_FAILED;
    if (answer.reply == REPLY_FAILED)
        return 0;
    if (answer.reply != REPLY_OK)
        return cli_fail(c, "Thin CLI protocol error");
    return read_blob(c, text);
}

int cli_load_or_fail(struct cli *c, const char *what, const char *file,
                     const char **text)
{
    if (cli_load(c, file, text))
        return CLI_FAILED;
    if (*text)
        return 0;
    cli_complain(c, "Failed to read %s\n", what);
    return cli_fail_exit(c, 1);
}

/* The text without blanks around it says yes. */
static bool says_yes(const char *text)
{
    size_t len;

    while (isspace((unsigned char)*text))
        text++;
    len = strlen(text);
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    return len == 3 && strncasecmp(text, "yes", 3) == 0;
}

int cli_agrees(struct cli *c, bool *yes)
{
    const char *text;

    cli_tell(c, "Type 'yes' to continue");
    cli_order(&c->out, ORDER_PROMPT);
    if (cli_flush(c) || read_blob(c, &text))
        return CLI_FAILED;
    *yes = says_yes(text);
    if (!*yes)
        cli_tell(c,
                 arena_printf(cli_arena(c), "Aborted (you typed: '%s')", text));
    return 0;
}

int cli_client_works(struct cli *c, bool *ok)
{
    struct cli_answer answer = {.reply = REPLY_WAIT};

    if (cli_flush(c))
        return CLI_FAILED;
    while (answer.reply == REPLY_WAIT)
        if (read_answer(c, &answer))
            return CLI_FAILED;
    *ok = answer.reply == REPLY_OK;
    return 0;
}
