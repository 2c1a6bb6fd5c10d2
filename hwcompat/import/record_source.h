/* A record as a source of another one. */
#ifndef IMPORT_RECORD_SOURCE_H
#define IMPORT_RECORD_SOURCE_H

#include "record/draft.h"

/* The files become nobody's. */
int record_import(struct draft *d, struct file_set *take_files,
                  struct record_error *error);

#endif
