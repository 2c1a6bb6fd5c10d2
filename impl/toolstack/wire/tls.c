/* GnuTLS behind tls.h. */
#include "tls.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>

#include "arena.h"

enum {
    VALID_SECONDS = 10 * 365 * 24 * 3600,
    SERIAL_BYTES = 8,
};

struct tls_context {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
};

struct tls {
    gnutls_session_t session;
};

/* Fills in what a certificate of our own says. 0 or a GnuTLS error. */
static int describe(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    unsigned char serial[SERIAL_BYTES], loopback[] = {127, 0, 0, 1};
    time_t now = time(NULL);
    int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    serial[0] &= 0x7f;
    if (!rc)
        rc = gnutls_x509_crt_set_version(crt, 3);
    if (!rc)
        rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    if (!rc)
        rc = gnutls_x509_crt_set_activation_time(crt, now - 24 * 3600);
    if (!rc)
        rc = gnutls_x509_crt_set_expiration_time(crt, now + VALID_SECONDS);
    if (!rc)
        rc = gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
    if (!rc)
        rc = gnutls_x509_crt_set_subject_alt_name(
            crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);
    if (!rc)
        rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
                                                  loopback, sizeof(loopback),
                                                  GNUTLS_FSAN_APPEND);
    if (!rc)
        rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
    if (!rc)
        rc = gnutls_x509_crt_set_key(crt, key);
    if (!rc)
        rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

static int make_own(struct tls_context *t)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    int rc = gnutls_x509_crt_init(&crt);

    if (!rc)
        rc = gnutls_x509_privkey_init(&key);
    if (!rc)
        rc = gnutls_x509_privkey_generate(
            key, GNUTLS_PK_ECDSA,
            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (!rc)
        rc = describe(crt, key);
    if (!rc)
        rc = gnutls_certificate_set_x509_key(t->credentials, &crt, 1, key);
    if (key)
        gnutls_x509_privkey_deinit(key);
    if (crt)
        gnutls_x509_crt_deinit(crt);
    return rc;
}

int tls_context_create(const char *file, struct tls_context **out,
                       const char **why)
{
    struct tls_context *t = must_alloc(sizeof(*t));
    int rc;

    *t = (struct tls_context){0};
    rc = gnutls_certificate_allocate_credentials(&t->credentials);
    if (!rc && file)
        rc = gnutls_certificate_set_x509_key_file(t->credentials, file, file,
                                                  GNUTLS_X509_FMT_PEM);
    else if (!rc)
        rc = make_own(t);
    if (rc >= 0)
        rc = gnutls_priority_init(&t->priorities,
                                  "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1", NULL);
    if (rc < 0) {
        *why = gnutls_strerror(rc);
        tls_context_destroy(t);
        return -EINVAL;
    }
    *out = t;
    return 0;
}

void tls_context_destroy(struct tls_context *t)
{
    if (!t)
        return;
    if (t->priorities)
        gnutls_priority_deinit(t->priorities);
    if (t->credentials)
        gnutls_certificate_free_credentials(t->credentials);
    free(t);
}

struct tls *tls_create(const struct tls_context *context, int fd)
{
    struct tls *t = must_alloc(sizeof(*t));

    if (gnutls_init(&t->session,
                    GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
        free(t);
        return NULL;
    }
    if (gnutls_priority_set(t->session, context->priorities) < 0 ||
        gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE,
                               context->credentials) < 0) {
        tls_destroy(t);
        return NULL;
    }
    gnutls_transport_set_int(t->session, fd);
    return t;
}

void tls_destroy(struct tls *t)
{
    gnutls_deinit(t->session);
    free(t);
}

static bool again(ssize_t rc)
{
    return rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED;
}

int tls_handshake(struct tls *t, bool *wants_write)
{
    int rc = gnutls_handshake(t->session);

    *wants_write = gnutls_record_get_direction(t->session) == 1;
    if (again(rc))
        return -EAGAIN;
    if (rc < 0 && !gnutls_error_is_fatal(rc))
        return -EAGAIN;
    return rc < 0 ? -EPROTO : 0;
}

/* A client that asks for another handshake in the middle gets none. */
ssize_t tls_read(struct tls *t, void *data, size_t len)
{
    ssize_t rc = gnutls_record_recv(t->session, data, len);

    if (rc == GNUTLS_E_PREMATURE_TERMINATION)
        return 0;
    if (again(rc))
        return -EAGAIN;
    return rc < 0 ? -EPROTO : rc;
}

ssize_t tls_write(struct tls *t, const void *data, size_t len)
{
    ssize_t rc = gnutls_record_send(t->session, data, len);

    if (again(rc))
        return -EAGAIN;
    return rc < 0 ? -EPROTO : rc;
}

bool tls_pending(struct tls *t)
{
    return gnutls_record_check_pending(t->session) > 0;
}

void tls_shutdown(struct tls *t)
{
    (void)gnutls_bye(t->session, GNUTLS_SHUT_WR); /* the socket closes anyway */
}
