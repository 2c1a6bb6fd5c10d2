/* What links do: metrics of interfaces follow them, bonds count them. */
#include <string.h>

#include "net.h"

enum {
    PRIORITY_BOND = 3,
};

static void metrics_store(struct request *r, struct object *pif,
                          const struct nic *nic, bool carrier)
{
    struct object *m = db_ref(r->db, pif, "metrics");

    if (!m)
        return;
    if (db_bool(m, "carrier") == carrier &&
        db_int(m, "speed") == (carrier ? nic->speed_mbps : 0) &&
        strcmp(db_text(m, "pci_bus_path"), nic->pci) == 0)
        return;
    db_set_bool(r->db, m, "carrier", carrier);
    db_set_int(r->db, m, "speed", carrier ? nic->speed_mbps : 0);
    db_set_bool(r->db, m, "duplex", carrier && nic->duplex);
    db_set_text(r->db, m, "pci_bus_path", nic->pci);
    db_set_text(r->db, m, "vendor_id", nic->vendor_id);
    db_set_text(r->db, m, "vendor_name", nic->vendor_name);
    db_set_text(r->db, m, "device_id", nic->device_id);
    db_set_text(r->db, m, "device_name", nic->device_name);
    db_set_text(r->db, m, "last_updated", toolstack_now(r->ts, r->arena));
}

static void poll_nics(struct request *r, struct object *host,
                      const struct nic *nics, int nr)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++) {
        const struct nic *nic =
            nic_find(nics, nr, db_text(pifs.at[i], "device"));

        if (nic && db_bool(pifs.at[i], "physical"))
            metrics_store(r, pifs.at[i], nic, nic->carrier);
    }
}

static void bond_alert(struct request *r, struct object *host,
                       struct objects slaves, int64_t was, int64_t now)
{
    const char *names = "";

    for (uint32_t i = 0; i < slaves.nr; i++)
        names = arena_printf(r->arena, "%s%s%s", names, i ? "+" : "",
                             db_text(slaves.at[i], "device"));
    (void)alert(r, "BOND_STATUS_CHANGED", PRIORITY_BOND, "Host", host,
                arena_printf(r->arena,
                             "The status of the %s bond changed: %lld/%u up "
                             "(was %lld/%u)",
                             names, (long long)now, slaves.nr, (long long)was,
                             slaves.nr));
}

/* A bond is as fast as its links that are up, and up with one of them. */
static void poll_bond(struct request *r, struct object *bond,
                      const struct nic *nics, int nr)
{
    struct object *master = db_ref(r->db, bond, "master");
    struct objects slaves = objects_of(r, bond, "slaves");
    int64_t was = db_int(bond, "links_up"), up = 0;
    struct nic sum = {0};

    for (uint32_t i = 0; i < slaves.nr; i++) {
        const struct nic *nic =
            nic_find(nics, nr, db_text(slaves.at[i], "device"));

        if (!nic || !nic->carrier)
            continue;
        sum.speed_mbps += nic->speed_mbps;
        sum.duplex = nic->duplex;
        up++;
    }
    metrics_store(r, master, &sum, up > 0);
    if (up == was)
        return;
    db_set_int(r->db, bond, "links_up", up);
    if (was || up < slaves.nr) /* not the first look at a whole bond */
        bond_alert(r, pif_host(r, master), slaves, was, up);
}

static void poll_host(struct request *r, struct object *host)
{
    struct nic nics[NICS_MAX];
    int nr = nics_read(r, host, nics);
    struct objects bonds = objects_all(r, "Bond");

    if (!nr)
        return;
    poll_nics(r, host, nics, nr);
    for (uint32_t i = 0; i < bonds.nr; i++) {
        struct object *master = db_ref(r->db, bonds.at[i], "master");

        if (master && pif_host(r, master) == host)
            poll_bond(r, bonds.at[i], nics, nr);
    }
}

void network_poll(struct toolstack *ts)
{
    struct request r = {.ts = ts, .db = &ts->db};
    struct arena a;

    if (!ts->network)
        return;
    arena_init(&a);
    r.arena = &a;
    for (struct object *h = db_first(&ts->db, "host"); h; h = h->next)
        poll_host(&r, h);
    ts->network_seen = ts->network->changes(ts->network->ctx);
    arena_fini(&a);
}

void network_poll_changes(struct toolstack *ts)
{
    if (ts->network &&
        ts->network->changes(ts->network->ctx) != ts->network_seen)
        network_poll(ts);
}
