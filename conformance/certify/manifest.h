/*
 * MANIFEST: the SHA-256 of every other member, as sha256sum writes and checks
 * it; MANIFEST.sig is the signature over it.
 */
#ifndef CERTIFY_MANIFEST_H
#define CERTIFY_MANIFEST_H

#include "archive.h"
#include "findings.h"

#define MANIFEST           "MANIFEST"
#define MANIFEST_SIGNATURE "MANIFEST.sig"
#define BUNDLE_KEY         "KEY.pub"

/* The text for these sorted members, to be freed. */
char *manifest_make(const struct archive *a);
/* Names members that were altered, removed or added. */
void manifest_check(const struct archive *a, struct findings *f);

#endif
