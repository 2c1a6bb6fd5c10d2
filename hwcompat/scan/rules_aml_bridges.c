/*
 * Rules of PCI host bridges in AML: windows, routing, what else they name.
 */
#include "scan/rules_aml.h"

#include <string.h>

/* Address space descriptors (ACPI 6.5 6.4.3.5): where their fields are. */
static const struct descriptor {
    uint8_t tag, least, min, max, length, width;
} descriptors[] = {
    {0x88, 16, 8, 10, 14, 2},
    {0x87, 26, 10, 14, 22, 4},
    {0x8a, 46, 14, 22, 38, 8},
};

enum {
    END_TAG = 0x79,
    LARGE = 0x80,
    TYPE_MEMORY = 0,
    HARDWARE_REDUCED = 1 << 20, /* of the FADT: such machines may have no PCI */
};

static uint64_t field(struct bytes b, size_t at, uint8_t width)
{
    return width == 2   ? bytes_u16(b, at)
           : width == 4 ? bytes_u32(b, at)
                        : bytes_u64(b, at);
}

static const struct descriptor *descriptor_of(uint8_t tag)
{
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(*descriptors); i++)
        if (descriptors[i].tag == tag)
            return &descriptors[i];
    return NULL;
}

/* A window that is the same whatever the hardware says. */
static void judge_window(struct scan *s, const struct aml_host *h,
                         const struct descriptor *d, struct bytes b)
{
    uint64_t min = field(b, d->min, d->width), max = field(b, d->max, d->width);
    uint64_t length = field(b, d->length, d->width);
    bool fixed = (bytes_u8(b, 4) & 12) == 12; /* both ends */

    if (!length)
        return; /* switched off */
    if (max < min || (fixed && length != max - min + 1))
        found(s, RULE_aml_crs_reversed, aml_file, -1,
              "%s: 0x%llx to 0x%llx, length 0x%llx", h->path,
              (unsigned long long)min, (unsigned long long)max,
              (unsigned long long)length);
    else if (bytes_u8(b, 3) == TYPE_MEMORY && scan_has(s, MAP) &&
             in_ram(s, min, length))
        found(s, RULE_aml_crs_in_ram, aml_file, -1, "%s: 0x%llx to 0x%llx",
              h->path, (unsigned long long)min, (unsigned long long)max);
}

/* Bytes of the item at `at`; 0: it does not fit. */
static size_t item_bytes(struct bytes b, size_t at)
{
    uint8_t tag = bytes_u8(b, at);
    size_t n = tag & LARGE ? 3u + bytes_u16(b, at + 1) : 1u + (tag & 7);

    return bytes_has(b, at, n) ? n : 0;
}

static bool same(const struct aml_host *h, size_t at, size_t n)
{
    return h->window_bytes[1] >= at + n &&
           !memcmp(h->window[0] + at, h->window[1] + at, n);
}

static void judge_windows(struct scan *s, const struct aml_host *h)
{
    struct bytes b = {h->window[0], h->window_bytes[0]};
    size_t n;

    for (size_t at = 0; at < b.n; at += n) {
        const struct descriptor *d = descriptor_of(bytes_u8(b, at));

        if ((bytes_u8(b, at) & 0xf8) == (END_TAG & 0xf8))
            return;
        n = item_bytes(b, at);
        if (!n || (d && n < d->least)) {
            found(s, RULE_aml_crs_broken, aml_file, -1,
                  "%s: descriptor 0x%x at 0x%zx", h->path, bytes_u8(b, at), at);
            return;
        }
        if (d && same(h, at, n))
            judge_window(s, h, d, bytes_sub(b, at, n));
    }
}

static const struct aml_object *
member(const struct aml *a, const struct aml_host *h, const char *name)
{
    char path[AML_PATH_BYTES + 8];

    (void)snprintf(path, sizeof(path), "%s.%s", h->path, name);
    return aml_find(a, path);
}

static bool is_express(const struct aml *a, const struct aml_host *h)
{
    const struct aml_object *o = member(a, h, "_HID");

    return o && aml_is_id(o, "PNP0A08");
}

/* Fails with zeros and with ones: it is not the hardware that is missing. */
static bool fails(const enum aml_result result[2])
{
    return result[0] == AML_NO_VALUE && result[1] == AML_NO_VALUE;
}

/* Nodes that have memory, as far as it matters: one, or more. */
static bool many_nodes(const struct srat *srat)
{
    for (unsigned int i = 1; i < srat->memories; i++)
        if (srat->memory[i].domain != srat->memory[0].domain)
            return true;
    return false;
}

static void judge_bridge(struct scan *s, const struct aml *a,
                         const struct aml_host *h)
{
    if (!member(a, h, "_CRS"))
        found(s, RULE_aml_crs_missing, aml_file, -1, "%s", h->path);
    else if (fails(h->crs))
        found(s, RULE_aml_crs_fails, aml_file, -1, "%s", h->path);
    else if (h->crs[0] == AML_VALUE)
        judge_windows(s, h);
    if (member(a, h, "_PRT") && fails(h->prt))
        found(s, RULE_aml_prt_fails, aml_file, -1, "%s", h->path);
    if (a->hosts > 1 && !member(a, h, "_BBN"))
        found(s, RULE_aml_no_bus_number, aml_file, -1, "%s", h->path);
    if (is_express(a, h) && !member(a, h, "_OSC"))
        found(s, RULE_aml_no_osc, aml_file, -1, "%s", h->path);
    if (scan_has(s, SRAT) && many_nodes(&s->m->acpi.srat) &&
        !member(a, h, "_PXM"))
        found(s, RULE_aml_no_proximity, aml_file, -1, "%s", h->path);
}

void judge_bridges(struct scan *s, const struct aml *a)
{
    size_t at = 0;

    if (!a->hosts && !(s->m->acpi.fadt.flags & HARDWARE_REDUCED))
        found(s, RULE_aml_no_host_bridge, aml_file, -1,
              "no PNP0A03 or PNP0A08 in %u tables", a->tables);
    if (a->hosts && !aml_next(a, "_PRT", &at))
        found(s, RULE_aml_no_prt, aml_file, -1, "no _PRT");
    for (size_t i = 0; i < a->hosts; i++)
        judge_bridge(s, a, &a->host[i]);
}
