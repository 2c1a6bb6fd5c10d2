/* Reads /proc, starts and stops processes. */
#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

enum {
    PATH_BYTES = 320,
    LINE_BYTES = 256,
};

uint64_t server_cpu_ns(pid_t pid)
{
    char path[PATH_BYTES];
    uint64_t total = 0;
    struct dirent *entry;
    DIR *tasks;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    while (tasks && (entry = readdir(tasks))) {
        unsigned long long ns = 0;
        FILE *file;

        if (*entry->d_name == '.')
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat",
                       (int)pid, entry->d_name);
        file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%llu", &ns) == 1)
            total += ns;
        fclose(file);
    }
    if (tasks)
        closedir(tasks);
    return total;
}

double server_memory_mib(pid_t pid)
{
    char path[PATH_BYTES];
    unsigned long size, resident = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

pid_t server_start(char *const *args, char *url, size_t size)
{
    char line[LINE_BYTES];
    int ends[2];
    FILE *out;
    pid_t pid;

    if (pipe(ends) || (pid = fork()) < 0)
        die("cannot start '%s': %s", args[0], strerror(errno));
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO); /* what fails shows below */
        close(ends[0]);
        close(ends[1]);
        execv(args[0], args);
        _exit(127);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
    if (!out || !fgets(line, sizeof(line), out) ||
        strncmp(line, "listening on ", 13) != 0)
        die("'%s' does not listen", args[0]);
    line[strcspn(line, "\n")] = '\0';
    (void)snprintf(url, size, "%s", line + 13);
    return pid; /* its output stays open as long as we live */
}

void server_stop(pid_t pid)
{
    (void)kill(pid, SIGTERM); /* it may be gone */
    (void)waitpid(pid, NULL, 0);
}
