/*
 * Dispatch of port and memory accesses to emulated devices (io.def).
 */
#include "x86/io.h"

#include "x86/dom0.h"
#include "x86/insn.h"
#include "x86/pci.h"
#include "x86/vcpu.h"
#include "x86/vt.h"

#include "hv/log.h"

#include "base/string.h"

#define PORTS 0x10000

static const struct io_row port_rows[] = {
#define IO_PORT(first, last, fn, who) {first, last, fn, who},
#define IO_MMIO(first, last, fn, who)
#include "x86/io.def"
#undef IO_PORT
#undef IO_MMIO
};

static const struct io_row mmio_rows[] = {
#define IO_PORT(first, last, fn, who)
#define IO_MMIO(first, last, fn, who) {first, last, fn, who},
#include "x86/io.def"
#undef IO_PORT
#undef IO_MMIO
};

static bool dispatch(const struct io_row *row, unsigned int nr, struct vcpu *v,
                     struct io_access *io)
{
    uint8_t who = v->domain == dom0 ? IO_DOM0 : IO_DOMU;

    for (unsigned int i = 0; i < nr; i++)
        if (io->address >= row[i].first && io->address <= row[i].last &&
            row[i].who & who && row[i].fn(v, io))
            return true;
    return false;
}

void io_port_access(struct vcpu *v, struct io_access *io)
{
    if (!dispatch(port_rows, ARRAY_SIZE(port_rows), v, io) && !io->write)
        io->value = ~0UL;
}

bool io_mmio_access(struct vcpu *v, struct io_access *io)
{
    return dispatch(mmio_rows, ARRAY_SIZE(mmio_rows), v, io);
}

void io_port_trap(struct domain *d, uint16_t first, uint16_t last)
{
    uint8_t *map = d->arch->own_io_map;

    ASSERT(map);
    for (unsigned int port = first; port <= last; port++)
        map[port / 8] |= 1U << port % 8;
}

uint32_t io_port_in(uint16_t port, unsigned int size)
{
    return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

void io_port_out(uint16_t port, uint32_t value, unsigned int size)
{
    if (size == 1)
        outb(port, value);
    else if (size == 2)
        outw(port, value);
    else
        outl(port, value);
}
