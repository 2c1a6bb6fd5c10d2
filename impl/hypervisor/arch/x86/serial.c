/*
 * 16550 serial port: polled output with one line status read per filled FIFO,
 * input by interrupt (PC16550D data sheet).
 */
#include "x86/serial.h"

#include "x86/insn.h"

#include "x86/irq.h"

#include "base/string.h"
#include "hv/arch.h"
#include "hv/console.h"
#include "hv/log.h"
#include "hv/option.h"

enum uart_reg {
    UART_DATA = 0, /* DLL with DLAB */
    UART_IER = 1,  /* DLM with DLAB */
    UART_FCR = 2,  /* IIR when read */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCRATCH = 7,
};

#define LCR_8N1              0x03
#define LCR_DLAB             0x80
#define FCR_ON_CLEAR         0x07
#define MCR_ON               0x0b /* DTR, RTS, OUT2 (interrupt gate) */
#define IER_RECEIVE          0x01
#define LSR_DATA             0x01
#define LSR_THR_EMPTY        0x20
#define LSR_ABSENT           0xff
#define RECEIVE_MAX          64 /* bytes per interrupt: no endless loop */
#define UART_CLOCK           115200
#define UART_PORT_MAX        0xfff8
#define UART_FIFO            16
#define UART_PATIENCE_CYCLES 15000000000UL /* 5 s at 3 GHz */

static struct {
    uint16_t port;
    bool present;
    bool stuck;        /* nobody read for too long */
    unsigned int room; /* of the FIFO since it was last seen empty */
} uart = {.port = 0x3f8};

/* What "com1=115200,8n1,0x3f8,4" says. */
struct com {
    const char *name;
    const char *option;
    uint64_t baud, port, irq;
};

/* Whoever reads at the other end may be slow, and then gets time; but one that
   stopped must not hang the machine: once patience is out, text is dropped until
   the port takes some again. */
static bool uart_wait_empty(void)
{
    uint64_t since = rdtsc();

    do {
        if (inb(uart.port + UART_LSR) & LSR_THR_EMPTY) {
            uart.stuck = false;
            return true;
        }
    } while (!uart.stuck && rdtsc() - since < UART_PATIENCE_CYCLES);
    uart.stuck = true;
    return false;
}

static void uart_put(char c)
{
    if (!uart.room) {
        if (!uart.present || !uart_wait_empty())
            return;
        uart.room = UART_FIFO;
    }
    uart.room--;
    outb(uart.port + UART_DATA, (uint8_t)c);
}

void arch_serial_write(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n')
            uart_put('\r');
        uart_put(s[i]);
    }
}

void serial_init(uint16_t port, unsigned int baud)
{
    unsigned int divisor = baud ? UART_CLOCK / baud : 1;

    uart.port = port;
    uart.room = 0;
    outb(port + UART_SCRATCH, 0x5a);
    uart.present = inb(port + UART_SCRATCH) == 0x5a;
    outb(port + UART_IER, 0);
    outb(port + UART_LCR, LCR_DLAB | LCR_8N1);
    outb(port + UART_DATA, divisor & 0xff);
    outb(port + UART_IER, divisor >> 8);
    outb(port + UART_LCR, LCR_8N1);
    outb(port + UART_FCR, FCR_ON_CLEAR);
    outb(port + UART_MCR, MCR_ON);
}

uint16_t serial_port(void)
{
    return uart.present ? uart.port : 0;
}

static void serial_irq(unsigned int vector, void *arg)
{
    for (unsigned int i = 0; i < RECEIVE_MAX; i++) {
        uint8_t status = inb(uart.port + UART_LSR);

        if (status == LSR_ABSENT || !(status & LSR_DATA))
            return;
        console_input((char)inb(uart.port + UART_DATA));
    }
    /* More waits, and the line stays up: a new edge has to be made. */
    outb(uart.port + UART_IER, 0);
    outb(uart.port + UART_IER, IER_RECEIVE);
}

static bool next_number(const char **s, uint64_t *out)
{
    if (**s == ',')
        (*s)++;
    return **s == '\0' || **s == ',' || str_number(*s, s, out);
}

/* baud[,8n1[,port[,irq]]]; what is left out keeps its default. */
static bool com_parse(struct com *c)
{
    const char *s = c->option;

    if (!next_number(&s, &c->baud))
        return false;
    if (*s == ',')
        s++;
    if (str_starts(s, "8n1"))
        s += 3;
    return next_number(&s, &c->port) && next_number(&s, &c->irq) && !*s &&
           c->baud && c->baud <= UART_CLOCK && c->port <= UART_PORT_MAX;
}

static unsigned int console_irq;

void serial_options(void)
{
    struct com coms[] = {
        {"com1", opt_com1, UART_CLOCK, 0x3f8, 4},
        {"com2", opt_com2, UART_CLOCK, 0x2f8, 3},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(coms); i++) {
        if (!str_equal(opt_console, coms[i].name))
            continue;
        if (!com_parse(&coms[i]))
            log_warn("option '%s=%s' is wrong: defaults used", coms[i].name,
                     coms[i].option);
        serial_init((uint16_t)coms[i].port, (unsigned int)coms[i].baud);
        console_irq = (unsigned int)coms[i].irq;
        return;
    }
    if (!str_equal(opt_console, "none"))
        log_warn("option 'console=%s' is unknown: com1 used", opt_console);
    else
        uart.present = false;
}

void serial_receive_init(void)
{
    unsigned int gsi;
    bool level, low;
    int vector;

    isa_irq_to_gsi(console_irq, &gsi, &level, &low);
    if (!uart.present || !console_irq || !ioapic_gsi_valid(gsi))
        return;
    vector = irq_vector_alloc(serial_irq, NULL);
    if (vector < 0)
        return;
    ioapic_route(gsi, (unsigned int)vector, 0, level, low);
    ioapic_unmask(gsi);
    outb(uart.port + UART_IER, IER_RECEIVE);
}
