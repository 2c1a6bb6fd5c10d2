"""Machines: every power state with every operation, as vm_ops.def says."""

import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "impl", "toolstack", "vm", "vm_ops.def")
ROW = re.compile(r'^OP\((\w+), "([HPSR]*)", (.*)\)$', re.MULTILINE)
NAMES = {"H": "Halted", "P": "Paused", "S": "Suspended", "R": "Running"}
LETTERS = {name: letter for letter, name in NAMES.items()}

# Operations that need more than a state; what a plain machine is told.
ELSEWHERE = {"revert": "REVERT_ONLY_ALLOWED_ON_SNAPSHOT",
             "provision": "PROVISION_ONLY_ALLOWED_ON_TEMPLATE",
             "snapshot_with_quiesce": "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED",
             "query_services": "NOT_SYSTEM_DOMAIN"}

# Messages, their parameters after the machine, and the state that follows;
# "same": none. What is not here has no message of its own.
MESSAGES = {
    "start": ("VM.start", (False, False), "Running"),
    "pause": ("VM.pause", (), "Paused"),
    "unpause": ("VM.unpause", (), "Running"),
    "clean_shutdown": ("VM.clean_shutdown", (), "Halted"),
    "clean_reboot": ("VM.clean_reboot", (), "Running"),
    "hard_shutdown": ("VM.hard_shutdown", (), "Halted"),
    "hard_reboot": ("VM.hard_reboot", (), "Running"),
    "shutdown": ("VM.shutdown", (), "Halted"),
    "suspend": ("VM.suspend", (), "Suspended"),
    "resume": ("VM.resume", (False, False), "Running"),
    "snapshot": ("VM.snapshot", ("s",), "same"),
    "checkpoint": ("VM.checkpoint", ("c",), "same"),
    "clone": ("VM.clone", ("k",), "same"),
    "send_sysrq": ("VM.send_sysrq", ("h",), "same"),
    "changing_VCPUs_live": ("VM.set_VCPUs_number_live", (1,), "same"),
    "changing_dynamic_range":
        ("VM.set_memory_dynamic_range", (1 << 30, 1 << 30), "same"),
    "changing_NVRAM": ("VM.set_NVRAM", ({},), "same"),
    "get_boot_record": ("VM.get_boot_record", (), "same"),
    "destroy": ("VM.destroy", (), "gone"),
}


def rows():
    """(operation, states, flags) of every row."""
    with open(TABLE, encoding="utf-8") as file:
        found = ROW.findall(file.read())
    assert len(found) > 40
    return found


class EveryStateAndOperation(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation("--guests", "linux")

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def setUp(self):
        self.client = Client(self.simulation).login()
        self.addCleanup(self.client.close)

    def machine(self, state):
        """A new machine in that state."""
        do = self.client.do
        vm = do("VM.clone", do("VM.get_by_name_label", "vm1")[0], state)
        if state != "Halted":
            do("VM.start", vm, state == "Paused", False)
        if state == "Suspended":
            do("VM.suspend", vm)
        self.assertEqual(do("VM.get_power_state", vm), state)
        return vm

    def code(self, method, *params):
        """The error's first word; None."""
        try:
            self.client.do(method, *params)
        except Refused as refused:
            return refused.args[0]
        return None

    def test_what_is_valid_follows_the_table(self):
        for state in NAMES.values():
            vm = self.machine(state)
            for name, states, _ in rows():
                wanted = None
                if LETTERS[state] not in states:
                    wanted = "VM_BAD_POWER_STATE"
                elif name in ELSEWHERE:
                    wanted = ELSEWHERE[name]
                with self.subTest(state=state, operation=name):
                    got = self.code("VM.assert_operation_valid", vm, name)
                    self.assertEqual(got, wanted)

    def test_what_is_listed_is_valid(self):
        for state in NAMES.values():
            vm = self.machine(state)
            listed = set(self.client.do("VM.get_allowed_operations", vm))
            wanted = {name for name, states, flags in rows()
                      if "OP_LISTED" in flags and LETTERS[state] in states
                      and name not in ELSEWHERE}
            self.assertEqual(listed, wanted, state)

    def test_every_message_does_it_or_names_the_states(self):
        table = {name: states for name, states, _ in rows()}
        for state in NAMES.values():
            for name, (method, params, after) in MESSAGES.items():
                vm = self.machine(state)
                with self.subTest(state=state, method=method):
                    got = self.code(method, vm, *params)
                    if LETTERS[state] not in table[name]:
                        self.assertEqual(got, "VM_BAD_POWER_STATE")
                        after = "same"
                    else:
                        self.assertIsNone(got)
                    if after == "gone":
                        self.assertEqual(
                            self.code("VM.get_power_state", vm),
                            "HANDLE_INVALID")
                        continue
                    self.assertEqual(
                        self.client.do("VM.get_power_state", vm),
                        state if after == "same" else after)

    def test_blocked_operations_say_why(self):
        for state in NAMES.values():
            vm = self.machine(state)
            self.client.do("VM.set_blocked_operations", vm,
                           {"hard_shutdown": "mine", "clone": "mine"})
            for name in ("hard_shutdown", "clone"):
                self.assertNotIn(
                    name, self.client.do("VM.get_allowed_operations", vm))
                with self.assertRaises(Refused) as caught:
                    self.client.do("VM.assert_operation_valid", vm, name)
                self.assertEqual(caught.exception.args,
                                 ("OPERATION_BLOCKED", vm, "mine"))


class Slow(unittest.TestCase):
    """Operations that take their time, on a clock that stands still."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation("--guests", "linux", "--pace", "1000",
                                    "--clock", "still")

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def setUp(self):
        self.client = Client(self.simulation).login()
        self.addCleanup(self.client.close)

    def begin(self, method, *params):
        return self.client.do("Async." + method, *params)

    def advance(self, seconds):
        self.client.control("/sim/clock", {"advance": seconds})

    def status(self, task):
        return self.client.do("task.get_status", task)

    def test_an_operation_shows_until_it_is_done(self):
        do = self.client.do
        vm = do("VM.get_by_name_label", "vm1")[0]
        task = self.begin("VM.start", vm, False, False)
        self.assertEqual(do("VM.get_current_operations", vm), {task: "start"})
        self.assertEqual(self.status(task), "pending")
        self.assertEqual(do("VM.get_allowed_operations", vm), [])
        with self.assertRaises(Refused) as caught:
            do("VM.start", vm, False, False)
        self.assertEqual(caught.exception.args,
                         ("OTHER_OPERATION_IN_PROGRESS", "VM", vm, "start",
                          task))
        self.advance(5)
        self.assertEqual(self.status(task), "success")
        self.assertEqual(do("VM.get_current_operations", vm), {})
        self.assertEqual(do("VM.get_power_state", vm), "Running")
        task = self.begin("VM.hard_shutdown", vm)
        self.advance(5)
        self.assertEqual(self.status(task), "success")

    def test_what_is_cancelled_does_not_happen(self):
        do = self.client.do
        vm = do("VM.get_by_name_label", "vm0")[0]
        task = self.begin("VM.start", vm, False, False)
        do("task.cancel", task)
        self.advance(5)
        self.assertEqual(do("task.get_error_info", task)[0], "TASK_CANCELLED")
        self.assertEqual(do("VM.get_current_operations", vm), {})
        self.assertEqual(do("VM.get_power_state", vm), "Halted")

    def test_a_machine_that_goes_meanwhile_is_missed(self):
        do = self.client.do
        clone = self.begin("VM.clone", do("VM.get_by_name_label", "vm1")[0],
                           "brief")
        self.advance(2)
        self.assertEqual(self.status(clone), "success")
        vm = do("VM.get_by_name_label", "brief")[0]
        first = self.begin("VM.copy", vm, "copy", "OpaqueRef:NULL")
        second = self.begin("VM.clone", vm, "clone")  # these can be together
        self.assertEqual(sorted(do("VM.get_current_operations", vm).values()),
                         ["clone", "copy"])
        self.advance(5)
        self.assertEqual([self.status(t) for t in (first, second)],
                         ["success", "success"])


if __name__ == "__main__":
    unittest.main()
