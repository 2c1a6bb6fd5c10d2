/*
 * Rules of PCI configuration space (PCI 3.0 chapter 6, PCIe 5.0 chapter 7).
 */
#include "scan/scan.h"

#include <stdio.h>

enum config {
    CONFIG_COMMAND = 4,
    CONFIG_STATUS = 6,
    CONFIG_HEADER = 0xe,
    CONFIG_BAR = 0x10,
    CONFIG_BUSES = 0x18,
    CONFIG_CAPABILITY = 0x34,
    CONFIG_BYTES = 256,
    CONFIG_HEADER_BYTES = 64,
};

enum {
    COMMAND_MEMORY = 2,
    STATUS_CAPABILITIES = 1 << 4,
    CAPABILITY_POWER = 1,
    CAPABILITY_MSI = 5,
    CAPABILITY_EXPRESS = 0x10,
    CAPABILITY_MSIX = 0x11,
    CAPABILITY_AF = 0x13,
    CAPABILITIES_MOST = 48,
    EXTENDED_ACS = 0xd,
    EXTENDED_FIRST = 0x100,
    HEADER_BRIDGE = 1,
    HEADERS = 3,
    CLASS_STORAGE = 1,
    CLASS_NETWORK = 2,
    CLASS_DISPLAY = 3,
    PORT_ROOT = 4,
    PORT_DOWN = 6,
    BAR_BYTES = 4096, /* sizes are not recorded: a page at least */
};

#define ALL_ONES 0xffffffffU

/* Where a device is, for messages. */
struct name {
    char text[16];
};

static struct name name_of(const struct pci_device *d)
{
    struct name n;

    snprintf(n.text, sizeof(n.text), "%04x:%02x:%02x.%x", d->segment, d->bus,
             d->slot & 31U, d->function & 7U);
    return n;
}

static bool header_type(const struct pci_device *d, uint8_t *out)
{
    *out = bytes_u8(d->config, CONFIG_HEADER) & 0x7f;
    return *out < HEADERS;
}

/* The place of a capability, 0: none. `loop`: the list does not end. */
static uint8_t capability(const struct pci_device *d, uint8_t id, bool *loop)
{
    uint8_t at = bytes_u8(d->config, CONFIG_CAPABILITY) & 0xfc;

    *loop = false;
    if (!(bytes_u16(d->config, CONFIG_STATUS) & STATUS_CAPABILITIES))
        return 0;
    for (unsigned int i = 0; at; i++) {
        if (i == CAPABILITIES_MOST) {
            *loop = true;
            return 0;
        }
        if (bytes_u8(d->config, at) == id)
            return at;
        at = bytes_u8(d->config, at + 1U) & 0xfc;
    }
    return 0;
}

static bool has_capability(const struct pci_device *d, uint8_t id)
{
    bool loop;

    return capability(d, id, &loop) != 0;
}

static bool has_extended(const struct pci_device *d, uint16_t id)
{
    unsigned int at = EXTENDED_FIRST;

    for (unsigned int i = 0; at >= EXTENDED_FIRST && i < 64; i++) {
        uint32_t head = bytes_u32(d->config, at);

        if (!head)
            return false;
        if ((head & 0xffff) == id)
            return true;
        at = head >> 20;
    }
    return false;
}

static void judge_capabilities(struct scan *s, const struct pci_device *d)
{
    uint8_t first = bytes_u8(d->config, CONFIG_CAPABILITY);
    bool loop;

    (void)capability(d, 0xff, &loop);
    if (loop)
        found(s, RULE_pci_capability_loop, name_of(d).text, CONFIG_CAPABILITY,
              "more than %u", CAPABILITIES_MOST);
    if (bytes_u16(d->config, CONFIG_STATUS) & STATUS_CAPABILITIES && first &&
        first < CONFIG_HEADER_BYTES)
        found(s, RULE_pci_capability_place, name_of(d).text, CONFIG_CAPABILITY,
              "at 0x%02x", first);
}

/* --- Registers in memory ---------------------------------------------------- */
static uint64_t bar_address(const struct pci_device *d, unsigned int nr)
{
    uint32_t low = bytes_u32(d->config, CONFIG_BAR + 4 * nr);
    bool wide = (low & 6) == 4;

    if (low & 1 || low == ALL_ONES)
        return 0;
    return (low & ~0xfU) |
           (wide ? (uint64_t)bytes_u32(d->config, CONFIG_BAR + 4 * nr + 4) << 32
                 : 0);
}

static unsigned int bars_of(const struct pci_device *d)
{
    uint8_t type;

    if (!header_type(d, &type))
        return 0;
    return type == HEADER_BRIDGE ? 2 : type ? 0 : 6;
}

static void judge_same_bar(struct scan *s, const struct pci_device *d,
                           unsigned int nr, uint64_t address)
{
    for (const struct pci_device *e = s->m->pci; e < d; e++) {
        for (unsigned int i = 0; i < bars_of(e); i++) {
            bool upper =
                i && (bytes_u32(e->config, CONFIG_BAR + 4 * i - 4) & 7) == 4;

            if (!upper && bar_address(e, i) == address &&
                bytes_u16(e->config, CONFIG_COMMAND) & COMMAND_MEMORY)
                found(s, RULE_pci_bar_overlap, name_of(d).text,
                      (long)(CONFIG_BAR + 4 * nr), "0x%llx, as %s",
                      (unsigned long long)address, name_of(e).text);
        }
    }
}

static void judge_bars(struct scan *s, const struct pci_device *d)
{
    unsigned int n = bars_of(d);

    if (!(bytes_u16(d->config, CONFIG_COMMAND) & COMMAND_MEMORY))
        return;
    for (unsigned int i = 0; i < n; i++) {
        uint32_t low = bytes_u32(d->config, CONFIG_BAR + 4 * i);
        uint64_t address = bar_address(d, i);
        long at = (long)(CONFIG_BAR + 4 * i);

        if (low & 1 || !low)
            continue;
        if (!address)
            found(s, RULE_pci_bar_unset, name_of(d).text, at, "reads 0x%08x",
                  low);
        else if (scan_has(s, MAP) && in_ram(s, address, BAR_BYTES))
            found(s, RULE_pci_bar_in_ram, name_of(d).text, at, "0x%llx",
                  (unsigned long long)address);
        if (address)
            judge_same_bar(s, d, i, address);
        i += (low & 6) == 4; /* the upper half is no register of its own */
    }
}

/* --- What guests need ------------------------------------------------------- */
static bool resets(const struct pci_device *d)
{
    bool loop;
    uint8_t express = capability(d, CAPABILITY_EXPRESS, &loop);
    uint8_t power = capability(d, CAPABILITY_POWER, &loop);
    uint8_t af = capability(d, CAPABILITY_AF, &loop);

    return (express && bytes_u32(d->config, express + 4U) >> 28 & 1) ||
           (power && !(bytes_u16(d->config, power + 4U) & 1 << 3)) ||
           (af && bytes_u8(d->config, af + 3U) & 2);
}

static void judge_faculties(struct scan *s, const struct pci_device *d)
{
    uint8_t kind = d->class[0];
    bool loop;
    uint8_t express = capability(d, CAPABILITY_EXPRESS, &loop);
    uint8_t port = bytes_u8(d->config, express + 2U) >> 4;

    if (d->config.n < CONFIG_BYTES)
        return;
    if ((kind == CLASS_STORAGE || kind == CLASS_NETWORK) &&
        !has_capability(d, CAPABILITY_MSI) &&
        !has_capability(d, CAPABILITY_MSIX))
        found(s, RULE_pci_no_msi, name_of(d).text, CONFIG_CAPABILITY,
              "%04x:%04x", d->vendor, d->device);
    if (kind >= CLASS_STORAGE && kind <= CLASS_DISPLAY && !resets(d))
        found(s, RULE_pci_no_reset, name_of(d).text, CONFIG_CAPABILITY,
              "%04x:%04x", d->vendor, d->device);
    if (express && (port == PORT_ROOT || port == PORT_DOWN) &&
        d->config.n > EXTENDED_FIRST && !has_extended(d, EXTENDED_ACS))
        found(s, RULE_pci_no_acs, name_of(d).text, EXTENDED_FIRST, "%04x:%04x",
              d->vendor, d->device);
}

static void judge_bridge(struct scan *s, const struct pci_device *d)
{
    uint8_t primary = bytes_u8(d->config, CONFIG_BUSES);
    uint8_t secondary = bytes_u8(d->config, CONFIG_BUSES + 1);
    uint8_t last = bytes_u8(d->config, CONFIG_BUSES + 2);

    if (secondary &&
        (primary != d->bus || secondary <= primary || last < secondary))
        found(s, RULE_pci_bridge_buses, name_of(d).text, CONFIG_BUSES,
              "on bus %u: %u, %u to %u", d->bus, primary, secondary, last);
}

static void judge_window(struct scan *s, const struct pci_device *d)
{
    const struct mcfg *g = &s->m->acpi.mcfg;

    for (unsigned int i = 0; i < g->entries; i++) {
        if (g->entry[i].segment == d->segment && g->entry[i].first <= d->bus &&
            d->bus <= g->entry[i].last)
            return;
    }
    if (g->entries)
        found(s, RULE_pci_bus_beyond_mcfg, name_of(d).text, -1, "bus %u",
              d->bus);
}

void judge_pci(struct scan *s)
{
    for (unsigned int i = 0; i < s->m->pcis; i++) {
        const struct pci_device *d = &s->m->pci[i];
        uint8_t type;

        if (bytes_u32(d->config, 0) == ALL_ONES) {
            found(s, RULE_pci_dead, name_of(d).text, 0, "reads as ones");
            continue;
        }
        if (!header_type(d, &type)) {
            found(s, RULE_pci_header, name_of(d).text, CONFIG_HEADER, "type %u",
                  type);
            continue;
        }
        judge_capabilities(s, d);
        judge_bars(s, d);
        judge_faculties(s, d);
        judge_window(s, d);
        if (type == HEADER_BRIDGE)
            judge_bridge(s, d);
    }
}
