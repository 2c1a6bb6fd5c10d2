/*
 * Baselines: runs kept under bench/baseline, a file for each machine, and what
 * git remembers of them.
 */
#ifndef JUDGE_BASELINE_H
#define JUDGE_BASELINE_H

#include "compare.h"
#include "run.h"

#define BASELINE_DIRECTORY "bench/baseline"

/* Whether a machine's id can be the name of a file. */
bool baseline_id_check(const char *id);

/* A run out of a file; "-" is standard input. */
int baseline_read_file(const char *path, struct run *out, struct run_error *e);

/*
 * `name` is a file, a revision that has a baseline of `machine`, or
 * REVISION:PATH. `repository` is a directory in the working tree.
 */
int baseline_find(const char *name, const char *repository, const char *machine,
                  struct run *out, struct run_error *e);

/* The run's JSON becomes DIRECTORY/MACHINE.json, at once or not at all; the
   path is returned to be freed. */
int baseline_save(const struct run *r, const char *directory, char **path,
                  struct run_error *e);

/* What git has of this machine's baseline; empty where there is no git. */
int history_read(const char *repository, const char *machine,
                 struct history *out);
int history_add(struct history *h, struct run *take_run, const char *name);
void history_fini(struct history *h);

#endif
