/*
 * CPUs: who they are, from their CPUID leaves (APM 3 appendix E, SDM 2A CPUID).
 */
#include "parse/machine.h"

#include <string.h>

enum { EXTENDED = 0x80000000, ADDRESS_SIZES = 0x80000008, TOPOLOGY = 0xb };

const struct record_leaf *cpu_leaf(const struct cpu *c, uint32_t leaf,
                                   uint32_t subleaf)
{
    for (size_t i = 0; i < c->leaves; i++) {
        if (c->leaf[i].leaf == leaf && c->leaf[i].subleaf == subleaf)
            return &c->leaf[i];
    }
    return NULL;
}

bool cpu_msr(const struct cpu *c, uint32_t number, uint64_t *value)
{
    for (size_t i = 0; i < c->msrs; i++) {
        if (c->msr[i].index == number) {
            *value = c->msr[i].value;
            return true;
        }
    }
    return false;
}

static void vendor_read(struct cpu *c, const struct record_leaf *l)
{
    memcpy(c->vendor, &l->reg[EBX], 4);
    memcpy(c->vendor + 4, &l->reg[EDX], 4);
    memcpy(c->vendor + 8, &l->reg[ECX], 4);
    bytes_text((struct bytes){(const uint8_t *)c->vendor, 12}, 0, 12,
               c->vendor);
    c->max_leaf = l->reg[EAX];
}

static void signature_read(struct cpu *c, const struct record_leaf *l)
{
    uint32_t a = l->reg[EAX];

    c->family = a >> 8 & 0xf;
    c->model = a >> 4 & 0xf;
    c->stepping = a & 0xf;
    if (c->family == 6 || c->family == 15)
        c->model |= (a >> 16 & 0xf) << 4;
    if (c->family == 15)
        c->family += a >> 20 & 0xff;
    c->apic_id = l->reg[EBX] >> 24;
}

bool cpu_has_bit(const struct cpu *c, struct cpu_bit b)
{
    const struct record_leaf *l = cpu_leaf(c, b.leaf, b.subleaf);

    return l && l->reg[b.reg] >> b.nr & 1;
}

void cpu_decode(struct cpu *c)
{
    const struct record_leaf *id = cpu_leaf(c, 0, 0), *one = cpu_leaf(c, 1, 0);
    const struct record_leaf *extended = cpu_leaf(c, EXTENDED, 0);
    const struct record_leaf *sizes = cpu_leaf(c, ADDRESS_SIZES, 0);
    const struct record_leaf *topology = cpu_leaf(c, TOPOLOGY, 0);

    if (id)
        vendor_read(c, id);
    if (one)
        signature_read(c, one);
    if (extended)
        c->max_extended = extended->reg[EAX];
    c->phys_bits = sizes ? sizes->reg[EAX] & 0xff : 36;
    if (topology && topology->reg[EBX])
        c->apic_id = topology->reg[EDX];
}
