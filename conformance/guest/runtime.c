/* Where a kernel begins: its words, checks that end what they are in. */
#include "console.h"
#include "guest.h"
#include "memory.h"

#include <xen/arch-x86/hvm/start_info.h>

enum {
    ARGUMENT_BYTES = 512,
};

void guest_main(const struct hvm_start_info *info);

bool in_control;
static char arguments[ARGUMENT_BYTES];

/* --- Tests --- */

static void give_up(struct outcome how) __attribute__((noreturn));
static void give_up(struct outcome how)
{
    this_cpu()->outcome = how;
    __builtin_longjmp(this_cpu()->giving_up, 1);
}

void test_fail(const char *file, int line, const char *what, long found)
{
    give_up((struct outcome){"fail", file, what, line, found});
}

void test_skip(const char *why)
{
    give_up((struct outcome){.word = "skip", .what = why});
}

void test_follow(const struct outcome *other)
{
    if (other->word[0] != 'p')
        give_up(*other);
}

void outcome_reason(const struct outcome *o)
{
    if (!o->what)
        return;
    line_text(" ");
    if (o->file) {
        line_text(o->file);
        line_text(":");
        line_number(o->line);
        line_text(": ");
    }
    line_text(o->what);
    if (o->file) {
        line_text(" (found ");
        line_number(o->found);
        line_text(")");
    }
}

struct outcome test_guard(long (*fn)(void *arg), void *arg, long *result)
{
    struct cpu *c = this_cpu();

    c->outcome = (struct outcome){.word = "pass"};
    c->rescue = NULL;
    if (__builtin_setjmp(c->giving_up) == 0)
        *result = fn(arg);
    else if (!this_cpu()->nr)
        cpus_end();
    return this_cpu()->outcome;
}

/* --- Its command line --- */

const char *argument_find(const char *word)
{
    for (const char *text = arguments; *text; text++) {
        int i = 0;

        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return text + i;
    }
    return NULL;
}

long argument_number(const char *word)
{
    const char *p = argument_find(word);
    long number = 0;

    for (; p && *p >= '0' && *p <= '9'; p++)
        number = number * 10 + *p - '0';
    return number;
}

/* The start information lies in memory that is free once it was read. */
void guest_main(const struct hvm_start_info *info)
{
    const char *text = (const char *)(uintptr_t)info->cmdline_paddr;

    for (int i = 0; text && text[i] && i < ARGUMENT_BYTES - 1; i++)
        arguments[i] = text[i];
    in_control = info->flags & SIF_INITDOMAIN;
    memory_setup();
    hypercalls_setup();
    cpu_setup(0);
    shared_info_setup();
    if (!in_control)
        guest_serve();
    control_main();
}
