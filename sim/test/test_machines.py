"""Machines on simulated hosts: guests, memory, devices, snapshots, moving."""

import http.client
import os
import re
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

GIB = 1 << 30
NULL = "OpaqueRef:NULL"
WAIT_S = 30.0

POOLS = """
pools:
- name: old and new
  hosts:
  - {name: sky, cpu: Skylake, gpus: 1, usb: 1, memory: 8 GiB}
  - {name: has, cpu: Haswell, gpus: 1, memory: 8 GiB}
  storage: [{name: Shared, type: nfs, shared: true, default: true}]
  vms: [{name: lin, guest: linux, memory: 1 GiB, vcpus: 2}]
- name: newer
  hosts: [{name: ice, cpu: Icelake}]
  storage: [{name: There, type: nfs, shared: true, default: true}]
- name: other
  hosts: [{name: rome, cpu: EPYC-Rome}]
  storage: [{name: Elsewhere, type: nfs, shared: true, default: true}]
"""


class World(unittest.TestCase):
    """Three pools of unlike CPUs; each test makes its own machine."""

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(POOLS)
            file.flush()
            cls.simulation = Simulation("--pool", file.name,
                                        "--guests", "linux")

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def connect(self, pool):
        client = Client(self.simulation)
        client.connection = http.client.HTTPConnection(
            "127.0.%d.1" % pool, self.simulation.port, timeout=WAIT_S)
        self.addCleanup(client.close)
        return client.login()

    def setUp(self):
        self.client = self.connect(0)
        self.do = self.client.do
        self.made = []
        self.addCleanup(self.tidy)

    def tidy(self):
        for vm in self.made:
            try:
                if self.do("VM.get_power_state", vm) != "Halted":
                    self.do("VM.hard_shutdown", vm)
                self.do("VM.destroy", vm)
            except Refused:
                pass  # it went elsewhere

    def machine(self, label="lin", running=True):
        vm = self.do("VM.clone", self.do("VM.get_by_name_label", label)[0],
                     "t")
        self.made.append(vm)
        if running:
            self.do("VM.start", vm, False, False)
        return vm

    def refusal(self, method, *params):
        with self.assertRaises(Refused) as caught:
            self.do(method, *params)
        return caught.exception.args

    def host(self, name):
        return self.do("host.get_by_name_label", name)[0]

    def pool(self):
        return self.do("pool.get_all")[0]

    def disk(self, vm, place="autodetect", client=None):
        do = (client or self.client).do
        sr = do("pool.get_default_SR", do("pool.get_all")[0])
        vdi = do("VDI.create", {
            "name_label": "disk", "name_description": "", "SR": sr,
            "virtual_size": 1 << 20, "type": "user", "sharable": False,
            "read_only": False, "other_config": {}})
        return vdi, self.vbd(vm, vdi, place)

    def vbd(self, vm, vdi, place="autodetect", mode="RW"):
        return self.do("VBD.create", {
            "VM": vm, "VDI": vdi, "userdevice": place, "bootable": False,
            "mode": mode, "type": "Disk", "unpluggable": True, "empty": False,
            "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})

    def vif(self, vm):
        return self.do("VIF.create", {
            "VM": vm, "network": self.do("network.get_all")[0], "device": "0",
            "MAC": "02:00:00:0a:0b:0c", "MTU": 1500, "other_config": {},
            "qos_algorithm_type": "", "qos_algorithm_params": {}})

    def wait(self, task):
        """How the task ended: its status, result and error."""
        until = time.monotonic() + WAIT_S
        token = ""
        while time.monotonic() < until:
            status = self.do("task.get_status", task)
            if status not in ("pending", "cancelling"):
                return (status, self.do("task.get_result", task),
                        self.do("task.get_error_info", task))
            token = self.do("event.from", ["task/" + task], token,
                            5.0)["token"]
        self.fail("the task does not end")


class Guests(World):

    def test_an_agent_tells_what_runs_and_where_it_is(self):
        vm = self.machine(running=False)
        self.vif(vm)
        self.do("VM.start", vm, False, False)
        told = self.do("VM_guest_metrics.get_record",
                       self.do("VM.get_guest_metrics", vm))
        self.assertEqual(told["os_version"]["distro"], "debian")
        self.assertTrue(told["PV_drivers_detected"])
        self.assertEqual(told["other"]["feature-suspend"], "1")
        self.assertEqual(told["networks"]["0/ip"], "10.10.11.12")
        self.assertEqual(told["networks"]["0/ipv6/0"], "fe80::ff:fe0a:b0c")

    def test_a_deaf_guest_must_be_stopped_hard(self):
        vm = self.machine(running=False)
        self.do("VM.set_other_config", vm, {"sim-guest": "deaf"})
        self.do("VM.start", vm, False, False)
        self.assertEqual(self.refusal("VM.clean_shutdown", vm),
                         ("VM_SHUTDOWN_TIMEOUT", vm, "1200."))
        self.assertEqual(self.refusal("VM.suspend", vm),
                         ("VM_SUSPEND_TIMEOUT", vm, "1200."))
        self.assertEqual(self.do("VM.get_power_state", vm), "Running")
        self.do("VM.shutdown", vm)
        self.assertEqual(self.do("VM.get_power_state", vm), "Halted")

    def test_without_an_agent_nothing_is_asked_of_a_guest(self):
        vm = self.machine(running=False)
        self.do("VM.set_other_config", vm, {"sim-guest": "none"})
        self.do("VM.start", vm, False, False)
        for name in ("suspend", "clean_shutdown", "clean_reboot", "checkpoint"):
            self.assertEqual(self.refusal("VM.assert_operation_valid", vm,
                                          name), ("VM_LACKS_FEATURE", vm))

    def test_a_crash_does_what_the_machine_says(self):
        vm = self.machine()
        self.do("VM.set_actions_after_crash", vm, "restart")
        self.do("VM.send_sysrq", vm, "c")
        self.assertEqual(self.do("VM.get_power_state", vm), "Running")
        self.do("VM.set_actions_after_crash", vm, "destroy")
        self.do("VM.send_sysrq", vm, "c")
        self.assertEqual(self.do("VM.get_power_state", vm), "Halted")

    def test_vcpus_come_and_go_while_it_runs(self):
        vm = self.machine()
        metrics = self.do("VM.get_metrics", vm)
        self.do("VM.set_VCPUs_number_live", vm, 1)
        self.assertEqual(self.do("VM_metrics.get_VCPUs_number", metrics), 1)
        self.assertEqual(self.refusal("VM.set_VCPUs_number_live", vm, 3)[0],
                         "INVALID_VALUE")
        self.do("VM.add_to_VCPUs_params_live", vm, "weight", "512")
        self.assertEqual(self.do("VM.get_VCPUs_params", vm)["weight"], "512")


class Memory(World):

    def actual(self, vm):
        return self.do("VM_metrics.get_memory_actual",
                       self.do("VM.get_metrics", vm))

    def test_neighbours_share_what_there_is(self):
        here = self.host("has")
        room = self.do("host.compute_free_memory", here)
        vms = [self.machine(running=False) for _ in range(2)]
        for vm in vms:
            self.do("VM.set_memory_limits", vm, GIB, 6 * GIB, GIB, 6 * GIB)
        self.do("VM.start_on", vms[0], here, False, False)
        self.assertEqual(self.actual(vms[0]), 6 * GIB)
        self.do("VM.start_on", vms[1], here, False, False)
        shares = [self.actual(vm) for vm in vms]
        self.assertEqual(shares[0], shares[1])
        self.assertLess(2 * shares[0], room)
        self.assertGreater(shares[0], 3 * GIB)
        self.assertEqual(self.do("VM.get_memory_target", vms[0]), shares[0])
        self.do("VM.hard_shutdown", vms[1])
        self.assertEqual(self.actual(vms[0]), 6 * GIB)

    def test_a_host_that_is_full_takes_no_more(self):
        here = self.host("has")
        vms = [self.machine(running=False) for _ in range(2)]
        for vm in vms:
            self.do("VM.set_memory", vm, 5 * GIB)
        self.do("VM.start_on", vms[0], here, False, False)
        self.assertEqual(self.refusal("VM.start_on", vms[1], here, False,
                                      False)[0],
                         "HOST_NOT_ENOUGH_FREE_MEMORY")
        self.do("VM.start", vms[1], False, False)
        self.assertNotEqual(self.do("VM.get_resident_on", vms[1]), here)

    def test_the_largest_machine_that_fits_fits(self):
        vm = self.machine(running=False)
        most = self.do("VM.maximise_memory", vm, 4 * GIB, False)
        self.do("VM.set_memory", vm, most)
        self.assertLessEqual(most + self.do("VM.get_memory_overhead", vm),
                             4 * GIB)
        self.assertGreater(most, 4 * GIB - 128 * (1 << 20))


class Images(World):

    def test_a_suspended_machine_has_its_memory_on_a_disk(self):
        vm = self.machine()
        self.do("pool.set_suspend_image_SR", self.pool(),
                self.do("pool.get_default_SR", self.pool()))
        self.do("VM.suspend", vm)
        image = self.do("VM.get_suspend_VDI", vm)
        self.assertEqual(self.do("VDI.get_type", image), "suspend")
        self.assertEqual(self.do("VM.get_resident_on", vm), NULL)
        self.do("VM.resume", vm, True, False)
        self.assertEqual(self.do("VM.get_power_state", vm), "Paused")
        self.assertEqual(self.do("VM.get_suspend_VDI", vm), NULL)
        self.assertEqual(self.refusal("VDI.get_type", image)[0],
                         "HANDLE_INVALID")

    def test_a_checkpoint_brings_the_memory_back(self):
        vm = self.machine()
        vdi, _ = self.disk(vm)
        saved = self.do("VM.checkpoint", vm, "saved")
        self.made.append(saved)
        self.assertEqual(self.do("VM.get_power_state", vm), "Running")
        self.assertEqual(self.do("VM.get_power_state", saved), "Suspended")
        later = self.do("VM.snapshot", vm, "later")
        self.made.append(later)
        self.assertEqual(self.do("VM.get_parent", later), saved)
        self.do("VM.revert", saved)
        self.assertEqual(self.do("VM.get_power_state", vm), "Suspended")
        self.assertEqual(self.do("VM.get_parent", vm), saved)
        self.assertEqual(self.refusal("VDI.get_uuid", vdi)[0],
                         "HANDLE_INVALID")
        self.do("VM.resume", vm, False, False)
        self.assertEqual(self.do("VM.get_power_state", vm), "Running")

    def test_history_follows_a_disk_that_came_back(self):
        vm = self.machine(running=False)
        self.disk(vm)
        snapshot = self.do("VM.snapshot", vm, "s")
        self.made.append(snapshot)
        self.do("VM.revert", snapshot)
        now = self.do("VBD.get_VDI", self.do("VM.get_VBDs", vm)[0])
        kept = self.do("VBD.get_VDI", self.do("VM.get_VBDs", snapshot)[0])
        self.assertEqual(self.do("VDI.get_snapshot_of", kept), now)

    def test_a_machine_that_was_destroyed_comes_back(self):
        vm = self.machine(running=False)
        snapshot = self.do("VM.snapshot", vm, "s")
        self.made.append(snapshot)
        self.do("VM.destroy", vm)
        self.do("VM.revert", snapshot)
        again = self.do("VM.get_snapshot_of", snapshot)
        self.made.append(again)
        self.do("VM.start", again, False, False)

    def test_disks_can_be_left_out(self):
        vm = self.machine(running=False)
        kept, _ = self.disk(vm)
        left, _ = self.disk(vm)
        snapshot = self.do("VM.snapshot", vm, "s", [left])
        self.made.append(snapshot)
        vdis = [self.do("VBD.get_VDI", vbd)
                for vbd in self.do("VM.get_VBDs", snapshot)]
        self.assertEqual([self.do("VDI.get_snapshot_of", vdi)
                          for vdi in vdis], [kept])


    def test_a_copy_can_live_in_another_repository(self):
        vm = self.machine(running=False)
        self.disk(vm)
        sr = next(sr for sr in self.do("SR.get_all")
                  if not self.do("SR.get_shared", sr))
        copy = self.do("VM.copy", vm, "copy", sr)
        self.made.append(copy)
        vdi = self.do("VBD.get_VDI", self.do("VM.get_VBDs", copy)[0])
        self.assertEqual(self.do("VDI.get_SR", vdi), sr)
        self.assertEqual(self.do("VM.get_current_operations", vm), {})
        self.assertNotEqual(self.do("VM.get_generation_id", copy),
                            self.do("VM.get_generation_id", vm))


class Devices(World):

    def test_disks_are_plugged_while_it_runs(self):
        vm = self.machine()
        vdi, vbd = self.disk(vm)
        self.assertIn("plug", self.do("VBD.get_allowed_operations", vbd))
        self.do("VBD.plug", vbd)
        self.assertEqual(self.do("VBD.get_device", vbd), "xvda")
        self.assertEqual(self.refusal("VBD.plug", vbd),
                         ("DEVICE_ALREADY_ATTACHED", vbd))
        other = self.vbd(self.machine(), vdi)
        self.assertEqual(self.refusal("VBD.plug", other),
                         ("VDI_IN_USE", vdi))
        self.do("VBD.unplug", vbd)
        self.do("VBD.plug", other)

    def test_a_disk_runs_in_one_machine_only(self):
        first, second = (self.machine(running=False) for _ in range(2))
        vdi, _ = self.disk(first)
        self.vbd(second, vdi)
        self.do("VM.start", first, False, False)
        self.assertEqual(self.refusal("VM.start", second, False, False),
                         ("VDI_IN_USE", vdi))

    def test_without_drivers_nothing_is_plugged(self):
        vm = self.machine(running=False)
        self.do("VM.set_other_config", vm, {"sim-guest": "none"})
        self.do("VM.start", vm, False, False)
        _, vbd = self.disk(vm)
        self.assertEqual(self.refusal("VBD.plug", vbd),
                         ("VM_MISSING_PV_DRIVERS", vm))

    def test_a_deaf_guest_keeps_its_disk(self):
        vm = self.machine(running=False)
        self.do("VM.set_other_config", vm, {"sim-guest": "deaf"})
        _, vbd = self.disk(vm)
        self.do("VM.start", vm, False, False)
        self.assertEqual(self.refusal("VBD.unplug", vbd)[0],
                         "DEVICE_DETACH_TIMEOUT")
        self.do("VBD.unplug_force", vbd)

    def test_interfaces_are_plugged_while_it_runs(self):
        vm = self.machine()
        vif = self.vif(vm)
        self.assertEqual(self.do("VIF.get_allowed_operations", vif),
                         ["attach", "plug"])
        self.do("VIF.plug", vif)
        guest = self.do("VM.get_guest_metrics", vm)
        self.assertEqual(
            self.do("VM_guest_metrics.get_networks", guest)["0/ip"],
            "10.10.11.12")
        self.do("VIF.unplug", vif)
        self.assertEqual(self.do("VM_guest_metrics.get_networks", guest), {})

    def test_a_whole_gpu_is_one_machines(self):
        group = self.do("GPU_group.get_all")[0]
        vms = [self.machine(running=False) for _ in range(3)]
        for vm in vms:
            self.do("VGPU.create", vm, group, "0", {}, NULL)
        for vm in vms[:2]:
            self.do("VM.start", vm, False, False)
            self.assertEqual(len(self.do("VM.get_attached_PCIs", vm)), 1)
            self.assertEqual(
                self.refusal("VM.assert_operation_valid", vm, "suspend")[0],
                "VM_HAS_PCI_ATTACHED")
        self.assertEqual(self.refusal("VM.start", vms[2], False, False),
                         ("NO_HOSTS_AVAILABLE",))
        self.do("VM.hard_shutdown", vms[0])
        self.do("VM.start", vms[2], False, False)

    def test_gpus_are_shared_in_parts_of_one_kind(self):
        group = self.do("GPU_group.get_all")[0]
        kinds = {self.do("VGPU_type.get_model_name", t): t
                 for t in self.do("VGPU_type.get_all")}
        vm = self.machine(running=False)
        self.assertEqual(self.do("GPU_group.get_remaining_capacity", group,
                                 kinds["GRID T4-4Q"]), 8)
        self.do("VGPU.create", vm, group, "0", {}, kinds["GRID T4-4Q"])
        self.do("VM.start", vm, False, False)
        self.assertEqual(self.do("GPU_group.get_remaining_capacity", group,
                                 kinds["GRID T4-4Q"]), 7)
        self.assertEqual(self.do("GPU_group.get_remaining_capacity", group,
                                 kinds["GRID T4-8Q"]), 2)

    def test_a_usb_device_ties_a_machine_to_its_host(self):
        group = self.do("USB_group.get_all")[0]
        vm = self.machine(running=False)
        vusb = self.do("VUSB.create", vm, group, {})
        self.assertEqual(self.refusal("VUSB.create", vm, group, {}),
                         ("USB_GROUP_CONFLICT", group))
        self.do("VM.start", vm, False, False)
        self.assertEqual(self.do("VM.get_resident_on", vm), self.host("sky"))
        self.assertTrue(self.do("VUSB.get_currently_attached", vusb))
        self.assertEqual(
            self.refusal("VM.assert_operation_valid", vm, "pool_migrate"),
            ("VM_HAS_VUSBS", vm))
        self.do("VUSB.unplug", vusb)
        self.do("VUSB.destroy", vusb)

    def test_pci_devices_are_hidden_with_the_next_boot(self):
        pci = self.do("PCI.get_all")[0]
        self.assertEqual(self.do("PCI.disable_dom0_access", pci),
                         "disable_on_reboot")
        self.assertEqual(self.do("PCI.enable_dom0_access", pci), "enabled")


class Levels(World):

    def words(self, client, name):
        info = client.do("host.get_cpu_info",
                         client.do("host.get_by_name_label", name)[0])
        return info["features_hvm_host"]

    def test_a_pool_has_what_all_its_hosts_have(self):
        info = self.do("pool.get_cpu_info", self.pool())
        both = [[int(word, 16) for word in self.words(self.client, name)
                 .split("-")] for name in ("sky", "has")]
        pool = [int(word, 16) for word in info["features_hvm_host"].split("-")]
        self.assertEqual(pool, [a & b for a, b in zip(*both)])
        self.assertNotEqual(both[0], both[1])
        self.assertEqual(info["cpu_count"], "32")

    def test_machines_boot_with_the_pools_features(self):
        vm = self.machine()
        info = self.do("pool.get_cpu_info", self.pool())
        self.assertEqual(self.do("VM.get_last_boot_CPU_flags", vm),
                         {"vendor": "GenuineIntel",
                          "features": info["features_hvm_host"]})

    def test_a_levelled_machine_moves_to_every_host(self):
        vm = self.machine()
        for name in ("sky", "has", "sky"):
            self.do("VM.pool_migrate", vm, self.host(name), {"live": "true"})
            self.assertEqual(self.do("VM.get_resident_on", vm),
                             self.host(name))
            console = self.do("VM.get_consoles", vm)[0]
            self.assertIn(self.do("host.get_address", self.host(name)),
                          self.do("console.get_location", console))


class Motion(World):

    def there(self, pool):
        """Another pool: its client, and how to get there."""
        client = self.connect(pool)
        host = client.do("host.get_all")[0]
        network = client.do("network.get_all")[0]
        dest = client.do("host.migrate_receive", host, network, {})
        return client, dest, network

    def maps(self, vm, client, network):
        sr = client.do("pool.get_default_SR", client.do("pool.get_all")[0])
        vdis = {self.do("VBD.get_VDI", vbd): sr
                for vbd in self.do("VM.get_VBDs", vm)}
        return vdis, {vif: network for vif in self.do("VM.get_VIFs", vm)}

    def test_a_machine_moves_to_another_pool_with_its_snapshots(self):
        client, dest, network = self.there(1)
        vm = self.machine(running=False)
        self.disk(vm)
        self.vif(vm)
        self.do("VM.start", vm, False, False)
        self.do("VM.snapshot", vm, "before")
        uuid = self.do("VM.get_uuid", vm)
        task = self.do("Async.VM.migrate_send", vm, dest, True,
                       *self.maps(vm, client, network), {})
        status, result, error = self.wait(task)
        self.assertEqual((status, error), ("success", []))
        self.assertEqual(self.refusal("VM.get_by_uuid", uuid)[0],
                         "UUID_INVALID")
        new = client.do("VM.get_by_uuid", uuid)
        self.assertIn(new, result)
        record = client.do("VM.get_record", new)
        self.assertEqual(record["power_state"], "Running")
        self.assertEqual(record["parent"], record["snapshots"][0])
        self.assertEqual([client.do("VIF.get_network", vif)
                          for vif in record["VIFs"]], [network])
        disk = client.do("VBD.get_VDI", record["VBDs"][0])
        kept = client.do("VBD.get_VDI", client.do(
            "VM.get_VBDs", record["snapshots"][0])[0])
        self.assertEqual(client.do("VDI.get_snapshot_of", kept), disk)
        client.do("VM.clean_shutdown", new)

    def test_everything_must_be_mapped(self):
        client, dest, network = self.there(1)
        vm = self.machine(running=False)
        vdi, _ = self.disk(vm)
        vif = self.vif(vm)
        vdis, _ = self.maps(vm, client, network)
        self.assertEqual(
            self.refusal("VM.assert_can_migrate", vm, dest, True, {}, {}, {}),
            ("VDI_NOT_IN_MAP", vdi))
        self.assertEqual(
            self.refusal("VM.assert_can_migrate", vm, dest, True, vdis, {},
                         {}), ("VIF_NOT_IN_MAP", vif))

    def test_a_cpu_of_another_make_is_refused_while_it_runs(self):
        _, dest, _ = self.there(2)
        vm = self.machine()
        refusal = self.refusal("VM.assert_can_migrate", vm, dest, True, {}, {},
                               {})
        self.assertEqual(refusal[:3], ("VM_INCOMPATIBLE_WITH_THIS_HOST", vm,
                                       dest["host"]))
        self.assertRegex(refusal[3], re.compile("different vendor"))
        self.do("VM.hard_shutdown", vm)
        self.do("VM.assert_can_migrate", vm, dest, False, {}, {}, {})

    def test_a_copy_leaves_the_original(self):
        client, dest, network = self.there(1)
        vm = self.machine(running=False)
        self.disk(vm)
        new = self.do("VM.migrate_send", vm, dest, False,
                      *self.maps(vm, client, network), {"copy": "true"})
        self.assertEqual(self.do("VM.get_power_state", vm), "Halted")
        self.assertNotEqual(client.do("VM.get_uuid", new),
                            self.do("VM.get_uuid", vm))

    def test_disks_move_within_the_pool_while_it_runs(self):
        vm = self.machine(running=False)
        vdi, vbd = self.disk(vm)
        self.do("VM.start", vm, False, False)
        here = self.do("VM.get_resident_on", vm)
        local = [pbd for pbd in self.do("host.get_PBDs", here)
                 if not self.do("SR.get_shared", self.do("PBD.get_SR", pbd))]
        sr = self.do("PBD.get_SR", local[0])
        dest = self.do("host.migrate_receive", here,
                       self.do("network.get_all")[0], {})
        self.do("VM.migrate_send", vm, dest, True, {vdi: sr}, {}, {})
        now = self.do("VBD.get_VDI", vbd)
        self.assertEqual(self.do("VDI.get_SR", now), sr)
        self.assertEqual(self.refusal("VDI.get_uuid", vdi)[0],
                         "HANDLE_INVALID")
        self.assertEqual(self.do("VM.get_power_state", vm), "Running")


class OnTime(unittest.TestCase):
    """Schedules and appliances, on a clock that stands still."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation("--clock", "still=2026-01-05",
                                    "--guests", "linux")  # a Monday

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def setUp(self):
        self.client = Client(self.simulation).login()
        self.do = self.client.do
        self.addCleanup(self.client.close)
        self.vms = [self.do("VM.get_by_name_label", name)[0]
                    for name in ("vm0", "vm1")]

    def advance(self, seconds):
        self.client.control("/sim/clock", {"advance": seconds})

    def schedule(self, frequency, when, retained=3):
        return self.do("VMSS.create", {
            "name_label": "s", "name_description": "", "enabled": True,
            "type": "snapshot", "retained_snapshots": retained,
            "frequency": frequency, "schedule": when})

    def scheduled(self, vm):
        return sorted(self.do("VM.get_snapshot_time", snapshot)
                      for snapshot in self.do("VM.get_snapshots", vm)
                      if self.do("VM.get_is_vmss_snapshot", snapshot))

    def test_schedules_keep_the_newest(self):
        vm = self.vms[1]
        mine = self.do("VM.snapshot", vm, "mine")
        hourly = self.schedule("hourly", {"min": "30"}, 2)
        self.do("VM.set_snapshot_schedule", vm, hourly)
        for _ in range(4):
            self.advance(3600)
        times = self.scheduled(vm)
        self.assertEqual(len(times), 2)
        self.assertTrue(all(t.endswith(":30:00Z") for t in times), times)
        self.assertIn(mine, self.do("VM.get_snapshots", vm))
        self.assertEqual(self.do("VMSS.get_last_run_time", hourly), times[-1])
        self.do("VMSS.set_enabled", hourly, False)
        self.advance(7200)
        self.assertEqual(self.scheduled(vm), times)
        self.do("VM.set_snapshot_schedule", vm, NULL)
        for snapshot in self.do("VM.get_snapshots", vm):
            self.do("VM.destroy", snapshot)

    def test_weekly_schedules_know_their_days(self):
        vm = self.vms[0]
        weekly = self.schedule("weekly", {"hour": "3", "min": "15",
                                          "days": "tuesday,friday"})
        self.do("VM.set_snapshot_schedule", vm, weekly)
        for _ in range(14):
            self.advance(24 * 3600)
            self.client.login()  # nobody stays logged in for days
        days = [t[:8] for t in self.scheduled(vm)]
        self.assertEqual(len(days), 3)  # the newest of four
        self.assertTrue(all(t[9:] == "03:15:00Z" for t in self.scheduled(vm)))
        self.do("VM.set_snapshot_schedule", vm, NULL)

    def test_appliances_start_in_order_and_wait(self):
        first, second = self.vms
        appliance = self.do("VM_appliance.create",
                            {"name_label": "a", "name_description": ""})
        for order, vm in enumerate(self.vms):
            self.do("VM.set_appliance", vm, appliance)
            self.do("VM.set_order", vm, order)
            self.do("VM.set_start_delay", vm, 10)
        self.assertEqual(
            self.do("VM_appliance.get_allowed_operations", appliance),
            ["start"])
        task = self.do("Async.VM_appliance.start", appliance, False)
        self.assertEqual(self.do("VM.get_power_state", first), "Running")
        self.assertEqual(self.do("VM.get_power_state", second), "Halted")
        self.advance(9)
        self.assertEqual(self.do("VM.get_power_state", second), "Halted")
        self.advance(2)
        self.assertEqual(self.do("VM.get_power_state", second), "Running")
        self.advance(10)
        self.assertEqual(self.do("task.get_status", task), "success")
        self.do("VM_appliance.hard_shutdown", appliance)
        self.assertEqual([self.do("VM.get_power_state", vm)
                          for vm in self.vms], ["Halted", "Halted"])
        for vm in self.vms:
            self.do("VM.set_appliance", vm, NULL)
            self.do("VM.set_start_delay", vm, 0)


if __name__ == "__main__":
    unittest.main()
