/*
 * MSI and MSI-X of dom0's devices: what dom0 sees and what the device gets.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "double/double.h"
#include "machine.h"
#include "x86/dom0.h"
#include "x86/pci.h"

#define MSI     0x50
#define MSIX    0x70
#define BAR     0x10
#define TABLE   0xfe001800UL
#define PAGE    0xfe001000UL
#define ENTRIES 4
#define ENABLE  BIT(16)

static struct pci_dev dev;

static void setup(void)
{
    machine_init(2);
    machine_set_config(PCI_COMMAND, PCI_COMMAND_MEM, 2);
    machine_set_config(BAR, 0xfe000000, 4);
    machine_set_config(MSI + 2, 0x008a, 2); /* 64-bit, 32 messages */
    memset(&dev, 0, sizeof(dev));
    dev.msi = MSI;
    dev.msi_64 = true;
    dev.msix = MSIX;
    dev.msix_bar = BAR;
    dev.msix_table = 0x1800;
    dev.msix_nr = ENTRIES;
    vmsix_locate(&dev);
}

static void msi_program(uint64_t address, uint16_t data)
{
    vmsi_write(&dev, MSI + 4, (uint32_t)address);
    vmsi_write(&dev, MSI + 8, address >> 32);
    vmsi_write(&dev, MSI + 12, data);
}

START_TEST(one_message_is_offered)
{
    ck_assert_uint_eq(vmsi_read(&dev, MSI) >> 16, 0x0080);
}
END_TEST

START_TEST(dom0_reads_back_its_own_message)
{
    msi_program(0x1fee02004, 0x4123);
    ck_assert_uint_eq(vmsi_read(&dev, MSI + 4), 0xfee02004);
    ck_assert_uint_eq(vmsi_read(&dev, MSI + 8), 1);
    ck_assert_uint_eq(vmsi_read(&dev, MSI + 12), 0x4123);
    ck_assert_uint_eq(machine_config(MSI + 4, 4), 0);
}
END_TEST

START_TEST(an_enabled_device_sends_our_vector)
{
    unsigned int vector;

    msi_program(0xfee02000, 0x4123);
    vmsi_write(&dev, MSI, ENABLE | 5U << 20);
    ck_assert_uint_eq(machine_config(MSI + 2, 2), 1); /* one message */
    ck_assert_uint_eq(machine_config(MSI + 4, 4) >> 20, 0xfee);
    vector = machine_config(MSI + 12, 2);
    ck_assert_uint_ne(vector, 0x4123);
    machine_interrupt(vector);
    ck_assert_uint_eq(machine.messages, 1);
    ck_assert_uint_eq(machine.message[0].address, 0xfee02000);
    ck_assert_uint_eq(machine.message[0].data, 0x4123);
}
END_TEST

START_TEST(without_a_vector_msi_stays_off)
{
    machine.no_vectors = true;
    vmsi_write(&dev, MSI, ENABLE);
    ck_assert_uint_eq(machine_config(MSI + 2, 2), 0);
}
END_TEST

START_TEST(other_registers_are_the_devices)
{
    ck_assert(vmsi_filters(&dev, MSI));
    ck_assert(vmsi_filters(&dev, MSI + 12));
    ck_assert(!vmsi_filters(&dev, MSI + 16));
    ck_assert(!vmsi_filters(&dev, MSI - 4));
    dev.msi_64 = false;
    ck_assert(!vmsi_filters(&dev, MSI + 12));
    dev.msi = 0;
    ck_assert(!vmsi_filters(&dev, 4));
}
END_TEST

/* --- MSI-X --- */

static void table_write(uint64_t at, uint64_t value, uint8_t size)
{
    struct io_access io = {TABLE + at, value, size, true};

    vmsix_access(&dev, &io);
}

static uint64_t table_read(uint64_t at, uint8_t size)
{
    struct io_access io = {TABLE + at, 0, size, false};

    vmsix_access(&dev, &io);
    return io.value;
}

static uint32_t device_word(uint64_t at)
{
    uint32_t v;

    memcpy(&v, machine.memory + (TABLE - PAGE) + at, sizeof(v));
    return v;
}

START_TEST(the_table_is_trapped_where_the_bar_is)
{
    ck_assert_uint_eq(machine.trapped, PAGE);
    machine_set_config(BAR, 0xfd000000, 4);
    vmsix_locate(&dev);
    ck_assert_uint_eq(machine.trapped, 0xfd001000);
    machine_set_config(PCI_COMMAND, 0, 2);
    machine_set_config(BAR, 0xfffffff0, 4);
    vmsix_locate(&dev);
    ck_assert_uint_eq(dev.table, 0xfd001800);
}
END_TEST

START_TEST(an_entry_reaches_the_device_when_unmasked)
{
    table_write(16, 0xfee02000, 4);
    table_write(20, 0, 4);
    table_write(24, 0x55, 4);
    ck_assert_uint_eq(device_word(24), 0);
    table_write(28, 0, 4);
    ck_assert_uint_eq(device_word(16) >> 20, 0xfee);
    ck_assert_uint_eq(table_read(16, 4), 0xfee02000);
    ck_assert_uint_eq(table_read(24, 8), 0x55);
    machine_interrupt(device_word(24));
    ck_assert_uint_eq(machine.message[0].data, 0x55);
    table_write(28, 1, 4);
    ck_assert_uint_eq(device_word(28), 1);
    ck_assert_uint_eq(table_read(28, 4), 1);
}
END_TEST

START_TEST(wide_accesses_are_two_words)
{
    table_write(0, 0x1234fee04000, 8);
    ck_assert_uint_eq(table_read(4, 4), 0x1234);
    ck_assert_uint_eq(table_read(0, 8), 0x1234fee04000);
}
END_TEST

START_TEST(odd_accesses_do_nothing)
{
    table_write(24, 0x55, 4);
    table_write(24, 0xff, 1);
    table_write(26, 0xffff, 4);
    ck_assert_uint_eq(table_read(24, 4), 0x55);
    ck_assert_uint_eq(table_read(24, 2), 0);
}
END_TEST

START_TEST(beside_the_table_is_the_device)
{
    table_write(ENTRIES * 16, 0xabcd, 4);
    ck_assert_uint_eq(device_word(ENTRIES * 16), 0xabcd);
    ck_assert_uint_eq(table_read(ENTRIES * 16, 4), 0xabcd);
}
END_TEST

START_TEST(a_device_that_goes_returns_its_vectors)
{
    uint64_t before = 0;

    msi_program(0xfee00000, 1);
    vmsi_write(&dev, MSI, ENABLE);
    for (unsigned int i = 0; i < ENTRIES; i++)
        table_write(i * 16 + 12, 0, 4);
    ck_assert_uint_eq(machine.vectors, ENTRIES + 1);
    vmsi_release(&dev);
    ck_assert_uint_eq(machine.vectors, before);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmsi");
    TCase *t = tcase_create("vmsi");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, one_message_is_offered);
    tcase_add_test(t, dom0_reads_back_its_own_message);
    tcase_add_test(t, an_enabled_device_sends_our_vector);
    tcase_add_test(t, without_a_vector_msi_stays_off);
    tcase_add_test(t, other_registers_are_the_devices);
    tcase_add_test(t, the_table_is_trapped_where_the_bar_is);
    tcase_add_test(t, an_entry_reaches_the_device_when_unmasked);
    tcase_add_test(t, wide_accesses_are_two_words);
    tcase_add_test(t, odd_accesses_do_nothing);
    tcase_add_test(t, beside_the_table_is_the_device);
    tcase_add_test(t, a_device_that_goes_returns_its_vectors);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
