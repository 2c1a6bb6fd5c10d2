/*
 * libFuzzer target of the decoders and the rules behind them. The input is a
 * list of parts: kind, length (two bytes), bytes.
 */
#include "scan/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum part { PART_TABLE, PART_RSDP, PART_SMBIOS, PART_RANGE, PART_PCI, PARTS };

enum { DEVICES = 16, PART_HEADER = 3, RANGE_BYTES = 17 };

static void add_range(struct machine *m, struct bytes b)
{
    if (b.n < RANGE_BYTES || m->memory.ranges == RANGES_MAX)
        return;
    m->memory.range[m->memory.ranges++] = (struct range){
        .start = bytes_u64(b, 0),
        .end = bytes_u64(b, 8),
        .type = bytes_u8(b, 16),
    };
}

static void add_part(struct machine *m, enum part kind, struct bytes b)
{
    static const uint8_t none[1];
    struct bytes empty = {none, 0};

    if (kind == PART_TABLE)
        machine_add_table(m, "table", b, bytes_u64(b, 40));
    else if (kind == PART_RSDP)
        m->acpi.rsdp = b;
    else if (kind == PART_SMBIOS && !m->smbios.structures)
        machine_decode_smbios(m, "smbios", empty, b);
    else if (kind == PART_RANGE)
        add_range(m, b);
    else if (kind == PART_PCI && m->pcis < DEVICES)
        m->pci[m->pcis++] = (struct pci_device){.config = b};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine *m = machine_create();
    struct bytes all = {data, size};
    struct scan *s;

    m->pci = calloc(DEVICES, sizeof(*m->pci));
    for (size_t at = 0; bytes_has(all, at, PART_HEADER);) {
        struct bytes b =
            bytes_sub(all, at + PART_HEADER, bytes_u16(all, at + 1));

        add_part(m, bytes_u8(all, at) % PARTS, b);
        at += PART_HEADER + b.n;
    }
    machine_decode_acpi(m);
    s = scan_machine(m);
    if (s && s->findings > FINDINGS_MAX)
        abort();
    scan_destroy(s);
    machine_destroy(m);
    return 0;
}
