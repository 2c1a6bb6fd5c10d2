/* What the keys of NICs make, and those of sockets and memory nodes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "network_driver.h"
#include "nics.h"
#include "pool_keys.h"

enum {
    MINE_MAX = 16, /* NICs of a host */
    VFS_MAX = 64,
    MTU_MAX = 9216,
    SOCKETS_MAX = 64,
};

static struct nic *newest(const struct making *m)
{
    return &m->nics[m->nics_nr - 1];
}

/* Gigabit Ethernet, plugged in, unless the keys say otherwise. */
static int nic_begin(struct making *m)
{
    int nr = m->nics_nr;
    struct nic *nic = &m->nics[nr];

    if (nr == MINE_MAX)
        return making_fail(m, "more than %d nics", MINE_MAX);
    *nic = (struct nic){.speed_mbps = 1000,
                        .duplex = true,
                        .carrier = true,
                        .mtu_max = MTU_MAX,
                        .vendor_id = "8086",
                        .device_id = "1521",
                        .vendor_name = "Touchstone",
                        .device_name = "Simulated NIC"};
    (void)snprintf(nic->device, sizeof(nic->device), "eth%d", nr);
    (void)snprintf(nic->pci, sizeof(nic->pci), "0000:%02x:00.0", nr + 3);
    (void)snprintf(nic->mac, sizeof(nic->mac), "00:16:3e:%02x:%02x:%02x",
                   (unsigned)m->pool_nr + 1, (unsigned)m->hosts_nr,
                   (unsigned)nr); /* each fits */
    m->nics_nr++;
    return 0;
}

/* The interface that the host has already is the first one's. */
static void keep_first(struct making *m)
{
    const struct value *pifs = db_get(m->self, "PIFs");

    for (uint32_t i = 0; i < pifs->nr; i++) {
        struct object *pif = db_find_any(m->db, pifs->items[i].s);

        if (strcmp(db_text(pif, "device"), "eth0") == 0)
            db_set_text(m->db, pif, "MAC", m->nics[0].mac);
    }
}

int host_nics(struct making *m, const struct value *v)
{
    struct object *host = m->self;
    struct value ref = value_string(host->ref);
    int64_t count = m->count, number = m->number;
    int rc;

    m->nics = arena_alloc(m->arena, sizeof(*m->nics) * MINE_MAX);
    m->nics_nr = 0;
    rc = making_list(m, SCOPE_NIC, v, nic_begin);
    m->self = host;
    m->count = count;
    m->number = number;
    if (rc || !m->nics_nr)
        return rc ? rc : making_fail(m, "a host needs a nic");
    keep_first(m);
    (void)sim_nics_describe(m->world->sim->nics, db_text(host, "uuid"), m->nics,
                            m->nics_nr); /* as many as there may be */
    return making_call(m, "PIF.scan", &ref, 1, NULL);
}

int nic_mac(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    if (strlen(text) >= sizeof(newest(m)->mac))
        return making_fail(m, "'%s' is no MAC address", text);
    memcpy(newest(m)->mac, text, strlen(text) + 1);
    return 0;
}

int nic_speed(struct making *m, const struct value *v)
{
    return making_number(m, v, &newest(m)->speed_mbps);
}

int nic_carrier(struct making *m, const struct value *v)
{
    if (v->kind != VALUE_BOOL)
        return making_fail(m, "'carrier' is true or false");
    newest(m)->carrier = v->b;
    return 0;
}

int nic_fcoe(struct making *m, const struct value *v)
{
    if (v->kind != VALUE_BOOL)
        return making_fail(m, "'fcoe' is true or false");
    newest(m)->fcoe = v->b;
    return 0;
}

int nic_vfs(struct making *m, const struct value *v)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr > VFS_MAX)
        return making_fail(m, "a nic has at most %d virtual functions",
                           VFS_MAX);
    newest(m)->vfs_max = (int)nr;
    return 0;
}

/* --- Sockets and memory nodes ------------------------------------------------- */

static int put_count(struct making *m, const char *key, const struct value *v)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr < 1 || nr > SOCKETS_MAX)
        return making_fail(m, "a host has 1 to %d of them", SOCKETS_MAX);
    db_map_put(m->db, m->self, "cpu_info", key,
               arena_printf(m->arena, "%lld", (long long)nr));
    return 0;
}

int host_sockets(struct making *m, const struct value *v)
{
    return put_count(m, "socket_count", v);
}

int host_numa(struct making *m, const struct value *v)
{
    return put_count(m, "nr_nodes", v);
}
