/* Reads the head of a request. */
#include "http_head.h"

#include <string.h>
#include <strings.h>

enum {
    METHOD_MAX = 16,
    BAD_REQUEST = 400,
    TOO_LARGE = 413,
    FIELDS_TOO_LARGE = 431,
    NOT_IMPLEMENTED = 501,
    VERSION_NOT_SUPPORTED = 505,
};

size_t http_head_len(const char *data, size_t len)
{
    const char *end = data + len, *p = data;

    while (p < end && (*p == '\r' || *p == '\n')) /* before the first line */
        p++;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        if (p < end && *p == '\n')
            return (size_t)(p + 1 - data);
        if (p + 1 < end && p[0] == '\r' && p[1] == '\n')
            return (size_t)(p + 2 - data);
    }
    return 0;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* The next line, without its CR LF, as a string; NULL: none. */
static char *take_line(char **at, const char *end)
{
    char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));

    if (!stop || stop == line || stop[-1] != '\r')
        return NULL;
    *at = stop + 1;
    *--stop = '\0';
    return strlen(line) == (size_t)(stop - line) ? line : NULL;
}

/* "http://host/path" is asked of a proxy, and means "/path" here. */
static char *without_authority(char *target)
{
    char *p;

    if (strncasecmp(target, "http://", 7) != 0 &&
        strncasecmp(target, "https://", 8) != 0)
        return target;
    p = strchr(strstr(target, "//") + 2, '/');
    return p ? p : strchr(target, '\0');
}

static int parse_first_line(char *line, struct http_head *head)
{
    char *p = line, *version;

    while (is_token_char(*p) && p - line < METHOD_MAX)
        p++;
    if (p == line || *p != ' ')
        return BAD_REQUEST;
    *p++ = '\0';
    head->method = line;
    head->target = p;
    while ((unsigned char)*p > ' ' && *p != 0x7f)
        p++;
    if (p == head->target || *p != ' ')
        return BAD_REQUEST;
    *p++ = '\0';
    version = p;
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8)
        return BAD_REQUEST;
    if (version[5] != '1' || version[6] != '.' || version[7] < '0' ||
        version[7] > '9')
        return VERSION_NOT_SUPPORTED;
    head->minor = version[7] - '0';
    head->target = without_authority((char *)head->target);
    return 0;
}

static int parse_header(char *line, struct http_header *header)
{
    char *p = line, *end;

    while (is_token_char(*p))
        p++;
    if (p == line || *p != ':')
        return BAD_REQUEST;
    *p++ = '\0';
    p += strspn(p, " \t");
    end = strchr(p, '\0');
    while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    for (const char *c = p; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return BAD_REQUEST;
    *header = (struct http_header){line, p};
    return 0;
}

/* 0, or BAD_REQUEST: not a decimal number that fits. */
static int parse_length(const char *text, int64_t *length)
{
    int64_t n = 0;

    if (!*text)
        return BAD_REQUEST;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return BAD_REQUEST;
        if (n > (INT64_MAX - 9) / 10)
            return TOO_LARGE;
        n = n * 10 + (*text - '0');
    }
    *length = n;
    return 0;
}

bool http_list_has(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*(list += strspn(list, " \t,"))) {
        size_t item = strcspn(list, " \t,");

        if (item == len && strncasecmp(list, word, len) == 0)
            return true;
        list += item;
    }
    return false;
}

/* What a header means for the reading of the rest. 0 or a status. */
static int apply(struct http_head *head, const struct http_header *h,
                 bool *has_length)
{
    int64_t length;
    int rc = 0;

    if (strcasecmp(h->name, "content-length") == 0) {
        rc = parse_length(h->value, &length);
        if (!rc && (head->length == HTTP_LENGTH_CHUNKED ||
                    (*has_length && length != head->length)))
            rc = BAD_REQUEST;
        if (!rc)
            head->length = length;
        *has_length = true;
    } else if (strcasecmp(h->name, "transfer-encoding") == 0) {
        if (strcasecmp(h->value, "chunked") != 0)
            return NOT_IMPLEMENTED;
        if (*has_length || head->length == HTTP_LENGTH_CHUNKED)
            return BAD_REQUEST;
        head->length = HTTP_LENGTH_CHUNKED;
    } else if (strcasecmp(h->name, "connection") == 0) {
        if (http_list_has(h->value, "close"))
            head->keep_alive = false;
        else if (http_list_has(h->value, "keep-alive"))
            head->keep_alive = true;
    } else if (strcasecmp(h->name, "expect") == 0) {
        head->expect_continue = strcasecmp(h->value, "100-continue") == 0;
    }
    return rc;
}

int http_head_parse(char *text, size_t len, struct http_head *head)
{
    const char *end = text + len;
    bool has_length = false;
    char *line;
    int rc;

    while (text < end && (*text == '\r' || *text == '\n'))
        text++;
    line = take_line(&text, end);
    if (!line)
        return BAD_REQUEST;
    head->length = head->headers_nr = 0;
    head->expect_continue = false;
    rc = parse_first_line(line, head);
    if (rc)
        return rc;
    head->keep_alive = head->minor > 0;
    while ((line = take_line(&text, end)) && *line) {
        struct http_header *h = &head->headers[head->headers_nr];

        if (head->headers_nr == HTTP_HEADERS_MAX)
            return FIELDS_TOO_LARGE;
        rc = parse_header(line, h);
        if (!rc)
            rc = apply(head, h, &has_length);
        if (rc)
            return rc;
        head->headers_nr++;
    }
    return line ? 0 : BAD_REQUEST;
}

const char *http_header_find(const struct http_head *head, const char *name)
{
    for (int i = 0; i < head->headers_nr; i++)
        if (strcasecmp(head->headers[i].name, name) == 0)
            return head->headers[i].value;
    return NULL;
}
