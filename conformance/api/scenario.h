/*
 * What scenarios share: parameters from text, objects to work on, and their
 * removal at the end of the check, whatever becomes of it.
 */
#ifndef API_SCENARIO_H
#define API_SCENARIO_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* JSON from a format of printf, with ' for "; for parameters of type j. */
cJSON *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * At the end of the check this message is sent with the reference, which is
 * returned. The last comes first; refusals do not matter, as the check may have
 * done it by itself.
 */
const char *later(const char *method, const char *ref);
/* The same for a machine: stops it, and removes its disks as well. */
const char *later_machine(const char *vm);
/* The same for a task, which is ended first. */
const char *later_task(const char *task);
/* What has been put off, for the runner. */
void scenario_end(void);

/* Fails unless the words of the error are these, up to NULL. */
void words(const cJSON *error, const char *word, ...) __attribute__((sentinel));
/* The same for its first words. */
void words_first(const cJSON *error, const char *word, ...)
    __attribute__((sentinel));
bool lists(const cJSON *set, const char *text);
/* A field of an object, freshly read. */
cJSON *get(const char *class, const char *ref, const char *field);
const char *get_text(const char *class, const char *ref, const char *field);
double get_number(const char *class, const char *ref, const char *field);
bool get_flag(const char *class, const char *ref, const char *field);
bool exists(const char *class, const char *ref);

const char *the_pool(void);
const char *the_master(void);
/* A host that is not this one; skips where there is none. */
const char *other_host(const char *host);
/* A storage repository that all hosts see, or the default one. */
const char *storage(void);
const char *new_network(const char *what);
/* A disk of that many bytes. */
const char *new_disk(const char *sr, double bytes);
/* The disk in a drive of the machine; its drive. */
const char *new_drive(const char *vm, const char *vdi, const char *device);
const char *new_interface(const char *vm, const char *network,
                          const char *device);
/* Whether the machine allows it now. */
bool allows(const char *vm, const char *operation);
/* A machine that runs, with a guest that obeys; skips unless `op` is allowed */
const char *running_machine(const char *what, const char *op);

#endif
