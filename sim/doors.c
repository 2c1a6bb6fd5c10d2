/* Opens doors: HTTP or HTTPS for each host, a unix socket for the first. */
#include "doors.h"

#include <errno.h>
#include <string.h>

#include "nbd.h"
#include "tls.h"

int doors_check(const struct options *o)
{
    const char *why = NULL;

    if (o->listen && !o->password)
        why = "--listen needs --password";
    else if (o->listen && !o->tls && !o->insecure)
        why = "--listen needs --tls (or --insecure, on a network that you "
              "trust)";
    else if (o->certificate && !o->tls && !o->https_port)
        why = "--certificate needs --tls or --https-port";
    else if (o->tls && o->https_port)
        why = "--tls is for --port already; leave --https-port out";
    if (!why)
        return 0;
    fprintf(stderr, "touchstone sim: %s\n", why);
    return -EINVAL;
}

const char *doors_scheme(const struct options *o)
{
    return o->tls ? "https" : "http";
}

int doors_begin(struct world *w)
{
    const struct options *o = &w->sim->options;
    const char *why;
    int rc;

    if (!o->tls && !o->https_port)
        return 0;
    rc = tls_context_create(o->certificate, &w->tls, &why);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use certificate '%s': %s\n",
                o->certificate ? o->certificate : "of our own", why);
    return rc;
}

void doors_end(struct world *w)
{
    tls_context_destroy(w->tls);
    w->tls = NULL;
}

static int complain(int rc, const char *where, unsigned port)
{
    if (rc)
        fprintf(stderr,
                "touchstone sim: cannot listen on %s port %u: %s; try --port "
                "0\n",
                where, port, strerror(-rc));
    return rc;
}

static int open_https(struct world *w, struct sim_host *h, const char *address,
                      uint16_t port)
{
    return complain(
        http_open_tls(w->server, &h->endpoint, address, port, w->tls), address,
        port);
}

static int open_socket(struct world *w, struct sim_host *h, const char *path)
{
    int rc = http_open_unix(w->server, &h->endpoint, path);

    if (rc)
        fprintf(stderr, "touchstone sim: cannot listen on '%s': %s\n", path,
                strerror(-rc));
    return rc;
}

/* The same port on each host's address. */
static int open_nbd(struct world *w, struct sim_host *h, const char *address)
{
    uint16_t port =
        w->nbd_port ? w->nbd_port : (uint16_t)w->sim->options.nbd_port;
    int rc =
        http_open_raw(w->server, &h->endpoint, address, port, &nbd_service);

    if (rc)
        return complain(rc, address, port);
    w->nbd_port = http_port(w->server);
    for (struct toolstack *ts = w->pools; ts; ts = ts->next)
        ts->nbd_port = w->nbd_port;
    return 0;
}

int doors_open(struct world *w, struct sim_host *h)
{
    const struct options *o = &w->sim->options;
    bool first = h == w->hosts;
    const char *address = first && o->listen ? o->listen : h->address;
    int rc;

    if (o->tls)
        rc = open_https(w, h, address, w->port);
    else
        rc = complain(http_open(w->server, &h->endpoint, address, w->port),
                      address, w->port);
    if (!rc && !w->port)
        w->port = http_port(w->server);
    if (!rc && o->https_port)
        rc = open_https(w, h, address, (uint16_t)o->https_port);
    if (!rc && first && o->socket)
        rc = open_socket(w, h, o->socket);
    return rc ? rc : open_nbd(w, h, address);
}
