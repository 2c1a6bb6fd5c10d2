/* The audit trail of calls. */
#include "audit.h"

#include <string.h>

#include "buf.h"
#include "transfer.h"

enum {
    DATE_CHARS = 18, /* 20260131T12:34:56Z */
    SHOWN_BYTES_MAX = 256,
};

/* In single quotes, which a backslash keeps apart from those that end it. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_putc(out, '\'');
    for (size_t i = 0; text[i] && i < SHOWN_BYTES_MAX; i++) {
        if (text[i] == '\'' || text[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
    }
    buf_putc(out, '\'');
}

static bool is_audited(const struct request *r)
{
    const struct message *m = r->message;

    return r->session && m && strcmp(m->role, "read-only") != 0 &&
           (m->flags & MSG_EFFECT ||
            (m->kind >= KIND_SETTER && m->kind <= KIND_DESTROY));
}

/* ('name' 'what it is called' 'uuid' 'reference') */
static void put_object(struct request *r, struct buf *out, const char *param,
                       const char *ref)
{
    struct object *o = db_find_any(r->db, ref);
    bool named = o && field_index(o->class, "name_label") >= 0;

    buf_puts(out, " (");
    put_quoted(out, param);
    buf_putc(out, ' ');
    put_quoted(out, named ? db_text(o, "name_label") : "");
    buf_putc(out, ' ');
    put_quoted(out, o && field_index(o->class, "uuid") >= 0 ? db_text(o, "uuid")
                                                            : "");
    buf_putc(out, ' ');
    put_quoted(out, ref);
    buf_putc(out, ')');
}

/* Takes the text over into the arena. */
static const char *kept(struct request *r, struct buf *text)
{
    const char *copy =
        arena_strndup(r->arena, text->len ? text->data : "", text->len);

    buf_fini(text);
    return copy;
}

/* References say what is meant; the rest is not kept. */
static const char *objects_text(struct request *r)
{
    const struct message *m = r->message;
    struct buf out = {0};

    for (int i = 0; i < m->params_nr && i < r->args_nr; i++)
        if (m->params[i].type.shape == SHAPE_ONE &&
            m->params[i].type.elem.kind == BASE_REF)
            put_object(r, &out, m->params[i].name, r->args[i].s);
    return kept(r, &out);
}

/* The session, without the text that would let anybody use it. */
static const char *caller_text(struct request *r)
{
    const struct object *s = r->session;
    bool root = db_bool(s, "is_local_superuser");
    const char *name = db_text(s, "auth_user_name");
    struct buf out = {0};

    buf_printf(&out, "'trackid=%s' ", db_text(s, "uuid"));
    put_quoted(&out, root ? "LOCAL_SUPERUSER" : db_text(s, "auth_user_sid"));
    buf_putc(&out, ' ');
    put_quoted(&out, *name ? name : root ? "root" : "");
    return kept(r, &out);
}

struct audit_subject audit_subject(struct request *r)
{
    if (!is_audited(r))
        return (struct audit_subject){0};
    return (struct audit_subject){caller_text(r), objects_text(r)};
}

void audit_note(struct request *r, const struct audit_subject *s, int rc)
{
    bool failed = rc == API_FAILED && r->error.kind == VALUE_SET && r->error.nr;
    const char *code = failed ? r->error.items[0].s : "OK";
    struct buf line = {0};

    if (!s->caller)
        return;
    buf_printf(&line, "(%s %s ", s->caller,
               strcmp(code, "RBAC_PERMISSION_DENIED") == 0 ? "'DENIED'"
                                                           : "'ALLOWED'");
    put_quoted(&line, failed ? arena_printf(r->arena, "ERROR:%s", code) : code);
    buf_puts(&line, " 'API' ");
    put_quoted(&line, r->message->name);
    buf_printf(&line, " (%s ))", s->objects);
    buf_putc(&line, '\0');
    audit_append(r->ts, line.data);
    buf_fini(&line);
}

void audit_append(struct toolstack *ts, const char *text)
{
    struct buf *log = transfer_audit(ts);
    struct arena a;
    size_t half = 0;

    arena_init(&a);
    buf_printf(log, "[%s|info|%s|audit] ", toolstack_now(ts, &a),
               db_text(toolstack_master(ts), "hostname"));
    arena_fini(&a);
    for (; *text; text++)
        buf_putc(log, *text == '\n' || *text == '\r' ? ' ' : *text);
    buf_putc(log, '\n');
    if (log->len < AUDIT_BYTES_MAX)
        return;
    half = log->len / 2;
    while (log->data[half++] != '\n')
        ;
    memmove(log->data, log->data + half, log->len - half);
    log->len -= half;
}

void audit_read(struct toolstack *ts, const char *since, struct buf *out)
{
    struct buf *log = transfer_audit(ts);

    for (size_t at = 0; at < log->len;) {
        const char *line = log->data + at;
        const char *end = memchr(line, '\n', log->len - at);

        if (!*since || strncmp(line + 1, since, DATE_CHARS) >= 0)
            buf_add(out, line, (size_t)(end + 1 - line));
        at = (size_t)(end + 1 - log->data);
    }
}
