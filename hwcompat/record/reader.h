/* A record out of a set of files; struct record is record.c's. */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "hwcompat/record.h"
#include "record/files.h"

#define RECORD_FORMAT "touchstone-hardware-record"

/* The files become the record's, in any case. */
int record_decode(struct file_set *take_files, struct record **out,
                  struct record_error *error);

/* All files; the record's. */
const struct file_set *record_set(const struct record *r);

/* A part of the name that all files of an archive share ("machine/") goes,
   when record.json is there. False: there is no record.json. */
bool record_root(struct file_set *s);

#endif
