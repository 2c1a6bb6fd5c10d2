/* Scenarios: networks, VLANs, interfaces of machines. */
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"

enum {
    TAG = 3000, /* one that is likely to be free */
};

static const char *physical_interface(void)
{
    cJSON *all = ok("PIF.get_all_records_where", "s",
                    "field \"physical\" = \"true\" and "
                    "field \"management\" = \"true\"");

    if (!all->child)
        skip("the target has no physical interface");
    return all->child->string;
}

void check_vlan(int nr)
{
    const char *network = new_network("vlan"), *pif = physical_interface();
    const char *other = new_network("vlan2"), *token = event_token();
    const char *vlan, *untagged;

    (void)nr;
    vlan = ok_text("VLAN.create", "sis", pif, TAG, network);
    ck_assert_str_eq(ok_text("VLAN.get_tagged_PIF", "s", vlan), pif);
    untagged = ok_text("VLAN.get_untagged_PIF", "s", vlan);
    ck_assert_str_eq(ok_text("PIF.get_network", "s", untagged), network);
    ck_assert_str_eq(event_about("VLAN", vlan, token), "add");
    coverage_mark(message_find("VLAN.create"), COLUMN_EVENT);
    refused("NETWORK_ALREADY_CONNECTED", "VLAN.create", "sis", pif, TAG + 1,
            network);
    refused("PIF_VLAN_EXISTS", "VLAN.create", "sis", pif, TAG, other);
    refused("VLAN_TAG_INVALID", "VLAN.create", "sis", pif, 5000, other);
    refused("PIF_IS_VLAN", "VLAN.create", "sis", untagged, TAG + 1, other);
    ok("VLAN.destroy", "s", vlan);
    refused("HANDLE_INVALID", "PIF.get_record", "s", untagged);
    ok("network.destroy", "s", network);
    ok("network.destroy", "s", other);
}

static cJSON *interface_record(const char *vm, const char *network,
                               const char *device)
{
    cJSON *v = cJSON_CreateObject();

    cJSON_AddStringToObject(v, "VM", vm);
    cJSON_AddStringToObject(v, "network", network);
    cJSON_AddStringToObject(v, "device", device);
    cJSON_AddStringToObject(v, "MAC", "");
    cJSON_AddNumberToObject(v, "MTU", 1500);
    cJSON_AddItemToObject(v, "other_config", cJSON_CreateObject());
    cJSON_AddStringToObject(v, "qos_algorithm_type", "");
    cJSON_AddItemToObject(v, "qos_algorithm_params", cJSON_CreateObject());
    return v;
}

void check_vif(int nr)
{
    const char *network = new_network("vif"), *vm = new_machine("vif");
    const char *vif;

    (void)nr;
    vif = ok_text("VIF.create", "j", interface_record(vm, network, "4"));
    ck_assert_str_eq(ok_text("VIF.get_VM", "s", vif), vm);
    ck_assert_int_eq(strlen(ok_text("VIF.get_MAC", "s", vif)), 17);
    refused("DEVICE_ALREADY_EXISTS", "VIF.create", "j",
            interface_record(vm, network, "4"));
    refused("INVALID_DEVICE", "VIF.create", "j",
            interface_record(vm, network, "first"));
    ok("VIF.destroy", "s", vif);
    refused("HANDLE_INVALID", "VIF.get_record", "s", vif);
    end_machine(vm);
    ok("network.destroy", "s", network);
}
