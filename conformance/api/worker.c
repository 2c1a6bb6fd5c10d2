/* Runs checks one at a time, each between suite_begin() and suite_end(). */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "calllog.h"
#include "readonly.h"
#include "samples.h"
#include "suite.h"
#include "target.h"
#include "verdict.h"

enum {
    EXIT_ENVIRONMENT = 2,
    MARKS_MAX = 8192,
};

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Without a runner nobody wants to hear: the worker ends. */
static void put(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(EXIT_ENVIRONMENT);
        at += n;
        len -= (size_t)n;
    }
}

static void put_report(int fd, struct report *r, const int (*marks)[2],
                       const char *detail, const char *log)
{
    r->detail_len = (int)strlen(detail);
    r->log_len = (int)strlen(log);
    put(fd, r, sizeof(*r));
    put(fd, marks, (size_t)r->marks_nr * sizeof(*marks));
    put(fd, detail, (size_t)r->detail_len);
    put(fd, log, (size_t)r->log_len);
}

static void end_passed(int unused)
{
    (void)unused;
    suite_end(true);
}

static void end_failed(int unused)
{
    (void)unused;
    suite_end(false);
}

/* What the words of a check come to. */
static enum outcome outcome_of(bool whole)
{
    if (suite.skipped)
        return OUTCOME_SKIPPED;
    if (!whole)
        return OUTCOME_FAILED;
    return verdict_counted() > 0 ? OUTCOME_PASSED : OUTCOME_ERROR;
}

static const char *detail_of(enum outcome o)
{
    if (o == OUTCOME_SKIPPED)
        return suite.skipped;
    if (o == OUTCOME_ERROR)
        return *verdict_words() ? verdict_words() : "it asserts nothing";
    return verdict_words();
}

/* Copied: what tidies up afterwards makes marks as well. */
static int take_marks(int marks[MARKS_MAX][2])
{
    const int(*news)[2];
    int nr = coverage_news(&news);

    if (nr > MARKS_MAX)
        nr = MARKS_MAX;
    memcpy(marks, news, (size_t)nr * sizeof(*marks));
    return nr;
}

static void tidy_up(int unused)
{
    (void)unused;
    samples_end();
}

static void close_target(int unused)
{
    (void)unused;
    target_close();
}

/* A check that fails must not leave its own session to the next one. */
static void restore(const struct suite *was)
{
    suite.session = was->session;
    suite.rpc = was->rpc;
    suite.xml = was->xml;
}

static void run_row(const struct plan_row *row, int nr, int fd)
{
    const struct check *c = row->check;
    struct report r = {.kind = REPORT_DONE, .row = nr};
    const struct suite was = suite;
    double begun = seconds_now(), waited = rpc_waited();
    long calls = rpc_calls();
    static int marks[MARKS_MAX][2];
    bool whole;

    calllog_begin();
    suite_begin();
    whole = verdict_of(c->run, row->nr);
    r.outcome = outcome_of(whole);
    if (r.outcome == OUTCOME_PASSED)
        r.marks_nr = take_marks(marks);
    if (!verdict_also(whole ? end_passed : end_failed, 0) && whole) {
        r.outcome = OUTCOME_ERROR; /* it passed, but cannot be tidied up */
        (void)verdict_also(end_failed, 0);
    }
    restore(&was);
    r.seconds = seconds_now() - begun;
    r.waited = rpc_waited() - waited;
    r.calls = (int)(rpc_calls() - calls);
    put_report(fd, &r, marks, detail_of(r.outcome),
               calllog_text(r.outcome == OUTCOME_PASSED &&
                            check_place(c) != PLACE_OWN));
}

static void stopped(const char *name)
{
    (void)name;
    skip("changes the target; not without --destructive");
}

static const struct rpc_watch watch_all = {.told = calllog_add};
static const struct rpc_watch watch_reading = {
    .may = message_reads, .stopped = stopped, .told = calllog_add};

/* Keyboard signals are the runner's business, and its end is ours. */
static void be_a_worker(void)
{
    sigset_t none;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* programs inherit it */
}

void worker_run(const struct options *o, const struct plan *p, int socket)
{
    struct report hello = {.kind = REPORT_READY};
    int row;

    be_a_worker();
    suite.options = o;
    rpc_watch(o->destructive ? &watch_all : &watch_reading);
    if (target_open(o)) {
        hello.kind = REPORT_ABSENT;
        put_report(socket, &hello, NULL, "", "");
        (void)verdict_also(close_target, 0);
        _exit(EXIT_ENVIRONMENT);
    }
    put_report(socket, &hello, NULL, target_name(), "");
    while (read(socket, &row, sizeof(row)) == (ssize_t)sizeof(row))
        run_row(&p->rows[row], row, socket);
    (void)verdict_also(tidy_up, 0); /* as far as the target still answers */
    (void)verdict_also(close_target, 0);
    _exit(EXIT_SUCCESS);
}
