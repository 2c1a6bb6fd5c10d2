/* Which tests run, in which order, and what is said about them. */
#include "console.h"
#include "guest.h"
#include "suites.h"

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
    outcome_reason(o);
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
    const char *p = argument_find("only=");

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

void control_main(void)
{
    long result;
    struct run r = {.from = argument_number("from="), .each = run_test};

    if (argument_find("list"))
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
