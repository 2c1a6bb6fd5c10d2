/*
 * The parent of the workers: hands out rows, reads reports, replaces workers
 * that died or hang, and ends early when a signal says so.
 */
#define _GNU_SOURCE /* ppoll */
#include "runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coverage.h"
#include "journal.h"
#include "progress.h"
#include "target.h"
#include "worker.h"

enum {
    WORKERS_MAX = 32,
    AHEAD = 2,        /* rows that a worker has in hand: one runs, one waits */
    AHEAD_SHORT = 24, /* the same of rows that are short, or only its own */
    STARTS_MAX = 64,  /* of workers anew */
    GRACE_MS = 10000, /* after a signal, for what is running */
    TARGET_BYTES = 512,
    MARKS_TEXT_BYTES = 1 << 16,
};

struct worker {
    pid_t pid; /* 0: none */
    int fd;
    bool ready;
    int rows[AHEAD_SHORT], rows_nr; /* the first one is running */
    double since; /* something came from it, or it got a row */
};

static struct {
    const struct options *o;
    struct plan *plan;
    struct worker workers[WORKERS_MAX];
    int workers_nr, starts;
    int next[PLACE_ANYWHERE + 1]; /* rows to look at next, by place */
    struct result *found;         /* by row */
    struct journal *journal;
    bool journal_tried;
    int wanted, done, bad;
    char target[TARGET_BYTES];
    struct timings *timings;
    int rc; /* why it ends early */
} run;

static volatile sig_atomic_t caught;

static void catch_cb(int signal_nr)
{
    caught = signal_nr;
}

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *runner_target(void)
{
    return *run.target ? run.target : NULL;
}

/* --- Rows to hand out --- */

static bool is_own_target(void)
{
    return strcmp(run.o->target, "sim") == 0;
}

/* The next wanted row of that place; negative: none is left. */
static int next_of(enum place place)
{
    int *at = &run.next[place];

    while (*at < run.plan->nr) {
        const struct plan_row *row = &run.plan->rows[*at];

        (*at)++;
        if (row->wanted && check_place(row->check) == place)
            return *at - 1;
    }
    return -ENOENT;
}

static bool is_left(enum place place)
{
    int at = run.next[place], row = next_of(place);

    run.next[place] = at;
    return row >= 0;
}

/*
 * The first worker alone changes a target that all share. Rows that take long
 * go first; what runs anywhere fills up the rest.
 */
static int next_row(bool first, int in_hand)
{
    int row = -ENOENT;

    if (first)
        row = next_of(PLACE_CHAIN);
    if (row >= 0 || (!first && !is_own_target()))
        return row < 0 ? next_of(PLACE_ANYWHERE) : row;
    if (in_hand >= AHEAD && is_left(PLACE_OWN))
        return -ENOENT; /* these may be long: another worker may be free */
    row = next_of(PLACE_OWN);
    return row < 0 ? next_of(PLACE_ANYWHERE) : row;
}

static void hand_out(struct worker *w)
{
    while (w->ready && w->rows_nr < AHEAD_SHORT && !caught) {
        int row = next_row(w == run.workers, w->rows_nr);

        if (row < 0)
            return;
        if (w->rows_nr == 0)
            w->since = seconds_now();
        w->rows[w->rows_nr++] = row;
        (void)!write(w->fd, &row, sizeof(row)); /* its death is seen below */
    }
}

/* --- Results --- */

/* "VM.start:success VM.start:VM_IS_TEMPLATE ..." */
static char *marks_text(const int (*marks)[2], int nr)
{
    static char text[MARKS_TEXT_BYTES];
    size_t at = 0;

    text[0] = '\0';
    for (int i = 0; i < nr && at + 256 < MARKS_TEXT_BYTES; i++)
        at += (size_t)snprintf(text + at, MARKS_TEXT_BYTES - at, "%s%s:%s",
                               i ? " " : "", message_at(marks[i][0])->name,
                               coverage_place_name(marks[i][0], marks[i][1]));
    return at ? strdup(text) : NULL;
}

/* The marks of an earlier run. */
static void marks_from_text(const char *text)
{
    char *all = strdup(text ? text : ""), *rest;

    for (char *one = strtok_r(all, " ", &rest); one;
         one = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(one, ':');
        int message;

        if (!colon)
            continue;
        *colon = '\0';
        message = message_find(one);
        if (message >= 0)
            coverage_mark_place(message,
                                coverage_place_find(message, colon + 1));
    }
    free(all);
}

static void complete(struct result *r, const struct plan_row *row)
{
    r->group = row->check->name;
    r->item = plan_item(row);
    r->claim = claim_at(row->check->claim)->id;
}

/* Takes over the texts of the result. */
static void take_result(int row, struct result take_r)
{
    struct result *r = &run.found[row];

    free(r->detail);
    free(r->log);
    free(r->marks);
    *r = take_r;
    complete(r, &run.plan->rows[row]);
    run.done++;
    run.bad += r->outcome == OUTCOME_FAILED || r->outcome == OUTCOME_ERROR;
    run.timings->waited += r->waited;
    run.timings->checks += r->seconds;
    run.timings->calls += r->calls;
    journal_add(run.journal, r);
    progress_show(run.done, run.wanted, run.bad);
}

/* --- Workers --- */

static void start_worker(struct worker *w)
{
    int ends[2];

    if (run.starts++ >= STARTS_MAX ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        fprintf(stderr, "conform: workers do not stay alive\n");
        run.rc = -ECHILD;
        return;
    }
    fflush(NULL);
    *w = (struct worker){.fd = ends[0], .since = seconds_now()};
    w->pid = fork();
    if (w->pid == 0) {
        for (int i = 0; i < WORKERS_MAX; i++)
            if (run.workers[i].fd > 0)
                close(run.workers[i].fd);
        worker_run(run.o, run.plan, ends[1]);
    }
    close(ends[1]);
    if (w->pid < 0) {
        w->pid = 0;
        run.rc = -errno;
    }
}

/* It is gone: its status, as words. */
static void bury(struct worker *w, char words[128])
{
    int status = 0;

    close(w->fd);
    (void)waitpid(w->pid, &status, 0);
    if (WIFSIGNALED(status))
        (void)snprintf(words, 128, "the check ended its process: %s",
                       strsignal(WTERMSIG(status)));
    else
        (void)snprintf(words, 128, "the check ended its process: status %d",
                       WEXITSTATUS(status));
    w->pid = 0;
    w->fd = 0;
}

/* What ran counts as an error; what waited goes to the successor. */
static void replace(struct worker *w, const char *why)
{
    char words[128];
    struct worker was = *w;

    bury(w, words);
    if (w->rows_nr > 0)
        take_result(w->rows[0],
                    (struct result){.outcome = OUTCOME_ERROR,
                                    .detail = strdup(why ? why : words)});
    start_worker(w);
    for (int i = 1; i < was.rows_nr && w->pid > 0; i++) {
        w->rows[w->rows_nr++] = was.rows[i];
        (void)!write(w->fd, &was.rows[i], sizeof(was.rows[i]));
    }
}

static int read_all(int fd, void *to, size_t len)
{
    char *at = to;

    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EPIPE;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* A part of a report, to be freed; NULL: the worker is gone. */
static char *read_part(int fd, int len)
{
    char *part =
        len >= 0 && len <= WORKER_PART_MAX ? calloc(1, (size_t)len + 1) : NULL;

    if (part && read_all(fd, part, (size_t)len)) {
        free(part);
        part = NULL;
    }
    return part;
}

static void open_journal(const char *target)
{
    (void)snprintf(run.target, sizeof(run.target), "%s", target);
    if (run.journal_tried)
        return;
    run.journal_tried = true;
    run.rc = journal_open(&run.journal, run.o, run.target, run.plan, run.found);
    run.wanted = 0;
    for (int i = 0; i < run.plan->nr; i++) {
        run.wanted += run.plan->rows[i].wanted;
        complete(&run.found[i], &run.plan->rows[i]);
        if (run.found[i].outcome == OUTCOME_PASSED)
            marks_from_text(run.found[i].marks);
    }
}

static void take_done(struct worker *w, const struct report *r,
                      char *take_marks, char *take_detail, char *take_log)
{
    const int(*marks)[2] = (const int(*)[2])(void *)take_marks;

    for (int i = 0; i < r->marks_nr; i++)
        coverage_mark_place(marks[i][0], marks[i][1]);
    take_result(r->row, (struct result){.outcome = r->outcome,
                                        .detail = take_detail,
                                        .log = take_log,
                                        .marks = marks_text(marks, r->marks_nr),
                                        .calls = r->calls,
                                        .seconds = r->seconds,
                                        .waited = r->waited});
    free(take_marks);
    w->rows_nr--;
    memmove(w->rows, w->rows + 1, (size_t)w->rows_nr * sizeof(w->rows[0]));
}

/* One report. -EPIPE: the worker is gone. */
static int take_report(struct worker *w)
{
    struct report r;
    char *marks, *detail = NULL, *log = NULL;

    if (read_all(w->fd, &r, sizeof(r)))
        return -EPIPE;
    marks = read_part(w->fd, r.marks_nr * (int)sizeof(int[2]));
    if (marks)
        detail = read_part(w->fd, r.detail_len);
    if (detail)
        log = read_part(w->fd, r.log_len);
    w->since = seconds_now();
    if (log && r.kind == REPORT_DONE && w->rows_nr > 0 && r.row == w->rows[0]) {
        take_done(w, &r, marks, detail, log);
        return 0;
    }
    if (log && r.kind == REPORT_READY) {
        w->ready = true;
        open_journal(detail);
    } else if (log) {
        run.rc = -EACCES; /* stderr says why */
    }
    free(marks);
    free(detail);
    free(log);
    return log ? 0 : -EPIPE;
}

static void look_at(struct worker *w, short events)
{
    char why[128];

    if (events && take_report(w)) {
        if (!caught)
            replace(w, NULL);
        return;
    }
    if (seconds_now() - w->since <= (double)run.o->timeout)
        return;
    if (w->rows_nr == 0 && w->ready)
        return;
    (void)snprintf(why, sizeof(why), "no end within %llu s (--timeout)",
                   run.o->timeout);
    (void)kill(w->pid, SIGKILL);
    replace(w, why);
}

/* Waits for reports and for time to pass, and takes what has come. */
static void step(int limit_ms, const sigset_t *waiting)
{
    struct pollfd fds[WORKERS_MAX];
    struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000L};

    for (int i = 0; i < run.workers_nr; i++)
        fds[i] = (struct pollfd){
            run.workers[i].pid > 0 ? run.workers[i].fd : -1, POLLIN, 0};
    if (ppoll(fds, (nfds_t)run.workers_nr, &limit, waiting) < 0)
        return; /* a signal */
    for (int i = 0; i < run.workers_nr && !run.rc; i++)
        if (run.workers[i].pid > 0)
            look_at(&run.workers[i], fds[i].revents);
}

static bool is_busy(void)
{
    for (int i = 0; i < run.workers_nr; i++)
        if (run.workers[i].pid > 0 && run.workers[i].rows_nr > 0)
            return true;
    return false;
}

static void work(const sigset_t *waiting)
{
    while (!run.rc && !caught) {
        for (int i = 0; i < run.workers_nr; i++)
            hand_out(&run.workers[i]);
        if (run.journal_tried && run.done >= run.wanted)
            return;
        step(200, waiting);
    }
    if (caught)
        run.rc = -EINTR;
}

/* What is running may come to its end, so that it tidies up. */
static void wind_down(const sigset_t *waiting)
{
    double until = seconds_now() + GRACE_MS / 1e3;

    for (int i = 0; i < run.workers_nr; i++)
        if (run.workers[i].pid > 0)
            (void)shutdown(run.workers[i].fd, SHUT_WR);
    if (run.rc == -EINTR)
        run.rc = 0;
    while (caught && is_busy() && !run.rc && seconds_now() < until) {
        int was = caught;

        caught = 0;
        step(100, waiting);
        if (caught) /* a second signal: at once */
            until = 0;
        caught = caught ? caught : was;
    }
}

static void end_workers(void)
{
    char words[128];

    for (int i = 0; i < run.workers_nr; i++) {
        struct worker *w = &run.workers[i];

        if (w->pid <= 0)
            continue;
        if (w->rows_nr > 0 || !w->ready)
            (void)kill(w->pid, SIGKILL);
        bury(w, words);
    }
}

static void watch_signals(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = catch_cb};
    sigset_t ours;

    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGINT);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ours, waiting);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void collect(struct results *out)
{
    for (int i = 0; i < run.plan->nr; i++) {
        struct result *r = &run.found[i];
        bool missing = r->outcome == OUTCOME_NONE && run.plan->rows[i].wanted;

        complete(r, &run.plan->rows[i]);
        if (missing) {
            r->outcome = OUTCOME_SKIPPED;
            r->detail = strdup("not run: the run was interrupted");
        }
        if (r->outcome != OUTCOME_NONE &&
            (run.o->resume || run.plan->rows[i].wanted))
            results_add(out, *r);
        free(r->detail);
        free(r->log);
        free(r->marks);
    }
    free(run.found);
    run.found = NULL;
}

int runner_run(const struct options *o, struct plan *p, struct results *out,
               struct timings *t)
{
    double begun = seconds_now();
    sigset_t waiting;

    run.o = o;
    run.plan = p;
    run.timings = t;
    run.workers_nr = (int)o->jobs < p->nr ? (int)o->jobs : p->nr;
    run.wanted = p->nr;
    run.found = calloc((size_t)p->nr + 1, sizeof(*run.found));
    *t = (struct timings){.workers = run.workers_nr};
    if (!run.found)
        abort();
    watch_signals(&waiting);
    progress_show(0, p->nr, 0);
    for (int i = 0; i < run.workers_nr && !run.rc; i++)
        start_worker(&run.workers[i]);
    work(&waiting);
    if (caught)
        wind_down(&waiting);
    end_workers();
    progress_end();
    journal_close(run.journal);
    collect(out);
    t->wall = seconds_now() - begun;
    t->idle = t->wall * t->workers - t->checks;
    return caught && !run.rc ? -EINTR : run.rc;
}
