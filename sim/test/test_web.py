"""The web page, in a real browser without a window."""

import shutil
import unittest

from browser import Browser
from simulation import Client, Simulation

ROW = "//section[@id='%s']//div[@class='row'][span[@class='name']='%s']"


@unittest.skipUnless(shutil.which("chromedriver"), "chromium is missing")
class Web(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation("--password", "secret", "--vms", "120")
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.simulation.stop()

    def login(self, password="secret"):
        self.browser.open(self.simulation.url)
        self.browser.run("sessionStorage.clear()")
        self.browser.open(self.simulation.url)
        self.browser.type("//input[@name='password']", password)
        self.browser.click("//form//button")

    def machine(self, name, state):
        """Waits until the page shows the machine in that state."""
        return self.browser.find(ROW % ("vm", name) +
                                 "[span[contains(@class, 'state')]='%s']"
                                 % state)

    def press(self, name, button):
        self.browser.click(ROW % ("vm", name) + "//button[.='%s']" % button)

    def test_a_wrong_password_is_told(self):
        self.login("wrong")
        self.browser.find("//p[@id='refused'][contains(., "
                          "'SESSION_AUTHENTICATION_FAILED')]")
        self.browser.console()  # it notes nothing, or the refusal

    def test_a_machine_is_started_snapshot_and_stopped(self):
        self.login()
        self.machine("vm0", "Halted")
        self.press("vm0", "Start")
        self.machine("vm0", "Running")
        self.press("vm0", "Snapshot")
        self.browser.find(ROW % ("vm", "vm0") + "[contains(., '1 snapshots')]")
        self.press("vm0", "Stop")
        self.machine("vm0", "Halted")
        self.browser.find("//ol[@id='log']/li[contains(., "
                          "'power_state Running → Halted')]")
        self.assertEqual(self.browser.console(), [])

    def test_what_others_do_shows_at_once(self):
        self.login()
        self.machine("vm1", "Halted")
        client = Client(self.simulation)
        client.session = client.call("session.login_with_password", "root",
                                     "secret")
        vm = client.do("VM.get_by_name_label", "vm1")[0]
        client.do("VM.start", vm, False, False)
        self.machine("vm1", "Running")
        client.do("VM.set_name_label", vm, "<b>renamed</b>")
        self.machine("<b>renamed</b>", "Running")  # text, never markup
        client.do("VM.hard_shutdown", vm)
        client.do("VM.set_name_label", vm, "vm1")
        self.machine("vm1", "Halted")
        client.close()

    def test_a_machine_is_migrated(self):
        row = ROW % ("vm", "vm2")
        with Simulation("--hosts", "2", "--guests", "linux", "--vms",
                        "1") as simulation:
            client = Client(simulation).login()
            vm = client.do("VM.get_by_name_label", "vm2")[0]
            client.do("VM.start", vm, False, False)
            there = client.do("VM.get_resident_on", vm)
            other = next(ref for ref in client.do("host.get_all")
                         if ref != there)
            name = client.do("host.get_name_label", other)
            self.browser.open(simulation.url)
            self.browser.type("//input[@name='password']", "x")
            self.browser.click("//form//button")
            self.browser.click(row + "//option[.='%s']" % name)
            self.browser.find(row + "[contains(., 'on %s')]" % name)
            self.assertEqual(client.do("VM.get_resident_on", vm), other)
            self.assertEqual(self.browser.console(), [])
            self.browser.open("about:blank")  # before the page loses its pool
            client.close()

    def test_many_machines_are_cut_and_filtered(self):
        self.login()
        self.browser.find("//section[@id='vm']//p[contains(., 'more')]")
        self.browser.type("//input[@id='filter']", "vm117")
        self.machine("vm117", "Halted")
        rows = self.browser.run(
            "return document.querySelectorAll('#vm .row').length")
        self.assertEqual(rows, 1)

    def test_a_phone_needs_no_sideways_scrolling(self):
        self.login()
        self.browser.resize(390, 844)
        self.machine("vm0", "Halted")
        wide = self.browser.run("return document.documentElement.scrollWidth "
                                "> document.documentElement.clientWidth")
        self.browser.resize(1280, 900)
        self.assertFalse(wide)

    def test_an_ended_session_leads_to_the_login(self):
        self.login()
        self.machine("vm0", "Halted")
        self.browser.click("//button[@id='logout']")
        self.browser.find("//form[@id='login'][not(@hidden)]")
        self.assertIsNone(self.browser.run("return sessionStorage.session"
                                           " ?? null"))

    def test_the_reference_lists_and_finds(self):
        self.browser.open(self.simulation.url + "/reference")
        rows = self.browser.run("return document.querySelectorAll("
                                "'section[id] tr[data-find]').length")
        self.assertGreater(rows, 2258)  # every message, and the fields
        self.browser.type("//input[@id='filter']", "VM.pool_mig")
        self.browser.find("//section[@id='VM'][not(@hidden)]//details[@open]"
                          "//tr[@data-find='VM.pool_migrate'][not(@hidden)]")
        shown = self.browser.run("return document.querySelectorAll("
                                 "'section:not([hidden])').length")
        self.assertEqual(shown, 1)


if __name__ == "__main__":
    unittest.main()
