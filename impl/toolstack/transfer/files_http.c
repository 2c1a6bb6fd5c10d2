/* HTTP handlers of files: blobs, alerts, the audit trail. */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"
#include "base64.h"
#include "job.h"
#include "message.h"
#include "routes.h"
#include "session.h"
#include "transfer.h"

enum {
    BLOB_BYTES_MAX = 16 << 20,
    MESSAGES_BYTES_MAX = 16 << 20,
};

/* --- Blobs ------------------------------------------------------------------ */

/* By `ref` or `uuid` of the query; NULL: none. */
static struct object *blob_of(struct route_call *c)
{
    const char *ref = route_param(c, "ref"), *uuid = route_param(c, "uuid");

    if (ref)
        return db_find(c->request.db, "blob", ref);
    return uuid ? db_find_uuid(c->request.db, "blob", uuid) : NULL;
}

static int no_blob(struct route_call *c)
{
    const char *ref = route_param(c, "ref");

    return request_bad_handle(&c->request, "blob", ref ? ref : "");
}

/* Public ones are for everybody, others for who has logged in. */
int http_get_blob(struct route_call *c)
{
    const char *session = route_param(c, "session_id");
    struct object *o = blob_of(c);
    void *data;
    size_t len;

    if (route_adopt_task(c))
        return API_FAILED;
    if (!route_param(c, "ref") && !route_param(c, "uuid"))
        return route_page(c, 400, "The parameter ref is missing");
    c->status = 404;
    if (!o)
        return no_blob(c);
    if (!db_bool(o, "public") &&
        !(session && session_find(c->request.ts, session)))
        return route_page(c, 401, "Not a public one");
    data = base64_bytes(c->request.arena, db_text(o, "contents"), &len);
    if (strcmp(db_text(o, "last_updated"), DATE_0) == 0)
        return no_blob(c);
    return route_answer(c, 200, db_text(o, "mime_type"), data, len);
}

static int store_blob(struct route_call *c)
{
    struct request *r = &c->request;
    struct object *o = blob_of(c);

    if (!o)
        return route_page(c, 404, "Unknown reference");
    db_set_text(
        r->db, o, "contents",
        base64_encode(r->arena, c->body.len ? c->body.data : "", c->body.len));
    db_set_int(r->db, o, "size", (int64_t)c->body.len);
    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    return job_answer(c);
}

int http_put_blob(struct route_call *c)
{
    if (!route_param(c, "ref") && !route_param(c, "uuid"))
        return route_page(c, 400, "The parameter ref is missing");
    c->status = 404;
    if (!blob_of(c))
        return no_blob(c);
    (void)job_greet(c); /* cannot fail */
    return route_collect(c, BLOB_BYTES_MAX, store_blob);
}

/* --- Alerts ----------------------------------------------------------------- */

/* Text of a child element, in the arena; "" when there is none. */
static const char *child_text(struct arena *a, const xmlNode *parent,
                              const char *name)
{
    for (const xmlNode *n = parent->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE &&
            strcmp((const char *)n->name, name) == 0) {
            xmlChar *text = xmlNodeGetContent(n);
            const char *copy = arena_strdup(a, (const char *)text);

            xmlFree(text);
            return copy;
        }
    return "";
}

/* With or without dashes, as the API writes it. */
static const char *api_date(struct arena *a, const char *text)
{
    char *out = arena_alloc(a, strlen(text) + 1), *to = out;

    for (; *text; text++)
        if (*text != '-')
            *to++ = *text;
    return out;
}

static void make_message(struct route_call *c, const xmlNode *root)
{
    struct request *r = &c->request;
    const char *uuid = child_text(r->arena, root, "uuid");
    struct object *o;

    if (*uuid && db_find_uuid(r->db, "message", uuid))
        return; /* it has come before */
    o = message_make(r, child_text(r->arena, root, "name"),
                     atoll(child_text(r->arena, root, "priority")),
                     route_param(c, "cls"), route_param(c, "uuid"),
                     child_text(r->arena, root, "body"));
    if (strlen(uuid) == UUID_BYTES - 1)
        db_set_text(r->db, o, "uuid", uuid);
    db_set_text(r->db, o, "timestamp",
                api_date(r->arena, child_text(r->arena, root, "timestamp")));
}

/* Documents follow each other; each may begin with a declaration. */
static int store_messages(struct route_call *c)
{
    static const char close[] = "</message>";
    const char *text = arena_strndup(
        c->request.arena, c->body.len ? c->body.data : "", c->body.len);

    for (;;) {
        const char *open = strstr(text, "<message>");
        const char *end = open ? strstr(open, close) : NULL;
        xmlDoc *doc;

        if (!end)
            break;
        end += sizeof(close) - 1;
        doc = xmlReadMemory(open, (int)(end - open), "message.xml", "UTF-8",
                            XML_PARSE_NONET | XML_PARSE_NOERROR |
                                XML_PARSE_NOWARNING);
        if (!doc)
            return request_internal(&c->request, "That is no message");
        make_message(c, xmlDocGetRootElement(doc));
        xmlFreeDoc(doc);
        text = end;
    }
    return job_answer(c);
}

int http_put_messages(struct route_call *c)
{
    const char *cls = route_param(c, "cls"), *uuid = route_param(c, "uuid");

    if (!cls || !uuid)
        return route_page(c, 400, "The parameters cls and uuid are needed");
    if (!message_subject(c->request.ts, cls, uuid)) {
        c->status = 400;
        return request_fail(&c->request, "UUID_INVALID", cls, uuid, NULL);
    }
    (void)job_greet(c); /* cannot fail */
    return route_collect(c, MESSAGES_BYTES_MAX, store_messages);
}

/* --- The audit trail --------------------------------------------------------- */

/* A date, or seconds since 1970. */
static const char *since_of(struct route_call *c)
{
    const char *text = route_param(c, "since");

    if (!text || !*text)
        return "";
    if (strspn(text, "0123456789.") == strlen(text))
        return date_text(c->request.arena, atoll(text) * 1000);
    return api_date(c->request.arena, text);
}

int http_audit_log(struct route_call *c)
{
    struct buf out = {0};

    audit_read(c->request.ts, since_of(c), &out);
    return route_answer_buf(c, 200, "text/plain", &out);
}
