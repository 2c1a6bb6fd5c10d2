/* The characters that XML and HTML take for markup. */
#include "markup.h"

#include <stddef.h>

static const char *const entities[256] = {
    ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;"};

void markup_putc(FILE *out, char c)
{
    const char *entity = entities[(unsigned char)c];

    if (entity)
        fputs(entity, out);
    else
        fputc(c, out);
}

void markup_puts(FILE *out, const char *text)
{
    for (; *text; text++)
        markup_putc(out, *text);
}
