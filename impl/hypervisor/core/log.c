/*
 * Log lines: level, time stamp, rate limit for guests, and panic.
 *
 * Guest lines are limited per domain (by the low bits of its id) with a token
 * bucket; what was dropped is counted and said with the next line that passes.
 */
#include "hv/log.h"

#include "hv/arch.h"
#include "hv/console.h"

#include "base/fmt.h"
#include "base/string.h"

#define LINE_BYTES      256
#define GUEST_BUCKETS   16
#define GUEST_BURST     10           /* lines at once */
#define GUEST_REFILL_NS 500000000ULL /* one more line after this time */
#define NS_PER_US       1000ULL
#define US_PER_S        1000000ULL

struct bucket {
    struct spinlock lock;
    bool started;
    unsigned int tokens;
    unsigned int dropped;
    uint64_t refilled_ns;
};

static struct bucket buckets[GUEST_BUCKETS];
static int level_host = LOG_INFO;
static int level_guest = LOG_WARN;
static bool panicking; /* [a] */

static void line_write(int level, int limit, const char *prefix,
                       const char *fmt, va_list ap)
{
    char line[LINE_BYTES];
    uint64_t us = arch_now_ns() / NS_PER_US;
    size_t n;
    int len;

    len = fmt_print(line, sizeof(line), "(TS) [%5llu.%06llu] %s",
                    (unsigned long long)(us / US_PER_S),
                    (unsigned long long)(us % US_PER_S), prefix);
    n = MIN((size_t)len, sizeof(line) - 2);
    len = fmt_vprint(line + n, sizeof(line) - 1 - n, fmt, ap);
    n = MIN(n + (size_t)len, sizeof(line) - 2);
    line[n++] = '\n';
    console_put(line, n,
                level <= limit ? CONSOLE_RING | CONSOLE_SERIAL : CONSOLE_RING);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    line_write((int)level, level_host, "", fmt, ap);
    va_end(ap);
}

/* Take a token; how many lines were dropped since the last one that passed. */
static bool bucket_take(struct bucket *b, unsigned int *dropped)
{
    uint64_t now = arch_now_ns();
    uint64_t more;
    bool ok;

    spin_lock(&b->lock);
    if (!b->started) {
        b->started = true;
        b->tokens = GUEST_BURST;
        b->refilled_ns = now;
    }
    more = (now - b->refilled_ns) / GUEST_REFILL_NS;
    b->refilled_ns += more * GUEST_REFILL_NS;
    b->tokens = (unsigned int)MIN(b->tokens + more, (uint64_t)GUEST_BURST);
    ok = b->tokens > 0;
    if (ok) {
        b->tokens--;
        *dropped = b->dropped;
        b->dropped = 0;
    } else {
        b->dropped++;
    }
    spin_unlock(&b->lock);
    return ok;
}

void log_guest(const struct domain *d, const char *fmt, ...)
{
    unsigned int dropped = 0;
    char prefix[16];
    va_list ap;

    if (!bucket_take(&buckets[d->id % GUEST_BUCKETS], &dropped))
        return;
    if (dropped)
        log_warn("d%u: %u lines suppressed", d->id, dropped);
    (void)fmt_print(prefix, sizeof(prefix), "d%u ", d->id);
    va_start(ap, fmt);
    line_write(LOG_WARN, level_guest, prefix, fmt, ap);
    va_end(ap);
}

/* Upstream's "a/b" form gives a second, rate limited level: only 'a' counts. */
static bool level_parse(const char *s, int *out)
{
    static const struct {
        const char *name;
        int level;
    } names[] = {
        {"none", -1},       {"error", LOG_ERROR}, {"warning", LOG_WARN},
        {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {"all", LOG_DEBUG},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        size_t n = str_length(names[i].name, LINE_BYTES);

        if (str_starts(s, names[i].name) && (s[n] == '\0' || s[n] == '/')) {
            *out = names[i].level;
            return true;
        }
    }
    return false;
}

bool console_set_levels_text(const char *host, const char *guest)
{
    bool host_ok = level_parse(host, &level_host);
    bool guest_ok = level_parse(guest, &level_guest);

    return host_ok && guest_ok;
}

void panic(const char *fmt, ...)
{
    va_list ap;

    console_break_lock();
    if (!__atomic_exchange_n(&panicking, true, __ATOMIC_SEQ_CST)) {
        va_start(ap, fmt);
        line_write(LOG_ERROR, LOG_ERROR, "panic: ", fmt, ap);
        va_end(ap);
    }
    arch_panic_stop();
}
