/* Puts JSON where page.html has its mark, so that no text ends the script. */
#define _GNU_SOURCE /* memmem */
#include "page.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "/*DATA*/";

/* The file, as the linker has put it here. */
extern const char _binary_conformance_report_page_html_start[],
    _binary_conformance_report_page_html_end[];

/* In JSON a "<" can only be part of a string. */
static void put_json(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            fputs("\\u003c", out);
        else
            fputc(*text, out);
}

void page_write(FILE *out, const cJSON *data)
{
    const char *start = _binary_conformance_report_page_html_start;
    size_t len = (size_t)(_binary_conformance_report_page_html_end - start);
    const char *at = memmem(start, len, mark, sizeof(mark) - 1);
    char *text = cJSON_PrintUnformatted(data);

    if (!at || !text)
        abort(); /* the page is part of the program */
    fwrite(start, 1, (size_t)(at - start), out);
    put_json(out, text);
    at += sizeof(mark) - 1;
    fwrite(at, 1, len - (size_t)(at - start), out);
    free(text);
}
