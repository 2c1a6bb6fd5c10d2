/*
 * ACPI: any memory, with the RSDP at its start.
 *
 * Tables found lie within it; what is written for a control domain fits its
 * room, and is read back without anything dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/acpi_build.h"

#define BASE 0x1000UL
#define ROOM 600

struct memory {
    const uint8_t *data;
    size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static const void *map(void *arg, paddr_t a, uint64_t bytes)
{
    const struct memory *m = arg;

    if (a < BASE || a - BASE > m->size || bytes > m->size - (a - BASE))
        return NULL;
    return m->data + (a - BASE);
}

static void build(const struct acpi_header *t)
{
    static struct acpi_madt madt;
    uint8_t *to = malloc(ROOM);
    size_t bytes = acpi_write_madt(to, ROOM, t, 3, 2, t->length & 1);

    require(bytes >= 44 + 3 * 8 && bytes <= ROOM);
    require(acpi_madt_parse((struct acpi_header *)to, &madt));
    require(madt.cpus == 3);
    bytes = acpi_write_mcfg(to, ROOM, t, 5);
    require(!bytes || bytes == t->length);
    bytes = acpi_write_fadt(to, ROOM, t, 0x1000);
    require(!bytes || bytes == t->length);
    free(to);
}

static void read(const struct acpi_header *t)
{
    static struct acpi_madt madt;
    struct acpi_fadt fadt;
    struct acpi_hpet hpet;
    struct acpi_mcfg mcfg;
    uint8_t a, b;

    (void)acpi_sum_right(t);
    (void)acpi_madt_parse(t, &madt);
    (void)acpi_fadt_parse(t, &fadt);
    (void)acpi_hpet_parse(t, &hpet);
    (void)acpi_mcfg_parse(t, &mcfg);
    (void)acpi_s5_find(t, &a, &b);
    build(t);
}

/* All of the input as one table, of each kind. */
static void one_table(uint8_t *data, size_t size)
{
    static const char *const signatures[] = {"APIC", "FACP", "HPET", "MCFG",
                                             "DSDT"};
    const uint32_t length = (uint32_t)size;

    for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
        memcpy(data, signatures[i], 4);
        memcpy(data + 4, &length, sizeof(length));
        read((const struct acpi_header *)data);
    }
}

/* The sums that nobody guesses. */
static void rsdp_seal(uint8_t *data)
{
    struct acpi_rsdp *r = (struct acpi_rsdp *)data;

    memcpy(r->signature, ACPI_RSDP_SIGNATURE, sizeof(r->signature));
    r->checksum = r->checksum2 = 0;
    for (size_t i = 0; i < ACPI_RSDP_MIN_BYTES; i++)
        r->checksum -= i == offsetof(struct acpi_rsdp, checksum) ? 0 : data[i];
    for (size_t i = 0; i < sizeof(*r); i++)
        r->checksum2 -=
            i == offsetof(struct acpi_rsdp, checksum2) ? 0 : data[i];
}

static void all_tables(const struct acpi_mem *m)
{
    struct acpi_root root;

    for (unsigned int wide = 0; wide <= 1; wide++) {
        if (!acpi_root_read(m, BASE, wide, &root))
            continue;
        for (unsigned int i = 0; i < root.count; i++) {
            const struct acpi_header *t =
                acpi_at(m, acpi_root_entry(m, &root, i), NULL);

            if (t)
                read(t);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {.size = size};
    const struct acpi_mem m = {.map = map, .arg = &memory};
    uint8_t *copy;

    if (size < ACPI_HEADER_BYTES)
        return 0;
    copy = malloc(size);
    memory.data = copy;
    memcpy(copy, data, size);
    rsdp_seal(copy);
    all_tables(&m);
    one_table(copy, size);
    free(copy);
    return 0;
}
