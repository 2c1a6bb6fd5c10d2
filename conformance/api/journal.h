/*
 * The journal of a run: a file of JSON lines that is kept up to date while the
 * run goes on, so that it can be resumed after an end of any kind.
 *
 * The first line is about the run; each further one is a result as
 * result_json() writes it, and the last one of a check counts. The file is
 * locked while it is written.
 */
#ifndef API_JOURNAL_H
#define API_JOURNAL_H

#include "options.h"
#include "plan.h"
#include "results.h"

struct journal;

/*
 * Makes the journal of a run on that target and, for --resume or --only-failed,
 * takes over earlier results: rows of the plan that need not run lose
 * `wanted`, and their results are put into `earlier`, by row. 0, with NULL for
 * no journal; or -errno after a line on stderr.
 */
int journal_open(struct journal **j, const struct options *o,
                 const char *target, struct plan *p, struct result *earlier);
void journal_add(struct journal *j, const struct result *row);
/* Writes what is still held back, to the disk. */
void journal_close(struct journal *j);

#endif
