/*
 * What tells one machine or its owner from others is taken out of a draft:
 * licence keys, serial numbers, UUIDs, asset tags, MAC addresses.
 *
 * Sizes stay and letters and digits become 'X', so that a table is still read
 * the same way. Placeholders of careless firmware ("To Be Filled By O.E.M.") are
 * no identifiers; they are what a scan looks for.
 */
#ifndef RECORD_SCRUB_H
#define RECORD_SCRUB_H

#include "record/draft.h"

/* Tables and structures, before they become files. */
void draft_scrub(struct draft *d);
/* And then the texts among the files. */
void draft_scrub_texts(struct draft *d);

struct scrub_counts {
    unsigned int macs, uuids, serials, wwns;
};
/* MACs, UUIDs, and the words after "serial number" and the like. */
void scrub_text(char *text, size_t size, bool uuids, struct scrub_counts *n);
/* A value that says that there is no value. */
bool scrub_placeholder(const char *value, size_t len);
/* Letters and digits become 'X'. */
void scrub_cross_out(char *text, size_t len);

#endif
