/* Specifications of domains, and errors of the domain driver. */
#include "vm_domain.h"

#include <string.h>

enum {
    PLACE_BYTES_MAX = 8,
    VCPUS_MOST = 1 << 20, /* a driver refuses fewer */
};

const char *vm_host_uuid(struct request *r, const struct object *vm)
{
    const struct object *host = db_ref(r->db, vm, "resident_on");

    return host ? db_text(host, "uuid") : "";
}

/* "xvdc" of place "2", as guests with drivers of Xen's count them. */
static const char *disk_target(struct request *r, const char *place)
{
    int n = 0;

    if (*place < '0' || *place > '9' || strlen(place) > PLACE_BYTES_MAX)
        return place;
    for (const char *p = place; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (*p - '0');
    if (n < 26)
        return arena_printf(r->arena, "xvd%c", 'a' + n);
    return arena_printf(r->arena, "xvd%c%c", 'a' + n / 26 - 1, 'a' + n % 26);
}

static void fill_vbd(struct request *r, struct object *o,
                     struct domain_device *d)
{
    const struct object *vdi = db_ref(r->db, o, "VDI");

    d->kind =
        strcmp(db_text(o, "type"), "CD") == 0 ? DEVICE_CDROM : DEVICE_DISK;
    d->target = disk_target(r, db_text(o, "userdevice"));
    d->source = vdi ? db_text(vdi, "location") : "";
    d->read_only = strcmp(db_text(o, "mode"), "RO") == 0;
}

static void fill_vif(struct request *r, struct object *o,
                     struct domain_device *d)
{
    const struct object *network = db_ref(r->db, o, "network");

    d->kind = DEVICE_NIC;
    d->target = db_text(o, "device");
    d->source = network ? db_text(network, "bridge") : "";
    d->mac = db_text(o, "MAC");
}

static void fill_pci(struct request *r, struct object *o,
                     struct domain_device *d)
{
    (void)r;
    d->kind = DEVICE_PCI;
    d->source = db_text(o, "pci_id");
}

/* Groups hold devices that are alike; the first one's address will do. */
static void fill_vusb(struct request *r, struct object *o,
                      struct domain_device *d)
{
    struct object *group = db_ref(r->db, o, "USB_group");
    const struct value *pusbs = group ? db_get(group, "PUSBs") : NULL;
    struct object *pusb =
        pusbs && pusbs->nr ? db_find_any(r->db, pusbs->items[0].s) : NULL;

    d->kind = DEVICE_USB;
    d->source =
        pusb ? arena_printf(r->arena, "%s:%s", db_text(pusb, "vendor_id"),
                            db_text(pusb, "product_id"))
             : "";
}

static void fill_vgpu(struct request *r, struct object *o,
                      struct domain_device *d)
{
    (void)r;
    d->kind = DEVICE_VGPU;
    d->source = db_text(o, "uuid");
}

static void fill_vtpm(struct request *r, struct object *o,
                      struct domain_device *d)
{
    (void)r;
    (void)o;
    d->kind = DEVICE_TPM;
}

static const struct {
    const char *class_name, *set; /* the machine's field */
    void (*fill)(struct request *r, struct object *o, struct domain_device *d);
} kinds[] = {
    {"VBD", "VBDs", fill_vbd},          {"VIF", "VIFs", fill_vif},
    {"PCI", "attached_PCIs", fill_pci}, {"VUSB", "VUSBs", fill_vusb},
    {"VGPU", "VGPUs", fill_vgpu},       {"VTPM", "VTPMs", fill_vtpm},
};

enum {
    KINDS_NR = sizeof(kinds) / sizeof(kinds[0]),
};

static struct domain_device device_spec(struct request *r, int kind,
                                        struct object *o)
{
    struct domain_device d = {
        .id = db_text(o, "uuid"), .target = "", .source = "", .mac = ""};

    kinds[kind].fill(r, o, &d);
    return d;
}

struct domain_device vm_device_spec(struct request *r, struct object *device)
{
    int kind = 0;

    while (strcmp(kinds[kind].class_name, device->class->name) != 0)
        kind++;
    return device_spec(r, kind, device);
}

static void put_devices(struct request *r, struct object *vm,
                        struct domain_spec *spec)
{
    struct domain_device *devices;
    size_t nr = 0;

    for (int k = 0; k < KINDS_NR; k++)
        nr += db_get(vm, kinds[k].set)->nr;
    devices = arena_alloc(r->arena, sizeof(*devices) * (nr + 1));
    nr = 0;
    for (int k = 0; k < KINDS_NR; k++) {
        const struct value *set = db_get(vm, kinds[k].set);

        for (uint32_t i = 0; i < set->nr; i++)
            devices[nr++] =
                device_spec(r, k, db_find_any(r->db, set->items[i].s));
    }
    spec->devices = devices;
    spec->devices_nr = (int)nr;
}

static int count_of(const struct object *vm, const char *field)
{
    int64_t n = db_int(vm, field);

    return n > VCPUS_MOST ? VCPUS_MOST : (int)n;
}

struct domain_spec vm_spec(struct request *r, struct object *vm, bool paused)
{
    struct domain_spec spec = {
        .uuid = db_text(vm, "uuid"),
        .name = db_text(vm, "name_label"),
        .memory_max_kib = db_int(vm, "memory_static_max") / 1024,
        .memory_kib = db_int(vm, "memory_dynamic_max") / 1024,
        .vcpus_max = count_of(vm, "VCPUs_max"),
        .vcpus = count_of(vm, "VCPUs_at_startup"),
        .hvm = strcmp(db_text(vm, "domain_type"), "hvm") == 0,
        .paused = paused,
        .kernel = db_text(vm, "PV_kernel"),
        .kernel_args = db_text(vm, "PV_args"),
        .boot_order = value_text(db_get(vm, "HVM_boot_params"), "order", ""),
        .other_config = db_get(vm, "other_config"),
    };

    put_devices(r, vm, &spec);
    return spec;
}

int vm_driver_failed(struct request *r, const struct object *vm, int rc)
{
    const struct object *host = db_ref(r->db, vm, "resident_on");

    if (rc == -EHOSTUNREACH && host)
        return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    return request_fail(
        r, "INTERNAL_ERROR",
        arena_printf(r->arena, "domain driver: %s", strerror(-rc)), vm->ref,
        NULL);
}

int vm_drive(struct request *r, struct object *vm,
             int (*function)(void *ctx, const char *host, const char *uuid))
{
    int rc =
        function(r->ts->domains.ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"));

    return rc ? vm_driver_failed(r, vm, rc) : 0;
}
