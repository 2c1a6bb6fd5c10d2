/* Asking git. */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 12,
    CHUNK_BYTES = 65536,
};

static void child_run(const char *repository, const char *const *arguments,
                      int out)
{
    const char *argv[ARGUMENTS_MAX + 4] = {"git", "-C", repository};
    int null = open("/dev/null", O_RDWR);

    for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
        argv[i + 3] = arguments[i];
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(127);
    execvp("git", (char *const *)argv);
    _exit(127);
}

static int all_read(int from, size_t most, char **text, size_t *len)
{
    char *more;
    ssize_t got;

    *len = 0;
    *text = NULL;
    do {
        more = realloc(*text, *len + CHUNK_BYTES + 1);
        if (!more)
            return -ENOMEM;
        *text = more;
        got = read(from, *text + *len, CHUNK_BYTES);
        if (got < 0 && errno != EINTR)
            return -errno;
        *len += got > 0 ? (size_t)got : 0;
    } while (got != 0 && *len <= most);
    (*text)[*len] = 0;
    return *len > most ? -E2BIG : 0;
}

int git_ask(const char *repository, const char *const *arguments, size_t most,
            char **text, size_t *len)
{
    int ends[2], status, rc;
    pid_t child;

    *text = NULL;
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    child = fork();
    if (child == 0)
        child_run(repository, arguments, ends[1]);
    close(ends[1]);
    rc = child < 0 ? -errno : all_read(ends[0], most, text, len);
    close(ends[0]);
    if (child > 0 && waitpid(child, &status, 0) == child && !rc &&
        (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        rc = -ENOENT;
    if (rc) {
        free(*text);
        *text = NULL;
    }
    return rc;
}
