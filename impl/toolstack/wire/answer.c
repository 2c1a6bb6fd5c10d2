/* Answers: heads, pages, failures. */
#include <stdio.h>
#include <string.h>

#include "server.h"

enum {
    LINE_BYTES = 128,
    HTTP_PORT = 80,
    HTTPS_PORT = 443,
};

static const char *reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } reasons[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {206, "Partial Content"},
        {302, "Found"},
        {400, "Bad Request"},
        {401, "Unauthorised"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {416, "Range Not Satisfiable"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

/* Decimal, without the cost of a format. Returns the end. */
static char *put_number(char *to, uint64_t n)
{
    char digits[24];
    int nr = 0;

    do
        digits[nr++] = (char)('0' + n % 10);
    while (n /= 10);
    while (nr)
        *to++ = digits[--nr];
    return to;
}

static char *put_text(char *to, const char *text)
{
    size_t len = strlen(text);

    memcpy(to, text, len);
    return to + len;
}

/* At most HEAD_ROOM bytes: `type` is short. Without the extra headers. */
static size_t write_head(struct exchange *x, char *head, unsigned status,
                         const char *type, int64_t length)
{
    char *to = put_text(head, "HTTP/1.1 ");

    to = put_number(to, status);
    *to++ = ' ';
    to = put_text(to, reason(status));
    if (length >= 0) {
        to = put_text(to, "\r\ncontent-length: ");
        to = put_number(to, (uint64_t)length);
    }
    to = put_text(to, x->head.keep_alive ? "\r\nconnection: keep-alive"
                                         : "\r\nconnection: close");
    to = put_text(to, "\r\ncache-control: no-cache, no-store\r\n"
                      "content-type: ");
    to = put_text(to, type);
    to = put_text(to, "\r\nAccess-Control-Allow-Origin: *\r\n"
                      "Access-Control-Allow-Headers: X-Requested-With\r\n");
    return (size_t)(to - head);
}

static void ended(struct exchange *x)
{
    x->begun = x->ended = true;
    if (x->conn)
        conn_touch(x->conn);
}

struct buf *answer_begin(struct exchange *x)
{
    return conn_answer_begin(x->conn);
}

/* `body` is what answer_begin gave. */
int answer_end(struct exchange *x, unsigned status, const char *type,
               struct buf *body)
{
    size_t start = body == &x->conn->out ? HEAD_ROOM : 0, len;
    char head[HEAD_ROOM];

    len = write_head(x, head, status, type, (int64_t)(body->len - start));
    len = (size_t)(put_text(head + len, "\r\n") - head);
    conn_answer_end(x->conn, body, head, len);
    ended(x);
    return 0;
}

int route_begin(struct route_call *c, unsigned status, const char *type,
                int64_t length)
{
    struct exchange *x = c->exchange;
    char head[HEAD_ROOM];
    size_t len;

    if (length < 0)
        x->head.keep_alive = false; /* its end is the connection's */
    len = write_head(x, head, status, type, length);
    buf_add(&x->conn->out, head, len);
    buf_add(&x->conn->out, x->headers.data, x->headers.len);
    buf_puts(&x->conn->out, "\r\n");
    x->begun = true;
    x->answer_left = length;
    conn_touch(x->conn);
    return 0;
}

int route_answer(struct route_call *c, unsigned status, const char *type,
                 const void *data, size_t len)
{
    struct exchange *x = c->exchange;

    if (x->ended || x->begun)
        return 0;
    (void)route_begin(c, status, type, (int64_t)len); /* always works */
    if (!x->no_body)
        buf_add(&x->conn->out, data, len);
    ended(x);
    return 0;
}

int route_answer_buf(struct route_call *c, unsigned status, const char *type,
                     struct buf *take_body)
{
    int rc = route_answer(c, status, type, take_body->data, take_body->len);

    buf_fini(take_body);
    return rc;
}

int route_page(struct route_call *c, unsigned status, const char *text)
{
    struct buf page = {0};

    buf_puts(&page, "<html><body><h1>");
    buf_puts(&page, text);
    buf_puts(&page, "</h1></body></html>");
    return route_answer_buf(c, status, "text/html", &page);
}

void route_header(struct route_call *c, const char *name, const char *value)
{
    struct buf *headers = &c->exchange->headers;

    if (strpbrk(value, "\r\n"))
        return;
    buf_puts(headers, name);
    buf_puts(headers, ": ");
    buf_puts(headers, value);
    buf_puts(headers, "\r\n");
}

/* Adds text that a page may show. */
static void put_html(struct buf *page, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            buf_puts(page, "&lt;");
        else if (*text == '&')
            buf_puts(page, "&amp;");
        else
            buf_putc(page, *text);
    }
}

int answer_failure(struct exchange *x)
{
    const struct value *error = &x->call.request.error;
    unsigned status = x->call.status ? x->call.status : 500;
    char title[LINE_BYTES];
    struct buf page = {0};

    x->failed = true;
    if (x->begun) {
        conn_abort(x->conn);
        return 0;
    }
    (void)snprintf(title, sizeof(title), "HTTP %u %s", status,
                   reason(status)); /* it fits */
    buf_puts(&page, "<html><body><h1>");
    buf_puts(&page, title);
    buf_puts(&page, "</h1>");
    for (uint32_t i = 0; error->kind == VALUE_SET && i < error->nr; i++) {
        buf_puts(&page, i ? " " : "<p>");
        put_html(&page, error->items[i].s);
    }
    buf_puts(&page, "</body></html>");
    return route_answer_buf(&x->call, status, "text/html", &page);
}

void route_fail(struct route_call *c)
{
    (void)answer_failure(c->exchange); /* always works */
}

void answer_continue(struct exchange *x)
{
    buf_puts(&x->conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
    conn_touch(x->conn);
}

/* The default ports mean HTTPS; another one is the same at the other host. */
int route_redirect(struct route_call *c, const char *address)
{
    struct exchange *x = c->exchange;
    const struct door *d = x->conn->door;
    const char *target = x->head.target, *port = "";
    bool standard = !d->port || d->port == HTTP_PORT || d->port == HTTPS_PORT;

    if (!standard)
        port = arena_printf(&x->arena, ":%u", d->port);
    if (route_param(c, "task_id")) { /* it goes on there */
        c->request.task = NULL;
        *x->task = '\0';
    }
    route_header(c, "Location",
                 arena_printf(&x->arena, "%s://%s%s%s%s",
                              standard || d->tls ? "https" : "http", address,
                              port, *target == '/' ? "" : "/", target));
    return route_page(c, 302, "Found elsewhere");
}

int route_stream(struct route_call *c, const struct route_stream *stream,
                 void *state)
{
    c->exchange->stream = stream;
    c->state = state;
    return 0;
}

int route_collect(struct route_call *c, size_t max, route_fn fn)
{
    c->exchange->collected = fn;
    c->exchange->collect_max = max;
    return 0;
}

void route_resume(struct route_call *c)
{
    c->exchange->held_in = c->exchange->held_out = false;
    conn_touch(c->exchange->conn);
}

const char *route_param(const struct route_call *c, const char *name)
{
    const struct exchange *x = c->exchange;
    const char *text = x->query.nr ? value_text(&x->query, name, NULL) : NULL;

    if (!text && x->cookies.nr)
        text = value_text(&x->cookies, name, NULL);
    return text;
}

const struct value *route_query(const struct route_call *c)
{
    return &c->exchange->query;
}

const char *route_header_of(const struct route_call *c, const char *name)
{
    return http_header_find(&c->exchange->head, name);
}
