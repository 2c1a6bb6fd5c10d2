/* PCI functions: configuration space, place in the tree, IOMMU groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/pci_text.h"
#include "take/sys.h"

#define FOLDER "/sys/bus/pci/devices"

/* The bridge above: the folder that the device's folder is in. */
static void parent_take(const struct take *t, cJSON *device, const char *name)
{
    char path[SYS_PATH_BYTES], real[4096], *last;
    struct record_pci parent;

    (void)snprintf(path, sizeof(path), "%s" FOLDER "/%s", t->root, name);
    if (!realpath(path, real))
        return;
    last = strrchr(real, '/');
    if (!last)
        return;
    *last = '\0';
    last = strrchr(real, '/');
    if (last && pci_address_decode(last + 1, &parent))
        (void)cJSON_AddStringToObject(device, "parent", last + 1);
}

static cJSON *device_take(struct take *t, const char *name)
{
    cJSON *device = cJSON_CreateObject();
    char value[SYS_VALUE_BYTES];

    (void)cJSON_AddStringToObject(device, "address", name);
    sys_json(t, device, "class", FOLDER "/%s/class", name);
    sys_json(t, device, "vendor", FOLDER "/%s/vendor", name);
    sys_json(t, device, "device", FOLDER "/%s/device", name);
    sys_json(t, device, "subsystem_vendor", FOLDER "/%s/subsystem_vendor",
             name);
    sys_json(t, device, "subsystem_device", FOLDER "/%s/subsystem_device",
             name);
    sys_json(t, device, "revision", FOLDER "/%s/revision", name);
    sys_json(t, device, "irq", FOLDER "/%s/irq", name);
    sys_json(t, device, "numa_node", FOLDER "/%s/numa_node", name);
    sys_json(t, device, "link_speed", FOLDER "/%s/current_link_speed", name);
    sys_json(t, device, "link_width", FOLDER "/%s/current_link_width", name);
    sys_json(t, device, "sriov_totalvfs", FOLDER "/%s/sriov_totalvfs", name);
    sys_json(t, device, "reset_method", FOLDER "/%s/reset_method", name);
    if (sys_link(t, value, FOLDER "/%s/driver", name))
        (void)cJSON_AddStringToObject(device, "driver", value);
    if (sys_link(t, value, FOLDER "/%s/iommu_group", name))
        (void)cJSON_AddStringToObject(device, "iommu_group", value);
    parent_take(t, device, name);
    return device;
}

static void config_take(struct take *t, const char *name, bool *cut)
{
    struct record_pci p;
    size_t size;
    uint8_t *config = sys_read(t, &size, FOLDER "/%s/config", name);

    if (!config || !pci_address_decode(name, &p))
        draft_missing(t->d, RECORD_PART_PCI, "%s: configuration space: %s",
                      name, strerror(errno));
    else
        draft_pci(t->d,
                  &(struct draft_pci){.segment = p.segment,
                                      .bus = p.bus,
                                      .device = p.device,
                                      .function = p.function},
                  config, size < PCI_CONFIG_BYTES ? size : PCI_CONFIG_BYTES);
    *cut |= config && size == 64;
    free(config);
}

void take_pci(struct take *t)
{
    struct sys_names names;
    cJSON *list;
    bool cut = false;

    sys_list(t, &names, FOLDER);
    if (!names.nr) {
        draft_missing(t->d, RECORD_PART_PCI, FOLDER ": %s",
                      names.rc ? strerror(-names.rc) : "no devices");
        sys_list_fini(&names);
        return;
    }
    list = cJSON_CreateArray();
    for (size_t i = 0; i < names.nr; i++) {
        config_take(t, names.name[i], &cut);
        cJSON_AddItemToArray(list, device_take(t, names.name[i]));
    }
    if (cut)
        draft_missing(t->d, RECORD_PART_PCI,
                      "configuration space: the first 64 bytes only (root)");
    draft_system(t->d, RECORD_PART_PCI, list);
    sys_list_fini(&names);
}

static cJSON *group_take(struct take *t, const char *name)
{
    cJSON *group = cJSON_CreateObject(), *list;
    struct sys_names devices;

    (void)cJSON_AddStringToObject(group, "group", name);
    sys_json(t, group, "type", "/sys/kernel/iommu_groups/%s/type", name);
    list = cJSON_AddArrayToObject(group, "devices");
    sys_list(t, &devices, "/sys/kernel/iommu_groups/%s/devices", name);
    for (size_t i = 0; i < devices.nr; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(devices.name[i]));
    sys_list_fini(&devices);
    return group;
}

void take_iommu(struct take *t)
{
    struct sys_names groups, units;
    cJSON *iommu, *list;

    sys_list(t, &groups, "/sys/kernel/iommu_groups");
    sys_list(t, &units, "/sys/class/iommu");
    if (!groups.nr && !units.nr) {
        draft_missing(t->d, RECORD_PART_IOMMU,
                      "the kernel uses no IOMMU (none, off, or Xen's)");
    } else {
        iommu = cJSON_CreateObject();
        list = cJSON_AddArrayToObject(iommu, "units");
        for (size_t i = 0; i < units.nr; i++)
            cJSON_AddItemToArray(list, cJSON_CreateString(units.name[i]));
        list = cJSON_AddArrayToObject(iommu, "groups");
        for (size_t i = 0; i < groups.nr; i++)
            cJSON_AddItemToArray(list, group_take(t, groups.name[i]));
        draft_system(t->d, RECORD_PART_IOMMU, iommu);
    }
    sys_list_fini(&groups);
    sys_list_fini(&units);
}
