/* Lines on the console, each written by one call. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

void line_begin(const char *text);
void line_text(const char *text);
void line_number(long number);
void line_end(void);

#endif
