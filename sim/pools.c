/* The world: pools, their hosts, and an address for each host. */
#include "pools.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "control.h"
#include "directory.h"
#include "domains.h"
#include "doors.h"
#include "faulty.h"
#include "hosts.h"
#include "measure.h"
#include "net.h"
#include "nics.h"
#include "peers.h"
#include "pool_file.h"
#include "role.h"
#include "screens.h"
#include "store.h"
#include "version.h"
#include "volumes.h"

struct world *world_create(struct sim *sim)
{
    struct world *w = must_alloc(sizeof(*w));

    *w = (struct world){.sim = sim};
    sim_hosts_watch(w);
    return w;
}

static void pools_free(struct world *w)
{
    while (w->pools) {
        struct toolstack *ts = w->pools;

        w->pools = ts->next;
        if (ts->store)
            store_close(ts->store);
        toolstack_fini(ts);
        free(ts);
    }
}

void world_destroy(struct world *w)
{
    if (w->server)
        http_stop(w->server);
    doors_end(w);
    pools_free(w);
    while (w->hosts) {
        struct sim_host *h = w->hosts;

        w->hosts = h->next;
        sim_host_forget(h);
        free(h);
    }
    free(w);
}

struct toolstack *world_add_pool(struct world *w)
{
    struct toolstack *ts = must_alloc(sizeof(*ts));
    struct domain_driver domains = sim_domains_driver(w->sim->domains);

    toolstack_init(ts, &w->sim->env, &domains);
    ts->password = w->sim->options.password;
    ts->metrics = sim_measure_driver();
    ts->hosts = sim_hosts_driver(w);
    ts->network = &w->sim->network;
    ts->agent = &w->sim->agent;
    ts->consoles = sim_screens_driver(w->sim->screens);
    w->sim->volumes_driver = sim_volumes_driver(w->sim->volumes);
    ts->storage = faulty_storage(w->sim);
    ts->peers = sim_peers_driver(w);
    if (w->sim->directory)
        ts->auth = sim_directory_driver(w->sim->directory);
    control_open(ts);
    roles_make(ts);
    *(w->last ? &w->last->next : &w->pools) = ts;
    w->last = ts;
    w->pools_nr++;
    return ts;
}

/* Those of control domains, which are there from the start. */
static void locate_consoles(struct toolstack *ts)
{
    for (struct object *o = db_first(&ts->db, "console"); o; o = o->next)
        if (!*db_text(o, "location"))
            console_locate(ts, o);
}

/* Whether a host can listen there: clients write what they like. */
static bool is_free(struct world *w, const char *address)
{
    struct in_addr a;

    return strlen(address) < ADDRESS_BYTES &&
           inet_pton(AF_INET, address, &a) == 1 &&
           ntohl(a.s_addr) >> 24 == 127 && !world_find_address(w, address);
}

/* The first one of the pool that is free; the record says what it says. */
static void find_address(struct world *w, const struct toolstack *ts,
                         struct sim_host *h)
{
    uint8_t pool = 0;

    for (const struct toolstack *t = w->pools; t && t != ts; t = t->next)
        pool++;
    for (uint8_t n = 1; n < UINT8_MAX; n++) {
        (void)snprintf(h->address, sizeof(h->address), "127.0.%u.%u", pool,
                       n); /* fits */
        if (is_free(w, h->address))
            return;
    }
}

struct sim_host *world_add_host(struct world *w, struct toolstack *ts,
                                const struct object *host)
{
    struct sim_host *h = must_alloc(sizeof(*h));

    *h = (struct sim_host){.world = w, .endpoint = {.ts = ts}};
    (void)snprintf(h->endpoint.host, sizeof(h->endpoint.host), "%s",
                   db_text(host, "uuid")); /* our own, or checked by load */
    (void)snprintf(h->address, sizeof(h->address), "%s",
                   db_text(host, "address"));
    if (!is_free(w, db_text(host, "address")))
        find_address(w, ts, h);
    *(w->last_host ? &w->last_host->next : &w->hosts) = h;
    w->last_host = h;
    locate_consoles(ts);
    return h;
}

struct sim_host *world_find_host(struct world *w, const char *uuid)
{
    for (struct sim_host *h = w->hosts; h; h = h->next)
        if (strcmp(h->endpoint.host, uuid) == 0)
            return h;
    return NULL;
}

struct sim_host *world_find_address(struct world *w, const char *address)
{
    for (struct sim_host *h = w->hosts; h; h = h->next)
        if (strcmp(h->address, address) == 0)
            return h;
    return NULL;
}

enum {
    PATH_BYTES = 4096,
};

/* "FILE" for the first pool, "FILE.2" for the second and so on. */
static int store_path(const struct world *w, int nr, char path[PATH_BYTES])
{
    const char *db = w->sim->options.db;
    int len = nr ? snprintf(path, PATH_BYTES, "%s.%d", db, nr + 1)
                 : snprintf(path, PATH_BYTES, "%s", db);

    return len < 0 || len >= PATH_BYTES ? -ENAMETOOLONG : 0;
}

static bool store_exists(const struct world *w, int nr)
{
    char path[PATH_BYTES];

    return w->sim->options.db && !store_path(w, nr, path) &&
           access(path, F_OK) == 0;
}

static int store_begin(struct world *w, struct toolstack *ts, int nr,
                       int *objects)
{
    char path[PATH_BYTES];
    int rc = store_path(w, nr, path);

    if (rc)
        return rc;
    rc = store_open(path, &ts->store);
    if (!rc)
        rc = store_load(ts->store, &ts->db, objects);
    if (!rc) /* another sequence each time: references stay unique */
        w->sim->random ^=
            (uint64_t)store_boots(ts->store) * 0xd1342543de82ef95u;
    return rc;
}

/* 0, or -Exxx with the reason on stderr. */
static int make_pool(struct world *w, const struct pool_file *file,
                     struct toolstack *ts, int nr)
{
    int rc = pool_file_make(file, w, ts, nr);

    if (!rc && w->sim->directory)
        sim_directory_seed(w->sim->directory, ts);
    if (!rc && w->sim->options.api_version)
        version_apply(ts, w->sim->options.api_version);
    return rc;
}

static int fill_pool(struct world *w, const struct pool_file *file, int nr)
{
    struct toolstack *ts = world_add_pool(w);
    int objects = 0, rc = 0;

    if (w->sim->options.db)
        rc = store_begin(w, ts, nr, &objects);
    if (rc) {
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n",
                w->sim->options.db, strerror(-rc));
        return rc;
    }
    if (objects)
        toolstack_recover(ts);
    else
        rc = make_pool(w, file, ts, nr);
    if (rc)
        return rc;
    if (objects) {
        for (struct object *o = db_first(&ts->db, "host"); o; o = o->next) {
            sim_nics_adopt(w->sim->nics, &ts->db, o);
            (void)world_add_host(w, ts, o); /* the world keeps it */
        }
        networks_recover(ts);
    }
    toolstack_commit(ts);
    return 0;
}

struct toolstack *world_add_stored_pool(struct world *w)
{
    int nr = w->pools_nr, objects, rc = 0;
    struct toolstack *ts = world_add_pool(w);

    if (w->sim->options.db)
        rc = store_begin(w, ts, nr, &objects);
    if (rc)
        fprintf(stderr, "touchstone sim: cannot use '%s': %s\n",
                w->sim->options.db, strerror(-rc));
    return ts;
}

int world_fill(struct world *w)
{
    struct pool_file *file;
    int rc = pool_file_open(&w->sim->options, &file);

    for (int i = 0; !rc && (i < pool_file_count(file) || store_exists(w, i));
         i++)
        rc = fill_pool(w, file, i);
    if (file)
        pool_file_close(file);
    return rc;
}

int world_listen(struct world *w, uint16_t port)
{
    int rc;

    w->port = port;
    w->server = http_create(w->pools);
    rc = doors_begin(w);
    for (struct sim_host *h = w->hosts; !rc && h; h = h->next)
        rc = doors_open(w, h);
    if (!rc && w->sim->options.control) {
        w->control.ts = w->pools;
        rc = http_open(w->server, &w->control, "127.0.0.1",
                       (uint16_t)w->sim->options.control);
        if (rc)
            fprintf(stderr, "touchstone sim: no control at port %u: %s\n",
                    (unsigned)w->sim->options.control, strerror(-rc));
    }
    return rc;
}
