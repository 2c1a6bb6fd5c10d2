/*
 * The ACPI PM1 control registers under dom0: all of it passes but sleeping.
 *
 * S5 becomes a power-off of the machine as any other; other sleep states would
 * take the hypervisor's state with them and are refused by dropping SLP_EN. The
 * command port is dom0's but where firmware did not hear the first command.
 * Follows: ACPI 6.4 4.8.3.2.1.
 */
#include "x86/acpi.h"
#include "x86/dom0.h"
#include "x86/reboot.h"

#include "hv/log.h"

#include "abi/xen.h"

#define SLP_TYP(v) ((v) >> 10 & 7)
#define SLP_EN     BIT(13)
#define PM1_BYTES  2 /* that mean something */
#define PORT_LAST  0xffff

/* The PM1a or PM1b control register that 'port' is in, or NULL. */
static const struct acpi_gas *register_find(uint64_t port)
{
    const struct acpi_fadt *f = acpi_fadt();
    const struct acpi_gas *g = f ? &f->pm1a_control : NULL;

    if (f && port - g->address >= PM1_BYTES)
        g = &f->pm1b_control;
    if (!g || g->space != ACPI_IO || !g->address ||
        port - g->address >= PM1_BYTES)
        return NULL;
    return g;
}

void pm1_trap(struct domain *d)
{
    const struct acpi_fadt *f = acpi_fadt();
    uint64_t port[] = {f ? f->pm1a_control.address : 0,
                       f ? f->pm1b_control.address : 0};
    uint8_t type;

    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
        if (poweroff_sleep_type(&type) && register_find(port[i]) &&
            port[i] < PORT_LAST)
            io_port_trap(d, port[i], port[i] + PM1_BYTES - 1);
    if (!acpi_mode_enter())
        io_port_trap(d, f->smi_port, f->smi_port);
}

bool pm1_access(struct vcpu *v, struct io_access *io)
{
    const struct acpi_gas *g = register_find(io->address);
    unsigned int shift = g ? (io->address - g->address) * 8 : 0;
    uint8_t s5;

    if (!g) /* a command that firmware does not know: nobody hears it */
        return acpi_fadt() && io->address == acpi_fadt()->smi_port;
    if (!io->write) {
        io->value = io_port_in(io->address, io->size);
        return true;
    }
    if (io->value << shift & SLP_EN && poweroff_sleep_type(&s5)) {
        if (SLP_TYP(io->value << shift) == s5)
            domain_shutdown(v->domain, SHUTDOWN_poweroff);
        else
            log_guest(v->domain, "sleep state of type %lu is refused",
                      SLP_TYP(io->value << shift));
        io->value &= ~(SLP_EN >> shift);
    }
    io_port_out(io->address, io->value, io->size);
    return true;
}
