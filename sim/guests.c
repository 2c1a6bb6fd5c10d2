/* The rows of guests.def, and addresses from MACs. */
#include "guests.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
    MAC_OCTETS = 6,
    ADDRESSES = 2, /* a NIC's: one of each family */
};

static const struct sim_guest guests[] = {
#define GUEST(k, a, o, h, l) \
    {.kind = #k, .agent = a, .obeys = o, .hotplugs_vcpus = h, .lets_go = l},
#define TOLD(k, path, text)
#include "guests.def"
#undef TOLD
#undef GUEST
};

static const struct {
    const char *kind, *path, *text;
} told[] = {
#define GUEST(k, a, o, h, l)
#define TOLD(k, p, t) {.kind = #k, .path = p, .text = t},
#include "guests.def"
#undef TOLD
#undef GUEST
};

enum {
    TOLD_NR = sizeof(told) / sizeof(told[0]),
};

const struct sim_guest *sim_guest_find(const char *kind)
{
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
        if (strcmp(guests[i].kind, kind) == 0)
            return &guests[i];
    return NULL;
}

/* The link-local address of RFC 4291. */
static const char *link_local(struct arena *a, const unsigned *o)
{
    unsigned char raw[16] = {0xfe,
                             0x80,
                             [8] = (unsigned char)(o[0] ^ 2),
                             (unsigned char)o[1],
                             (unsigned char)o[2],
                             0xff,
                             0xfe,
                             (unsigned char)o[3],
                             (unsigned char)o[4],
                             (unsigned char)o[5]};
    char *text = arena_alloc(a, INET6_ADDRSTRLEN);

    return inet_ntop(AF_INET6, raw, text, INET6_ADDRSTRLEN);
}

/* 10.x.y.z from the MAC's end, and one that needs no server. */
static size_t put_addresses(struct arena *a, struct member *m, int nic,
                            const char *mac)
{
    unsigned o[MAC_OCTETS];

    if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &o[0], &o[1], &o[2], &o[3], &o[4],
               &o[5]) != MAC_OCTETS)
        return 0;
    m[0] = (struct member){
        arena_printf(a, "net/%d/ipv4/0", nic),
        value_string(arena_printf(a, "10.%u.%u.%u", o[3], o[4], o[5]))};
    m[1] = (struct member){arena_printf(a, "net/%d/ipv6/0", nic),
                           value_string(link_local(a, o))};
    return ADDRESSES;
}

struct value sim_guest_told(struct arena *a, const struct sim_guest *g,
                            const char *const *macs, int macs_nr)
{
    size_t room = (size_t)TOLD_NR + (size_t)macs_nr * ADDRESSES, nr = 0;
    struct member *m = arena_alloc(a, sizeof(*m) * room);

    for (int i = 0; i < TOLD_NR; i++)
        if (strcmp(told[i].kind, g->kind) == 0)
            m[nr++] = (struct member){told[i].path, value_string(told[i].text)};
    for (int i = 0; i < macs_nr; i++)
        nr += put_addresses(a, &m[nr], i, macs[i]);
    return value_map(m, nr);
}
