/* Lines on the console of the control domain. Source: public/xen.h. */
#include "console.h"
#include "abi.h"

enum {
    LINE_BYTES = 512,
    DIGITS_MAX = 24,
};

static char line[LINE_BYTES];
static size_t length;

void line_begin(const char *text)
{
    length = 0;
    line_text(text);
}

void line_text(const char *text)
{
    while (*text && length < LINE_BYTES - 1)
        line[length++] = *text++;
}

void line_number(long number)
{
    char digits[DIGITS_MAX], *p = digits + sizeof(digits) - 1;
    unsigned long value = (unsigned long)number;
    unsigned long rest = number < 0 ? -value : value;

    *p = '\0';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--p = '-';
    line_text(p);
}

void line_end(void)
{
    line[length++] = '\n';
    CALL3(__HYPERVISOR_console_io, CONSOLEIO_write, length, line);
}
