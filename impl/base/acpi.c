/*
 * ACPI tables (base/acpi.h): finding them, with lengths checked. A wrong checksum
 * is no reason to do without a table: firmware that forgets one is common, and
 * Linux and Xen, which both use ACPICA, warn and read on.
 */
#include "base/acpi.h"

#include "base/string.h"

#define RSDP_ALIGN   16
#define EBDA_SEGMENT 0x40e
#define EBDA_BYTES   1024
#define BIOS_START   0xe0000
#define BIOS_BYTES   0x20000

static_assert(sizeof(struct acpi_header) == ACPI_HEADER_BYTES, "ACPI 5.2.6");
static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 5.2.5.3");

bool acpi_sums_to_zero(const void *p, size_t bytes)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes; i++)
        sum += b[i];
    return !sum;
}

static const void *mem_map(const struct acpi_mem *m, paddr_t a, uint64_t bytes)
{
    if (!a || a + bytes < a)
        return NULL;
    return m->map(m->arg, a, bytes);
}

static bool rsdp_valid(const struct acpi_rsdp *r)
{
    return !memcmp(r->signature, ACPI_RSDP_SIGNATURE, sizeof(r->signature)) &&
           acpi_sums_to_zero(r, ACPI_RSDP_MIN_BYTES);
}

static paddr_t rsdp_search(const struct acpi_mem *m, paddr_t start,
                           uint64_t bytes)
{
    const char *area = mem_map(m, start, bytes);

    for (uint64_t at = 0; area && at + sizeof(struct acpi_rsdp) <= bytes;
         at += RSDP_ALIGN) {
        if (rsdp_valid((const struct acpi_rsdp *)(area + at)))
            return start + at;
    }
    return 0;
}

paddr_t acpi_rsdp_search(const struct acpi_mem *m)
{
    const uint8_t *segment = mem_map(m, EBDA_SEGMENT, sizeof(uint16_t));
    paddr_t found = 0;

    if (segment)
        found = rsdp_search(m, (paddr_t)(segment[0] | segment[1] << 8) << 4,
                            EBDA_BYTES);
    return found ? found : rsdp_search(m, BIOS_START, BIOS_BYTES);
}

const struct acpi_header *acpi_at(const struct acpi_mem *m, paddr_t a,
                                  const char *signature)
{
    const struct acpi_header *h = mem_map(m, a, sizeof(*h));
    uint32_t length;

    if (!h || (signature && memcmp(h->signature, signature, 4)))
        return NULL;
    length = h->length;
    if (length < sizeof(*h) || length > ACPI_TABLE_BYTES)
        return NULL;
    return mem_map(m, a, length);
}

bool acpi_sum_right(const struct acpi_header *h)
{
    return acpi_sums_to_zero(h, h->length);
}

/* 'strict': only with a right sum. */
static bool root_use(const struct acpi_mem *m, paddr_t table, bool wide,
                     bool strict, struct acpi_root *out)
{
    const struct acpi_header *h = acpi_at(m, table, wide ? "XSDT" : "RSDT");
    uint32_t count;

    if (!h || (strict && !acpi_sum_right(h)))
        return false;
    count = (h->length - sizeof(*h)) / (wide ? 8 : 4);
    *out = (struct acpi_root){table, wide, MIN(count, ACPI_TABLES_MAX)};
    return true;
}

bool acpi_root_read(const struct acpi_mem *m, paddr_t rsdp, bool wide,
                    struct acpi_root *out)
{
    const struct acpi_rsdp *r = mem_map(m, rsdp, ACPI_RSDP_MIN_BYTES);
    paddr_t rsdt, xsdt = 0;

    if (!r || !rsdp_valid(r))
        return false;
    rsdt = r->rsdt;
    if (wide && r->revision >= 2) {
        r = mem_map(m, rsdp, sizeof(*r));
        if (r && r->length >= sizeof(*r) && acpi_sums_to_zero(r, sizeof(*r)))
            xsdt = r->xsdt;
    }
    return root_use(m, xsdt, true, true, out) ||
           root_use(m, rsdt, false, true, out) ||
           root_use(m, xsdt, true, false, out) ||
           root_use(m, rsdt, false, false, out);
}

paddr_t acpi_root_entry(const struct acpi_mem *m, const struct acpi_root *root,
                        unsigned int i)
{
    size_t width = root->wide ? 8 : 4;
    const void *at =
        mem_map(m, root->table + ACPI_HEADER_BYTES + i * width, width);
    paddr_t a = 0;

    /* Packed, so by bytes. */
    if (at && i < root->count)
        memcpy(&a, at, width);
    return a;
}

const struct acpi_header *acpi_find(const struct acpi_mem *m,
                                    const struct acpi_root *root,
                                    const char *signature, unsigned int nth)
{
    for (unsigned int i = 0; i < root->count; i++) {
        const struct acpi_header *h =
            acpi_at(m, acpi_root_entry(m, root, i), signature);

        if (h && !nth--)
            return h;
    }
    return NULL;
}
