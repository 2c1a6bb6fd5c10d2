"""What stands beside a pool, from outside: time, access, certificates, ..."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402


class Services(unittest.TestCase):
    """Tests against one simulation with two hosts."""

    options = ("--hosts", "2")

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation(*cls.options)

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def setUp(self):
        self.client = Client(self.simulation).login()
        self.addCleanup(self.client.close)
        self.do = self.client.do
        self.pool = self.do("pool.get_all")[0]
        self.host = self.do("pool.get_master", self.pool)

    def refused(self, code, method, *params):
        with self.assertRaises(Refused) as caught:
            self.do(method, *params)
        self.assertEqual(caught.exception.args[0], code)
        return caught.exception.args[1:]


class Access(Services):
    """SSH, HTTP, consoles."""

    def test_ssh_of_all_hosts(self):
        self.do("pool.disable_ssh", self.pool)
        self.assertEqual([self.do("host.get_ssh_enabled", h)
                          for h in self.do("host.get_all")], [False, False])
        self.do("pool.set_ssh_enabled_timeout", self.pool, 3600)
        self.do("host.enable_ssh", self.host)
        self.assertTrue(self.do("host.get_ssh_enabled", self.host))
        self.assertNotEqual(self.do("host.get_ssh_expiry", self.host)[:4],
                            "1970")
        self.refused("INVALID_VALUE", "host.set_ssh_enabled_timeout",
                     self.host, 172801)

    def test_https_only(self):
        self.do("pool.set_https_only", self.pool, True)
        self.assertTrue(self.do("host.get_https_only", self.host))
        self.do("pool.set_https_only", self.pool, False)

    def test_names(self):
        self.refused("HOST_NAME_INVALID", "host.set_hostname_live", self.host,
                     "a_b")
        self.do("host.set_hostname_live", self.host, "renamed")
        self.assertEqual(self.do("host.get_hostname", self.host), "renamed")

    def test_debug_keys_reach_the_console(self):
        self.do("host.send_debug_keys", self.host, "q")
        self.assertIn("'q' pressed", self.do("host.dmesg", self.host))
        self.assertIn("'q'", self.do("host.dmesg_clear", self.host))
        self.assertEqual(self.do("host.dmesg", self.host), "")

    def test_the_log_tells_what_was_done(self):
        self.do("host.set_iscsi_iqn", self.host, "iqn.2026-01.example:a")
        self.assertIn("iqn.2026-01", self.do("host.get_log", self.host))

    def test_a_cache_wants_a_quiet_host(self):
        sr = self.do("SR.get_all")[0]
        self.refused("HOST_NOT_DISABLED", "host.enable_local_storage_caching",
                     self.host, sr)


class Time(Services):
    """NTP, zones, clocks."""

    def test_ntp(self):
        self.refused("INVALID_NTP_CONFIG", "host.set_ntp_mode", self.host,
                     "Custom")
        self.do("host.set_ntp_custom_servers", self.host, ["192.0.2.1"])
        self.do("host.set_ntp_mode", self.host, "Custom")
        self.assertEqual(self.do("host.get_ntp_servers_status", self.host),
                         {"192.0.2.1": "reachable"})
        self.assertTrue(self.do("host.get_ntp_synchronized", self.host))
        self.refused("INVALID_NTP_CONFIG", "host.set_ntp_custom_servers",
                     self.host, [])
        self.refused("NOT_ALLOWED_WHEN_NTP_IS_ENABLED", "host.set_servertime",
                     self.host, "20300101T00:00:00Z")
        self.do("host.set_ntp_mode", self.host, "Disabled")
        self.do("host.set_servertime", self.host, "20300101T00:00:00Z")
        self.assertEqual(self.do("host.get_servertime", self.host)[:8],
                         "20300101")
        self.do("host.set_ntp_mode", self.host, "Factory")
        self.assertNotEqual(self.do("host.get_servertime", self.host)[:4],
                            "2030")

    def test_zones(self):
        self.assertIn("Europe/Berlin",
                      self.do("host.list_timezones", self.host))
        self.do("host.set_timezone", self.host, "Asia/Kolkata")
        self.assertEqual(self.do("host.get_timezone", self.host),
                         "Asia/Kolkata")
        self.assertEqual(
            self.refused("INVALID_VALUE", "host.set_timezone", self.host,
                         "Mars/Base"), ("timezone", "Mars/Base"))


class PoolSettings(Services):
    """Telemetry, proxies, secrets."""

    def test_a_proxy_keeps_its_password_in_a_secret(self):
        self.refused("INVALID_REPOSITORY_PROXY_CREDENTIAL",
                     "pool.configure_repository_proxy", self.pool,
                     "http://p", "user", "")
        self.do("pool.configure_repository_proxy", self.pool, "http://p",
                "user", "pw")
        secret = self.do("pool.get_repository_proxy_password", self.pool)
        self.assertEqual(self.do("secret.get_value", secret), "pw")
        self.do("pool.disable_repository_proxy", self.pool)
        self.refused("HANDLE_INVALID", "secret.get_value", secret)

    def test_telemetry(self):
        self.do("pool.reset_telemetry_uuid", self.pool)
        first = self.do("pool.get_telemetry_uuid", self.pool)
        self.do("pool.reset_telemetry_uuid", self.pool)
        self.assertNotEqual(first,
                            self.do("pool.get_telemetry_uuid", self.pool))
        self.refused("TELEMETRY_NEXT_COLLECTION_TOO_LATE",
                     "pool.set_telemetry_next_collection", self.pool,
                     "20990101T00:00:00Z")

    def test_guest_agents(self):
        self.do("pool.add_to_guest_agent_config", self.pool,
                "auto_update_enabled", "true")
        self.refused("MAP_DUPLICATE_KEY", "pool.add_to_guest_agent_config",
                     self.pool, "auto_update_enabled", "false")
        self.do("pool.remove_from_guest_agent_config", self.pool,
                "auto_update_enabled")
        self.assertEqual(self.do("pool.get_guest_agent_config", self.pool),
                         {})


if __name__ == "__main__":
    unittest.main()
