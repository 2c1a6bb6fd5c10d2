/* Writes domain XML (libvirt.org/formatdomain.html). */
#include "domain_xml.h"

#include <stdio.h>
#include <string.h>

/* Text between tags or in quotes; what XML 1.0 cannot hold becomes '?'. */
static void put_text(struct buf *out, const char *text)
{
    static const char *const escapes[256] = {
        ['<'] = "&lt;",    ['>'] = "&gt;",   ['&'] = "&amp;",
        ['\''] = "&apos;", ['"'] = "&quot;",
    };

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (escapes[c])
            buf_puts(out, escapes[c]);
        else
            buf_putc(out, c < ' ' ? '?' : *p);
    }
}

static void put_attribute(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, " %s='", name);
    put_text(out, text);
    buf_putc(out, '\'');
}

static void put_element(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "<%s>", name);
    put_text(out, text);
    buf_printf(out, "</%s>", name);
}

static void put_disk(struct buf *out, const struct domain_device *d)
{
    bool cdrom = d->kind == DEVICE_CDROM;

    buf_printf(out, "<disk type='block' device='%s'>",
               cdrom ? "cdrom" : "disk");
    if (d->source && *d->source) {
        buf_puts(out, "<source");
        put_attribute(out, "dev", d->source);
        buf_puts(out, "/>");
    }
    buf_puts(out, "<target");
    put_attribute(out, "dev", d->target);
    buf_printf(out, "/>%s", d->read_only || cdrom ? "<readonly/>" : "");
    buf_puts(out, "</disk>");
}

static void put_nic(struct buf *out, const struct domain_device *d)
{
    buf_puts(out, "<interface type='bridge'><mac");
    put_attribute(out, "address", d->mac);
    buf_puts(out, "/><source");
    put_attribute(out, "bridge", d->source);
    buf_puts(out, "/></interface>");
}

/* "0000:03:00.0" */
static void put_pci(struct buf *out, const struct domain_device *d)
{
    unsigned domain = 0, bus = 0, slot = 0, function = 0;

    if (sscanf(d->source, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
        return;
    buf_printf(out,
               "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
               "<address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
               "function='0x%x'/></source></hostdev>",
               domain, bus, slot, function);
}

/* "1234:5678", vendor and product. */
static void put_usb(struct buf *out, const struct domain_device *d)
{
    unsigned vendor = 0, product = 0;

    if (sscanf(d->source, "%x:%x", &vendor, &product) != 2)
        return;
    buf_printf(out,
               "<hostdev mode='subsystem' type='usb'><source>"
               "<vendor id='0x%04x'/><product id='0x%04x'/></source>"
               "</hostdev>",
               vendor, product);
}

/* A mediated device: its uuid. */
static void put_vgpu(struct buf *out, const struct domain_device *d)
{
    buf_puts(out, "<hostdev mode='subsystem' type='mdev' model='vfio-pci'>"
                  "<source><address");
    put_attribute(out, "uuid", d->source);
    buf_puts(out, "/></source></hostdev>");
}

static void put_tpm(struct buf *out, const struct domain_device *d)
{
    (void)d; /* there is one at most */
    buf_puts(out, "<tpm model='tpm-crb'>"
                  "<backend type='emulator' version='2.0'/></tpm>");
}

static void (*const writers[])(struct buf *, const struct domain_device *) = {
    [DEVICE_DISK] = put_disk, [DEVICE_CDROM] = put_disk,
    [DEVICE_NIC] = put_nic,   [DEVICE_PCI] = put_pci,
    [DEVICE_USB] = put_usb,   [DEVICE_VGPU] = put_vgpu,
    [DEVICE_TPM] = put_tpm,
};

void domain_xml_device(struct buf *out, const struct domain_device *device)
{
    writers[device->kind](out, device);
}

static void put_os(struct buf *out, const struct domain_spec *spec)
{
    static const struct {
        char letter;
        const char *device;
    } boots[] = {{'c', "hd"}, {'d', "cdrom"}, {'n', "network"}};

    buf_printf(out, "<os><type>%s</type>", spec->hvm ? "hvm" : "linux");
    if (spec->kernel && *spec->kernel)
        put_element(out, "kernel", spec->kernel);
    if (spec->kernel_args && *spec->kernel_args)
        put_element(out, "cmdline", spec->kernel_args);
    for (const char *p = spec->boot_order; spec->hvm && p && *p; p++)
        for (size_t i = 0; i < sizeof(boots) / sizeof(boots[0]); i++)
            if (boots[i].letter == *p)
                buf_printf(out, "<boot dev='%s'/>", boots[i].device);
    buf_puts(out, "</os>");
}

/* The name is the uuid: labels need not be unique, names must. */
void domain_xml(struct buf *out, const char *type,
                const struct domain_spec *spec)
{
    buf_printf(out, "<domain type='%s'>", type);
    put_element(out, "name", spec->uuid);
    put_element(out, "uuid", spec->uuid);
    if (spec->name && *spec->name)
        put_element(out, "title", spec->name);
    buf_printf(out,
               "<memory unit='KiB'>%lld</memory>"
               "<currentMemory unit='KiB'>%lld</currentMemory>"
               "<vcpu current='%d'>%d</vcpu>",
               (long long)spec->memory_max_kib, (long long)spec->memory_kib,
               spec->vcpus, spec->vcpus_max);
    put_os(out, spec);
    buf_puts(out, "<devices>");
    for (int i = 0; i < spec->devices_nr; i++)
        domain_xml_device(out, &spec->devices[i]);
    buf_puts(out, "</devices></domain>");
}
