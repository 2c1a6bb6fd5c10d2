/* Network cards and disks, with the versions of their firmware. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "take/sys.h"

/* Driver and firmware as the card's driver tells them. */
static void ethtool_take(const struct take *t, cJSON *nic, const char *name)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq request = {.ifr_data = (void *)&info};
    int fd;

    if (!take_here(t) || strlen(name) >= sizeof(request.ifr_name))
        return;
    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (ioctl(fd, SIOCETHTOOL, &request) == 0) {
        info.driver[sizeof(info.driver) - 1] = '\0';
        info.fw_version[sizeof(info.fw_version) - 1] = '\0';
        info.bus_info[sizeof(info.bus_info) - 1] = '\0';
        (void)cJSON_AddStringToObject(nic, "driver", info.driver);
        (void)cJSON_AddStringToObject(nic, "firmware", info.fw_version);
        (void)cJSON_AddStringToObject(nic, "bus", info.bus_info);
    }
    close(fd);
}

static cJSON *nic_take(struct take *t, const char *name)
{
    cJSON *nic = cJSON_CreateObject();
    char value[SYS_VALUE_BYTES];

    (void)cJSON_AddStringToObject(nic, "name", name);
    ethtool_take(t, nic, name);
    if (!cJSON_GetObjectItem(nic, "driver") &&
        sys_link(t, value, "/sys/class/net/%s/device/driver", name))
        (void)cJSON_AddStringToObject(nic, "driver", value);
    if (!cJSON_GetObjectItem(nic, "bus") &&
        sys_link(t, value, "/sys/class/net/%s/device", name))
        (void)cJSON_AddStringToObject(nic, "bus", value);
    sys_json(t, nic, "mac", "/sys/class/net/%s/address", name);
    sys_json(t, nic, "mtu", "/sys/class/net/%s/mtu", name);
    sys_json(t, nic, "speed", "/sys/class/net/%s/speed", name);
    return nic;
}

void take_nics(struct take *t)
{
    struct sys_names names;
    cJSON *list = cJSON_CreateArray();

    sys_list(t, &names, "/sys/class/net");
    if (names.rc)
        draft_missing(t->d, RECORD_PART_NICS, "/sys/class/net: %s",
                      strerror(-names.rc));
    for (size_t i = 0; i < names.nr; i++)
        if (sys_exists(t, "/sys/class/net/%s/device", names.name[i]))
            cJSON_AddItemToArray(list, nic_take(t, names.name[i]));
    if (names.rc)
        cJSON_Delete(list);
    else
        draft_system(t->d, RECORD_PART_NICS, list);
    sys_list_fini(&names);
}

/* The first member of the device that has that value; serial numbers also go
   from wherever else they show up. */
static void member_take(struct take *t, cJSON *disk, const char *member,
                        const char *name, const char *const *files)
{
    for (; *files && !cJSON_GetObjectItem(disk, member); files++)
        sys_json(t, disk, member, "/sys/block/%s/device/%s", name, *files);
}

static cJSON *disk_take(struct take *t, const char *name)
{
    static const char *const model[] = {"model", NULL};
    static const char *const vendor[] = {"vendor", NULL};
    static const char *const firmware[] = {"firmware_rev", "rev", NULL};
    static const char *const serial[] = {"serial", NULL};
    cJSON *disk = cJSON_CreateObject();
    const cJSON *value;

    (void)cJSON_AddStringToObject(disk, "name", name);
    member_take(t, disk, "vendor", name, vendor);
    member_take(t, disk, "model", name, model);
    member_take(t, disk, "firmware", name, firmware);
    member_take(t, disk, "serial", name, serial);
    sys_json(t, disk, "sectors", "/sys/block/%s/size", name);
    sys_json(t, disk, "sector_bytes", "/sys/block/%s/queue/logical_block_size",
             name);
    sys_json(t, disk, "rotational", "/sys/block/%s/queue/rotational", name);
    value = cJSON_GetObjectItem(disk, "serial");
    if (value)
        draft_identifier(t->d, value->valuestring, strlen(value->valuestring));
    return disk;
}

void take_disks(struct take *t)
{
    struct sys_names names;
    cJSON *list = cJSON_CreateArray();

    sys_list(t, &names, "/sys/block");
    if (names.rc)
        draft_missing(t->d, RECORD_PART_DISKS, "/sys/block: %s",
                      strerror(-names.rc));
    for (size_t i = 0; i < names.nr; i++)
        if (sys_exists(t, "/sys/block/%s/device", names.name[i]))
            cJSON_AddItemToArray(list, disk_take(t, names.name[i]));
    if (names.rc)
        cJSON_Delete(list);
    else
        draft_system(t->d, RECORD_PART_DISKS, list);
    sys_list_fini(&names);
}
