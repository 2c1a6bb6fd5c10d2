/* Bounded programs: limits, a deadline, and what they printed. */
#include "aml/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    NOBODY = 65534,
    FIRST_ROOM = 64 << 10,
    RUNS_MAX = 8,
    NOT_STARTED = 127,
    NAME_BYTES = 128,
};

static const char search_path[] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin";

/* --- The directory ---------------------------------------------------------- */
int sandbox_open(struct sandbox *s)
{
    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/touchstone-aml-XXXXXX");
    if (!mkdtemp(s->dir)) {
        s->dir[0] = '\0';
        return -errno;
    }
    if (geteuid() == 0 && chown(s->dir, NOBODY, NOBODY)) {
        int rc = -errno;

        sandbox_close(s);
        return rc;
    }
    return 0;
}

void sandbox_close(struct sandbox *s)
{
    DIR *dir = *s->dir ? opendir(s->dir) : NULL;
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        (void)unlinkat(dirfd(dir), entry->d_name, 0); /* . and .. refuse */
    if (dir)
        closedir(dir);
    if (*s->dir)
        (void)rmdir(s->dir); /* directories in it stay: nobody makes any */
    s->dir[0] = '\0';
}

static int file_open(const struct sandbox *s, const char *name, int flags)
{
    char path[SANDBOX_PATH_BYTES + NAME_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    return open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0644);
}

int sandbox_write(const struct sandbox *s, const char *name, const void *data,
                  size_t size)
{
    int fd = file_open(s, name, O_WRONLY | O_CREAT | O_EXCL);
    const char *p = data;
    int rc = fd < 0 ? -errno : 0;

    while (!rc && size) {
        ssize_t n = write(fd, p, size);

        if (n <= 0) {
            rc = -errno;
        } else {
            p += n;
            size -= (size_t)n;
        }
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

char *sandbox_read(const struct sandbox *s, const char *name, size_t most,
                   size_t *len)
{
    int fd = file_open(s, name, O_RDONLY | O_NONBLOCK);
    struct stat st = {0};
    char *text = NULL;
    ssize_t n = -1;

    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
        size_t size = (size_t)st.st_size < most ? (size_t)st.st_size : most;

        text = malloc(size + 1);
        n = text ? read(fd, text, size) : -1;
    }
    if (fd >= 0)
        close(fd);
    if (n < 0) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    *len = (size_t)n;
    return text;
}

/* --- Starting --------------------------------------------------------------- */
bool sandbox_has(const char *program)
{
    const char *p = search_path;

    while (*p) {
        size_t len = strcspn(p, ":");
        char path[NAME_BYTES];

        (void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, p, program);
        if (!access(path, X_OK))
            return true;
        p += len + (p[len] == ':');
    }
    return false;
}

static void limits_set(void)
{
    static const struct {
        int resource;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CPU, SANDBOX_SECONDS}, {RLIMIT_AS, 2ul << 30},
        {RLIMIT_FSIZE, 64ul << 20},    {RLIMIT_CORE, 0},
        {RLIMIT_NOFILE, 256},          {RLIMIT_STACK, 64ul << 20},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct rlimit l = {limits[i].most, limits[i].most};

        if (setrlimit(limits[i].resource, &l))
            _exit(NOT_STARTED);
    }
}

/* No network, and no rights. Root can always give them up; others need a kernel
   that lets them, and without one the program still has none of ours. */
static void rights_drop(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _exit(NOT_STARTED);
    if (geteuid()) {
        (void)unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC);
        return;
    }
    (void)unshare(CLONE_NEWNET | CLONE_NEWIPC); /* a container may forbid it */
    if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
        _exit(NOT_STARTED);
}

static void child_run(const struct sandbox *s, char *const *args,
                      const char *input, int out)
{
    char path[sizeof(search_path) + 8];
    char *environment[] = {path, NULL};
    int in = input ? file_open(s, input, O_RDONLY)
                   : open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)snprintf(path, sizeof(path), "PATH=%s", search_path);
    (void)setsid(); /* a fresh child leads nothing yet */
    if (chdir(s->dir) || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(out, 2) < 0 || close_range(3, ~0u, 0))
        _exit(NOT_STARTED);
    rights_drop();
    limits_set();
    (void)putenv(path); /* where execvpe() looks */
    (void)execvpe(args[0], args, environment);
    _exit(NOT_STARTED);
}

int sandbox_start(const struct sandbox *s, char *const *args, const char *input,
                  struct sandbox_run *r)
{
    int ends[2];

    *r = (struct sandbox_run){.fd = -1};
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    r->pid = fork();
    if (r->pid == 0)
        child_run(s, args, input, ends[1]);
    close(ends[1]);
    if (r->pid < 0) {
        close(ends[0]);
        r->pid = 0;
        return -EAGAIN;
    }
    r->fd = ends[0];
    return 0;
}

/* --- Waiting ---------------------------------------------------------------- */
static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* always there */
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void run_stop(struct sandbox_run *r, enum sandbox_end why)
{
    r->end = why;
    (void)kill(-r->pid, SIGKILL);
    (void)kill(r->pid, SIGKILL); /* when it has no session yet */
    close(r->fd);
    r->fd = -1;
}

/* Takes what is there to read. */
static void run_read(struct sandbox_run *r)
{
    ssize_t n;

    if (r->len + 1 >= r->room) {
        size_t room = r->room ? r->room * 2 : FIRST_ROOM;
        char *more =
            room <= SANDBOX_OUTPUT_BYTES ? realloc(r->out, room) : NULL;

        if (!more) {
            run_stop(r, SANDBOX_OUTPUT);
            return;
        }
        r->out = more;
        r->room = room;
    }
    n = read(r->fd, r->out + r->len, r->room - r->len - 1);
    if (n <= 0) {
        close(r->fd);
        r->fd = -1;
        return;
    }
    r->len += (size_t)n;
    r->out[r->len] = '\0';
}

/* It has closed its output: it ends now, or is made to. */
static void run_reap(struct sandbox_run *r)
{
    int status = 0;

    if (r->pid <= 0)
        return;
    (void)kill(-r->pid, SIGKILL); /* whoever is left of its session */
    if (waitpid(r->pid, &status, 0) != r->pid)
        status = 0;
    r->pid = 0;
    if (r->end != SANDBOX_EXIT)
        return;
    if (WIFSIGNALED(status)) {
        r->status = WTERMSIG(status);
        r->end = r->status == SIGXCPU ? SANDBOX_TIME : SANDBOX_SIGNAL;
    } else {
        r->status = WEXITSTATUS(status);
    }
}

/* Reads until all have closed their output or the time is up. */
void sandbox_wait(struct sandbox_run *r, size_t nr)
{
    int64_t end = now_ms() + SANDBOX_SECONDS * 1000;
    struct pollfd polls[RUNS_MAX];
    size_t open = nr;

    while (open && now_ms() < end) {
        open = 0;
        for (size_t i = 0; i < nr; i++) {
            polls[i] = (struct pollfd){.fd = r[i].fd, .events = POLLIN};
            open += r[i].fd >= 0;
        }
        if (open && poll(polls, nr, (int)(end - now_ms())) < 0 &&
            errno != EINTR)
            break;
        for (size_t i = 0; open && i < nr; i++)
            if (r[i].fd >= 0 && polls[i].revents)
                run_read(&r[i]);
    }
    for (size_t i = 0; i < nr; i++) {
        if (r[i].fd >= 0)
            run_stop(&r[i], SANDBOX_TIME);
        run_reap(&r[i]);
    }
}

void sandbox_run_fini(struct sandbox_run *r)
{
    free(r->out);
    r->out = NULL;
}
