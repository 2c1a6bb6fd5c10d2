/* Answers requests for pages. */
#include "pages.h"
#include "routes.h"

enum {
    HTTP_OK = 200,
    HTTP_NOT_FOUND = 404,
};

int web_page(struct route_call *c)
{
    const struct page *page = page_find(c->path);

    if (!page)
        return route_page(c, HTTP_NOT_FOUND, "404 Not Found");
    return route_answer(c, HTTP_OK, page->type, page->data,
                        (size_t)(page->end - page->data));
}

int web_reference(struct route_call *c)
{
    struct buf text = {0};

    reference_write(&text);
    return route_answer_buf(c, HTTP_OK, "text/html; charset=utf-8", &text);
}
