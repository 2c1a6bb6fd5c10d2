/*
 * ACPI tables (base/acpi.h): finding them, with checksums and lengths checked.
 */
#include "base/acpi.h"

#include "base/string.h"

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* from here on: revision 2 */
    uint64_t xsdt;
    uint8_t checksum2;
    uint8_t reserved[3];
} __attribute__((packed));

#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_ALIGN     16
#define EBDA_SEGMENT   0x40e
#define EBDA_BYTES     1024
#define BIOS_START     0xe0000
#define BIOS_BYTES     0x20000

static_assert(sizeof(struct acpi_header) == ACPI_HEADER_BYTES, "ACPI 5.2.6");
static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");

static bool sums_to_zero(const void *p, size_t bytes)
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

static bool rsdp_valid(const struct rsdp *r)
{
    return !memcmp(r->signature, RSDP_SIGNATURE, sizeof(r->signature)) &&
           sums_to_zero(r, ACPI_RSDP_MIN_BYTES);
}

static paddr_t rsdp_search(const struct acpi_mem *m, paddr_t start,
                           uint64_t bytes)
{
    const char *area = mem_map(m, start, bytes);

    for (uint64_t at = 0; area && at + sizeof(struct rsdp) <= bytes;
         at += RSDP_ALIGN) {
        if (rsdp_valid((const struct rsdp *)(area + at)))
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
    h = mem_map(m, a, length);
    return h && sums_to_zero(h, length) ? h : NULL;
}

static bool root_use(const struct acpi_mem *m, paddr_t table, bool wide,
                     struct acpi_root *out)
{
    const struct acpi_header *h = acpi_at(m, table, wide ? "XSDT" : "RSDT");
    uint32_t count;

    if (!h)
        return false;
    count = (h->length - sizeof(*h)) / (wide ? 8 : 4);
    *out = (struct acpi_root){table, wide, MIN(count, ACPI_TABLES_MAX)};
    return true;
}

bool acpi_root_read(const struct acpi_mem *m, paddr_t rsdp, bool wide,
                    struct acpi_root *out)
{
    const struct rsdp *r = mem_map(m, rsdp, ACPI_RSDP_MIN_BYTES);
    uint32_t rsdt;

    if (!r || !rsdp_valid(r))
        return false;
    rsdt = r->rsdt;
    if (wide && r->revision >= 2) {
        r = mem_map(m, rsdp, sizeof(*r));
        if (r && r->length >= sizeof(*r) && sums_to_zero(r, sizeof(*r)) &&
            root_use(m, r->xsdt, true, out))
            return true;
    }
    return root_use(m, rsdt, false, out);
}

/* Entry 'i' of the root table; the tables are packed, so by bytes. */
static paddr_t root_entry(const struct acpi_root *root, const void *table,
                          unsigned int i)
{
    size_t width = root->wide ? 8 : 4;
    paddr_t a = 0;

    memcpy(&a, (const char *)table + ACPI_HEADER_BYTES + i * width, width);
    return a;
}

const struct acpi_header *acpi_find(const struct acpi_mem *m,
                                    const struct acpi_root *root,
                                    const char *signature, unsigned int nth)
{
    uint64_t bytes = ACPI_HEADER_BYTES + root->count * (root->wide ? 8UL : 4UL);
    const void *table = mem_map(m, root->table, bytes);

    for (unsigned int i = 0; table && i < root->count; i++) {
        const struct acpi_header *h =
            acpi_at(m, root_entry(root, table, i), signature);

        if (h && !nth--)
            return h;
    }
    return NULL;
}
