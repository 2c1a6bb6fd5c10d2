/* The first and the latest calls of a check, cut to a readable length. */
#include "calllog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_MAX = 6,
    LATEST_MAX = 34,
    CALLS_MAX = FIRST_MAX + LATEST_MAX,
    PART_BYTES = 280, /* of a request or a reply */
    LINE_BYTES = 2 * PART_BYTES + 160,
    SECRETS_MAX = 32,
    SECRET_LEN_MIN = 3, /* shorter ones would hide half of everything */
};

static char *secrets[SECRETS_MAX]; /* owned until the process ends */
static int secrets_nr;
static struct {
    char lines[CALLS_MAX][LINE_BYTES];
    int calls; /* all that were made */
    char text[CALLS_MAX * LINE_BYTES + 64];
} callbook;

void calllog_hide(const char *secret)
{
    if (!secret || strlen(secret) < SECRET_LEN_MIN)
        return;
    free(secrets[secrets_nr % SECRETS_MAX]); /* the oldest one */
    secrets[secrets_nr++ % SECRETS_MAX] = strdup(secret);
}

void calllog_begin(void)
{
    callbook.calls = 0;
}

/* Parts of the text that are the secret become stars. */
static void hide(char *text, const char *secret)
{
    size_t len = strlen(secret);

    for (char *at = strstr(text, secret); at; at = strstr(at, secret)) {
        memset(at, '*', 3);
        memmove(at + 3, at + len, strlen(at + len) + 1);
        at += 3;
    }
}

/* The first parameter of a call is its session. */
static void hide_session(char *text)
{
    static const char before[] = "\"params\":[\"OpaqueRef:";
    char *at = strstr(text, before), *end;

    if (!at)
        return;
    at += sizeof(before) - 1 - strlen("OpaqueRef:");
    end = at + strcspn(at, "\"");
    if (end - at < 8)
        return;
    memcpy(at, "session", 7);
    memmove(at + 7, end, strlen(end) + 1);
}

/* What follows these keys is nobody's business: up to the next quote. */
static void hide_values(char *text)
{
    static const char *const keys[] = {"assword\":\"", "ecret\":\"",
                                       "session_id=", "sswd\":\""};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        for (char *at = strstr(text, keys[i]); at; at = strstr(at, keys[i])) {
            at += strlen(keys[i]);
            for (; *at && !strchr("\"&", *at); at++)
                *at = '*';
        }
}

/* A text that was cut anywhere ends with a whole character of UTF-8. */
static void end_whole(char *text)
{
    size_t len = strlen(text), lead = len;

    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead > 0 && (unsigned char)text[lead - 1] >= 0xc0)
        text[lead - 1] = '\0';
}

/* The interesting part of a request or a reply, cut; one line. */
static void put_part(char part[PART_BYTES], const char *text)
{
    const char *params = strstr(text, "\"params\":");
    const char *result = strstr(text, "\"result\":");
    char room[2 * PART_BYTES];

    text = params ? params : result ? result : text;
    (void)snprintf(room, sizeof(room), "%.*s", (int)sizeof(room) - 1, text);
    hide_session(room);
    hide_values(room);
    for (int i = 0; i < SECRETS_MAX && secrets[i]; i++)
        hide(room, secrets[i]);
    for (char *c = room; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    (void)snprintf(part, PART_BYTES - 4, "%.*s", PART_BYTES - 5, room);
    if (strlen(room) > PART_BYTES - 5) {
        end_whole(part);
        memcpy(part + strlen(part), "...", sizeof("..."));
    }
}

void calllog_add(const char *name, const char *request, const char *reply,
                 double seconds)
{
    int nr = callbook.calls++;
    char up[PART_BYTES], down[PART_BYTES];
    int slot = nr < FIRST_MAX ? nr : FIRST_MAX + (nr - FIRST_MAX) % LATEST_MAX;

    put_part(up, strncmp(name, "session.", 8) == 0 ? "(not shown)" : request);
    put_part(down, strncmp(name, "session.", 8) == 0 && strstr(reply, "result")
                       ? "(not shown)"
                       : reply);
    (void)snprintf(callbook.lines[slot], LINE_BYTES, "%.90s %s\n  %s  %.2f ms",
                   name, up, down, seconds * 1e3);
}

static size_t put_line(size_t at, int nr)
{
    int slot = nr < FIRST_MAX ? nr : FIRST_MAX + (nr - FIRST_MAX) % LATEST_MAX;

    return at + (size_t)snprintf(callbook.text + at, sizeof(callbook.text) - at,
                                 "%s\n", callbook.lines[slot]);
}

const char *calllog_text(bool last_only)
{
    int nr = callbook.calls,
        from = nr > CALLS_MAX ? nr - LATEST_MAX : FIRST_MAX;
    size_t at = 0;

    callbook.text[0] = '\0';
    for (int i = last_only && nr ? nr - 1 : 0; i < nr && i < FIRST_MAX; i++)
        at = put_line(at, i);
    if (last_only && nr > FIRST_MAX)
        from = nr - 1;
    else if (nr > CALLS_MAX)
        at += (size_t)snprintf(callbook.text + at, sizeof(callbook.text) - at,
                               "... %d calls are not shown ...\n",
                               nr - CALLS_MAX);
    for (int i = from; i < nr; i++)
        at = put_line(at, i);
    return callbook.text;
}
