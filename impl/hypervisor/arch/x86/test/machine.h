/*
 * A machine for hosted tests of device code: IO-APIC pins, host vectors, PCI
 * configuration space, device memory; and a record of the messages sent.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "base/types.h"

#define MACHINE_PINS     24
#define MACHINE_IOAPIC   0xfec00000UL
#define MACHINE_MESSAGES 16

struct machine_pin {
    unsigned int vector;
    bool masked;
    bool level;
    bool active_low;
};

struct machine_message {
    uint64_t address;
    uint32_t data;
    bool level;
};

struct machine {
    struct machine_pin pin[MACHINE_PINS];
    struct machine_message message[MACHINE_MESSAGES];
    unsigned int messages; /* sent to guests */
    unsigned int vectors;  /* allocated now */
    bool no_vectors;       /* irq_vector_alloc() fails */
    uint8_t config[256];   /* of the only PCI function */
    uint8_t memory[8192] __attribute__((aligned(8))); /* mmio_map() gives it */
    uint64_t mapped; /* address given to mmio_map() last */
    uint32_t out;    /* written last by io_port_out() */
    uint16_t out_port;
    bool no_s5;        /* the DSDT does not tell */
    bool no_acpi_mode; /* firmware ignores the command */
    uint64_t trapped;  /* address given to dom0_trap_mmio() last */
};

/* PM1a control of the machine, and the type that means S5 there. */
#define MACHINE_PM1    0x604
#define MACHINE_SMI    0xb2
#define MACHINE_S5     5
#define MACHINE_NO_OUT UINT32_MAX

extern struct machine machine;

/* Pins masked, nothing sent; a domain 0 with 'vcpus' vCPUs. */
void machine_init(unsigned int vcpus);
/* The interrupt of a host vector comes. */
void machine_interrupt(unsigned int vector);
/* Configuration space, little endian. */
uint32_t machine_config(unsigned int reg, unsigned int bytes);
void machine_set_config(unsigned int reg, uint32_t value, unsigned int bytes);

#endif
