/* Where Check's assertions arrive: the linker leads them here (--wrap). */
#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WORDS_BYTES = 4096,
};

static struct {
    sigjmp_buf back;
    bool running;
    int counted;
    char words[WORDS_BYTES];
} verdict;

void __wrap__mark_point(const char *file, int line);
void __wrap__ck_assert_failed(const char *file, int line, const char *expr,
                              const char *msg, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

/* An assertion held. */
void __wrap__mark_point(const char *file, int line)
{
    (void)file;
    (void)line;
    verdict.counted++;
}

void __wrap__ck_assert_failed(const char *file, int line, const char *expr,
                              const char *msg, ...)
{
    va_list args;

    if (!verdict.running) {
        fprintf(stderr, "conform: %s:%d: %s\n", file, line, expr);
        abort();
    }
    if (!*verdict.words && msg) {
        va_start(args, msg);
        (void)vsnprintf(verdict.words, WORDS_BYTES, msg, args);
        va_end(args);
    } else if (!*verdict.words) {
        (void)snprintf(verdict.words, WORDS_BYTES, "%s", expr);
    }
    siglongjmp(verdict.back, 1);
}

bool verdict_also(void (*fn)(int nr), int nr)
{
    bool whole = false;

    verdict.running = true;
    if (sigsetjmp(verdict.back, 0) == 0) {
        fn(nr);
        whole = true;
    }
    verdict.running = false;
    return whole;
}

bool verdict_of(void (*fn)(int nr), int nr)
{
    verdict.counted = 0;
    verdict.words[0] = '\0';
    return verdict_also(fn, nr);
}

void verdict_count(void)
{
    verdict.counted++;
}

int verdict_counted(void)
{
    return verdict.counted;
}

const char *verdict_words(void)
{
    return verdict.words;
}
