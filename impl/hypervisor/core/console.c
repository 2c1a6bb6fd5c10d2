/*
 * Console ring, serial output and input, and the two hypercalls over them.
 *
 * The ring is indexed by free-running 32-bit counters: 'produced' bytes in all,
 * of which those from 'consumed' on are kept (public/sysctl.h, readconsole).
 */
#include "hv/console.h"

#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/log.h"

#include "base/string.h"

#define RING_BYTES     32768U /* a power of two */
#define INPUT_BYTES    256U   /* a power of two */
#define CHUNK_BYTES    128
#define BROKEN_SPINS   1000000
#define SWITCH_CODE    1 /* Ctrl-A */
#define SWITCH_PRESSES 3

static struct {
    struct spinlock lock;
    bool broken;       /* [a] a CPU panics: nobody waits for the lock */
    bool notify;       /* [a] VIRQ_CON_RING is to be sent */
    uint32_t consumed; /* [l] lock */
    uint32_t produced; /* [l] */
    char ring[RING_BYTES];
    bool to_keys;          /* [l] input goes to the debug keys, not to dom0 */
    unsigned int switches; /* [l] Ctrl-A in a row */
    uint32_t in_consumed;  /* [l] */
    uint32_t in_produced;  /* [l] */
    char input[INPUT_BYTES];
} con;

static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "indices wrap");

/* False: the lock could not be had, and whoever has it will not let go. */
static bool con_lock(void)
{
    unsigned int spins = 0;

    if (likely(!READ_ONCE(con.broken))) {
        spin_lock(&con.lock);
        return true;
    }
    while (!spin_trylock(&con.lock)) {
        if (++spins == BROKEN_SPINS)
            return false;
        spin_relax();
    }
    return true;
}

static void con_unlock(bool locked)
{
    if (locked)
        spin_unlock(&con.lock);
}

void console_break_lock(void)
{
    WRITE_ONCE(con.broken, true);
}

static void ring_add(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        con.ring[con.produced++ % RING_BYTES] = s[i];
    if (con.produced - con.consumed > RING_BYTES)
        con.consumed = con.produced - RING_BYTES;
    WRITE_ONCE(con.notify, true);
}

void console_put(const char *s, size_t n, unsigned int where)
{
    bool locked = con_lock();

    if (where & CONSOLE_RING)
        ring_add(s, n);
    if (where & CONSOLE_SERIAL)
        arch_serial_write(s, n);
    con_unlock(locked);
}

void console_poll(void)
{
    if (likely(!READ_ONCE(con.notify)) || !dom0)
        return;
    WRITE_ONCE(con.notify, false);
    evtchn_send_global_virq(dom0, VIRQ_CON_RING);
}

/* --- XEN_SYSCTL_readconsole --- */

/* Copy a piece of the ring from '*at'; what was overwritten meanwhile is skipped. */
static size_t ring_piece(uint32_t *at, char *dst, size_t max)
{
    size_t n = 0;

    spin_lock(&con.lock);
    if (con.produced - *at > RING_BYTES)
        *at = con.produced - RING_BYTES;
    while (n < max && *at != con.produced)
        dst[n++] = con.ring[(*at)++ % RING_BYTES];
    spin_unlock(&con.lock);
    return n;
}

int console_readconsole(struct vcpu *v, struct xen_sysctl_readconsole *op)
{
    char piece[CHUNK_BYTES];
    uint32_t at = READ_ONCE(con.consumed);
    uint32_t done = 0;
    uint64_t buffer = guest_ptr(op->buffer);

    if (op->incremental && (int32_t)(op->index - at) > 0)
        at = MIN(op->index - at, READ_ONCE(con.produced) - at) + at;
    while (done < op->count) {
        size_t n = ring_piece(&at, piece, MIN(sizeof(piece), op->count - done));

        if (!n)
            break;
        if (guest_copy_to(v, buffer + done, piece, n))
            return -XEN_EFAULT;
        done += (uint32_t)n;
    }
    if (op->clear) {
        spin_lock(&con.lock);
        con.consumed =
            con.produced - at > RING_BYTES ? con.produced - RING_BYTES : at;
        spin_unlock(&con.lock);
    }
    op->count = done;
    op->index = at;
    return 0;
}

/* --- Input --- */

static bool input_to_keys(void)
{
    return con.to_keys || !dom0;
}

static void input_add(char c)
{
    if (con.in_produced - con.in_consumed < INPUT_BYTES)
        con.input[con.in_produced++ % INPUT_BYTES] = c;
}

static void input_switch(void)
{
    con.to_keys = !input_to_keys();
    log_info("serial input to %s (Ctrl-A three times switches)",
             input_to_keys() ? "debug keys, 'h' for help" : "dom0");
}

void console_input(char c)
{
    unsigned int late;

    if (c == SWITCH_CODE) {
        if (++con.switches == SWITCH_PRESSES) {
            con.switches = 0;
            input_switch();
        }
        return;
    }
    late = con.switches;
    con.switches = 0;
    if (input_to_keys()) {
        debug_key_press(c);
        return;
    }
    spin_lock(&con.lock);
    while (late--)
        input_add(SWITCH_CODE);
    input_add(c);
    spin_unlock(&con.lock);
    evtchn_send_global_virq(dom0, VIRQ_CONSOLE);
}

size_t console_read_input(char *dst, size_t n)
{
    size_t done = 0;

    spin_lock(&con.lock);
    while (done < n && con.in_consumed != con.in_produced)
        dst[done++] = con.input[con.in_consumed++ % INPUT_BYTES];
    spin_unlock(&con.lock);
    return done;
}

/* --- HYPERVISOR_console_io --- */

/* dom0's console: bytes to the serial port, not to the log. */
static long write_raw(struct vcpu *v, unsigned long arg[5])
{
    char piece[CHUNK_BYTES];

    while (arg[1]) {
        size_t n = MIN(arg[1], sizeof(piece));

        if (guest_copy_from(v, piece, arg[2], n))
            return -XEN_EFAULT;
        console_put(piece, n, CONSOLE_SERIAL);
        arg[1] -= n;
        arg[2] += n;
        if (arg[1] && hypercall_preempt(v))
            return -XEN_ERESTART;
    }
    return 0;
}

static long console_io_read(struct vcpu *v, unsigned long arg[5])
{
    char piece[INPUT_BYTES];
    size_t n;

    n = console_read_input(piece, MIN(arg[1], sizeof(piece)));
    if (guest_copy_to(v, arg[2], piece, n))
        return -XEN_EFAULT;
    return (long)n;
}

long do_console_io(struct vcpu *v, unsigned long arg[5])
{
    /* The count is 32 bits wide and read as signed (public/xen.h). */
    arg[1] = (uint32_t)arg[1];
    if (arg[1] > INT32_MAX)
        return -XEN_EINVAL;
    /* As upstream's release builds: guests do not talk here. */
    if (!v->domain->privileged)
        return -XEN_EPERM;
    switch ((uint32_t)arg[0]) {
    case CONSOLEIO_write:
        return write_raw(v, arg);
    case CONSOLEIO_read:
        return console_io_read(v, arg);
    default:
        return -XEN_ENOSYS;
    }
}
