"""`--users FILE`: users of a directory, their roles, and what these allow."""

import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

ROLES = ("read-only", "vm-operator", "vm-admin", "vm-power-admin",
         "pool-operator", "pool-admin")
DIRECTORY = {
    "domain": "example.test",
    "groups": [{"name": "staff", "sid": "S-1-5-21-9-513"},
               {"name": "helpers", "groups": ["staff"],
                "roles": ["vm-operator"]}],
    "users": [{"name": role, "password": "p", "roles": [role]}
              for role in ROLES] + [
                  {"name": "ann", "password": "a", "sid": "S-1-5-21-9-1000",
                   "groups": ["helpers"]},
                  {"name": "bob", "password": "b", "sid": "S-1-5-21-9-1001"},
                  {"name": "eve", "password": "e", "groups": ["helpers"],
                   "locked": True}],
}


class Users(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(DIRECTORY, file)
            file.flush()
            cls.simulation = Simulation("--users", file.name)
        cls.addClassCleanup(cls.simulation.stop)

    def setUp(self):
        self.root = self.client().login()

    def client(self):
        client = Client(self.simulation)
        self.addCleanup(client.close)
        return client

    def login(self, user, password):
        client = self.client()
        client.session = client.call("session.login_with_password", user,
                                     password)
        return client

    def assert_refused(self, words, call, *args):
        with self.assertRaises(Refused) as caught:
            call(*args)
        self.assertEqual(list(caught.exception.args)[:len(words)], words)

    def test_a_wrong_password_is_refused(self):
        self.assert_refused(
            ["SESSION_AUTHENTICATION_FAILED", "ann", "Authentication failure"],
            self.login, "ann", "x")

    def test_a_locked_account_is_refused(self):
        self.assert_refused(["SESSION_AUTHENTICATION_FAILED", "eve"],
                            self.login, "eve", "e")

    def test_who_is_no_subject_is_refused_until_made_one(self):
        self.assert_refused(["SESSION_AUTHENTICATION_FAILED", "bob"],
                            self.login, "bob", "b")
        subject = self.root.do("subject.create", {
            "subject_identifier": "S-1-5-21-9-1001", "other_config": {}})
        self.assertEqual(self.root.do("subject.get_other_config", subject)
                         ["subject-name"], "bob")
        self.assert_refused(["RBAC_PERMISSION_DENIED",
                             "session.login_with_password"],
                            self.login, "bob", "b")
        role = self.root.do("role.get_by_name_label", "read-only")[0]
        self.root.do("subject.add_to_roles", subject, role)
        self.assert_refused(["ROLE_ALREADY_EXISTS"], self.root.do,
                            "subject.add_to_roles", subject, role)
        client = self.login("EXAMPLE\\bob", "b")
        self.assertEqual(self.root.do("session.get_subject", client.session),
                         subject)
        self.assertIn("S-1-5-21-9-1001",
                      self.root.do("session.get_all_subject_identifiers"))
        self.root.do("session.logout_subject_identifier", "S-1-5-21-9-1001")
        self.assert_refused(["SESSION_INVALID"], client.do, "VM.get_all")
        self.root.do("subject.remove_from_roles", subject, role)
        self.root.do("subject.destroy", subject)

    def test_a_group_lets_its_members_in(self):
        client = self.login("ann@example.test", "a")
        vm = client.do("VM.get_by_name_label", "vm0")[0]
        client.do("VM.start", vm, False, False)
        client.do("VM.hard_shutdown", vm)
        self.assert_refused(["RBAC_PERMISSION_DENIED", "vm.destroy",
                             "No permission in user session. (Roles with this "
                             "permission: pool-admin, pool-operator, "
                             "vm-power-admin, vm-admin)"],
                            client.do, "VM.destroy", vm)
        self.assertEqual(sorted(self.root.do(
            "auth.get_group_membership", "S-1-5-21-9-1000")),
            ["S-1-5-21-1-2-3-501", "S-1-5-21-9-513"])

    def test_some_keys_of_maps_have_a_role_of_their_own(self):
        client = self.login("vm-operator", "p")
        pool = client.do("pool.get_all")[0]
        client.do("pool.add_to_other_config", pool, "XenCenter.CustomFields.a",
                  "1")
        client.do("pool.remove_from_other_config", pool,
                  "XenCenter.CustomFields.a")
        self.assert_refused(["RBAC_PERMISSION_DENIED",
                             "pool.add_to_other_config"],
                            client.do, "pool.add_to_other_config", pool, "a",
                            "1")
        self.assert_refused(
            ["RBAC_PERMISSION_DENIED", "pool.add_to_other_config/key:folder"],
            self.login("read-only", "p").do, "pool.add_to_other_config", pool,
            "folder", "/x")

    def test_only_root_changes_the_password(self):
        client = self.login("pool-admin", "p")
        self.assert_refused(["RBAC_PERMISSION_DENIED",
                             "session.change_password"],
                            client.do, "session.change_password", "", "new")
        with Simulation() as simulation:
            root = Client(simulation).login()
            self.assert_refused(["CHANGE_PASSWORD_REJECTED"], root.do,
                                "session.change_password", "x", "")
            root.do("session.change_password", "x", "new")
            self.assert_refused(["SESSION_AUTHENTICATION_FAILED", "root"],
                                root.login)
            root.call("session.login_with_password", "root", "new")
            root.close()

    def test_every_role_has_its_permissions(self):
        path = os.environ.get("TOUCHSTONE_PERMISSIONS")
        if not path:
            self.skipTest("TOUCHSTONE_PERMISSIONS names no recorded ones")
        with open(path) as file:
            recorded = json.load(file)["roles"]
        for role in ROLES:
            session = self.login(role, "p").session
            permissions = self.root.do("session.get_rbac_permissions", session)
            self.assertEqual(set(permissions) - {role}, set(recorded[role]))


if __name__ == "__main__":
    unittest.main()
