/* The measured server, as the system sees it; or one that is started here. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its threads so far, ns; 0: not known. */
uint64_t server_cpu_ns(pid_t pid);
/* Resident memory, MiB; 0: not known. */
double server_memory_mib(pid_t pid);

/*
 * Starts a program that prints "listening on URL" as its first line, which
 * goes to `url`. Ends the program when that cannot be done.
 */
pid_t server_start(char *const *args, char *url, size_t size);
void server_stop(pid_t pid);

#endif
