/*
 * Networking of a host that starts, or comes into the pool: what was plugged is
 * plugged again, and what the master's networks have, its networks have.
 */
#include <string.h>

#include "net.h"

/* What a host plugs when it boots: no VLAN or tunnel without an address. */
static bool wanted_at_boot(const struct request *r, const struct object *pif)
{
    enum pif_kind kind = pif_kind(pif);

    if (!db_bool(pif, "managed") || pif_is_slave(r, pif))
        return false;
    return kind == PIF_PHYSICAL || kind == PIF_BOND || kind == PIF_SRIOV ||
           strcmp(db_text(pif, "ip_configuration_mode"), "None") != 0;
}

/* Bridges are gone: those that machines need come back with the machines. */
void networks_boot(struct request *r, struct object *host)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++)
        if (!db_bool(pifs.at[i], "management"))
            db_set_bool(r->db, pifs.at[i], "currently_attached", false);
    for (uint32_t i = 0; i < pifs.nr; i++)
        if (wanted_at_boot(r, pifs.at[i]))
            (void)pif_do_plug(r, pifs.at[i]); /* else it stays unplugged */
    management_follow(r, host);
}

/* The daemon starts over hosts that it does not know the state of. */
void networks_recover(struct toolstack *ts)
{
    struct request r = {.ts = ts, .db = &ts->db};
    struct objects pifs;
    struct arena a;

    if (!ts->network)
        return;
    arena_init(&a);
    r.arena = &a;
    pifs = objects_all(&r, "PIF");
    for (uint32_t i = 0; i < pifs.nr; i++)
        if (db_bool(pifs.at[i], "currently_attached") &&
            db_bool(pifs.at[i], "managed") && pif_up(&r, pifs.at[i]))
            db_set_bool(r.db, pifs.at[i], "currently_attached", false);
    arena_fini(&a);
}

/* --- Like the master's ------------------------------------------------------------ */

static bool is_master_of(struct request *r, const struct object *pif)
{
    return pif && pif_host(r, pif) == toolstack_master(r->ts);
}

/* The interface of another host on the same network. */
static struct object *counterpart(struct request *r, struct object *pif,
                                  struct object *host)
{
    struct object *network = db_ref(r->db, pif, "network");

    return network ? pif_on(r, network, host) : NULL;
}

void networks_sync_vlans(struct request *r, struct object *host)
{
    struct objects vlans = objects_all(r, "VLAN");

    for (uint32_t i = 0; i < vlans.nr; i++) {
        struct object *tagged = db_ref(r->db, vlans.at[i], "tagged_PIF");
        struct object *pif = db_ref(r->db, vlans.at[i], "untagged_PIF"), *base;

        if (!tagged || !is_master_of(r, pif) || counterpart(r, pif, host))
            continue;
        base = counterpart(r, tagged, host);
        if (base)
            (void)vlan_make(r, base, db_int(vlans.at[i], "tag"),
                            db_ref(r->db, pif, "network"));
    }
}

void networks_sync_tunnels(struct request *r, struct object *host)
{
    struct objects all = objects_all(r, "tunnel");

    for (uint32_t i = 0; i < all.nr; i++) {
        struct object *transport = db_ref(r->db, all.at[i], "transport_PIF");
        struct object *pif = db_ref(r->db, all.at[i], "access_PIF"), *base;

        if (!transport || !is_master_of(r, pif) || counterpart(r, pif, host))
            continue;
        base = counterpart(r, transport, host);
        if (base)
            (void)tunnel_make(r, base, db_ref(r->db, pif, "network"),
                              db_text(all.at[i], "protocol"));
    }
}

/* The host's interfaces on the networks of a bond's members. */
static struct objects members_like(struct request *r, struct object *bond,
                                   struct object *host)
{
    struct objects slaves = objects_of(r, bond, "slaves"), list = slaves;

    list.nr = 0;
    for (uint32_t i = 0; i < slaves.nr; i++) {
        struct object *pif = counterpart(r, slaves.at[i], host);

        if (pif && !pif_is_slave(r, pif))
            list.at[list.nr++] = pif;
    }
    return list;
}

static void sync_bonds(struct request *r, struct object *host)
{
    struct objects bonds = objects_all(r, "Bond");

    for (uint32_t i = 0; i < bonds.nr; i++) {
        struct object *master = db_ref(r->db, bonds.at[i], "master");
        struct objects members;

        if (!is_master_of(r, master) || counterpart(r, master, host))
            continue;
        members = members_like(r, bonds.at[i], host);
        if (members.nr)
            (void)bond_make(r, db_ref(r->db, master, "network"), members, "",
                            db_text(bonds.at[i], "mode"),
                            *db_get(bonds.at[i], "properties"));
    }
}

int networks_adopt(struct request *r, struct object *host)
{
    if (host == toolstack_master(r->ts))
        return 0;
    sync_bonds(r, host);
    networks_sync_vlans(r, host);
    networks_sync_tunnels(r, host);
    management_follow(r, host);
    network_poll(r->ts);
    return 0;
}
