/* Whether a bundle is what was signed, and says what it needs to say. */
#ifndef CERTIFY_VERIFY_H
#define CERTIFY_VERIFY_H

#include "archive.h"
#include "container.h"
#include "judge.h"
#include "key.h"
#include "plan.h"

struct trusted_key {
    char *name, *pem; /* owned */
};

enum {
    TRUSTED_MAX = 256,
};

struct verify_options {
    const struct trusted_key *keys; /* whose signatures count */
    int keys_nr;
    struct bytes suite; /* suite.tsv as it is here */
    bool any_suite;     /* another one will do */
    bool no_waivers;    /* a waived test blocks */
    const char *today;  /* 2026-01-31 */
};

/* What is known of a bundle: borrowed from it and from the options. */
struct verification {
    struct container container;
    struct archive archive;
    struct judgement judgement;
    struct findings findings, waived;
    struct bytes key;              /* PEM that the signatures were tried with */
    char signer[KEY_ID_BYTES];     /* of KEY.pub; "": unreadable */
    const struct trusted_key *who; /* NULL: nobody that is trusted */
};

/*
 * Everything is checked, whatever has been found already, so that each thing
 * that was altered gets its name. Nothing found: the bundle is good.
 */
void verify(struct verification *v, struct bytes file, const char *name,
            const struct verify_options *o);
void verify_fini(struct verification *v);

#endif
