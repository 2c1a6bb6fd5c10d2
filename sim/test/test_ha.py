"""High availability: machines come back, and nothing ever runs twice."""

import os
import random
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Refused  # noqa: E402
from test_pools import PoolTest, World, by_address  # noqa: E402

SEEDS = [int(s) for s in os.environ.get("TOUCHSTONE_HA_SEEDS", "1 2").split()]
ADDRESSES = ["127.0.0.%d" % i for i in range(1, 5)]
TIMEOUT_S = 60


def master(world):
    """A client of whoever leads; None while nobody does."""
    for address, host in world.state().items():
        if host["answers"] and not host["emergency"]:
            try:
                return world.client(address).login()
            except (Refused, OSError):
                pass
    return None


def enable(world, failures, machines):
    """HA with that many protected machines, which run."""
    client = world.client().login()
    base = client.do("VM.get_by_name_label", "vm1")[0]
    vms = []
    for i in range(machines):
        vm = client.do("VM.clone", base, "ha%d" % i)
        client.do("VM.set_ha_restart_priority", vm, "restart")
        client.do("VM.start", vm, False, False)
        vms.append(vm)
    sr = client.do("SR.get_by_name_label", "Shared storage")[0]
    client.do("pool.enable_ha", [sr], {"timeout": str(TIMEOUT_S)})
    pool = client.do("pool.get_all")[0]
    client.do("pool.set_ha_host_failures_to_tolerate", pool, failures)
    return client, pool, vms


class Enabling(PoolTest):

    def test_it_wants_shared_storage_that_all_hosts_see(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            local = [ref for ref, sr in
                     client.do("SR.get_all_records").items()
                     if not sr["shared"]]
            self.refused("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", client.do,
                         "pool.enable_ha", [local[0]], {})
            client.do("pool.enable_ha", [], {})
            self.refused("HA_IS_ENABLED", client.do, "pool.enable_ha", [], {})
            self.refused("HA_IS_ENABLED", client.do,
                         "pool.designate_new_master",
                         by_address(client)["127.0.0.2"])
            client.do("pool.disable_ha")
            self.refused("HA_NOT_ENABLED", client.do, "pool.disable_ha")

    def test_a_plan_is_kept(self):
        with World("--hosts", "2") as world:
            client, pool, vms = enable(world, 1, 2)
            record = client.do("pool.get_record", pool)
            self.assertEqual((record["ha_plan_exists_for"],
                              record["ha_overcommitted"]), (1, False))
            self.assertEqual(client.do("pool.ha_failover_plan_exists", 2),
                             False)
            self.refused("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", client.do,
                         "host.disable", by_address(client)["127.0.0.2"])
            self.refused("HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", client.do,
                         "pool.set_ha_host_failures_to_tolerate", pool, 2)
            plan = client.do("pool.ha_compute_vm_failover_plan",
                             [by_address(client)["127.0.0.1"]], vms)
            self.assertEqual({p["host"] for p in plan.values()},
                             {by_address(client)["127.0.0.2"]})


class Failing(PoolTest):

    def test_machines_of_a_failed_host_start_elsewhere(self):
        with World("--hosts", "3") as world:
            client, _, vms = enable(world, 1, 3)
            hosts = by_address(client)
            at = {vm: client.do("VM.get_resident_on", vm) for vm in vms}
            self.assertEqual(set(at.values()), set(hosts.values()))
            world.host("127.0.0.2", "crash")
            world.advance(TIMEOUT_S / 2)
            self.assertTrue(all(client.do("VM.get_resident_on", vm) == at[vm]
                                for vm in vms))
            world.advance(TIMEOUT_S)
            for vm in vms:
                self.assertEqual(client.do("VM.get_power_state", vm),
                                 "Running")
                self.assertNotEqual(client.do("VM.get_resident_on", vm),
                                    hosts["127.0.0.2"])
            self.assertIn("HA_HOST_FAILED", [
                m["name"] for m in
                client.do("message.get_all_records").values()])

    def test_a_failed_master_is_replaced(self):
        with World("--hosts", "3") as world:
            _, _, vms = enable(world, 1, 3)
            world.host("127.0.0.1", "crash")
            world.advance(2 * TIMEOUT_S)
            client = master(world)
            for vm in vms:
                self.assertEqual(client.do("VM.get_power_state", vm),
                                 "Running")
            world.host("127.0.0.1", "boot")
            world.advance(10)
            self.refused("HOST_IS_SLAVE", world.client().login)

    def test_a_machine_that_was_stopped_stays_so(self):
        with World("--hosts", "2") as world:
            client, _, vms = enable(world, 1, 2)
            client.do("VM.hard_shutdown", vms[0])
            world.host("127.0.0.2", "crash")
            world.advance(2 * TIMEOUT_S)
            self.assertEqual(client.do("VM.get_power_state", vms[0]),
                             "Halted")
            self.assertEqual(client.do("VM.get_power_state", vms[1]),
                             "Running")

    def test_a_host_that_hears_nobody_is_fenced(self):
        with World("--hosts", "3") as world:
            enable(world, 1, 3)
            world.host("127.0.0.3", "cut")
            before = world.state()["127.0.0.3"]["domains"]
            self.assertEqual(len(before), 1)
            world.advance(TIMEOUT_S + 1)
            self.assertEqual(world.state()["127.0.0.3"]["domains"], [])


class Sequences(unittest.TestCase):
    """Whatever happens: one master, and no machine twice."""

    def check(self, world, seed, log):
        state = world.state()
        domains = [d for h in state.values() for d in h["domains"]]
        self.assertEqual(len(domains), len(set(domains)), (seed, log))
        leads = 0
        for address, host in state.items():
            if host["answers"] and not host["emergency"]:
                try:
                    world.client(address).login()
                    leads += 1
                except (Refused, OSError):
                    pass
        self.assertLessEqual(leads, 1, (seed, log))

    def run_sequence(self, seed):
        dice = random.Random(seed)
        with World("--hosts", str(len(ADDRESSES))) as world:
            _, _, vms = enable(world, 1, 6)
            log = []
            for _ in range(12):
                step = (dice.choice(ADDRESSES),
                        dice.choice(("crash", "boot", "cut", "join")),
                        dice.choice((1, 20, 70, 100)))
                log.append(step)
                if step[1] != "boot" or \
                        world.state()[step[0]]["power"] == "off":
                    world.host(step[0], step[1])
                world.advance(step[2])
                self.check(world, seed, log)
            for address in ADDRESSES:
                world.host(address, "join")
                if world.state()[address]["power"] == "off":
                    world.host(address, "boot")
            world.advance(4 * TIMEOUT_S)
            self.check(world, seed, log)
            client = master(world)
            self.assertIsNotNone(client, (seed, log))
            for vm in vms:
                self.assertEqual(client.do("VM.get_power_state", vm),
                                 "Running", (seed, log))

    def test_random_failures(self):
        for seed in SEEDS:
            with self.subTest("TOUCHSTONE_HA_SEEDS=%d" % seed):
                self.run_sequence(seed)


if __name__ == "__main__":
    unittest.main()
