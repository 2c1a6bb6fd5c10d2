"""Disaster recovery: machines of a lost pool come back in another one."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Refused  # noqa: E402
from test_pools import PoolTest, World  # noqa: E402

DEVICE = {"server": "10.0.0.1", "serverpath": "/disaster"}


def lost_machine(client):
    """A machine with a disk on storage that another pool can reach."""
    host = client.do("host.get_all")[0]
    sr = client.do("SR.create", host, DEVICE, 1 << 40, "DR", "", "nfs",
                   "user", True, {})
    vm = client.do("VM.clone", client.do("VM.get_by_name_label", "vm1")[0],
                   "precious")
    vdi = client.do("VDI.create", {
        "name_label": "data", "name_description": "", "SR": sr,
        "virtual_size": 1 << 30, "type": "user", "sharable": False,
        "read_only": False, "other_config": {}})
    client.do("VBD.create", {
        "VM": vm, "VDI": vdi, "userdevice": "0", "bootable": True,
        "mode": "RW", "type": "Disk", "unpluggable": True, "empty": False,
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    client.do("SR.enable_database_replication", sr)
    return sr, vm


class Recovery(PoolTest):

    def metadata(self, client):
        found = [ref for ref, vdi in
                 client.do("VDI.get_all_records").items()
                 if vdi["type"] == "metadata"]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_a_machine_is_recovered_in_another_pool(self):
        with World("--pools", "2") as world:
            lost = world.client().login()
            sr, vm = lost_machine(lost)
            lost.do("VM.set_name_description", vm, "the last change")
            record = lost.do("VM.get_record", vm)
            uuid = lost.do("SR.get_uuid", sr)
            pool = lost.do("pool.get_uuid", lost.do("pool.get_all")[0])
            world.advance(5)
            world.host("127.0.0.1", "crash")

            here = world.client("127.0.1.1").login()
            self.assertEqual(here.do("DR_task.get_introduced_SRs",
                                     here.do("DR_task.create", "nfs", DEVICE,
                                             [])), [])
            task = here.do("DR_task.create", "nfs", DEVICE, [uuid])
            srs = here.do("DR_task.get_introduced_SRs", task)
            self.assertEqual([here.do("SR.get_uuid", s) for s in srs], [uuid])
            vdi = self.metadata(here)
            self.assertEqual(here.do("VDI.read_database_pool_uuid", vdi),
                             pool)

            there = world.client("127.0.1.1")
            there.session = here.do("VDI.open_database", vdi)
            self.assertEqual(
                there.do("VM.get_name_description", vm), "the last change")
            self.refused("RBAC_PERMISSION_DENIED", there.do,
                         "VM.set_name_label", vm, "mine")
            self.refused("HANDLE_INVALID", there.do, "VM.recover", vm,
                         "OpaqueRef:bogus", False)
            there.do("VM.assert_can_be_recovered", vm, here.session)
            there.do("VM.recover", vm, here.session, False)
            self.refused("DUPLICATE_VM", there.do, "VM.recover", vm,
                         here.session, False)
            there.do("VM.recover", vm, here.session, True)
            there.do("session.logout")
            with self.assertRaises(Refused):
                there.do("VM.get_all")

            back = here.do("VM.get_by_uuid", record["uuid"])
            self.assertEqual(here.do("VM.get_name_label", back), "precious")
            here.do("VM.start", back, False, False)
            self.assertEqual(here.do("VM.get_power_state", back), "Running")
            here.do("DR_task.destroy", task)
            self.assertEqual(here.do("SR.get_uuid", srs[0]), uuid)

    def test_a_disk_that_is_not_there_is_missed(self):
        with World("--pools", "2") as world:
            lost = world.client().login()
            sr, vm = lost_machine(lost)
            here = world.client("127.0.1.1").login()
            task = here.do("DR_task.create", "nfs", DEVICE,
                           [lost.do("SR.get_uuid", sr)])
            there = world.client("127.0.1.1")
            there.session = here.do("VDI.open_database", self.metadata(here))
            here.do("DR_task.destroy", task)
            self.refused("UUID_INVALID", here.do, "SR.get_by_uuid",
                         lost.do("SR.get_uuid", sr))
            self.refused("VM_REQUIRES_SR", there.do, "VM.recover", vm,
                         here.session, False)

    def test_only_volumes_with_a_database_are_opened(self):
        with World() as world:
            client = world.client().login()
            vdi = client.do("VDI.get_all")[0]
            self.assertEqual(self.refused(
                "VDI_INCOMPATIBLE_TYPE", client.do, "VDI.open_database",
                vdi)[2], "user")
            self.refused("COULD_NOT_IMPORT_DATABASE", client.do,
                         "session.create_from_db_file", "/dev/null/none")


if __name__ == "__main__":
    unittest.main()
