/* A bar that is drawn anew some times a second, or a line now and then. */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR_CELLS = 30,
    BAR_EVERY_MS = 100,
    LINE_EVERY_MS = 5000,
    MS = 1000,
};

static struct {
    bool begun, drawn;
    long long begun_ms, shown_ms;
} progress;

static bool on_terminal(void)
{
    static int known = -1;

    if (known < 0)
        known = isatty(STDERR_FILENO);
    return known == 1;
}

static long long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void draw(int done, int all, int bad, long long passed_ms)
{
    int filled = all ? (int)((long long)done * BAR_CELLS / all) : BAR_CELLS;
    long long left_s =
        done ? passed_ms * (all - done) / done / MS : passed_ms / MS;

    fprintf(stderr, "\r[%-*.*s] %d/%d", BAR_CELLS, filled,
            "##############################", done, all);
    if (bad)
        fprintf(stderr, ", %d bad", bad);
    if (done)
        fprintf(stderr, ", %lld:%02lld left", left_s / 60, left_s % 60);
    fputs("\033[K", stderr);
    progress.drawn = true;
}

void progress_show(int done, int all, int bad)
{
    long long now = now_ms();
    bool terminal = on_terminal(), first = !progress.begun;

    if (first)
        progress.begun_ms = progress.shown_ms = now;
    progress.begun = true;
    if (!first &&
        now - progress.shown_ms < (terminal ? BAR_EVERY_MS : LINE_EVERY_MS))
        return;
    progress.shown_ms = now;
    if (terminal)
        draw(done, all, bad, now - progress.begun_ms);
    else if (!first)
        fprintf(stderr, "%d of %d checks, %d bad\n", done, all, bad);
}

void progress_end(void)
{
    if (progress.drawn)
        fputs("\r\033[K", stderr);
    progress.drawn = false;
}
