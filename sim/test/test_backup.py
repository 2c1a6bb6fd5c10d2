"""Backups over HTTP: the database, blobs, alerts, the audit trail."""

import functools
import io
import json
import socket
import tarfile
import unittest
import xml.etree.ElementTree as xml

from simulation import HttpTest, Refused


class BackupTest(HttpTest):
    def dump(self):
        status, body = self.http("GET", "/pool/xmldbdump")
        self.assertEqual(status, 200)
        return body

    def records(self):
        """Everything that a restore brings back."""
        return {name: self.client.do(name + ".get_all_records")
                for name in ("VM", "VDI", "VBD", "VIF", "SR", "host", "pool",
                             "network", "PIF", "PBD", "VM_metrics")}

    def test_a_dump_has_a_table_for_each_class(self):
        root = xml.fromstring(self.dump())
        self.assertEqual([c.tag for c in root][:2], ["manifest", "table"])
        tables = {t.get("name"): t for t in root.iter("table")}
        rows = {r.get("name__label"): r for r in tables["VM"]}
        self.assertEqual(rows["vm0"].get("ref"), self.vm)
        self.assertEqual(rows["vm0"].get("power_state"), "Halted")
        self.assertTrue(rows["vm0"].get("VBDs").startswith("('OpaqueRef:"))
        self.assertIn("(('mac_seed'", rows["vm0"].get("other_config")
                      .replace("%.", " "))
        self.assertNotIn("session", tables)

    def test_a_restored_pool_is_as_it_was(self):
        odd = "it's 100% \\ <odd>\n\ttext"
        self.client.do("VM.set_name_description", self.vm, odd)
        self.client.do("VM.add_to_other_config", self.vm, "a'b", odd)
        self.client.do("VM.snapshot", self.vm, "before")
        dump, before = self.dump(), self.records()
        self.client.do("VM.destroy", self.vm)
        self.client.do("VM.set_name_label",
                       self.client.do("VM.get_by_name_label", "vm1")[0], "x")
        self.assertEqual(self.http("PUT", "/pool/xmldbdump", dump,
                                   dry_run="true")[0], 200)
        self.assertEqual(self.client.do("VM.get_by_name_label", "vm1"), [])
        self.assertEqual(self.http("PUT", "/pool/xmldbdump", dump)[0], 200)
        after = self.records()
        for name, records in before.items():
            self.assertEqual(after[name].keys(), records.keys())
            for ref, record in records.items():
                record.pop("metrics", None)
                after[name][ref].pop("metrics", None)
                self.assertEqual(after[name][ref], record)
        self.client.do("VM.start", self.vm, False, True)

    def test_what_cannot_be_restored_changes_nothing(self):
        dump, before = self.dump(), self.records()
        minor = b'key="schema_minor_vsn" value="'
        for broken, code in (
                (b"no xml", b"INTERNAL_ERROR"), (b"", b"INTERNAL_ERROR"),
                (dump[:len(dump) // 2], b"INTERNAL_ERROR"),
                (dump.replace(minor, minor + b"1"),
                 b"RESTORE_INCOMPATIBLE_VERSION"),
                (dump.replace(b' device="eth0"', b' device="eth7"'),
                 b"RESTORE_TARGET_MISSING_DEVICE"),
                (dump.replace(b' power_state="', b' not_a_field="'),
                 b"INTERNAL_ERROR")):
            status, body = self.http("PUT", "/pool/xmldbdump", broken)
            self.assertEqual(status, 500, body)
            self.assertIn(code, body)
        self.assertEqual(self.records(), before)

    def test_a_machine_that_ran_is_halted(self):
        self.client.do("VM.start", self.vm, False, True)
        dump = self.dump()
        self.assertEqual(self.http("PUT", "/pool/xmldbdump", dump)[0], 200)
        self.assertEqual(self.client.do("VM.get_power_state", self.vm),
                         "Halted")
        self.client.do("VM.start", self.vm, False, True)

    def test_a_host_is_a_tar_archive(self):
        status, body = self.http("GET", "/host_backup")
        self.assertEqual(status, 200)
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            self.assertIn("xapi-db.xml", tar.getnames())
        self.client.do("VM.destroy", self.vm)
        self.assertEqual(self.http("PUT", "/host_restore", b"x" * 600)[0], 500)
        self.assertEqual(self.http("PUT", "/host_restore", body)[0], 200)
        self.assertEqual(self.client.do("VM.get_name_label", self.vm), "vm0")

    def test_blobs_have_contents(self):
        blob = self.client.do("VM.create_new_blob", self.vm, "b",
                              "image/png", False)
        data = bytes(range(256)) * 50
        self.assertEqual(self.http("GET", "/blob", ref=blob)[0], 404)
        self.assertEqual(self.http("PUT", "/blob", data, ref=blob)[0], 200)
        self.assertEqual(self.http("GET", "/blob", ref=blob), (200, data))
        self.assertEqual(self.client.do("blob.get_size", blob), len(data))
        self.assertEqual(
            self.http("GET", "/blob", ref=blob, session_id="x")[0], 401)
        self.client.do("blob.set_public", blob, True)
        self.assertEqual(
            self.http("GET", "/blob", ref=blob, session_id="x"), (200, data))
        self.assertEqual(self.http("PUT", "/blob", data, ref="x")[0], 404)

    def raw_put(self, path, body, task):
        """As stock clients do: no body before there is a 200."""
        with socket.create_connection(
                ("127.0.0.1", self.simulation.port), 20) as peer:
            peer.sendall(("PUT %s&session_id=%s&task_id=%s HTTP/1.0\r\n"
                          "Content-Length: %d\r\n\r\n" % (
                              path, self.client.session, task, len(body))
                          ).encode())
            self.assertIn(b"200 OK", peer.recv(4096))
            peer.sendall(body)
        token = ""
        while self.client.do("task.get_status", task) == "pending":
            token = self.client.do("event.from", ["task/" + task], token,
                                   5.0)["token"]
        return self.client.do("task.get_record", task)

    def test_clients_that_wait_for_a_200(self):
        task = functools.partial(self.client.do, "task.create", "put", "")
        dump = self.dump()
        record = self.raw_put("/pool/xmldbdump?dry_run=true", dump, task())
        self.assertEqual(record["status"], "success", record["error_info"])
        record = self.raw_put("/pool/xmldbdump?x", b"no dump", task())
        self.assertEqual(record["error_info"][0], "INTERNAL_ERROR")
        backup = self.http("GET", "/host_backup")[1]
        record = self.raw_put("/host_restore?x", backup, task())
        self.assertEqual(record["status"], "success", record["error_info"])
        blob = self.client.do("blob.create", "text/plain", False)
        record = self.raw_put("/blob?ref=" + blob, b"text", task())
        self.assertEqual(record["status"], "success", record["error_info"])
        one = task()
        self.assertEqual(self.http("GET", "/blob", ref=blob, task_id=one),
                         (200, b"text"))
        self.assertEqual(self.client.do("task.get_status", one), "success")
        record = self.raw_put("/pool_patch_upload?x", b"no update", task())
        self.assertEqual(record["error_info"][0], "INVALID_UPDATE")

    def test_alerts_travel(self):
        uuid = self.client.do("VM.get_uuid", self.vm)
        one = ('<?xml version="1.0" encoding="UTF-8"?>\n<message>'
               "<ref>OpaqueRef:x</ref><name>%s</name><priority>3</priority>"
               "<cls>VM</cls><obj_uuid>" + uuid + "</obj_uuid><timestamp>"
               "2026-01-02T03:04:05Z</timestamp><uuid/><body>a &lt; b</body>"
               "</message>")
        status, body = self.http("PUT", "/messages",
                                 (one % "A" + one % "B").encode(), cls="VM",
                                 uuid=uuid)
        self.assertEqual(status, 200, body)
        records = self.client.do("message.get_all_records")
        self.assertEqual([(m["body"], m["timestamp"], m["priority"])
                          for m in records.values() if m["name"] == "A"],
                         [("a < b", "20260102T03:04:05Z", 3)])
        self.client.do("message.destroy_all", {"after": "2026-02-01T00:00:00Z"})
        self.assertEqual(len(self.client.do("message.get_all")), 2)
        self.client.do("message.destroy_all", {"priority": "3"})
        self.assertEqual(self.client.do("message.get_all"), [])
        self.assertEqual(self.http("PUT", "/messages", b"", cls="VM",
                                   uuid="x")[0], 400)

    def test_calls_leave_a_trail(self):
        self.client.do("VM.get_record", self.vm)
        self.client.do("VM.start", self.vm, False, True)
        with self.assertRaises(Refused):
            self.client.do("VM.start", self.vm, False, True)
        status, body = self.http("GET", "/audit_log")
        self.assertEqual(status, 200)
        lines = [line for line in body.decode().splitlines()
                 if "'VM.start'" in line]
        self.assertEqual(len(lines), 2)
        self.assertIn("'ALLOWED' 'OK' 'API'", lines[0])
        self.assertIn("'vm0'", lines[0])
        self.assertIn("'ERROR:VM_BAD_POWER_STATE'", lines[1])
        self.client.do("VM.hard_shutdown", self.vm)
        self.client.do("VM.destroy", self.vm)
        self.assertRegex(self.http("GET", "/audit_log")[1].decode(),
                         r"'VM.destroy' \( \('self' 'vm0'")
        self.assertNotIn("get_record", body.decode())
        self.assertNotIn(self.client.session, body.decode())
        self.assertEqual(self.http("GET", "/audit_log",
                                   since="29991231T00:00:00Z"), (200, b""))

    def test_reports_hold_what_was_chosen(self):
        host = self.client.do("host.get_all")[0]
        keys = [c.get("key") for c in xml.fromstring(self.client.do(
            "host.get_system_status_capabilities", host))]
        self.assertIn("xenserver-databases", keys)
        for path, query, names in (
                ("/system-status", {"output": "tar"}, len(keys)),
                ("/system-status", {"output": "tar.gz", "entries": "audit"}, 1),
                ("/host_logs_download", {}, 3)):
            status, body = self.http("GET", path, **query)
            self.assertEqual(status, 200, body)
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                self.assertEqual(len(tar.getnames()), names)
        self.assertEqual(
            self.http("GET", "/system-status", output="rar")[0], 500)

    def test_balancing_and_services(self):
        status, body = self.http("GET", "/wlb_report", report="x")
        self.assertIn(b"WLB_NOT_INITIALIZED", body)
        self.assertEqual(self.http("GET", "/wlb_report")[0], 400)
        status, body = self.http("GET", "/services")
        self.assertIn("xenops", [s["service"] for s in json.loads(body)])
        self.assertEqual(self.http("GET", "/services/xenops")[0], 404)

    def bundle(self, name="repodata/updateinfo.xml"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"text"))
        return out.getvalue()

    def test_bundles_of_updates(self):
        pool = self.client.do("pool.get_all")[0]
        status, body = self.http("PUT", "/bundle", self.bundle())
        self.assertEqual(status, 400)
        self.assertIn(b"NO_REPOSITORY_ENABLED", body)
        repository = self.client.do("Repository.introduce_bundle", "b", "")
        self.client.do("pool.set_repositories", pool, [repository])
        for broken in (b"x" * 600, self.bundle("../x"), self.bundle()[:100]):
            status, body = self.http("PUT", "/bundle", broken)
            self.assertEqual(status, 400)
            self.assertIn(b"BUNDLE_UNPACK_FAILED", body)
        self.assertEqual(self.http("PUT", "/bundle", self.bundle())[0], 200)
        self.assertTrue(self.client.do("Repository.get_hash", repository))

    def test_patches_as_files(self):
        disks = len(self.client.do("VDI.get_all"))
        task = self.client.do("task.create", "patch", "")
        status, body = self.http("PUT", "/pool_patch_upload", b"no update")
        self.assertIn(b"INVALID_UPDATE", body)
        self.assertEqual(len(self.client.do("VDI.get_all")), disks)
        uuid = "01234567-89ab-cdef-0123-456789abcdef"
        text = ('<update uuid="%s" name-label="TS1" version="1.0" '
                'after-apply-guidance="restartHost"><name-description>d'
                "</name-description></update>" % uuid).encode()
        status, body = self.http("PUT", "/pool_patch_upload", text,
                                 task_id=task)
        self.assertEqual(status, 200, body)
        patch = xml.fromstring(self.client.do("task.get_result", task)).text
        self.assertEqual(self.client.do("pool_patch.get_name_label", patch),
                         "TS1")


if __name__ == "__main__":
    unittest.main()
