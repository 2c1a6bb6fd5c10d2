/* TLS by GnuTLS. */
#include "wire.h"

#include <gnutls/gnutls.h>
#include <stdint.h>
#include <sys/socket.h>

#include "client.h"

static gnutls_certificate_credentials_t credentials;

void *wire_tls_open(int fd, const char *host)
{
    gnutls_session_t session;
    int rc;

    if (!credentials && gnutls_certificate_allocate_credentials(&credentials))
        die("no memory for TLS");
    if (gnutls_init(&session, GNUTLS_CLIENT) ||
        gnutls_set_default_priority(session) ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials))
        die("TLS cannot be set up");
    /* An address is no name; servers answer without. */
    (void)gnutls_server_name_set(session, GNUTLS_NAME_DNS, host,
                                 __builtin_strlen(host));
    gnutls_transport_set_int(session, fd);
    do
        rc = gnutls_handshake(session);
    while (rc < 0 && !gnutls_error_is_fatal(rc));
    if (rc < 0)
        die("'%s' speaks no TLS: %s", host, gnutls_strerror(rc));
    return session;
}

void wire_tls_close(void *tls)
{
    if (tls)
        gnutls_deinit(tls);
}

ssize_t wire_send(int fd, void *tls, const void *data, size_t len)
{
    ssize_t n;

    if (!tls)
        return send(fd, data, len, MSG_NOSIGNAL);
    do
        n = gnutls_record_send(tls, data, len);
    while (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN);
    return n;
}

ssize_t wire_receive(int fd, void *tls, void *data, size_t len)
{
    ssize_t n;

    if (!tls)
        return recv(fd, data, len, 0);
    do /* a session ticket is nothing for us */
        n = gnutls_record_recv(tls, data, len);
    while (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN);
    return n == GNUTLS_E_PREMATURE_TERMINATION ? 0 : n;
}

bool wire_pending(void *tls)
{
    return tls && gnutls_record_check_pending(tls);
}
