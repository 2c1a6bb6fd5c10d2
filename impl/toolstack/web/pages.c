/* The files of this folder: the linker puts their bytes into the program. */
#include "pages.h"

#include <string.h>

/* How ld names what it makes of a file (info ld, "binary" format). */
#define BYTES(file)                                                \
    extern const char _binary_impl_toolstack_web_##file##_start[], \
        _binary_impl_toolstack_web_##file##_end[]
#define PAGE(path, type, file)                                 \
    {                                                          \
        path, type, _binary_impl_toolstack_web_##file##_start, \
            _binary_impl_toolstack_web_##file##_end            \
    }

BYTES(index_html);
BYTES(page_css);
BYTES(page_js);
BYTES(sections_js);
BYTES(reference_css);
BYTES(reference_js);

static const struct page pages[] = {
    PAGE("/", "text/html; charset=utf-8", index_html),
    PAGE("/web/page.css", "text/css; charset=utf-8", page_css),
    PAGE("/web/page.js", "text/javascript; charset=utf-8", page_js),
    PAGE("/web/sections.js", "text/javascript; charset=utf-8", sections_js),
    PAGE("/web/reference.css", "text/css; charset=utf-8", reference_css),
    PAGE("/web/reference.js", "text/javascript; charset=utf-8", reference_js),
};

const struct page *page_find(const char *path)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}
