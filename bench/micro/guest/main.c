/* Runs the operations in rounds, and says how long each took. */
#include "console.h"
#include "guest.h"
#include "micro.h"

enum {
    DEFAULT_ROUNDS = 10,
    OP_SLOT = 0, /* of what goes to the peer */
    COUNT_SLOT = 1,
    ID_SLOT = 2,
};

static const struct op *const tables[] = {cpu_ops,    event_ops, grant_ops,
                                          memory_ops, sched_ops, domain_ops};
/* An operation with the count that is wanted of it, and its marks. */
struct job {
    const struct op *row;
    struct op op;
    unsigned id;
};

static unsigned rounds;
static uint64_t times_ns[ROUNDS_MAX];

static uint64_t ns_of(uint64_t ticks)
{
    const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;

    ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
    return (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
}

/* One round; its length in ticks of the TSC. */
static uint64_t round_of(const struct op *op, unsigned id)
{
    uint64_t ticks;

    if (op->before)
        op->before(op);
    ticks = tsc();
    mark_begin(id);
    op->run(op);
    mark_end(id);
    ticks = tsc() - ticks;
    if (op->after)
        op->after(op);
    return ticks;
}

static long round_there(void *arg)
{
    const long *args = arg;
    struct op op = *(const struct op *)args[OP_SLOT];

    op.count = (unsigned)args[COUNT_SLOT];
    return (long)round_of(&op, (unsigned)args[ID_SLOT]);
}

static uint64_t round_anywhere(const struct job *job)
{
    long args[GUEST_ARGS] = {[OP_SLOT] = (long)job->row,
                             [COUNT_SLOT] = job->op.count,
                             [ID_SLOT] = job->id};
    uint64_t ticks;

    if (!job->op.in_guest)
        return round_of(&job->op, job->id);
    other_park();
    ticks = (uint64_t)peer_call(round_there, args);
    other_unpark();
    return ticks;
}

static long measure(void *arg)
{
    const struct job *job = arg;

    if (job->op.prepare)
        job->op.prepare();
    (void)round_anywhere(job); /* warms up */
    for (unsigned i = 0; i < rounds; i++)
        times_ns[i] = ns_of(round_anywhere(job));
    if (job->op.finish)
        job->op.finish();
    return 0;
}

/* --- What is said --- */

static void say_op(const struct op *op, unsigned id)
{
    line_begin("MICRO op ");
    line_number(id);
    line_text(" ");
    line_text(op->name);
    line_text(op->many_cpus ? " all " : " cpu ");
    line_number((long)op->count * op->each);
    line_text(" ");
    line_text(op->unit);
    line_end();
}

static void say_times(const struct op *op)
{
    line_begin("MICRO times ");
    line_text(op->name);
    for (unsigned i = 0; i < rounds; i++) {
        line_text(" ");
        line_number((long)times_ns[i]);
    }
    line_end();
}

static void say_histogram(const struct op *op)
{
    line_begin("MICRO histogram ");
    line_text(op->name);
    for (unsigned i = 0; i < BUCKETS; i++) {
        if (!op->buckets[i])
            continue;
        line_text(" ");
        line_number(1l << i);
        line_text(":");
        line_number((long)op->buckets[i]);
    }
    line_end();
}

static void say_problem(const struct op *op, const struct outcome *o)
{
    line_begin("MICRO ");
    line_text(o->word);
    line_text(" ");
    line_text(op->name);
    outcome_reason(o);
    line_end();
}

static void measure_and_say(const struct op *row, unsigned id, unsigned part)
{
    struct job job = {row, *row, id};
    const struct op *op = &job.op;
    struct outcome o;
    long result;

    job.op.count = op->count > part ? op->count / part : 1;
    say_op(op, id);
    o = test_guard(measure, &job, &result);
    if (o.word[0] != 'p') {
        say_problem(op, &o);
        return;
    }
    say_times(op);
    if (op->buckets)
        say_histogram(op);
}

/* "only=grant+null": operations whose names begin so. */
static bool wanted(const struct op *op)
{
    const char *p = argument_find("only=");

    while (p) {
        const char *name = op->name;

        while (*p && *p != '+' && *p != ' ' && *p == *name)
            p++, name++;
        if (!*p || *p == '+' || *p == ' ')
            return true;
        while (*p && *p != '+' && *p != ' ')
            p++;
        if (*p++ != '+')
            return false;
    }
    return true;
}

static long take_places(void *arg)
{
    (void)arg;
    cpu_start(OTHER_VCPU);
    places_take();
    return 0;
}

/* Counts do not need as many turns of a loop as times: "part=8", an eighth. */
static unsigned measure_all(void)
{
    unsigned part = (unsigned)argument_number("part=");
    unsigned id = 0, nr = 0;

    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        for (const struct op *op = tables[i]; op->name; op++, id++)
            if (wanted(op)) {
                measure_and_say(op, id, part ? part : 1);
                nr++;
            }
    return nr;
}

void control_main(void)
{
    unsigned nr;
    long result;

    rounds = (unsigned)argument_number("rounds=");
    if (!rounds || rounds > ROUNDS_MAX)
        rounds = DEFAULT_ROUNDS;
    guest_keep_image();
    line_begin("MICRO start");
    line_end();
    (void)test_guard(take_places, NULL, &result); /* what needs it says so */
    nr = measure_all();
    guests_end(true);
    line_begin("MICRO end ");
    line_number(nr);
    line_end();
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
              &(struct sched_shutdown){SHUTDOWN_poweroff});
}
