"""QEMU's command lines and what is found out about the host."""
import os
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from touchstone import machines, qemu  # noqa: E402

CONFIG = qemu.Config(
    hypervisor="ours", image="/b/touchstone.elf", kernel="/b/vm,linux",
    initrd="/b/initrd", kernel_args="console=hvc0", dom0_mem=1024,
    append="loglvl=all", cpu=None, smp=2, memory=4096, reboots=False,
    monitor=None, extra=())


def option(command, name):
    return command[command.index(name) + 1]


class CommandLine(unittest.TestCase):
    def build(self, version=(7, 2, 22), accelerator="tcg", **changes):
        return qemu.command(qemu.Qemu("qemu", version, accelerator),
                            CONFIG._replace(**changes))

    def test_modules_double_their_commas(self):
        self.assertEqual(option(self.build(), "-initrd"),
                         "/b/vm,,linux console=hvc0,/b/initrd")

    def test_hypervisor_options_follow_the_row(self):
        text = option(self.build(), "-append")
        self.assertIn("dom0_mem=1024M", text)
        self.assertTrue(text.endswith("loglvl=all"))

    def test_tcg_gets_a_cpu_that_is_left_alone(self):
        self.assertEqual(option(self.build(), "-smp"), "3")
        self.assertIn("spare_boot_cpu", option(self.build(), "-append"))
        self.assertIn("maxcpus=2",
                      option(self.build(hypervisor="xen"), "-append"))
        self.assertEqual(option(self.build(smp=1), "-smp"), "1")
        self.assertEqual(option(self.build(accelerator="kvm"), "-smp"), "2")

    def test_only_the_peer_gets_an_iommu(self):
        self.assertNotIn("amd-iommu", self.build())
        self.assertIn("amd-iommu", self.build(hypervisor="xen"))

    def test_peer_with_a_pv_dom0_needs_no_iommu(self):
        line = self.build(hypervisor="xen-pv")
        self.assertNotIn("amd-iommu", line)
        self.assertNotIn("dom0=pvh", option(line, "-append"))
        self.assertIn("maxcpus=2", option(line, "-append"))

    def test_old_qemu_gets_the_model_without_smap(self):
        self.assertIn("-smap", option(self.build(), "-cpu"))
        self.assertNotIn("-smap", option(self.build((10, 0, 2)), "-cpu"))

    def test_model_of_the_user_wins(self):
        self.assertEqual(option(self.build(cpu="max"), "-cpu"), "max")

    def test_no_network_and_no_monitor(self):
        command = self.build()
        self.assertEqual(option(command, "-nic"), "none")
        self.assertEqual(option(command, "-monitor"), "none")

    def test_reset_ends_the_machine_unless_asked(self):
        self.assertIn("-no-reboot", self.build())
        self.assertNotIn("-no-reboot", self.build(reboots=True))

    def test_kvm_passes_the_host_cpu_on(self):
        command = self.build(accelerator="kvm")
        self.assertEqual(option(command, "-cpu"), machines.KVM_MODEL)


class Probing(unittest.TestCase):
    def probe(self, nested):
        with tempfile.TemporaryDirectory() as folder:
            device = os.path.join(folder, "kvm")
            open(device, "w").close()
            place = os.path.join(folder, "kvm_amd", "parameters")
            os.makedirs(place)
            with open(os.path.join(place, "nested"), "w") as out:
                out.write(nested + "\n")
            return qemu.accelerator(folder, device)

    def test_nested_kvm_is_used(self):
        self.assertEqual(self.probe("1"), "kvm")

    def test_kvm_without_nesting_is_not(self):
        self.assertEqual(self.probe("0"), "tcg")

    def test_no_kvm_device(self):
        self.assertEqual(qemu.accelerator("/nowhere", "/nowhere/kvm"), "tcg")

    def test_missing_qemu_is_named(self):
        with self.assertRaisesRegex(qemu.QemuError, "/no/such/qemu"):
            qemu.find("/no/such/qemu")


class Calibration(unittest.TestCase):
    def test_image_is_multiboot(self):
        image = qemu.calibration_image()
        magic, flags, checksum = struct.unpack_from("<III", image)
        self.assertEqual(magic, 0x1BADB002)
        self.assertEqual((magic + flags + checksum) & 0xFFFFFFFF, 0)

    def test_entry_lies_behind_the_header(self):
        image = qemu.calibration_image()
        head, load, load_end, _, entry = struct.unpack_from("<IIIII", image,
                                                            12)
        self.assertEqual((head, load_end - load), (load, len(image)))
        self.assertEqual(image[entry - load], 0xB9)


if __name__ == "__main__":
    unittest.main()
