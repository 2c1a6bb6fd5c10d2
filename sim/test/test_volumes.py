"""Disks with contents: snapshots, clones, copies, repositories."""

import base64
import http.client
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

MIB = 1 << 20


def vdi_record(sr, size, **more):
    """What VDI.create wants."""
    record = {"name_label": "disk", "name_description": "", "SR": sr,
              "virtual_size": size, "type": "user", "sharable": False,
              "read_only": False, "other_config": {}}
    return {**record, **more}


class Volumes(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()
        cls.client = Client(cls.simulation).login()
        cls.host = cls.client.do("host.get_all")[0]

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.simulation.stop()

    def refused(self, code, *call):
        with self.assertRaises(Refused) as caught:
            self.client.do(*call)
        self.assertEqual(caught.exception.args[0], code)
        return caught.exception.args[1:]

    def sr_make(self, kind="ext", config=None, shared=False, size=1 << 30):
        return self.client.do("SR.create", self.host,
                              config or {"device": "/dev/sdb"}, size, "made",
                              "", kind, "user", shared, {})

    def test_a_repository_of_every_type(self):
        configs = {
            "nfs": {"server": "n", "serverpath": "/p"},
            "lvmoiscsi": {"target": "t", "targetIQN": "q", "SCSIid": "1"},
            "lvmohba": {"SCSIid": "2"}, "lvmofcoe": {"SCSIid": "3"},
            "iscsi": {"target": "t", "targetIQN": "q", "LUNid": "1"},
            "smb": {"server": "//s/x"}, "cephfs": {"server": "c"},
            "glusterfs": {"server": "g"}, "iso": {"location": "/isos"},
            "udev": {"location": "/dev"}, "file": {"location": "/f"}}
        for kind in self.client.do("SR.get_supported_types"):
            sr = self.sr_make(kind, configs.get(kind))
            record = self.client.do("SR.get_record", sr)
            self.assertEqual(record["type"], kind)
            self.assertEqual(record["physical_size"], 1 << 30)
            self.assertIn("scan", record["allowed_operations"])
            self.client.do("SR.scan", sr)
            types = [sm["type"] for sm in
                     self.client.do("SM.get_all_records").values()]
            self.assertEqual(types.count(kind), 1)
            self.client.do("PBD.unplug", record["PBDs"][0])
            self.client.do("SR.forget", sr)

    def test_sizes_add_up(self):
        sr = self.sr_make()
        first = self.client.do("VDI.create", vdi_record(sr, 10 * MIB))
        self.client.do("VDI.create", vdi_record(sr, 20 * MIB))
        record = self.client.do("SR.get_record", sr)
        self.assertEqual(record["virtual_allocation"], 30 * MIB)
        self.assertEqual(record["physical_utilisation"], 0)
        self.client.do("VDI.resize", first, 15 * MIB)
        self.assertEqual(self.client.do("SR.get_virtual_allocation", sr),
                         35 * MIB)
        self.refused("VDI_TOO_SMALL", "VDI.resize", first, MIB)
        self.client.do("VDI.destroy", first)
        self.assertEqual(self.client.do("SR.get_virtual_allocation", sr),
                         20 * MIB)

    def test_a_forgotten_repository_comes_back_with_its_disks(self):
        config = {"server": "nas", "serverpath": "/export"}
        sr = self.sr_make("nfs", config, True)
        uuid = self.client.do("SR.get_uuid", sr)
        vdi = self.client.do("VDI.create", vdi_record(sr, MIB))
        disk = self.client.do("VDI.get_uuid", vdi)
        self.client.do("VDI.snapshot", vdi, {})
        self.refused("SR_HAS_PBD", "SR.forget", sr)
        self.client.do("PBD.unplug", self.client.do("SR.get_PBDs", sr)[0])
        self.refused("SR_NOT_EMPTY", "SR.destroy", sr)
        self.client.do("SR.forget", sr)
        self.assertIn(uuid, self.client.do("SR.probe", self.host, config,
                                           "nfs", {}))
        found = self.client.do("SR.probe_ext", self.host, config, "nfs", {})
        self.assertEqual(found[0]["sr"]["uuid"], uuid)
        sr = self.client.do("SR.introduce", uuid, "again", "", "nfs", "user",
                            True, {})
        self.refused("SR_HAS_NO_PBDS", "SR.scan", sr)
        pbd = self.client.do("PBD.create", {"host": self.host, "SR": sr,
                                            "device_config": config})
        self.client.do("PBD.plug", pbd)
        self.client.do("SR.scan", sr)
        again = self.client.do("VDI.get_by_uuid", disk)
        record = self.client.do("VDI.get_record", again)
        self.assertEqual(record["virtual_size"], MIB)
        self.assertEqual(record["name_label"], "disk")
        self.assertEqual(len(record["snapshots"]), 1)

    def test_a_repository_of_cds_has_some(self):
        sr = self.sr_make("iso", {"location": "nas:/cds"}, True)
        disks = [self.client.do("VDI.get_record", vdi)
                 for vdi in self.client.do("SR.get_VDIs", sr)]
        self.assertIn("guest-tools.iso", [d["name_label"] for d in disks])
        self.assertTrue(all(disk["read_only"] for disk in disks))
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.simulation.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/export_raw_vdi?session_id=%s&vdi=%s" %
                           (self.client.session, disks[0]["uuid"]))
        image = connection.getresponse().read()
        self.assertEqual(len(image), disks[0]["virtual_size"])
        self.assertEqual(image[16 * 2048 + 1:][:5], b"CD001")
        self.assertIn(disks[0]["name_label"].encode(), image)

    def test_faults_of_a_repository_are_told(self):
        sr = self.sr_make("ext", {"device": "/dev/sdf"})
        vdi = self.client.do("VDI.create", vdi_record(sr, MIB))
        uuid = self.client.do("SR.get_uuid", sr)
        for what, code, call in (
                ("enospc", "SR_FULL", ("VDI.create", vdi_record(sr, MIB))),
                ("eio", "VDI_IO_ERROR", ("VDI.snapshot", vdi, {})),
                ("lost-path", "SR_BACKEND_FAILURE_47", ("SR.scan", sr))):
            self.control("POST", {"what": what, "target": uuid, "count": 1})
            self.refused(code, *call)
            self.client.do(*call)

    def control(self, method, fault):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.simulation.port, timeout=60)
        self.addCleanup(connection.close)
        login = base64.b64encode(b"root:x").decode()
        connection.request(method, "/sim/faults", json.dumps(fault),
                           {"Authorization": "Basic " + login})
        self.assertEqual(connection.getresponse().status, 200)

    def test_probing_offers_what_there_is(self):
        for kind, config, code, text in (
                ("nfs", {"server": "n"}, "SR_BACKEND_FAILURE_101", "/exports/"),
                ("lvmoiscsi", {"target": "t"}, "SR_BACKEND_FAILURE_96",
                 "<TargetIQN>iqn."),
                ("lvmoiscsi", {"target": "t", "targetIQN": "q"},
                 "SR_BACKEND_FAILURE_107", "<LUNid>0</LUNid>"),
                ("lvmohba", {}, "SR_BACKEND_FAILURE_107", "<BlockDevice>")):
            detail = self.refused(code, "SR.probe", self.host, config, kind, {})
            self.assertIn(text, detail[2])
        self.refused("SR_UNKNOWN_DRIVER", "SR.create", self.host, {}, 1, "x",
                     "", "floppy", "user", False, {})

    def test_snapshots_know_their_disk(self):
        sr = self.sr_make()
        vdi = self.client.do("VDI.create", vdi_record(sr, MIB))
        snapshot = self.client.do("VDI.snapshot", vdi, {})
        record = self.client.do("VDI.get_record", snapshot)
        self.assertTrue(record["is_a_snapshot"])
        self.assertEqual(record["snapshot_of"], vdi)
        self.assertEqual(self.client.do("VDI.get_snapshots", vdi), [snapshot])
        clone = self.client.do("VDI.clone", snapshot, {})
        self.assertFalse(self.client.do("VDI.get_is_a_snapshot", clone))
        self.client.do("VDI.revert", snapshot)
        self.refused("ONLY_REVERT_SNAPSHOT", "VDI.revert", clone)
        copy = self.client.do("VDI.copy", vdi, "OpaqueRef:NULL",
                              "OpaqueRef:NULL", "OpaqueRef:NULL")
        self.assertEqual(self.client.do("VDI.get_virtual_size", copy), MIB)
        self.assertEqual(self.client.do("VDI.get_current_operations", vdi), {})


if __name__ == "__main__":
    unittest.main()
