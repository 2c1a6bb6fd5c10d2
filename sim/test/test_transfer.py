"""Machines out and in: XVA archives over HTTP, with their contents."""

import gzip
import hashlib
import io
import socket
import subprocess
import tarfile
import unittest
import xml.etree.ElementTree as xml

from simulation import Client, HttpTest, Simulation

CHUNK = 1 << 20
DISK_BYTES = 1 << 30
LAST = DISK_BYTES // CHUNK - 1


def unpack(archive):
    """The files of a tar archive, in order: name and contents."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [(m.name, tar.extractfile(m).read()) for m in tar]


def pack(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def chunks(archive):
    """{number of the chunk: contents} of an archive with one disk."""
    return {int(name.split("/")[1]): data
            for name, data in unpack(archive)[1:] if "." not in name}


def disk_of(description):
    """The name that the archive has for its disk."""
    for item in xml.fromstring(description).iter("struct"):
        fields = {m.findtext("name"): m.find("value")
                  for m in item.findall("member")}
        if "class" in fields and fields["class"].text == "VDI":
            return fields["id"].text
    raise AssertionError("no disk")


def archive_of(description, contents, suffix=".checksum"):
    """An archive with chunks of our own."""
    files = [("ova.xml", description)]
    for nr, data in sorted(contents.items()):
        name = "%s/%08d" % (disk_of(description), nr)
        files += [(name, data), (name + suffix,
                                 hashlib.sha1(data).hexdigest().encode())]
    return pack(files)


CONTENTS = {0: b"a" * CHUNK, 7: bytes(range(256)) * (CHUNK // 256),
            500: b"\0" * (CHUNK - 1) + b"x", LAST: b"z" * CHUNK}


class TransferTest(HttpTest):
    def export(self, vm=None, **query):
        status, body = self.http("GET", "/export", ref=vm or self.vm, **query)
        self.assertEqual(status, 200, body)
        return body

    def task_of(self, method, path, body, **query):
        """The task of a transfer, which may fail."""
        task = self.client.do("task.create", "transfer", "")
        try:
            self.http(method, path, body, task_id=task, **query)
        except (ConnectionError, OSError):
            pass  # how it ended is for the task to say
        return self.client.do("task.get_record", task)

    def load(self, archive, **query):
        """The machine that an archive becomes."""
        record = self.task_of("PUT", "/import", archive, **query)
        self.assertEqual(record["status"], "success", record["error_info"])
        return xml.fromstring(record["result"]).find("array/data/value").text

    def refused(self, archive, **query):
        """The error of an import that fails; it must leave nothing."""
        before = self.everything()
        record = self.task_of("PUT", "/import", archive, **query)
        self.assertEqual(record["status"], "failure")
        self.assertEqual(self.everything(), before)
        return record["error_info"]

    def everything(self):
        return {name: sorted(self.client.do(name + ".get_all"))
                for name in ("VM", "VDI", "VBD", "VIF", "VM_metrics",
                             "VM_guest_metrics", "network")}

    def description(self):
        return unpack(self.export())[0][1]

    def test_an_empty_disk_is_its_first_and_its_last_chunk(self):
        files = unpack(self.export())
        disk = disk_of(files[0][1])
        self.assertEqual([name for name, _ in files], [
            "ova.xml"] + [disk + "/%08d%s" % (nr, suffix) for nr in (0, LAST)
                          for suffix in ("", ".xxhash")])
        self.assertEqual(len(files[2][1]), 16)

    def test_contents_survive_every_compression(self):
        vm = self.load(archive_of(self.description(), CONTENTS))
        plain = self.export(vm)
        self.assertEqual(chunks(plain), CONTENTS)
        packed = self.export(vm, use_compression="true")
        self.assertEqual(chunks(gzip.decompress(packed)), CONTENTS)
        for kind in ("gzip", "zstd", "false"):
            again = self.load(self.export(vm, use_compression=kind))
            self.assertEqual(chunks(self.export(again)), CONTENTS, kind)

    def test_a_new_machine_is_another_one(self):
        vm = self.load(self.export())
        old, new = (self.client.do("VM.get_record", v) for v in (self.vm, vm))
        self.assertEqual(old["name_label"], new["name_label"])
        self.assertNotEqual(old["uuid"], new["uuid"])
        self.assertNotEqual(old["other_config"]["mac_seed"],
                            new["other_config"]["mac_seed"])
        macs = [self.client.do("VIF.get_MAC", v["VIFs"][0]) for v in (old, new)]
        self.assertNotEqual(*macs)
        networks = [self.client.do("VIF.get_network", v["VIFs"][0])
                    for v in (old, new)]
        self.assertEqual(*networks)
        self.assertEqual(new["current_operations"], {})
        self.assertIn("start", new["allowed_operations"])
        self.client.do("VM.start", vm, False, True)

    def test_a_restored_machine_is_the_same_one(self):
        archive = self.export()
        old = self.client.do("VM.get_record", self.vm)
        mac = self.client.do("VIF.get_MAC", old["VIFs"][0])
        self.assertEqual(self.refused(archive, restore="true"), [
            "VM_TO_IMPORT_IS_NOT_NEWER_VERSION", self.vm, "0", "0"])
        self.client.do("VM.destroy", self.vm)
        vm = self.load(archive, restore="true")
        new = self.client.do("VM.get_record", vm)
        self.assertEqual(new["uuid"], old["uuid"])
        self.assertEqual(self.client.do("VIF.get_MAC", new["VIFs"][0]), mac)
        self.assertEqual(new["version"], 1)

    def test_force_replaces_the_old_machine(self):
        vm = self.load(self.export(), restore="true", force="true")
        self.assertEqual(self.client.do("VM.get_by_name_label", "vm0"), [vm])

    def test_what_is_broken_leaves_nothing(self):
        description = self.description()
        whole = archive_of(description, CONTENTS)
        wrong = bytearray(whole)
        wrong[whole.index(b"aaaa") + 5] ^= 1
        self.assertEqual(self.refused(whole[:len(whole) // 2]),
                         ["IMPORT_ERROR_PREMATURE_EOF"])
        self.assertEqual(self.refused(gzip.compress(whole)[:5000]),
                         ["IMPORT_ERROR_PREMATURE_EOF"])
        self.assertEqual(self.refused(bytes(wrong)),
                         ["IMPORT_ERROR_SOME_CHECKSUMS_FAILED"])
        self.assertEqual(self.refused(pack([("README", b"x")])), [
            "IMPORT_ERROR_UNEXPECTED_FILE", "ova.xml", "README"])
        self.assertEqual(self.refused(b"no archive at all" * 100)[0],
                         "IMPORT_ERROR")
        self.assertEqual(self.refused(pack([("ova.xml", b"<x/>")]))[0],
                         "IMPORT_ERROR")
        newer = description.replace(b"<name>xapi_major</name><value>",
                                    b"<name>xapi_major</name><value>9")
        self.assertEqual(self.refused(archive_of(newer, {})),
                         ["IMPORT_INCOMPATIBLE_VERSION"])

    def test_wrong_checksums_pass_by_force(self):
        archive = bytearray(archive_of(self.description(), CONTENTS))
        archive[archive.index(b"aaaa") + 5] ^= 1
        vm = self.load(bytes(archive), force="true")
        self.assertEqual(chunks(self.export(vm))[LAST], CONTENTS[LAST])

    def test_a_lost_connection_leaves_nothing(self):
        before = self.everything()
        archive = archive_of(self.description(), CONTENTS)
        task = self.client.do("task.create", "import", "")
        with socket.create_connection(
                ("127.0.0.1", self.simulation.port)) as half:
            half.sendall(("PUT /import?session_id=%s&task_id=%s HTTP/1.1\r\n"
                          "Host: x\r\nContent-Length: %d\r\n\r\n" % (
                              self.client.session, task, len(archive))
                          ).encode() + archive[:len(archive) // 2])
            self.assertIn(b"200 OK", half.recv(1000))
        self.wait_for(task, "failure")
        self.assertEqual(self.everything(), before)

    def wait_for(self, task, status):
        token = ""
        while self.client.do("task.get_status", task) == "pending":
            token = self.client.do("event.from", ["task/" + task], token,
                                   5.0)["token"]
        self.assertEqual(self.client.do("task.get_status", task), status)

    def test_a_cancelled_import_leaves_nothing(self):
        before = self.everything()
        archive = archive_of(self.description(), CONTENTS)
        task = self.client.do("task.create", "import", "")

        def parts():
            yield archive[:3 * CHUNK]
            self.client.do("task.cancel", task)
            yield archive[3 * CHUNK:]

        with self.assertRaises((ConnectionError, OSError)):
            self.http("PUT", "/import", parts(), task_id=task)
        record = self.client.do("task.get_record", task)
        self.assertEqual(record["error_info"], ["TASK_CANCELLED", task])
        self.assertEqual(record["status"], "cancelled")
        self.assertEqual(self.everything(), before)

    def test_uploads_of_unknown_length(self):
        archive = archive_of(self.description(), CONTENTS)
        record = self.task_of("PUT", "/import", iter(
            [archive[:100], archive[100:-5], archive[-5:]]))
        self.assertEqual(record["status"], "success", record["error_info"])
        self.assertEqual(record["progress"], 1)
        task = self.client.do("task.create", "import", "")
        with socket.create_connection(
                ("127.0.0.1", self.simulation.port)) as endless:
            endless.sendall((
                "PUT /import?session_id=%s&task_id=%s HTTP/1.1\r\n"
                "Host: x\r\nContent-Length: %d\r\n\r\n" % (
                    self.client.session, task, 1 << 50)).encode() + archive)
            self.wait_for(task, "success")

    def test_a_machine_that_runs_is_not_exported(self):
        self.client.do("VM.start", self.vm, False, True)
        record = self.task_of("GET", "/export", None, ref=self.vm)
        self.assertEqual(record["error_info"], [
            "VM_BAD_POWER_STATE", self.vm, "halted, suspended", "running"])
        self.assertEqual(self.http("GET", "/export", ref="x")[0], 500)

    def test_descriptions_alone(self):
        uuid = self.client.do("VM.get_uuid", self.vm)
        status, body = self.http("GET", "/export_metadata", uuid=uuid)
        self.assertEqual(status, 200)
        self.assertEqual([name for name, _ in unpack(body)], ["ova.xml"])
        before = self.everything()
        record = self.task_of("PUT", "/import_metadata", body, dry_run="true")
        self.assertEqual(record["status"], "success", record["error_info"])
        self.assertEqual(self.everything(), before)
        record = self.task_of("PUT", "/import_metadata", body)
        self.assertEqual(record["status"], "success", record["error_info"])
        disks = {self.client.do("VBD.get_VDI", vbd)
                 for vm in self.client.do("VM.get_by_name_label", "vm0")
                 for vbd in self.client.do("VM.get_VBDs", vm)}
        self.assertEqual(len(disks), 1)  # the same disk, used again

    def test_descriptions_of_all_with_snapshots(self):
        self.client.do("VM.snapshot", self.vm, "before")
        status, body = self.http("GET", "/export_metadata", all="true")
        self.assertEqual(status, 200)
        self.assertIn(b">before<", body)
        self.assertIn(b">vm1<", body)
        self.assertNotIn(b">Other install media<", body)
        vbd_free = self.http("GET", "/export_metadata", ref=self.vm,
                             excluded_device_types="vbd")[1]
        self.assertNotIn(b"<value>VBD</value>", vbd_free)

    def test_snapshots_travel_with_their_machine(self):
        first = self.load(archive_of(self.description(), CONTENTS))
        self.client.do("VM.snapshot", first, "before")
        vm = self.load(self.export(first, include_snapshots="true"))
        snapshots = self.client.do("VM.get_snapshots", vm)
        self.assertEqual(len(snapshots), 1)
        self.assertEqual(chunks(self.export(snapshots[0])), CONTENTS)

    def test_suspended_machines_keep_their_memory(self):
        self.client.do("VM.add_to_other_config", self.vm, "sim-guest", "linux")
        self.client.do("VM.start", self.vm, False, True)
        self.client.do("VM.suspend", self.vm)
        halted = self.load(self.export())
        self.assertEqual(self.client.do("VM.get_power_state", halted), "Halted")
        archive = self.export(preserve_power_state="true")
        self.assertEqual(len({name.split("/")[0] for name, _ in
                              unpack(archive)[1:]}), 2)
        vm = self.load(archive)
        self.assertEqual(self.client.do("VM.get_power_state", vm), "Suspended")
        self.client.do("VM.resume", vm, False, False)
        self.assertEqual(self.client.do("VM.get_power_state", vm), "Running")

    def test_a_stock_client_can_do_it(self):
        """curl, as users type it."""
        url = self.simulation.url
        archive = subprocess.run(
            ["curl", "-sf", "-u", "root:x", url + "/export?ref=" + self.vm],
            check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["curl", "-sf", "-u", "root:x", "-T", "-",
                        url + "/import"], input=archive, check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(len(self.client.do("VM.get_by_name_label", "vm0")), 2)


class PoolTransferTest(unittest.TestCase):
    """Several hosts, each with a repository of its own."""

    def test_who_asks_the_wrong_host_is_sent_on(self):
        with Simulation("--preset", "trio") as simulation:
            client = Client(simulation).login()
            other = next(
                ref for ref, pbd in client.do("PBD.get_all_records").items()
                if client.do("host.get_address", pbd["host"]) == "127.0.0.3"
                and not client.do("SR.get_shared", pbd["SR"]))
            sr = client.do("PBD.get_SR", other)
            task = client.do("task.create", "import", "")
            client.connection.request("PUT", "/import?sr_id=%s&session_id=%s"
                                      "&task_id=%s" % (sr, client.session, task),
                                      b"")
            answer = client.connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 302)
            self.assertIn("http://127.0.0.3:%d/import?sr_id=%s" % (
                simulation.port, sr), answer.getheader("Location"))
            self.assertEqual(client.do("task.get_status", task), "pending")
            client.close()


if __name__ == "__main__":
    unittest.main()
