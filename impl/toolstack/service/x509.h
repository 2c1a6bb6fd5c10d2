/* X.509 through GnuTLS: certificates, keys, lists of revoked ones; all in PEM. */
#ifndef SERVICE_X509_H
#define SERVICE_X509_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

enum {
    X509_SHA256_TEXT = 32 * 3,
    X509_SHA1_TEXT = 20 * 3,
    X509_PEM_MAX = 1 << 18,
};

struct x509_info {
    int64_t not_before_ms, not_after_ms; /* since 1970 */
    char sha256[X509_SHA256_TEXT];       /* 01:AB:... */
    char sha1[X509_SHA1_TEXT];
    bool strong; /* signed with SHA-256 or SHA-512 */
};

enum x509_key_fault {
    X509_KEY_OK,
    X509_KEY_INVALID,
    X509_KEY_NOT_RSA,
    X509_KEY_LENGTH, /* not 2048 to 4096 bits */
};

/* The first certificate of the text. 0 or -EINVAL. */
int x509_parse(const char *pem, struct x509_info *info);
/* How many certificates the text has; -EINVAL. */
int x509_count(const char *pem);
/* Written again as GnuTLS writes it; NULL: it is none. */
const char *x509_normal(struct arena *a, const char *pem);
bool x509_crl_valid(const char *pem);

enum x509_key_fault x509_check_key(const char *pem, unsigned *bits);
bool x509_key_matches(const char *key_pem, const char *certificate_pem);

/*
 * A new key and a certificate of its own for that name, from `now_ms` on for
 * `days`. 0 or -EIO.
 */
int x509_generate(struct arena *a, const char *name, const char *address,
                  uint64_t serial, int64_t now_ms, int days, const char **key,
                  const char **certificate);

#endif
