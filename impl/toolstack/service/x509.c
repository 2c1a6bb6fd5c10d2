/* X.509 through GnuTLS. */
#include "x509.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_BITS = 2048,
    KEY_BITS_MIN = 2048,
    KEY_BITS_MAX = 4096,
    MS_PER_S = 1000,
    DAY_S = 24 * 3600,
    CHAIN_MAX = 64,
    VERSION = 3,
};

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text,
                            (unsigned)strlen(text)};
}

/* NULL: not a certificate. The caller frees it. */
static gnutls_x509_crt_t certificate_read(const char *pem)
{
    gnutls_datum_t in = datum(pem);
    gnutls_x509_crt_t crt = NULL;

    if (in.size > X509_PEM_MAX || gnutls_x509_crt_init(&crt) < 0)
        return NULL;
    if (gnutls_x509_crt_import(crt, &in, GNUTLS_X509_FMT_PEM) == 0)
        return crt;
    gnutls_x509_crt_deinit(crt);
    return NULL;
}

static void fingerprint(gnutls_x509_crt_t crt, gnutls_digest_algorithm_t kind,
                        char *out, size_t size)
{
    unsigned char hash[32];
    size_t len = sizeof(hash);

    out[0] = '\0';
    if (gnutls_x509_crt_get_fingerprint(crt, kind, hash, &len) < 0)
        return;
    for (size_t i = 0; i < len && i * 3 + 3 <= size; i++)
        snprintf(out + i * 3, 4, "%02X%s", hash[i], i + 1 < len ? ":" : "");
}

int x509_parse(const char *pem, struct x509_info *info)
{
    gnutls_x509_crt_t crt = certificate_read(pem);
    int algorithm;

    if (!crt)
        return -EINVAL;
    algorithm = gnutls_sign_get_hash_algorithm(
        (gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(crt));
    info->not_before_ms =
        (int64_t)gnutls_x509_crt_get_activation_time(crt) * MS_PER_S;
    info->not_after_ms =
        (int64_t)gnutls_x509_crt_get_expiration_time(crt) * MS_PER_S;
    info->strong =
        algorithm == GNUTLS_DIG_SHA256 || algorithm == GNUTLS_DIG_SHA512;
    fingerprint(crt, GNUTLS_DIG_SHA256, info->sha256, sizeof(info->sha256));
    fingerprint(crt, GNUTLS_DIG_SHA1, info->sha1, sizeof(info->sha1));
    gnutls_x509_crt_deinit(crt);
    return 0;
}

int x509_count(const char *pem)
{
    gnutls_datum_t in = datum(pem);
    gnutls_x509_crt_t list[CHAIN_MAX];
    unsigned nr = CHAIN_MAX;
    int rc;

    if (in.size > X509_PEM_MAX)
        return -EINVAL;
    rc = gnutls_x509_crt_list_import(list, &nr, &in, GNUTLS_X509_FMT_PEM, 0);
    if (rc < 0)
        return -EINVAL;
    for (int i = 0; i < rc; i++)
        gnutls_x509_crt_deinit(list[i]);
    return rc;
}

const char *x509_normal(struct arena *a, const char *pem)
{
    gnutls_x509_crt_t crt = certificate_read(pem);
    gnutls_datum_t out = {0};
    const char *text = NULL;

    if (!crt)
        return NULL;
    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out) == 0)
        text = arena_strndup(a, (const char *)out.data, out.size);
    gnutls_free(out.data);
    gnutls_x509_crt_deinit(crt);
    return text;
}

bool x509_crl_valid(const char *pem)
{
    gnutls_datum_t in = datum(pem);
    gnutls_x509_crl_t crl = NULL;
    bool valid;

    if (in.size > X509_PEM_MAX || gnutls_x509_crl_init(&crl) < 0)
        return false;
    valid = gnutls_x509_crl_import(crl, &in, GNUTLS_X509_FMT_PEM) == 0;
    gnutls_x509_crl_deinit(crl);
    return valid;
}

/* --- Keys -------------------------------------------------------------------------- */

static gnutls_x509_privkey_t key_read(const char *pem)
{
    gnutls_datum_t in = datum(pem);
    gnutls_x509_privkey_t key = NULL;

    if (in.size > X509_PEM_MAX || gnutls_x509_privkey_init(&key) < 0)
        return NULL;
    if (gnutls_x509_privkey_import2(key, &in, GNUTLS_X509_FMT_PEM, NULL, 0) ==
        0)
        return key;
    gnutls_x509_privkey_deinit(key);
    return NULL;
}

enum x509_key_fault x509_check_key(const char *pem, unsigned *bits)
{
    gnutls_x509_privkey_t key = key_read(pem);
    int algorithm;

    *bits = 0;
    if (!key)
        return X509_KEY_INVALID;
    algorithm = gnutls_x509_privkey_get_pk_algorithm2(key, bits);
    gnutls_x509_privkey_deinit(key);
    if (algorithm != GNUTLS_PK_RSA)
        return X509_KEY_NOT_RSA;
    return *bits < KEY_BITS_MIN || *bits > KEY_BITS_MAX ? X509_KEY_LENGTH
                                                        : X509_KEY_OK;
}

bool x509_key_matches(const char *key_pem, const char *certificate_pem)
{
    gnutls_x509_crt_t crt = certificate_read(certificate_pem);
    gnutls_x509_privkey_t key = key_read(key_pem);
    unsigned char a[64], b[64];
    size_t a_len = sizeof(a), b_len = sizeof(b);
    bool same = false;

    if (crt && key &&
        gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, a, &a_len) ==
            0 &&
        gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b,
                                       &b_len) == 0)
        same = a_len == b_len && memcmp(a, b, a_len) == 0;
    if (crt)
        gnutls_x509_crt_deinit(crt);
    if (key)
        gnutls_x509_privkey_deinit(key);
    return same;
}

/* --- Making one ------------------------------------------------------------------------ */

/* Fills in what the certificate says. Negative: GnuTLS refuses. */
static int describe(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
                    const char *name, const char *address, uint64_t serial,
                    int64_t now_ms, int days)
{
    unsigned char number[8];
    time_t from = (time_t)(now_ms / MS_PER_S);
    int rc;

    for (int i = 0; i < 8; i++)
        number[i] = (unsigned char)(serial >> (56 - 8 * i));
    number[0] &= 0x7f; /* positive */
    rc = gnutls_x509_crt_set_version(crt, VERSION);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_serial(crt, number, sizeof(number));
    if (rc >= 0)
        rc = gnutls_x509_crt_set_activation_time(crt, from);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_expiration_time(crt, from + days * DAY_S);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
                                           name, (unsigned)strlen(name));
    if (rc >= 0)
        rc = gnutls_x509_crt_set_subject_alt_name(
            crt, GNUTLS_SAN_DNSNAME, address, (unsigned)strlen(address),
            GNUTLS_FSAN_SET);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key(crt, key);
    return rc < 0 ? rc
                  : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

static const char *exported(struct arena *a, int rc, gnutls_datum_t *out)
{
    const char *text =
        rc < 0 ? NULL : arena_strndup(a, (const char *)out->data, out->size);

    gnutls_free(out->data);
    out->data = NULL;
    return text;
}

int x509_generate(struct arena *a, const char *name, const char *address,
                  uint64_t serial, int64_t now_ms, int days, const char **key,
                  const char **certificate)
{
    gnutls_x509_privkey_t private = NULL;
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t out = {0};
    int rc = gnutls_x509_privkey_init(&private);

    *key = *certificate = NULL;
    if (rc >= 0)
        rc = gnutls_x509_crt_init(&crt);
    if (rc >= 0)
        rc = gnutls_x509_privkey_generate(private, GNUTLS_PK_RSA, KEY_BITS, 0);
    if (rc >= 0)
        rc = describe(crt, private, name, address, serial, now_ms, days);
    if (rc >= 0) {
        rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out);
        *certificate = exported(a, rc, &out);
        rc = gnutls_x509_privkey_export2_pkcs8(private, GNUTLS_X509_FMT_PEM,
                                               NULL, GNUTLS_PKCS_PLAIN, &out);
        *key = exported(a, rc, &out);
    }
    if (crt)
        gnutls_x509_crt_deinit(crt);
    if (private)
        gnutls_x509_privkey_deinit(private);
    return *key && *certificate ? 0 : -EIO;
}
