/*
 * Console: lines, levels, ring, input, debug keys, and who may do what.
 */
#include "call.h"
#include "double/double.h"

#include "hv/console.h"
#include "hv/evtchn.h"
#include "hv/log.h"

#include <stdlib.h>
#include <string.h>

#define RING_BYTES 32768U

/* One XEN_SYSCTL_readconsole into CALL_ARRAY; what came is terminated. */
static const char *ring_read(struct xen_sysctl_readconsole *op)
{
    static char text[4 * PAGE_SIZE];

    op->buffer.p = (char *)CALL_ARRAY;
    ck_assert_uint_lt(op->count, sizeof(text));
    ck_assert_int_eq(console_readconsole(call_v0, op), 0);
    memcpy(text, call_at(call_dom0, CALL_ARRAY), op->count);
    text[op->count] = '\0';
    return text;
}

static uint32_t ring_end(void)
{
    struct xen_sysctl_readconsole op = {.clear = 1};
    uint32_t had;

    do {
        op.count = 4096;
        (void)ring_read(&op);
        had = op.count;
    } while (had);
    return op.index;
}

START_TEST(a_line_has_a_time_and_an_end)
{
    double_serial_clear();
    double_now_ns = 1234567890123ULL;
    log_info("vcpu '%s' nr=%u", "x", 5U);
    ck_assert_str_eq(double_serial(), "(TS) [ 1234.567890] vcpu 'x' nr=5\n");
}
END_TEST

START_TEST(a_long_line_is_cut_and_ended)
{
    char text[1000];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    double_serial_clear();
    log_info("%s", text);
    ck_assert_uint_le(strlen(double_serial()), 256);
    ck_assert_int_eq(double_serial()[strlen(double_serial()) - 1], '\n');
}
END_TEST

START_TEST(levels_choose_what_reaches_the_serial_port)
{
    struct xen_sysctl_readconsole op = {.count = 4096, .clear = 1};

    (void)ring_end();
    double_serial_clear();
    ck_assert(console_set_levels_text("warning", "error/all"));
    log_info("one");
    log_warn("two");
    log_guest(call_guest, "three");
    ck_assert_ptr_null(strstr(double_serial(), "one"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "two"));
    ck_assert_ptr_null(strstr(double_serial(), "three"));
    ck_assert_ptr_nonnull(strstr(ring_read(&op), "one"));
    ck_assert(!console_set_levels_text("loud", "all"));
    ck_assert(!console_set_levels_text("all", "infos"));
    ck_assert(console_set_levels_text("none", "none"));
    double_serial_clear();
    log_error("four");
    ck_assert_str_eq(double_serial(), "");
}
END_TEST

START_TEST(a_guest_cannot_flood_the_log)
{
    unsigned int lines = 0;

    ck_assert(console_set_levels_text("all", "all"));
    double_serial_clear();
    for (unsigned int i = 0; i < 1000; i++)
        log_guest(call_guest, "noise");
    for (const char *p = double_serial(); (p = strstr(p, "noise")); p++)
        lines++;
    ck_assert_uint_eq(lines, 10);
    double_serial_clear();
    double_now_ns += 1000000000ULL;
    log_guest(call_guest, "more");
    ck_assert_ptr_nonnull(strstr(double_serial(), "d1: 990 lines suppressed"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "d1 more"));
}
END_TEST

START_TEST(reading_goes_on_where_it_ended)
{
    struct xen_sysctl_readconsole op = {.incremental = 1};

    op.index = ring_end();
    console_put("abcdef", 6, CONSOLE_RING);
    op.count = 4;
    ck_assert_str_eq(ring_read(&op), "abcd");
    op.count = 4;
    ck_assert_str_eq(ring_read(&op), "ef");
    op.count = 4;
    ck_assert_str_eq(ring_read(&op), "");
    ck_assert_uint_eq(op.count, 0);
}
END_TEST

START_TEST(without_incremental_it_begins_with_the_oldest)
{
    struct xen_sysctl_readconsole op = {.count = 100};

    (void)ring_end();
    console_put("abc", 3, CONSOLE_RING);
    ck_assert_str_eq(ring_read(&op), "abc");
    op.count = 100;
    ck_assert_str_eq(ring_read(&op), "abc");
    op.count = 2;
    op.clear = 1;
    ck_assert_str_eq(ring_read(&op), "ab");
    op.count = 100;
    ck_assert_str_eq(ring_read(&op), "c");
}
END_TEST

START_TEST(the_ring_keeps_the_newest)
{
    struct xen_sysctl_readconsole op = {.count = 8, .incremental = 1};
    char piece[64];
    uint32_t begin = ring_end();

    for (unsigned int i = 0; i < RING_BYTES / 64 + 2; i++) {
        memset(piece, 'a' + (int)(i % 26), sizeof(piece));
        console_put(piece, sizeof(piece), CONSOLE_RING);
    }
    op.index = begin;
    ck_assert_str_eq(ring_read(&op), "cccccccc");
    ck_assert_uint_eq(op.index, begin + 128 + 8);
    op.index = begin + RING_BYTES + 128 + 5;
    op.count = 8;
    ck_assert_str_eq(ring_read(&op), "");
}
END_TEST

START_TEST(a_bad_buffer_is_efault)
{
    struct xen_sysctl_readconsole op = {.count = 8};

    log_info("something to read");
    op.buffer.p = (char *)CALL_BAD;
    ck_assert_int_eq(console_readconsole(call_v0, &op), -XEN_EFAULT);
}
END_TEST

static void type(const char *s)
{
    while (*s)
        console_input(*s++);
}

START_TEST(typed_text_goes_to_dom0)
{
    char text[8];

    type("ab");
    ck_assert_uint_eq(console_read_input(text, 1), 1);
    ck_assert_uint_eq(console_read_input(text + 1, 5), 1);
    ck_assert_uint_eq(console_read_input(text, 5), 0);
    ck_assert(!memcmp(text, "ab", 2));
}
END_TEST

START_TEST(three_times_ctrl_a_switches_to_the_debug_keys_and_back)
{
    char text[8];

    double_serial_clear();
    type("\1\1\1h");
    ck_assert_ptr_nonnull(strstr(double_serial(), "key 'r'"));
    ck_assert_uint_eq(console_read_input(text, 8), 0);
    type("\1\1\1x");
    ck_assert_uint_eq(console_read_input(text, 8), 1);
}
END_TEST

START_TEST(fewer_ctrl_a_are_typed_text)
{
    char text[8];

    type("\1\1x");
    ck_assert_uint_eq(console_read_input(text, 8), 3);
    ck_assert(!memcmp(text, "\1\1x", 3));
}
END_TEST

START_TEST(too_much_input_is_dropped)
{
    char text[1000];

    for (unsigned int i = 0; i < 1000; i++)
        console_input('y');
    ck_assert_uint_eq(console_read_input(text, sizeof(text)), 256);
}
END_TEST

START_TEST(before_dom0_the_debug_keys_have_the_input)
{
    struct domain *keep = dom0;

    dom0 = NULL;
    double_serial_clear();
    console_input('h');
    dom0 = keep;
    ck_assert_ptr_nonnull(strstr(double_serial(), "key 'h'"));
}
END_TEST

static long console_io(struct vcpu *v, unsigned long cmd, const char *s)
{
    call_put(v, s, strlen(s));
    return call(v, __HYPERVISOR_console_io, cmd, strlen(s), CALL_REQUEST);
}

START_TEST(dom0_writes_as_it_is_and_not_to_the_log)
{
    struct xen_sysctl_readconsole op = {.count = 100, .incremental = 1};
    char text[400];

    op.index = ring_end();
    memset(text, 'z', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    double_serial_clear();
    ck_assert_int_eq(console_io(call_v0, CONSOLEIO_write, text), 0);
    ck_assert_str_eq(double_serial(), text);
    ck_assert_str_eq(ring_read(&op), "");
}
END_TEST

START_TEST(dom0_reads_what_was_typed)
{
    type("hello");
    ck_assert_int_eq(call(call_v0, __HYPERVISOR_console_io, CONSOLEIO_read, 100,
                          CALL_REQUEST),
                     5);
    ck_assert(!memcmp(call_at(call_dom0, CALL_REQUEST), "hello", 5));
}
END_TEST

START_TEST(guests_may_neither_write_nor_read)
{
    ck_assert_int_eq(console_io(call_v1, CONSOLEIO_write, "x\n"), -XEN_EPERM);
    ck_assert_int_eq(console_io(call_v1, CONSOLEIO_read, "x"), -XEN_EPERM);
}
END_TEST

START_TEST(bad_console_calls_are_refused)
{
    ck_assert_int_eq(console_io(call_v0, 2, "x"), -XEN_ENOSYS);
    ck_assert_int_eq(call(call_v0, __HYPERVISOR_console_io, CONSOLEIO_write,
                          0x80000000UL, CALL_REQUEST),
                     -XEN_EINVAL);
    ck_assert_int_eq(
        call(call_v0, __HYPERVISOR_console_io, CONSOLEIO_write, 5, CALL_BAD),
        -XEN_EFAULT);
    console_input('x');
    ck_assert_int_eq(
        call(call_v0, __HYPERVISOR_console_io, CONSOLEIO_read, 5, CALL_BAD),
        -XEN_EFAULT);
}
END_TEST

START_TEST(every_debug_key_says_something)
{
    static const char keys[] = "eghmqrtx";

    for (const char *k = keys; *k; k++) {
        double_serial_clear();
        debug_key_press(*k);
        ck_assert_msg(strlen(double_serial()) > 0, "key '%c'", *k);
    }
    double_serial_clear();
    debug_key_press('?');
    ck_assert_str_eq(double_serial(), "");
}
END_TEST

START_TEST(the_ring_tells_dom0_that_it_grew)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_CON_RING};

    call_put(call_v0, &bind, sizeof(bind));
    ck_assert_int_eq(call(call_v0, __HYPERVISOR_event_channel_op,
                          EVTCHNOP_bind_virq, CALL_REQUEST, 0),
                     0);
    console_poll();
    call_v0->info->evtchn_upcall_pending = 0;
    memset(call_dom0->shared_info->evtchn_pending, 0,
           sizeof(call_dom0->shared_info->evtchn_pending));
    console_poll();
    ck_assert_uint_eq(call_v0->info->evtchn_upcall_pending, 0);
    log_info("news");
    console_poll();
    ck_assert_uint_eq(call_v0->info->evtchn_upcall_pending, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_line_has_a_time_and_an_end,
        a_long_line_is_cut_and_ended,
        levels_choose_what_reaches_the_serial_port,
        a_guest_cannot_flood_the_log,
        reading_goes_on_where_it_ended,
        without_incremental_it_begins_with_the_oldest,
        the_ring_keeps_the_newest,
        a_bad_buffer_is_efault,
        typed_text_goes_to_dom0,
        three_times_ctrl_a_switches_to_the_debug_keys_and_back,
        fewer_ctrl_a_are_typed_text,
        too_much_input_is_dropped,
        before_dom0_the_debug_keys_have_the_input,
        dom0_writes_as_it_is_and_not_to_the_log,
        dom0_reads_what_was_typed,
        guests_may_neither_write_nor_read,
        bad_console_calls_are_refused,
        every_debug_key_says_something,
        the_ring_tells_dom0_that_it_grew,
    };

    return call_run("console", tests, ARRAY_SIZE(tests));
}
