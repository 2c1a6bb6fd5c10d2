/* Scenarios: drives and interfaces of machines, in every state. */
#include <string.h>

#include "checks.h"
#include "contents.h"
#include "scenario.h"
#include "suite.h"

static bool is_attached(const char *class, const char *device)
{
    return get_flag(class, device, "currently_attached");
}

/* A message to the device: "VBD" and "plug". */
static const char *message(const char *class, const char *verb)
{
    cJSON *text = keep(json_of("'%s.%s'", class, verb));

    return text->valuestring;
}

static bool device_allows(const char *class, const char *device, const char *op)
{
    return lists(get(class, device, "allowed_operations"), op);
}

/* Plugging is for running machines only. */
static void check_not_running(const char *class, const char *device,
                              const char *vm, const char *state)
{
    static const char *const verbs[] = {"plug", "unplug"};

    for (int i = 0; i < 2; i++) {
        words(refused("VM_BAD_POWER_STATE", message(class, verbs[i]), "s",
                      device),
              "VM_BAD_POWER_STATE", vm, "running", state, NULL);
        ck_assert(!device_allows(class, device, verbs[i]));
    }
}

static void check_plugged(const char *class, const char *device)
{
    ck_assert(is_attached(class, device));
    ck_assert(device_allows(class, device, "unplug"));
    ck_assert(!device_allows(class, device, "plug"));
    words(
        refused("DEVICE_ALREADY_ATTACHED", message(class, "plug"), "s", device),
        "DEVICE_ALREADY_ATTACHED", device, NULL);
}

static void check_unplugged(const char *class, const char *device)
{
    ck_assert(!is_attached(class, device));
    ck_assert(device_allows(class, device, "plug"));
    ck_assert(!device_allows(class, device, "unplug"));
    words(refused("DEVICE_ALREADY_DETACHED", message(class, "unplug"), "s",
                  device),
          "DEVICE_ALREADY_DETACHED", device, NULL);
}

/* From a halted machine through all that may be done with its device. */
static void check_device(const char *class, const char *device, const char *vm)
{
    check_not_running(class, device, vm, "halted");
    ok("VM.start", "sbb", vm, false, false);
    check_plugged(class, device);
    ok("VM.pause", "s", vm);
    ck_assert(is_attached(class, device));
    check_not_running(class, device, vm, "paused");
    ok("VM.unpause", "s", vm);
    ok(message(class, "unplug"), "s", device);
    check_unplugged(class, device);
    ok(message(class, "plug"), "s", device);
    check_plugged(class, device);
    refused("OPERATION_NOT_ALLOWED", message(class, "destroy"), "s", device);
    ok(message(class, "unplug_force"), "s", device);
    ck_assert(!is_attached(class, device));
    ok(message(class, "plug"), "s", device);
    ok("VM.hard_shutdown", "s", vm);
    ck_assert(!is_attached(class, device));
    ok(message(class, "destroy"), "s", device);
    ck_assert(!exists(class, device));
}

static const char *machine_with_guest(const char *what)
{
    const char *vm = new_machine(what);

    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    return vm;
}

void check_drive_states(int nr)
{
    const char *vm = machine_with_guest("drive");
    const char *vdi = new_disk(storage(), 8 * MIB);

    (void)nr;
    check_device("VBD", new_drive(vm, vdi, "3"), vm);
    ck_assert(exists("VDI", vdi)); /* a drive's end is not its disk's */
}

void check_interface_states(int nr)
{
    const char *vm = machine_with_guest("interface");

    (void)nr;
    check_device("VIF", new_interface(vm, new_network("interface"), "3"), vm);
}

/* --- Disks in several drives --- */

static const char *drive_of(const char *vm, const char *vdi, const char *mode,
                            const char *device)
{
    return ok_text("VBD.create", "j",
                   json_of("{'VM': '%s', 'VDI': '%s', 'userdevice': '%s', "
                           "'bootable': false, 'mode': '%s', 'type': 'Disk', "
                           "'empty': false, 'other_config': {}, "
                           "'qos_algorithm_type': '', "
                           "'qos_algorithm_params': {}}",
                           vm, vdi, device, mode));
}

void check_sharing(int nr)
{
    const char *one = machine_with_guest("one"), *two = new_machine("two");
    const char *vdi = new_disk(storage(), 8 * MIB), *vbd;

    (void)nr;
    (void)drive_of(one, vdi, "RW", "3");
    vbd = drive_of(two, vdi, "RO", "3");
    ok("VM.start", "sbb", one, false, false);
    refused("VDI_IN_USE", "VM.start", "sbb", two, false, false);
    ck_assert_str_eq(get_text("VM", two, "power_state"), "Halted");
    ck_assert(!is_attached("VBD", vbd));
    refused("VDI_IN_USE", "VDI.destroy", "s", vdi);
    ok("VM.hard_shutdown", "s", one);
    ok("VM.start", "sbb", two, false, false);
    ck_assert(is_attached("VBD", vbd));
}

void check_sharable(int nr)
{
    const char *one = machine_with_guest("one"), *two = new_machine("two"), *a;
    const char *vdi, *b;

    (void)nr;
    vdi = later("VDI.destroy",
                ok_text("VDI.create", "j",
                        json_of("{'name_label': '%s', 'name_description': '', "
                                "'SR': '%s', 'virtual_size': %d, 'type': "
                                "'user', 'sharable': true, 'read_only': false, "
                                "'other_config': {}}",
                                made_name("shared"), storage(), 8 * MIB)));
    a = drive_of(one, vdi, "RW", "3");
    b = drive_of(two, vdi, "RW", "3");
    ok("VM.start", "sbb", one, false, false);
    ok("VM.start", "sbb", two, false, false);
    ck_assert(is_attached("VBD", a) && is_attached("VBD", b));
}

void check_read_only_disk(int nr)
{
    const char *vm = new_machine("readonly"), *vdi;

    (void)nr;
    vdi = later("VDI.destroy",
                ok_text("VDI.create", "j",
                        json_of("{'name_label': '%s', 'name_description': '', "
                                "'SR': '%s', 'virtual_size': %d, 'type': "
                                "'user', 'sharable': false, 'read_only': true, "
                                "'other_config': {}}",
                                made_name("fixed"), storage(), 8 * MIB)));
    words(refused("VDI_READONLY", "VBD.create", "j",
                  json_of("{'VM': '%s', 'VDI': '%s', 'userdevice': '3', "
                          "'bootable': false, 'mode': 'RW', 'type': 'Disk', "
                          "'empty': false, 'other_config': {}, "
                          "'qos_algorithm_type': '', "
                          "'qos_algorithm_params': {}}",
                          vm, vdi)),
          "VDI_READONLY", vdi, NULL);
    (void)drive_of(vm, vdi, "RO", "3");
}

/* --- Discs --- */

void check_disc(int nr)
{
    const char *vm = machine_with_guest("disc"), *vbd;
    const char *vdi = new_disk(storage(), 8 * MIB), *disk;

    (void)nr;
    vbd = ok_text("VBD.create", "j",
                  json_of("{'VM': '%s', 'VDI': '" REF_NULL
                          "', 'userdevice': '4', 'bootable': false, 'mode': "
                          "'RO', 'type': 'CD', 'empty': true, "
                          "'other_config': {}, 'qos_algorithm_type': '', "
                          "'qos_algorithm_params': {}}",
                          vm));
    words(refused("VBD_IS_EMPTY", "VBD.eject", "s", vbd), "VBD_IS_EMPTY", vbd,
          NULL);
    ok("VBD.insert", "ss", vbd, vdi);
    ck_assert(!get_flag("VBD", vbd, "empty"));
    ck_assert_str_eq(get_text("VBD", vbd, "VDI"), vdi);
    words(refused("VBD_NOT_EMPTY", "VBD.insert", "ss", vbd, vdi),
          "VBD_NOT_EMPTY", vbd, NULL);
    ok("VM.start", "sbb", vm, false, false);
    ok("VBD.eject", "s", vbd);
    ck_assert(get_flag("VBD", vbd, "empty"));
    ck_assert_str_eq(get_text("VBD", vbd, "VDI"), REF_NULL);
    ok("VBD.insert", "ss", vbd, vdi);
    ck_assert_str_eq(get_text("VBD", vbd, "VDI"), vdi);
    ok("VM.hard_shutdown", "s", vm);
    disk = new_drive(vm, new_disk(storage(), 8 * MIB), "5");
    refused("VBD_NOT_REMOVABLE_MEDIA", "VBD.eject", "s", disk);
}

/* --- Places --- */

void check_places(int nr)
{
    const char *vm = new_machine("places"), *network = new_network("places");
    const char *vdi = new_disk(storage(), 8 * MIB), *vif;
    cJSON *error;

    (void)nr;
    (void)new_drive(vm, vdi, "7");
    error = refused("DEVICE_ALREADY_EXISTS", "VBD.create", "j",
                    json_of("{'VM': '%s', 'VDI': '%s', 'userdevice': '7', "
                            "'bootable': false, 'mode': 'RW', 'type': 'Disk', "
                            "'empty': false, 'other_config': {}, "
                            "'qos_algorithm_type': '', "
                            "'qos_algorithm_params': {}}",
                            vm, vdi));
    words(error, "DEVICE_ALREADY_EXISTS", "7", NULL);
    ck_assert(!lists(ok("VM.get_allowed_VBD_devices", "s", vm), "7"));
    ck_assert(lists(ok("VM.get_allowed_VIF_devices", "s", vm), "2"));
    vif = new_interface(vm, network, "2");
    ck_assert(!lists(ok("VM.get_allowed_VIF_devices", "s", vm), "2"));
    ok("VIF.destroy", "s", vif);
    ck_assert(lists(ok("VM.get_allowed_VIF_devices", "s", vm), "2"));
}
