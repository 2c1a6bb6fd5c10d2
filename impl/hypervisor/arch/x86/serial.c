/*
 * 16550 serial port: polled output, one line status read per filled FIFO.
 */
#include "x86/serial.h"

#include "x86/insn.h"

#include "hv/arch.h"

enum uart_reg {
    UART_DATA = 0, /* DLL with DLAB */
    UART_IER = 1,  /* DLM with DLAB */
    UART_FCR = 2,
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCRATCH = 7,
};

#define LCR_8N1        0x03
#define LCR_DLAB       0x80
#define FCR_ON_CLEAR   0x07
#define MCR_ON         0x0b /* DTR, RTS, OUT2 (interrupt gate) */
#define LSR_THR_EMPTY  0x20
#define UART_CLOCK     115200
#define UART_FIFO      16
#define UART_SPINS_MAX 100000

static struct {
    uint16_t port;
    bool present;
    unsigned int room; /* of the FIFO since it was last seen empty */
} uart = {.port = 0x3f8};

/* A port that is not there, or stuck, must not hang the machine. */
static bool uart_wait_empty(void)
{
    for (unsigned int i = 0; i < UART_SPINS_MAX; i++) {
        if (inb(uart.port + UART_LSR) & LSR_THR_EMPTY)
            return true;
    }
    uart.present = false;
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
