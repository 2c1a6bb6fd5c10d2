/* A small bundle that verifies, and its parts, for tests to spoil. */
#ifndef TEST_SAMPLE_H
#define TEST_SAMPLE_H

#include "verify.h"

enum {
    SAMPLE_MEMBERS_MAX = 16,
};

struct sample {
    char *private_pem, *public_pem;
    struct trusted_key key;
    struct verify_options options;
    struct archive parts; /* without KEY.pub, MANIFEST and its signature */
    char *owned[SAMPLE_MEMBERS_MAX];
    int owned_nr;
};

void sample_init(struct sample *s);
void sample_fini(struct sample *s);
/* Replaces or adds a part. */
void sample_put(struct sample *s, const char *name, const char *text);
void sample_remove(struct sample *s, const char *name);
/* A tar as pack makes it, signed by that private key; to be freed. */
void sample_tar(struct sample *s, const char *key, char **tar, size_t *nr);
/* The same as a file. */
void sample_file(struct sample *s, const char *key, char **file, size_t *nr);
/* A tar put into a file with a seal by that key. */
void sample_seal(const char *key, struct bytes tar, char **file, size_t *nr);
/* Verifies a file; ended with verify_fini(). */
void sample_verify(struct sample *s, struct verification *v, struct bytes file);
/* Makes a file of the parts, verifies it, and forgets the file. */
void sample_check(struct sample *s, struct verification *v);
/* Whether there is a finding of that check, file and test; NULL: any. */
bool sample_found(const struct verification *v, const char *check,
                  const char *file, const char *test);

#endif
