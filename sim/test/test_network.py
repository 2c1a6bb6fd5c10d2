"""Networks from outside: interfaces, VLANs, bonds, tunnels, management."""

import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

WAIT_S = 20.0


class Networks(unittest.TestCase):
    """Each test has a simulation of its own: networks are shared state."""

    options = ()

    def setUp(self):
        self.simulation = Simulation(*self.options)
        self.addCleanup(self.simulation.stop)
        self.client = Client(self.simulation).login()
        self.addCleanup(self.client.close)
        self.do = self.client.do
        self.host = self.do("host.get_all")[0]

    def refused(self, code, method, *params):
        with self.assertRaises(Refused) as caught:
            self.do(method, *params)
        self.assertEqual(caught.exception.args[0], code)
        return caught.exception.args[1:]

    def network(self, label="n"):
        return self.do("network.create", {
            "name_label": label, "name_description": "", "MTU": 1500,
            "other_config": {}, "bridge": "", "managed": True, "tags": []})

    def pif(self, device, host=None):
        for ref, record in self.do("PIF.get_all_records").items():
            if record["device"] == device and record["VLAN"] == -1 \
                    and record["host"] == (host or self.host):
                return ref
        raise AssertionError(device)

    def scanned(self):
        self.do("PIF.scan", self.host)
        return [self.pif("eth%d" % i) for i in range(4)]


class OneHost(Networks):
    """The preset pool, whose host has three more NICs than interfaces."""

    def test_scan_finds_the_other_cards(self):
        self.assertEqual(len(self.do("PIF.get_all")), 1)
        pifs = self.scanned()
        record = self.do("PIF.get_record", pifs[1])
        self.assertTrue(record["physical"])
        self.assertFalse(record["currently_attached"])
        network = self.do("network.get_record", record["network"])
        self.assertEqual(network["bridge"], "xenbr1")
        metrics = self.do("PIF_metrics.get_record", record["metrics"])
        self.assertTrue(metrics["carrier"])
        self.assertEqual(metrics["speed"], 1000)
        self.do("PIF.scan", self.host)
        self.assertEqual(len(self.do("PIF.get_all")), 4)

    def test_introduce_wants_device_and_address_of_a_card(self):
        self.refused("MAC_INVALID", "PIF.introduce", self.host, "x", "eth1",
                     True)
        self.refused("DUPLICATE_PIF_DEVICE_NAME", "PIF.introduce", self.host,
                     "", "eth0", True)
        self.refused(
            "COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_"
            "MAC_ADDRESS", "PIF.introduce", self.host, "00:11:22:33:44:55",
            "eth1", True)
        ref = self.do("PIF.introduce", self.host, "", "eth1", True)
        self.do("PIF.plug", ref)
        self.assertTrue(self.do("PIF.get_currently_attached", ref))
        self.do("PIF.forget", ref)
        self.assertEqual(len(self.do("PIF.get_all")), 1)
        self.assertEqual(len(self.do("PIF_metrics.get_all")), 1)

    def test_dhcp_gives_an_address(self):
        ref = self.scanned()[1]
        self.do("PIF.plug", ref)
        self.do("PIF.reconfigure_ip", ref, "DHCP", "", "", "", "")
        self.assertRegex(self.do("PIF.get_IP", ref), r"^10\.\d+\.\d+\.\d+$")
        self.do("PIF.reconfigure_ip", ref, "Static", "192.0.2.7",
                "255.255.255.0", "192.0.2.1", "192.0.2.2,fe80::1")
        self.assertEqual(self.do("PIF.get_IP", ref), "192.0.2.7")
        self.assertEqual(self.do("PIF.get_DNS", ref), "192.0.2.2")

    def test_vlan(self):
        base, network = self.pif("eth0"), self.network()
        vlan = self.do("VLAN.create", base, 7, network)
        pif = self.do("VLAN.get_untagged_PIF", vlan)
        record = self.do("PIF.get_record", pif)
        self.assertEqual((record["VLAN"], record["device"]), (7, "eth0"))
        self.assertTrue(record["currently_attached"])
        self.assertEqual(record["VLAN_master_of"], vlan)
        self.assertEqual(self.do("PIF.get_VLAN_slave_of", base), [vlan])
        self.assertEqual(
            self.refused("PIF_VLAN_EXISTS", "VLAN.create", base, 7,
                         self.network()), ("eth0",))
        self.refused("PIF_IS_VLAN", "VLAN.create", pif, 8, self.network())
        self.refused("NETWORK_CONTAINS_PIF", "network.destroy", network)
        self.refused("PIF_VLAN_STILL_EXISTS", "PIF.forget", pif)
        self.do("VLAN.destroy", vlan)
        self.do("network.destroy", network)
        self.assertEqual(self.do("VLAN.get_all"), [])

    def test_bond_takes_over_and_gives_back(self):
        pifs, network = self.scanned(), self.network("bonded")
        vlan_network = self.network("tagged")
        self.do("VLAN.create", pifs[1], 9, vlan_network)
        self.do("PIF.reconfigure_ip", pifs[1], "Static", "192.0.2.7",
                "255.255.255.0", "", "")
        machine = self.do("VM.get_by_name_label", "vm1")[0]
        vif = self.do("VIF.create", {
            "device": "1", "network": self.do("PIF.get_network", pifs[2]),
            "VM": machine, "MAC": "", "MTU": 1500, "other_config": {},
            "qos_algorithm_type": "", "qos_algorithm_params": {}})
        bond = self.do("Bond.create", network, pifs[1:3], "", "lacp", {})
        record = self.do("Bond.get_record", bond)
        self.assertEqual(sorted(record["slaves"]), sorted(pifs[1:3]))
        self.assertEqual(record["primary_slave"], pifs[1])
        self.assertEqual(record["properties"]["hashing_algorithm"],
                         "tcpudp_ports")
        self.assertEqual(record["links_up"], 2)
        master = self.do("PIF.get_record", record["master"])
        self.assertEqual(master["IP"], "192.0.2.7")
        self.assertEqual(master["device"], "bond0")
        self.assertTrue(master["currently_attached"])
        self.assertEqual(self.do("PIF.get_IP", pifs[1]), "")
        self.assertEqual(len(master["VLAN_slave_of"]), 1)
        self.assertEqual(self.do("VIF.get_network", vif), network)
        self.refused("PIF_ALREADY_BONDED", "Bond.create", self.network(),
                     pifs[1:3], "", "balance-slb", {})
        self.refused("CANNOT_PLUG_BOND_SLAVE", "PIF.plug", pifs[1])
        self.refused("CANNOT_ADD_VLAN_TO_BOND_SLAVE", "VLAN.create", pifs[1],
                     3, self.network())
        self.do("Bond.destroy", bond)
        self.assertEqual(self.do("PIF.get_IP", pifs[1]), "192.0.2.7")
        self.assertEqual(len(self.do("PIF.get_VLAN_slave_of", pifs[1])), 1)
        self.assertEqual(self.do("VIF.get_network", vif),
                         self.do("PIF.get_network", pifs[1]))

    def test_bond_of_the_management_interface(self):
        pifs = self.scanned()
        bond = self.do("Bond.create", self.network(), pifs[:2], "",
                       "active-backup", {})
        master = self.do("Bond.get_master", bond)
        self.assertEqual(self.do("host.get_management_interface", self.host),
                         master)
        self.refused("PIF_IS_MANAGEMENT_INTERFACE", "PIF.unplug", master)
        self.do("Bond.destroy", bond)
        self.assertEqual(self.do("host.get_management_interface", self.host),
                         pifs[0])

    def test_bond_settings(self):
        pifs = self.scanned()
        self.refused("INVALID_VALUE", "Bond.create", self.network(), pifs[1:3],
                     "", "lacp", {"hashing_algorithm": "x"})
        bond = self.do("Bond.create", self.network(), pifs[1:3], "", "lacp",
                       {"lacp-time": "fast"})
        self.do("Bond.set_property", bond, "hashing_algorithm", "src_mac")
        self.do("Bond.set_mode", bond, "balance-slb")
        self.assertEqual(self.do("Bond.get_properties", bond), {})

    def test_tunnel(self):
        pif = self.scanned()[1]
        self.assertEqual(
            self.refused("TRANSPORT_PIF_NOT_CONFIGURED", "tunnel.create", pif,
                         self.network(), "gre"), (pif,))
        self.do("PIF.reconfigure_ip", pif, "DHCP", "", "", "", "")
        tunnel = self.do("tunnel.create", pif, self.network(), "vxlan")
        self.assertEqual(self.do("tunnel.get_status", tunnel),
                         {"active": "true"})
        access = self.do("tunnel.get_access_PIF", tunnel)
        self.do("PIF.unplug", pif)
        self.assertFalse(self.do("PIF.get_currently_attached", access))
        self.do("tunnel.destroy", tunnel)
        self.refused("HANDLE_INVALID", "PIF.get_record", access)

    def test_sriov(self):
        pifs = self.scanned()
        self.refused("PIF_IS_NOT_SRIOV_CAPABLE", "network_sriov.create",
                     pifs[1], self.network())
        network = self.network("fast")
        sriov = self.do("network_sriov.create", pifs[3], network)
        self.assertEqual(
            self.do("network_sriov.get_remaining_capacity", sriov), 8)
        self.refused("NETWORK_SRIOV_ALREADY_ENABLED", "network_sriov.create",
                     pifs[3], self.network())
        self.refused("PIF_SRIOV_STILL_EXISTS", "PIF.forget", pifs[3])
        machine = self.do("VM.clone",
                          self.do("VM.get_by_name_label", "vm1")[0], "m")
        self.do("VIF.create", {
            "device": "0", "network": network, "VM": machine, "MAC": "",
            "MTU": 1500, "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})
        self.do("VM.start", machine, False, False)
        self.assertEqual(
            self.do("network_sriov.get_remaining_capacity", sriov), 7)
        self.do("VM.hard_shutdown", machine)
        self.do("network_sriov.destroy", sriov)

    def test_management_moves(self):
        pif = self.scanned()[1]
        self.refused("PIF_HAS_NO_NETWORK_CONFIGURATION",
                     "host.management_reconfigure", pif)
        self.do("PIF.reconfigure_ip", pif, "Static", "192.0.2.9",
                "255.255.255.0", "", "")
        self.do("host.management_reconfigure", pif)
        self.assertEqual(self.do("host.get_address", self.host), "192.0.2.9")
        self.assertFalse(self.do("PIF.get_management", self.pif("eth0")))
        self.do("host.management_disable")
        self.assertEqual(self.do("host.get_management_interface", self.host),
                         "OpaqueRef:NULL")

    def test_purposes_exclude_each_other(self):
        network = self.network()
        self.do("network.add_purpose", network, "nbd")
        self.assertEqual(
            self.refused("NETWORK_INCOMPATIBLE_PURPOSES",
                         "network.add_purpose", self.network(),
                         "insecure_nbd"), ("insecure_nbd", "nbd"))

    def test_bridges_have_names_of_their_own(self):
        record = {"name_label": "n", "name_description": "", "MTU": 1500,
                  "other_config": {}, "bridge": "br7", "managed": True,
                  "tags": []}
        self.do("network.create", record)
        self.refused("BRIDGE_NAME_EXISTS", "network.create", record)
        self.refused("INVALID_VALUE", "network.create",
                     dict(record, bridge="eth7"))

    def test_pvs(self):
        site = self.do("PVS_site.introduce", "s", "", "u")
        server = self.do("PVS_server.introduce", ["192.0.2.1"], 6910, 6930,
                         site)
        self.refused("PVS_SERVER_ADDRESS_IN_USE", "PVS_server.introduce",
                     ["192.0.2.1"], 6910, 6930, site)
        machine = self.do("VM.get_by_name_label", "vm0")[0]
        vif = self.do("VM.get_VIFs", machine)[0]
        proxy = self.do("PVS_proxy.create", site, vif)
        self.refused("PVS_PROXY_ALREADY_PRESENT", "PVS_proxy.create", site,
                     vif)
        self.refused("PVS_SITE_CONTAINS_SERVERS", "PVS_site.forget", site)
        self.do("PVS_proxy.destroy", proxy)
        self.do("PVS_server.forget", server)
        self.do("PVS_site.forget", site)

    def test_sdn_controller(self):
        self.refused("INVALID_VALUE", "SDN_controller.introduce", "ssl", "",
                     0)
        ref = self.do("SDN_controller.introduce", "ssl", "192.0.2.3", 0)
        self.assertEqual(self.do("SDN_controller.get_port", ref), 6632)
        self.refused("OPERATION_NOT_ALLOWED", "SDN_controller.introduce",
                     "ssl", "192.0.2.4", 0)
        self.do("SDN_controller.forget", ref)


class SeveralHosts(Networks):
    """Networks are the pool's, interfaces the hosts'."""

    options = ("--hosts", "3")

    def test_vlan_on_every_host(self):
        network = self.network()
        pifs = self.do("pool.create_VLAN", "eth0", network, 5)
        self.assertEqual(len(pifs), 3)
        self.assertEqual({self.do("PIF.get_host", p) for p in pifs},
                         set(self.do("host.get_all")))
        self.assertEqual(sorted(self.do("network.get_PIFs", network)),
                         sorted(pifs))
        self.refused("NETWORK_ALREADY_CONNECTED", "pool.create_VLAN", "eth0",
                     network, 6)

    def test_cards_of_all_hosts_share_networks(self):
        for host in self.do("host.get_all"):
            self.do("PIF.scan", host)
        bridges = {}
        for record in self.do("PIF.get_all_records").values():
            bridges.setdefault(record["network"], set()).add(record["host"])
        self.assertEqual(sorted(map(len, bridges.values())), [3, 3, 3, 3])
        macs = [r["MAC"] for r in self.do("PIF.get_all_records").values()]
        self.assertEqual(len(macs), len(set(macs)))

    def test_bond_stays_on_one_host(self):
        hosts = self.do("host.get_all")
        for host in hosts:
            self.do("PIF.scan", host)
        self.refused("PIF_CANNOT_BOND_CROSS_HOST", "Bond.create",
                     self.network(), [self.pif("eth1", hosts[0]),
                                      self.pif("eth1", hosts[1])],
                     "", "lacp", {})


    def test_nbd_wants_a_network_with_that_purpose(self):
        vdi = self.do("VM.get_by_name_label", "vm0")[0]
        vdi = self.do("VBD.get_VDI", self.do("VM.get_VBDs", vdi)[0])
        self.assertEqual(self.do("VDI.get_nbd_info", vdi), [])
        pif = self.do("host.get_management_interface", self.host)
        self.do("network.add_purpose", self.do("PIF.get_network", pif), "nbd")
        self.refused("CERTIFICATE_LIBRARY_CORRUPT", "VDI.get_nbd_info", vdi)
        for host in self.do("host.get_all"):
            self.do("host.reset_server_certificate", host)
        rows = self.do("VDI.get_nbd_info", vdi)
        self.assertIn(self.do("host.get_address", self.host),
                      [row["address"] for row in rows])
        self.assertGreater(rows[0]["port"], 0)


class Joining(Networks):
    """A host that joins gets what the master's networks have."""

    options = ("--pools", "2")

    def test_vlans_and_bonds_of_the_master(self):
        other = Client(self.simulation, "127.0.1.1").login()
        self.addCleanup(other.close)
        newcomer = other.do("host.get_all")[0]
        self.do("PIF.scan", self.host)
        other.do("PIF.scan", newcomer)
        self.do("VLAN.create", self.pif("eth1"), 9, self.network("v"))
        self.do("Bond.create", self.network("b"),
                [self.pif("eth2"), self.pif("eth3")], "", "lacp", {})
        address = self.do("host.get_address", self.host)
        other.do("pool.join", address, "root", "x")
        token = ""
        while len(self.do("host.get_all")) < 2:
            token = self.do("event.from", ["host"], token, WAIT_S)["token"]
        self.assertEqual(len(self.do("VLAN.get_all")), 2)
        self.assertEqual(len(self.do("Bond.get_all")), 2)
        hosts = {self.do("PIF.get_host", self.do("Bond.get_master", b))
                 for b in self.do("Bond.get_all")}
        self.assertEqual(hosts, set(self.do("host.get_all")))


class Restarted(unittest.TestCase):
    """The simulation starts again with its file."""

    def test_bridges_are_there_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "db")
            with Simulation("--db", path) as simulation:
                client = Client(simulation).login()
                pif = client.do("PIF.get_all")[0]
                network = client.do("network.create", {
                    "name_label": "n", "name_description": "", "MTU": 1500,
                    "other_config": {}, "bridge": "", "managed": True,
                    "tags": []})
                vlan = client.do("VLAN.create", pif, 3, network)
                client.close()
            with Simulation("--db", path) as simulation:
                client = Client(simulation).login()
                pif = client.do("VLAN.get_untagged_PIF", vlan)
                self.assertTrue(client.do("PIF.get_currently_attached", pif))
                client.do("VLAN.destroy", vlan)
                client.close()


class Faults(Networks):
    """A link goes down: the API tells."""

    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json",
                                         delete=False) as file:
            json.dump([{"what": "link-down", "target": "*/eth1",
                        "start": 2}], file)
        self.addCleanup(os.unlink, file.name)
        self.options = ("--faults", file.name)
        super().setUp()

    def test_carrier_and_bond_follow_the_link(self):
        pifs = self.scanned()
        bond = self.do("Bond.create", self.network(), pifs[1:3], "", "lacp",
                       {})
        token = ""
        while self.do("Bond.get_links_up", bond) == 2:
            token = self.do("event.from", ["Bond"], token, WAIT_S)["token"]
        metrics = self.do("PIF.get_metrics", pifs[1])
        self.assertFalse(self.do("PIF_metrics.get_carrier", metrics))
        alerts = self.do("message.get_all_records").values()
        self.assertIn("BOND_STATUS_CHANGED", [a["name"] for a in alerts])


if __name__ == "__main__":
    unittest.main()
