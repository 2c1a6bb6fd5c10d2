/* Text in XML and HTML: what would be markup is written as an entity. */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stdio.h>

void markup_putc(FILE *out, char c);
void markup_puts(FILE *out, const char *text);

#endif
