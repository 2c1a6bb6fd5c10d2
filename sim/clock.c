/* Time of the simulation. */
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A virtual clock starts here: 2026-01-01T00:00:00Z. */
#define VIRTUAL_START_MS 1767225600000

int64_t sim_clock_machine_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now); /* always there */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0, or -EINVAL. */
static int parse_date(const char *text, int64_t *ms)
{
    struct tm tm = {0};
    int used = 0;

    if (sscanf(text, "%4d-%2d-%2d%nT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
               &tm.tm_mday, &used, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &used) < 3 ||
        (text[used] && strcmp(text + used, "Z") != 0) || tm.tm_year < 1970)
        return -EINVAL;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *ms = (int64_t)timegm(&tm) * 1000;
    return 0;
}

int sim_clock_init(struct sim_clock *c, const char *text)
{
    static const char *const kinds[] = {"virtual", "still"};

    *c = (struct sim_clock){0};
    if (!text || strcmp(text, "real") == 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(kinds[i]);

        if (strncmp(text, kinds[i], len) != 0 ||
            (text[len] && text[len] != '='))
            continue;
        *c = (struct sim_clock){
            .is_virtual = true, .jumps = i == 0, .ms = VIRTUAL_START_MS};
        return text[len] ? parse_date(text + len + 1, &c->ms) : 0;
    }
    return -EINVAL;
}

int64_t sim_clock_now_ms(const struct sim_clock *c)
{
    return c->is_virtual ? c->ms : c->ms + sim_clock_machine_ms();
}

void sim_clock_move(struct sim_clock *c, int64_t by_ms)
{
    int64_t now = sim_clock_now_ms(c);
    int64_t target;

    if (__builtin_add_overflow(now, by_ms, &target) || target < 0)
        target = 0;
    c->ms += target - now;
}
