/* Folders on the disk: one as a bundle's members, one as trusted keys. */
#ifndef CERTIFY_FOLDER_H
#define CERTIFY_FOLDER_H

#include "archive.h"
#include "verify.h"

/*
 * Every file below `path` as a member whose data is owned (folder_free). On an
 * error `bad` names the file: -EINVAL: no plain file, or no name for a member.
 */
int folder_read(struct archive *a, const char *path, char **bad);
void folder_free(struct archive *a);

/* The *.pub of a folder, at most `room`; a folder that is missing has none. */
int folder_keys(const char *path, struct trusted_key *keys, int room);
/* One key. -EBADMSG: it is none. */
int folder_key(const char *path, struct trusted_key *key);

#endif
