/* Where a kernel begins, and the loop that runs the tests. */
#include "console.h"
#include "guest.h"
#include "memory.h"
#include "suites.h"

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

static void name_of(const struct suite *s, const struct test *t, bool guest)
{
    line_text(guest ? " guest-" : " ");
    line_text(s->name);
    line_text("/");
    line_text(t->name);
}

static void say_outcome(const struct suite *s, const struct test *t, bool guest,
                        const struct outcome *o)
{
    line_begin("ABI ");
    line_text(o->word);
    name_of(s, t, guest);
    if (o->what) {
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
    line_end();
}

static long run_here(void *arg)
{
    ((const struct test *)arg)->run();
    return 0;
}

/* Through the mailbox comes the address of the test. */
static long run_there(void *arg)
{
    const struct test *t = (const struct test *)*(long *)arg;

    t->run();
    return 0;
}

static long send_there(void *arg)
{
    long args[GUEST_ARGS] = {(long)arg};

    return guest_call(guest_common(), run_there, args);
}

static void run_test(const struct suite *s, const struct test *t, bool guest)
{
    struct outcome o;
    long result;

    line_begin("ABI begin");
    name_of(s, t, guest);
    line_end();
    o = test_guard(guest ? send_there : run_here, (void *)t, &result);
    guests_end(o.word[0] == 'f');
    say_outcome(s, t, guest, &o);
}

/* --- Which tests --- */

static const char *find(const char *text, const char *word)
{
    for (; *text; text++) {
        int i = 0;

        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return text + i;
    }
    return NULL;
}

static long number_after(const char *word)
{
    const char *p = find(arguments, word);
    long number = 0;

    for (; p && *p >= '0' && *p <= '9'; p++)
        number = number * 10 + *p - '0';
    return number;
}

/* Whether the text up to '+' or a space is how the parts begin. */
static bool begins(const char *text, const char *const parts[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (const char *q = parts[i]; *q; q++, text++) {
            if (!*text || *text == '+' || *text == ' ')
                return true;
            if (*text != *q)
                return false;
        }
    return !*text || *text == '+' || *text == ' ';
}

/* "only=evtchn/+gnttab/map": the tests whose names begin so. */
static bool named(const struct suite *s, const struct test *t, bool guest)
{
    const char *const parts[] = {guest ? "guest-" : "", s->name, "/", t->name};
    const char *p = find(arguments, "only=");

    if (!p)
        return true;
    while (!begins(p, parts, sizeof(parts) / sizeof(*parts))) {
        while (*p && *p != '+' && *p != ' ')
            p++;
        if (*p++ != '+')
            return false;
    }
    return true;
}

static void list_test(const struct suite *s, const struct test *t, bool guest)
{
    line_begin("ABI test");
    name_of(s, t, guest);
    line_text(" ");
    line_text(s->source);
    line_text(": ");
    line_text(t->claim);
    line_end();
}

struct run {
    void (*each)(const struct suite *s, const struct test *t, bool guest);
    long from, nr;
};

static void visit(struct run *r, const struct suite *s, bool guest)
{
    for (const struct test *t = s->tests; t->name; t++)
        if (t->where != (guest ? CONTROL : GUEST) && r->nr++ >= r->from &&
            named(s, t, guest))
            r->each(s, t, guest);
}

/* Every test in the order of suites.def: here, then in a guest. */
static void visit_all(struct run *r)
{
    for (const struct suite *s = suites; s->name; s++)
        if (s->where != GUEST)
            visit(r, s, false);
    for (const struct suite *s = suites; s->name; s++)
        if (s->where != CONTROL)
            visit(r, s, true);
    guests_end(true);
}

/* A processor without anything to do loses interrupts under QEMU: see nap(). */
static long keep_awake(void *arg)
{
    (void)arg;
    cpu_start(1);
    return 0;
}

static void control_main(void)
{
    long result;
    struct run r = {.from = number_after("from="), .each = run_test};

    if (find(arguments, "list"))
        r.each = list_test;
    guest_keep_image();
    line_begin("ABI start");
    line_end();
    (void)test_guard(keep_awake, NULL, &result); /* smp/start tells */
    visit_all(&r);
    line_begin("ABI end ");
    line_number(r.nr);
    line_end();
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
              &(struct sched_shutdown){SHUTDOWN_poweroff});
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
