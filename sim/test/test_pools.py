"""Several hosts and pools in one process, and files that describe them."""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation, program, with_control  # noqa: E402
from test_control import control  # noqa: E402

SITE = """
pools:
  - name: site A
    hosts:
      - {name: alpha, memory: 128 GiB, cpus: 4}
      - {name: beta, count: 2}
    storage:
      - {name: NFS, type: nfs, shared: true, size: 2 TiB, default: true}
    vms:
      - {name: web, count: 5, memory: 2 GiB, vcpus: 2, running: true}
  - name: site B
"""


CPUID = """CPU 0:
   0x00000000 0x00: eax=0x0000000d ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69
   0x00000001 0x00: eax=0x000506e3 ebx=0x00100800 ecx=0x7ffafbff edx=0xbfebfbff
   0x00000007 0x00: eax=0x00000000 ebx=0x029c67af ecx=0x00000000 edx=0xbc002e00
   0x00000016 0x00: eax=0x00000a28 ebx=0x00000e10 ecx=0x00000064 edx=0x00000000
   0x80000001 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x00000121 edx=0x2c100800
   0x80000002 0x00: eax=0x65746e49 ebx=0x2952286c ecx=0x6f655820 edx=0x2952286e
CPU 1:
   0x00000001 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x00000000 edx=0x00000000
"""


class Topology(unittest.TestCase):

    def test_each_host_has_an_address(self):
        with Simulation("--hosts", "3") as simulation:
            client = Client(simulation).login()
            addresses = sorted(
                h["address"]
                for h in client.do("host.get_all_records").values())
            self.assertEqual(addresses,
                             ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
            with self.assertRaises(Refused) as refused:
                Client(simulation, "127.0.0.2").login()
            self.assertEqual(refused.exception.args,
                             ("HOST_IS_SLAVE", "127.0.0.1"))

    def test_pools_know_nothing_of_each_other(self):
        with Simulation("--pools", "2", "--hosts", "2") as simulation:
            one = Client(simulation).login()
            two = Client(simulation, "127.0.1.1").login()
            self.assertNotEqual(one.do("pool.get_all"), two.do("pool.get_all"))
            with self.assertRaises(Refused) as refused:
                Client(simulation, "127.0.1.2").login()
            self.assertEqual(refused.exception.args,
                             ("HOST_IS_SLAVE", "127.0.1.1"))

    def test_a_file_describes_pools(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(SITE)
            file.flush()
            with Simulation("--pool", file.name) as simulation:
                self.check_site(Client(simulation).login())
                other = Client(simulation, "127.0.1.1").login()
                pool = list(other.do("pool.get_all_records").values())[0]
                self.assertEqual(pool["name_label"], "site B")

    def check_site(self, client):
        hosts = client.do("host.get_all_records").values()
        self.assertEqual(sorted(h["name_label"] for h in hosts),
                         ["alpha", "beta1", "beta2"])
        alpha = client.do("host.get_by_name_label", "alpha")[0]
        self.assertEqual(len(client.do("host.get_host_CPUs", alpha)), 4)
        pool = list(client.do("pool.get_all_records").values())[0]
        sr = client.do("SR.get_record", pool["default_SR"])
        self.assertEqual((sr["name_label"], sr["shared"], len(sr["PBDs"])),
                         ("NFS", True, 3))
        web = client.do("VM.get_by_name_label", "web3")[0]
        self.assertEqual(client.do("VM.get_power_state", web), "Running")

    def test_a_file_describes_nics_and_high_availability(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("""{"hosts": [{"count": 2, "sockets": 2, "numa": 2,
                "nics": [{"speed": 25000}, {"count": 2, "carrier": false}]}],
                "storage": [{"type": "nfs", "shared": true}],
                "vms": [{"name": "web", "ha_restart_priority": "restart",
                         "running": true}],
                "ha": {"failures": 1, "timeout": 30}}""")
            file.flush()
            with Simulation("--pool", file.name) as simulation:
                client = Client(simulation).login()
                pifs = client.do("PIF.get_all_records").values()
                self.assertEqual(sorted(p["device"] for p in pifs), sorted(
                    ["eth0", "eth1", "eth2"] * 2))
                for host in client.do("host.get_all_records").values():
                    self.assertEqual(host["cpu_info"]["nr_nodes"], "2")
                pool = list(client.do("pool.get_all_records").values())[0]
                self.assertEqual(
                    (pool["ha_enabled"], pool["ha_plan_exists_for"],
                     pool["ha_configuration"]), (True, 1, {"timeout": "30"}))

    def test_more_machines_come_with_any_description(self):
        with Simulation("--preset", "trio", "--vms", "3") as simulation:
            client = Client(simulation).login()
            self.assertEqual(
                len(client.do("VM.get_by_name_label", "vm4")), 1)

    def test_a_cpu_is_taken_from_a_record(self):
        with tempfile.NamedTemporaryFile("w") as record, \
                tempfile.NamedTemporaryFile("w") as file:
            record.write(CPUID)
            record.flush()
            file.write("hosts: [{cpu: {record: %s}}]" % record.name)
            file.flush()
            with Simulation("--pool", file.name) as simulation:
                host = Client(simulation).login().do("host.get_all_records")
        info = list(host.values())[0]["cpu_info"]
        self.assertEqual(
            [info[k] for k in ("vendor", "modelname", "family", "model",
                               "stepping", "speed")],
            ["GenuineIntel", "Intel(R) Xeon(R)", "6", "94", "3", "2600.000"])
        self.assertTrue(info["features"].startswith(
            "bfebfbff-7ffafbff-2c100800-00000121-00000000-029c67af-00000000"))

    def test_a_bad_file_is_refused(self):
        for text, said in (("{bad: 1}", b"a pool has no 'bad'"),
                           ("a: [1\nb: {", b"line 2"),
                           ("hosts: [{memory: lots}]", b"64 GiB"),
                           ("vms: [{count: 0}]", b"count"),
                           ("hosts: [{cpu: {record: /dev/null}}]", b"cpuid"),
                           ("hosts: [{cpu: {record: /no/file}}]", b"No such"),
                           ("hosts: [{cpu: Nothing}]", b"no CPU"),
                           ("pools: []", b"list")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                done = subprocess.run(
                    [program(), "--port", "0", "--pool", file.name],
                    capture_output=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(said, done.stderr)


class World:
    """A simulation whose clock stands still, and some hands on it."""

    def __init__(self, *options):
        self.simulation, self.port = with_control("--clock", "still", *options)
        self.clients = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
        self.simulation.stop()

    def client(self, address="127.0.0.1"):
        client = Client(self.simulation, address)
        self.clients.append(client)
        return client

    def advance(self, seconds):
        status, state = control(self.port, "POST", "/sim/clock",
                                {"advance": seconds})
        assert status == 200, state
        return state

    def host(self, address, verb):
        status, state = control(self.port, "POST",
                                "/sim/host/%s/%s" % (address, verb))
        assert status == 200, state

    def state(self):
        return {h["address"]: h for h in control(
            self.port, "GET", "/sim")[1]["hosts"]}


def by_address(client):
    return {h["address"]: ref
            for ref, h in client.do("host.get_all_records").items()}


def live(client, host):
    return client.do("host_metrics.get_live",
                     client.do("host.get_metrics", host))


class PoolTest(unittest.TestCase):

    def refused(self, code, call, *args):
        with self.assertRaises(Refused) as refused:
            call(*args)
        self.assertEqual(refused.exception.args[0], code)
        return refused.exception.args


class Hosts(PoolTest):

    def test_a_reboot_wants_a_disabled_host_and_gives_an_enabled_one(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            host = by_address(client)["127.0.0.2"]
            self.refused("HOST_NOT_DISABLED", client.do, "host.reboot", host)
            client.do("host.disable", host)
            self.assertIn("reboot",
                          client.do("host.get_allowed_operations", host))
            client.do("host.reboot", host)
            self.assertFalse(live(client, host))
            world.advance(5)
            self.assertTrue(live(client, host))
            self.assertTrue(client.do("host.get_enabled", host))

    def test_a_host_disabled_for_good_stays_so(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            host = by_address(client)["127.0.0.2"]
            client.do("host.disable", host, False)
            client.do("host.reboot", host)
            world.advance(5)
            self.assertTrue(live(client, host))
            self.assertFalse(client.do("host.get_enabled", host))

    def test_machines_of_a_dead_host_stop_when_somebody_says_so(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            host = by_address(client)["127.0.0.2"]
            vm = client.do("VM.get_by_name_label", "vm1")[0]
            client.do("VM.start_on", vm, host, False, False)
            self.refused("HOST_IS_LIVE", client.do, "host.declare_dead", host)
            world.host("127.0.0.2", "crash")
            world.advance(30)
            self.assertFalse(live(client, host))
            self.assertEqual(client.do("VM.get_power_state", vm), "Running")
            self.refused("HOST_HAS_RESIDENT_VMS", client.do, "host.destroy",
                         host)
            client.do("host.declare_dead", host)
            self.assertEqual(client.do("VM.get_power_state", vm), "Halted")
            client.do("host.destroy", host)
            self.assertEqual(len(client.do("host.get_all")), 1)
            self.assertEqual(client.do("PIF.get_all_records_where",
                                       'field "host" = "%s"' % host), {})

    def test_a_host_that_is_cut_off_answers_nobody(self):
        with World("--hosts", "2") as world:
            client = world.client("127.0.0.2")
            self.refused("HOST_IS_SLAVE", client.login)
            world.host("127.0.0.2", "cut")
            with self.assertRaises((OSError, http.client.HTTPException)):
                client.login()  # over the connection that is there

    def test_power_on_wants_a_way_to_do_it(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            host = by_address(client)["127.0.0.2"]
            client.do("host.disable", host)
            client.do("host.shutdown", host)
            self.refused("HOST_POWER_ON_MODE_DISABLED", client.do,
                         "host.power_on", host)
            client.do("host.set_power_on_mode", host, "wake-on-lan", {})
            client.do("host.power_on", host)
            world.advance(5)
            self.assertTrue(live(client, host))

    def test_machines_start_where_there_is_room(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            hosts = by_address(client)
            base = client.do("VM.get_by_name_label", "vm1")[0]
            taken = []
            for i in range(2):
                vm = client.do("VM.clone", base, "big%d" % i)
                client.do("VM.set_memory_limits", vm, *[40 << 30] * 4)
                client.do("VM.start", vm, False, False)
                taken.append(client.do("VM.get_resident_on", vm))
            self.assertEqual(set(taken), set(hosts.values()))
            vm = client.do("VM.clone", base, "big2")
            client.do("VM.set_memory_limits", vm, *[40 << 30] * 4)
            self.refused("NO_HOSTS_AVAILABLE", client.do, "VM.start", vm,
                         False, False)
            self.refused("HOST_NOT_ENOUGH_FREE_MEMORY", client.do,
                         "VM.start_on", vm, hosts["127.0.0.1"], False, False)

    def test_a_host_is_evacuated(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            hosts = by_address(client)
            one, two = hosts["127.0.0.1"], hosts["127.0.0.2"]
            vm = client.do("VM.get_by_name_label", "vm1")[0]
            client.do("VM.add_to_other_config", vm, "sim-guest", "linux")
            client.do("VM.start_on", vm, one, False, False)
            world.advance(10)
            self.assertEqual(
                client.do("host.get_vms_which_prevent_evacuation", one), {})
            client.do("host.assert_can_evacuate", one)
            client.do("host.evacuate", one)
            self.assertEqual(client.do("VM.get_resident_on", vm), two)
            client.do("host.disable", one)
            self.assertEqual(
                client.do("host.get_vms_which_prevent_evacuation", two),
                {vm: ["NO_HOSTS_AVAILABLE", vm]})
            self.refused("CANNOT_EVACUATE_HOST", client.do,
                         "host.assert_can_evacuate", two)
            self.refused("HOST_IN_USE", self.shut, client, two)

    def shut(self, client, host):
        client.do("host.disable", host)
        client.do("host.shutdown", host)


class Balancing(PoolTest):

    def test_advice_wants_a_balancer(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            self.refused("WLB_NOT_INITIALIZED", client.do,
                         "pool.retrieve_wlb_configuration")
            self.refused("WLB_XENSERVER_AUTHENTICATION_FAILED", client.do,
                         "pool.initialize_wlb", "wlb:8012", "u", "p", "me",
                         "x")
            client.do("pool.initialize_wlb", "wlb:8012", "u", "p", "root", "x")
            self.refused("WLB_DISABLED", client.do,
                         "pool.retrieve_wlb_configuration")
            client.do("pool.set_wlb_enabled", client.do("pool.get_all")[0],
                      True)
            client.do("pool.send_wlb_configuration",
                      {"HostMemoryThresholdCritical": "40"})
            self.assertEqual(
                client.do("pool.retrieve_wlb_configuration")
                ["HostMemoryThresholdCritical"], "40")
            self.refused("WLB_MALFORMED_REQUEST", client.do,
                         "pool.send_wlb_configuration", {"Colour": "red"})
            client.do("pool.deconfigure_wlb")
            self.refused("WLB_NOT_INITIALIZED", client.do,
                         "pool.retrieve_wlb_recommendations")

    def test_a_full_host_should_give_machines_away(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            hosts = by_address(client)
            client.do("pool.initialize_wlb", "wlb:8012", "u", "p", "root", "x")
            client.do("pool.set_wlb_enabled", client.do("pool.get_all")[0],
                      True)
            client.do("pool.send_wlb_configuration",
                      {"HostMemoryThresholdCritical": "40"})
            base = client.do("VM.get_by_name_label", "vm1")[0]
            for i in range(3):
                vm = client.do("VM.clone", base, "big%d" % i)
                client.do("VM.set_memory_limits", vm, *[12 << 30] * 4)
                client.do("VM.start_on", vm, hosts["127.0.0.1"], False, False)
            advice = client.do("pool.retrieve_wlb_recommendations")
            self.assertEqual([a[:2] for a in advice.values()], [
                ["WLB", client.do("host.get_uuid", hosts["127.0.0.2"])]])
            stars = client.do("VM.retrieve_wlb_recommendations", base)
            self.assertGreater(float(stars[hosts["127.0.0.2"]][1]),
                               float(stars[hosts["127.0.0.1"]][1]))
            client.do("VM.start", base, False, False)
            self.assertEqual(client.do("VM.get_resident_on", base),
                             hosts["127.0.0.2"])


class Membership(PoolTest):

    def test_a_host_is_ejected_and_joins_another_pool(self):
        with World("--pools", "2", "--hosts", "2") as world:
            one = world.client().login()
            two = world.client("127.0.1.1").login()
            self.refused("JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS",
                         two.do, "pool.join", "127.0.0.1", "root", "x")
            two.do("pool.eject", by_address(two)["127.0.1.2"])
            self.assertEqual(list(by_address(two)), ["127.0.1.1"])
            world.advance(2)
            alone = world.client("127.0.1.2").login()
            self.assertEqual(list(by_address(alone)), ["127.0.1.2"])
            self.refused("JOINING_HOST_CONNECTION_FAILED", alone.do,
                         "pool.join", "127.0.9.9", "root", "x")
            self.refused("SESSION_AUTHENTICATION_FAILED", alone.do,
                         "pool.join", "127.0.0.1", "root", "")
            self.refused("HOST_IS_SLAVE", alone.do,
                         "pool.join", "127.0.0.2", "root", "x")
            alone.do("pool.join", "127.0.0.1", "root", "x")
            world.advance(2)
            self.assertEqual(sorted(by_address(one)),
                             ["127.0.0.1", "127.0.0.2", "127.0.1.2"])
            shared = one.do("SR.get_by_name_label", "Shared storage")[0]
            self.assertEqual(len(one.do("SR.get_PBDs", shared)), 3)
            self.refused("HOST_IS_SLAVE", world.client("127.0.1.2").login)

    def test_a_joiner_is_checked(self):
        with World("--pools", "2") as world:
            joiner = world.client("127.0.1.1").login()
            vm = joiner.do("VM.get_by_name_label", "vm1")[0]
            joiner.do("VM.start", vm, False, False)
            self.refused("JOINING_HOST_CANNOT_HAVE_RUNNING_VMS", joiner.do,
                         "pool.join", "127.0.0.1", "root", "x")
            self.refused("HOST_ITS_OWN_SLAVE", joiner.do,
                         "pool.join", "127.0.1.1", "root", "x")
            joiner.do("VM.hard_shutdown", vm)
            sr = list(joiner.do("SR.get_all"))[0]
            joiner.do("SR.set_shared", sr, True)
            self.refused("JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS", joiner.do,
                         "pool.join", "127.0.0.1", "root", "x")
            joiner.do("SR.set_shared", sr, False)
            joiner.do("pool.join", "127.0.0.1", "root", "x")
            self.assertEqual(
                len(world.client().login().do("VM.get_by_name_label", "vm1")),
                2)

    def test_who_is_where_survives_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--pools", "2", "--hosts", "2", "--db",
                       os.path.join(folder, "pool.db"))
            with World(*options) as world:
                two = world.client("127.0.1.1").login()
                two.do("pool.eject", by_address(two)["127.0.1.2"])
                world.advance(2)
            with World(*options) as world:
                for address in ("127.0.1.1", "127.0.1.2"):
                    self.assertEqual(
                        list(by_address(world.client(address).login())),
                        [address])
                world.client("127.0.1.2").login().do(
                    "pool.join", "127.0.0.1", "root", "x")
                world.advance(2)
            with World(*options) as world:
                self.assertEqual(
                    sorted(by_address(world.client().login())),
                    ["127.0.0.1", "127.0.0.2", "127.0.1.2"])
                self.assertEqual(
                    list(by_address(world.client("127.0.1.1").login())),
                    ["127.0.1.1"])


class Masters(PoolTest):

    def test_another_host_leads(self):
        with World("--hosts", "3") as world:
            client = world.client().login()
            client.do("pool.designate_new_master",
                      by_address(client)["127.0.0.3"])
            world.advance(2)
            self.assertEqual(
                self.refused("HOST_IS_SLAVE", world.client().login),
                ("HOST_IS_SLAVE", "127.0.0.3"))
            new = world.client("127.0.0.3").login()
            self.assertEqual(new.do("pool.recover_slaves"), [])

    def test_a_call_that_waits_ends_with_its_master(self):
        with World("--hosts", "2") as world:
            client = world.client().login()
            waiting = world.client()
            waiting.session = client.session
            token = waiting.do("event.from", ["vm"], "", 0)["token"]
            ended = []

            def wait():
                try:
                    waiting.do("event.from", ["vm"], token, 600)
                except (OSError, http.client.HTTPException) as error:
                    ended.append(error)

            thread = threading.Thread(target=wait)
            thread.start()
            client.do("pool.designate_new_master",
                      by_address(client)["127.0.0.2"])
            world.advance(2)
            thread.join(60)
            self.assertEqual(len(ended), 1)

    def test_a_lost_master_is_replaced_by_hand(self):
        with World("--hosts", "3") as world:
            hosts = by_address(world.client().login())
            world.host("127.0.0.1", "crash")
            world.advance(10)
            self.assertTrue(world.state()["127.0.0.2"]["emergency"])
            self.refused("HOST_IN_EMERGENCY_MODE",
                         world.client("127.0.0.2").login)
            second = world.client("127.0.0.2")
            second.session = second.call(
                "session.slave_local_login_with_password", "root", "x")
            self.assertTrue(second.do("host.is_in_emergency_mode"))
            second.do("pool.emergency_transition_to_master")
            world.advance(2)
            self.refused("HOST_IN_EMERGENCY_MODE",
                         world.client("127.0.0.3").login)
            second = world.client("127.0.0.2").login()
            self.assertEqual(second.do("pool.recover_slaves"),
                             [hosts["127.0.0.3"]])
            world.advance(2)
            self.refused("HOST_IS_SLAVE", world.client("127.0.0.3").login)
            world.host("127.0.0.1", "boot")
            world.advance(10)
            self.refused("HOST_IN_EMERGENCY_MODE", world.client().login)

    def test_a_returning_master_ends_the_emergency(self):
        with World("--hosts", "2") as world:
            world.host("127.0.0.1", "crash")
            world.advance(10)
            self.assertTrue(world.state()["127.0.0.2"]["emergency"])
            world.host("127.0.0.1", "boot")
            world.advance(10)
            self.assertFalse(world.state()["127.0.0.2"]["emergency"])
            self.refused("HOST_IS_SLAVE", world.client("127.0.0.2").login)


if __name__ == "__main__":
    unittest.main()
