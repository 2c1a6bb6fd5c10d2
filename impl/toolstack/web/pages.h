/* The web pages that the daemon carries inside of it. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include <stddef.h>

#include "buf.h"

struct page {
    const char *path; /* as in the URL */
    const char *type; /* of content */
    const char *data, *end;
};

/* NULL: none of that path. */
const struct page *page_find(const char *path);

/* Appends the data model as one HTML page: what /reference shows. */
void reference_write(struct buf *b);

#endif
