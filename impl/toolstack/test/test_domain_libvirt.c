/* Domains through libvirt: the XML, and a life on libvirt's test driver. */
#include "domain_libvirt.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_xml.h"

static const char uuid[] = "00000000-0000-4000-8000-000000000001";

static struct domain_spec spec_plain(void)
{
    return (struct domain_spec){.uuid = uuid,
                                .name = "<a & b>",
                                .memory_max_kib = 1 << 20,
                                .memory_kib = 1 << 19,
                                .vcpus_max = 4,
                                .vcpus = 2,
                                .hvm = true,
                                .boot_order = "cd"};
}

START_TEST(labels_cannot_break_out_of_the_xml)
{
    struct domain_spec spec = spec_plain();
    struct buf xml = {0};

    domain_xml(&xml, "test", &spec);
    buf_putc(&xml, '\0');
    ck_assert_ptr_nonnull(strstr(xml.data, "<title>&lt;a &amp; b&gt;</title>"));
    ck_assert_ptr_nonnull(
        strstr(xml.data, "<boot dev='hd'/><boot dev='cdrom'"));
    ck_assert_ptr_nonnull(strstr(xml.data, "<vcpu current='2'>4</vcpu>"));
    buf_fini(&xml);
}
END_TEST

static const struct {
    struct domain_device device;
    const char *xml;
} devices[] = {
    {{DEVICE_CDROM, "i", "xvdd", "", "", true},
     "<disk type='block' device='cdrom'><target "
     "dev='xvdd'/><readonly/></disk>"},
    {{DEVICE_NIC, "i", "0", "xenbr0", "02:00:00:00:00:01", false},
     "<interface type='bridge'><mac address='02:00:00:00:00:01'/>"
     "<source bridge='xenbr0'/></interface>"},
    {{DEVICE_PCI, "i", "", "0000:03:00.1", "", false},
     "<hostdev mode='subsystem' type='pci' managed='yes'><source><address "
     "domain='0x0000' bus='0x03' slot='0x00' function='0x1'/></source>"
     "</hostdev>"},
    {{DEVICE_PCI, "i", "", "nonsense", "", false}, ""},
};

START_TEST(devices_are_written_as_libvirt_reads_them)
{
    struct buf xml = {0};

    domain_xml_device(&xml, &devices[_i].device);
    buf_putc(&xml, '\0');
    ck_assert_str_eq(xml.data, devices[_i].xml);
    buf_fini(&xml);
}
END_TEST

static int uri_cb(void *ctx, const char *host, char *uri, size_t bytes)
{
    (void)ctx;
    if (strcmp(host, "gone") == 0)
        return -EHOSTUNREACH;
    (void)snprintf(uri, bytes, "test:///default");
    return 0;
}

static struct domain_libvirt *libvirt;
static struct domain_driver driver;

static void set_up(void)
{
    libvirt = domain_libvirt_create(uri_cb, NULL);
    driver = domain_libvirt_driver(libvirt);
}

static void tear_down(void)
{
    (void)driver.stop(driver.ctx, "host", uuid); /* may be gone already */
    domain_libvirt_destroy(libvirt);
}

static enum domain_condition condition(void)
{
    struct domain_state state;

    ck_assert_int_eq(driver.query(driver.ctx, "host", uuid, &state), 0);
    return state.condition;
}

START_TEST(domains_live_pause_and_end)
{
    struct domain_spec spec = spec_plain();

    spec.paused = true;
    ck_assert_int_eq(driver.start(driver.ctx, "host", &spec), 0);
    ck_assert_int_eq(condition(), DOMAIN_PAUSED);
    ck_assert_int_eq(driver.resume(driver.ctx, "host", uuid), 0);
    ck_assert_int_eq(condition(), DOMAIN_RUNNING);
    ck_assert_int_eq(driver.pause(driver.ctx, "host", uuid), 0);
    ck_assert_int_ne(driver.pause(driver.ctx, "host", uuid), 0);
    ck_assert_int_eq(driver.stop(driver.ctx, "host", uuid), 0);
    ck_assert_int_eq(condition(), DOMAIN_ABSENT);
    ck_assert_int_eq(driver.stop(driver.ctx, "host", uuid), -ENOENT);
}
END_TEST

START_TEST(memory_and_vcpus_change_while_it_runs)
{
    struct domain_spec spec = spec_plain();
    struct domain_state state;

    ck_assert_int_eq(driver.start(driver.ctx, "host", &spec), 0);
    ck_assert_int_eq(driver.set_memory(driver.ctx, "host", uuid, 1 << 18), 0);
    ck_assert_int_eq(driver.set_vcpus(driver.ctx, "host", uuid, 4), 0);
    ck_assert_int_eq(driver.query(driver.ctx, "host", uuid, &state), 0);
    ck_assert_int_eq(state.memory_kib, 1 << 18);
    ck_assert_int_eq(state.vcpus, 4);
}
END_TEST

START_TEST(what_cannot_be_done_says_so)
{
    struct domain_spec spec = spec_plain();

    ck_assert_int_eq(driver.start(driver.ctx, "gone", &spec), -EHOSTUNREACH);
    ck_assert_int_eq(driver.start(driver.ctx, "host", &spec), 0);
    ck_assert_int_eq(
        driver.attach(driver.ctx, "host", uuid, &devices[1].device), -ENOTSUP);
    ck_assert_int_eq(driver.trigger(driver.ctx, "host", uuid, "no"), -ENOTSUP);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("domain_libvirt");
    TCase *tcase = tcase_create("domain_libvirt");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, labels_cannot_break_out_of_the_xml);
    tcase_add_loop_test(tcase, devices_are_written_as_libvirt_reads_them, 0,
                        sizeof(devices) / sizeof(devices[0]));
    tcase_add_test(tcase, domains_live_pause_and_end);
    tcase_add_test(tcase, memory_and_vcpus_change_while_it_runs);
    tcase_add_test(tcase, what_cannot_be_done_says_so);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
