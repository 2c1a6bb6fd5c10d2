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


class Certificates(Services):
    """X.509: of hosts, of authorities, trusted ones."""

    def certificate(self):
        self.do("host.reset_server_certificate", self.host)
        return self.do("host.get_server_certificate", self.host)

    def test_a_host_has_the_certificate_it_was_given(self):
        pem = self.certificate()
        self.assertIn("BEGIN CERTIFICATE", pem)
        self.assertNotIn("PRIVATE", pem)
        refs = self.do("host.get_certificates", self.host)
        record = self.do("Certificate.get_record", refs[0])
        self.assertEqual(record["type"], "host")
        self.assertRegex(record["fingerprint_sha256"],
                         "^([0-9A-F]{2}:){31}[0-9A-F]{2}$")
        self.assertNotEqual(self.certificate(), pem)
        self.assertEqual(len(self.do("host.get_certificates", self.host)), 1)

    def test_keys_and_certificates_must_match(self):
        pem = self.certificate()
        self.refused("SERVER_CERTIFICATE_KEY_INVALID",
                     "host.install_server_certificate", self.host, pem, "x",
                     "")

    def test_authorities(self):
        pem = self.certificate()
        self.refused("CERTIFICATE_NAME_INVALID",
                     "pool.install_ca_certificate", "../x.pem", pem)
        self.do("pool.install_ca_certificate", "a.pem", pem)
        self.refused("CERTIFICATE_ALREADY_EXISTS",
                     "pool.install_ca_certificate", "a.pem", pem)
        self.assertEqual(self.do("pool.certificate_list"), ["a.pem"])
        self.refused("CERTIFICATE_DOES_NOT_EXIST",
                     "pool.uninstall_ca_certificate", "b.pem", False)
        self.do("pool.uninstall_ca_certificate", "a.pem", False)
        self.assertEqual(self.do("pool.certificate_list"), [])
        self.refused("CRL_CORRUPT", "pool.crl_install", "a.pem", "x")
        self.assertEqual(self.do("pool.crl_list"), [])

    def test_trusted_ones(self):
        pem = self.certificate()
        self.refused("TRUSTED_CERTIFICATE_INVALID",
                     "pool.install_trusted_certificate", self.pool, True, "x",
                     [])
        self.do("pool.install_trusted_certificate", self.pool, True, pem, [])
        self.refused("TRUSTED_CERTIFICATE_ALREADY_EXISTS",
                     "pool.install_trusted_certificate", self.pool, True, pem,
                     [])
        ref = self.do("Certificate.get_all_where",
                      'field "type"="ca" and field "name"=""')[0]
        self.do("pool.uninstall_trusted_certificate", self.pool, ref)
        refs = self.do("host.get_certificates", self.host)
        self.refused("NOT_TRUSTED_CERTIFICATE",
                     "pool.uninstall_trusted_certificate", self.pool, refs[0])

    def test_verification(self):
        self.refused("TLS_VERIFICATION_NOT_ENABLED_IN_POOL",
                     "host.emergency_reenable_tls_verification")
        self.do("pool.enable_tls_verification")
        self.do("host.emergency_disable_tls_verification")
        self.assertFalse(
            self.do("host.get_tls_verification_enabled", self.host))
        self.do("host.emergency_reenable_tls_verification")


class Updates(Services):
    """Repositories, packages, patches."""

    def test_repositories(self):
        self.refused("NO_REPOSITORY_ENABLED", "pool.sync_updates", self.pool,
                     False, "", "", "", "")
        repo = self.do("Repository.introduce", "r", "", "http://r.example/b",
                       "http://r.example/s", True, "")
        self.do("pool.add_repository", self.pool, repo)
        self.refused("REPOSITORY_IS_IN_USE", "Repository.forget", repo)
        digest = self.do("pool.sync_updates", self.pool, False, "", "", "", "")
        self.assertEqual(digest, self.do("Repository.get_hash", repo))
        self.assertEqual(
            self.do("host.get_latest_synced_updates_applied", self.host), "no")
        self.refused("UPDATEINFO_HASH_MISMATCH", "host.apply_updates",
                     self.host, "x")
        self.do("host.apply_updates", self.host, digest)
        self.assertEqual(
            self.do("host.get_latest_synced_updates_applied", self.host),
            "yes")
        self.assertIn("reboot_host",
                      self.do("host.get_pending_guidances", self.host))
        self.refused("HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY",
                     "host.apply_updates", self.host, digest)
        self.do("host.emergency_clear_mandatory_guidance")
        self.do("host.enable", self.host)
        self.do("pool.set_repositories", self.pool, [])
        self.do("Repository.forget", repo)

    def test_a_disk_without_an_update_is_none(self):
        sr = self.do("SR.get_all")[0]
        vdi = self.do("VDI.create", {
            "name_label": "u", "name_description": "", "SR": sr,
            "virtual_size": 1 << 20, "type": "user", "sharable": False,
            "read_only": False, "other_config": {}})
        self.refused("INVALID_UPDATE", "pool_update.introduce", vdi)

    def test_an_update_from_a_disk(self):
        sr = self.do("SR.get_all")[0]
        vdi = self.do("VDI.create", {
            "name_label": "u", "name_description": "", "SR": sr,
            "virtual_size": 1 << 20, "type": "user", "sharable": False,
            "read_only": False, "other_config": {}})
        uuid = "01234567-89ab-cdef-0123-456789abcdef"
        text = ('<update uuid="%s" name-label="TS1" version="1.0" '
                'after-apply-guidance="restartHost"><name-description>d'
                '</name-description></update>' % uuid).encode()
        self.client.connection.request(
            "PUT", "/import_raw_vdi?session_id=%s&vdi=%s&format=raw"
            % (self.client.session, vdi), text.ljust(1 << 20, b"\0"))
        answer = self.client.connection.getresponse()
        answer.read()
        self.assertEqual(answer.status, 200)
        update = self.do("pool_update.introduce", vdi)
        self.assertEqual(self.do("pool_update.get_uuid", update), uuid)
        self.assertEqual(self.do("pool_update.precheck", update, self.host),
                         "ok")
        self.do("pool_update.pool_apply", update)
        self.assertEqual(len(self.do("pool_update.get_hosts", update)), 2)
        self.refused("UPDATE_ALREADY_APPLIED", "pool_update.apply", update,
                     self.host)
        self.refused("UPDATE_IS_APPLIED", "pool_update.destroy", update)
        self.assertEqual(
            self.do("host.get_updates_requiring_reboot", self.host), [update])
        self.do("pool_update.pool_clean", update)
        self.refused("HANDLE_INVALID", "VDI.get_uuid", vdi)


class Editions(Services):
    """What a pool may, by its edition."""

    def test_an_edition_takes_features_away(self):
        self.refused("INVALID_EDITION", "pool.apply_edition", self.pool, "x")
        self.do("pool.apply_edition", self.pool, "express")
        self.assertEqual(
            self.do("pool.get_license_state", self.pool)["edition"], "express")
        self.assertEqual(
            self.refused("LICENCE_RESTRICTION", "PVS_site.introduce", "s", "",
                         "u"), ("PVS_proxy",))
        self.do("host.license_remove", self.host)
        self.refused("LICENCE_RESTRICTION", "PVS_site.introduce", "s", "", "u")
        self.do("pool.apply_edition", self.pool, "free")
        self.do("PVS_site.introduce", "s", "", "u")
        self.refused("LICENSE_PROCESSING_ERROR", "host.license_add", self.host,
                     "%%")


class Limits(Services):
    """Callers that may call only so often."""

    def test_calls_beyond_the_burst_wait_for_their_tokens(self):
        caller = self.do("Caller.create", {
            "name_label": "c", "name_description": "",
            "user_agent": "limited*", "client_ip": ""})
        limit = self.do("Rate_limit.create", {
            "name_label": "l", "name_description": "", "burst_size": 2.0,
            "fill_rate": 10.0})
        self.do("Rate_limit.add_caller", limit, caller)
        self.do("Caller.add_group", caller, "g")
        body = ('{"jsonrpc":"2.0","id":1,"method":"host.get_servertime",'
                '"params":["%s","%s"]}' % (self.client.session, self.host))
        before = self.do("host.get_servertime", self.host)
        for _ in range(15):
            self.client.connection.request(
                "POST", "/jsonrpc", body, {"User-Agent": "limited/1"})
            self.client.connection.getresponse().read()
        after = self.do("host.get_servertime", self.host)
        self.assertNotEqual(before, after)
        self.assertEqual(self.do("Caller.query_call_count", caller), 15)
        self.assertEqual(self.do("Caller.query_group_call_count", "g"), 15)
        usage = self.do("Caller.query_all_usage")
        self.assertEqual(usage[0][1:], ["c", "15.000", "15"])
        self.do("Rate_limit.destroy", limit)
        self.do("Caller.destroy", caller)


class Others(Services):
    """Observers, drivers, diagnostics, clusters."""

    def test_observers(self):
        record = {"name_label": "o", "name_description": "", "hosts": [],
                  "attributes": {}, "endpoints": ["bugtool"],
                  "components": ["xapi"], "enabled": True}
        self.refused("INVALID_VALUE", "Observer.create",
                     dict(record, components=["x"]))
        observer = self.do("Observer.create", record)
        self.do("Observer.register", observer, self.host)
        self.do("Observer.unregister", observer, self.host)
        self.do("Observer.destroy", observer)

    def test_drivers(self):
        self.do("host.rescan_drivers", self.host)
        drivers = self.do("Host_driver.get_all_records")
        ref = [r for r, d in drivers.items() if d["name"] == "fake-nic"][0]
        fast = [v for v in drivers[ref]["variants"]
                if self.do("Driver_variant.get_name", v) == "fast"][0]
        self.do("Host_driver.select", ref, fast)
        self.assertEqual(self.do("Host_driver.get_selected_variant", ref),
                         fast)
        other = [d for d in drivers.values() if d["name"] == "fake-hba"][0]
        self.refused("HOST_DRIVER_NO_HARDWARE", "Driver_variant.select",
                     other["variants"][0])
        self.do("Host_driver.deselect", ref)

    def test_diagnostics(self):
        self.do("Diagnostics.gc_compact", self.host)
        self.assertEqual(self.do("Diagnostics.db_stats")["host"], "2")

    def test_cluster(self):
        network = self.do("PIF.get_network", self.do(
            "host.get_management_interface", self.host))
        pif = self.do("host.get_management_interface", self.host)
        self.refused("INVALID_CLUSTER_STACK", "Cluster.pool_create", network,
                     "x", 20.0, 1.0)
        self.refused("PIF_ALLOWS_UNPLUG", "Cluster.pool_create", network,
                     "corosync", 20.0, 1.0)
        self.do("PIF.set_disallow_unplug", pif, True)
        cluster = self.do("Cluster.pool_create", network, "corosync", 20.0,
                          1.0)
        record = self.do("Cluster.get_record", cluster)
        self.assertEqual((len(record["cluster_hosts"]), record["quorum"],
                          record["is_quorate"]), (2, 2, True))
        self.assertEqual(self.do("Cluster.get_network", cluster), network)
        self.refused("CLUSTER_ALREADY_EXISTS", "Cluster.create", pif,
                     "corosync", True, 20.0, 1.0)
        self.refused("CLUSTERING_ENABLED", "PIF.set_disallow_unplug", pif,
                     False)
        member = record["cluster_hosts"][0]
        self.do("Cluster_host.disable", member)
        self.assertEqual(self.do("Cluster.get_live_hosts", cluster), 1)
        self.do("Cluster_host.enable", member)
        self.refused("CLUSTER_DOES_NOT_HAVE_ONE_NODE", "Cluster.destroy",
                     cluster)
        self.do("Cluster.pool_destroy", cluster)
        self.assertEqual(self.do("Cluster_host.get_all"), [])


if __name__ == "__main__":
    unittest.main()
