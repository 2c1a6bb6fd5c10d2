/*
 * Port and memory accesses of guests that are emulated (owner: svm side).
 *
 * Devices are rows of io.def: each says which domains have it. Reads of nothing
 * give all ones, writes to nothing are dropped.
 */
#ifndef X86_IO_H
#define X86_IO_H

#include "hv/domain.h"

struct io_access {
    uint64_t address; /* port, or guest physical address */
    uint64_t value;   /* in for writes, out for reads */
    uint8_t size;     /* 1, 2, 4, 8 bytes */
    bool write;
};

/* True: handled. False: fall through to "nothing there". */
typedef bool io_fn(struct vcpu *v, struct io_access *io);

enum io_who { IO_DOM0 = 1, IO_DOMU = 2, IO_ALL = 3 };

struct io_row {
    uint64_t first;
    uint64_t last; /* inclusive */
    io_fn *fn;
    uint8_t who;
};

/* Port accesses trapped by the I/O permission map reach this. */
void io_port_access(struct vcpu *v, struct io_access *io);
/* A nested page fault on P2M_NONE at a known device; false: none. */
bool io_mmio_access(struct vcpu *v, struct io_access *io);

/* Ports that dom0 reaches directly: everything but these (dom0_ports.def), so
   that the permission map can be built. Devices may add at run time. */
void io_port_trap(struct domain *d, uint16_t first, uint16_t last);

/* The raw instructions, for devices that filter. */
uint32_t io_port_in(uint16_t port, unsigned int size);
void io_port_out(uint16_t port, uint32_t value, unsigned int size);

#endif
