/* Alerts: the class `message`. */
#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers.h"
#include "unmarshal.h"

enum {
    MESSAGES_MAX = 10000,
};

static const struct {
    const char *cls, *class_name;
} subjects[] = {
    {"VM", "VM"},
    {"Host", "host"},
    {"SR", "SR"},
    {"Pool", "pool"},
    {"VMPP", "VMPP"},
    {"VMSS", "VMSS"},
    {"VDI", "VDI"},
    {"PVS_proxy", "PVS_proxy"},
    {"Certificate", "Certificate"},
};

struct object *message_subject(struct toolstack *ts, const char *cls,
                               const char *uuid)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (strcasecmp(subjects[i].cls, cls) == 0)
            return db_find_uuid(&ts->db, subjects[i].class_name, uuid);
    return NULL;
}

/* 0, or API_FAILED: no object of that class has the uuid. */
static int check_subject(struct request *r, const char *cls, const char *uuid)
{
    if (message_subject(r->ts, cls, uuid))
        return 0;
    return request_fail(r, "UUID_INVALID", NULL);
}

/* The enumeration's spelling. */
static const char *spelled(const char *cls)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (strcasecmp(subjects[i].cls, cls) == 0)
            return subjects[i].cls;
    return cls;
}

struct object *message_make(struct request *r, const char *name,
                            int64_t priority, const char *cls,
                            const char *obj_uuid, const char *body)
{
    struct object *o;

    if (db_count(r->db, class_find("message")) >= MESSAGES_MAX)
        db_destroy(r->db, db_first(r->db, "message"));
    o = db_create(r->db, "message");
    db_set_text(r->db, o, "name", name);
    db_set_int(r->db, o, "priority", priority);
    db_set_text(r->db, o, "cls", cls);
    db_set_text(r->db, o, "obj_uuid", obj_uuid);
    db_set_text(r->db, o, "timestamp", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "body", body);
    return o;
}

int message_create(struct request *r)
{
    if (check_subject(r, arg_text(r, 2), arg_text(r, 3)))
        return API_FAILED;
    return reply_ref(r, message_make(r, arg_text(r, 0), arg_int(r, 1),
                                     spelled(arg_text(r, 2)), arg_text(r, 3),
                                     arg_text(r, 4)));
}

/* Which alerts a map of filters leaves; NULL: no limit. */
struct limits {
    const char *before, *after, *priority;
};

/* A date as text, that its order is that of time. 0 or API_FAILED. */
static int parse_date(struct request *r, const char *key, const char *text,
                      const char **date)
{
    static const struct type type = {.elem = {.kind = BASE_DATE}};
    struct value in = value_string(text), out;

    if (unmarshal(r, &type, &in, &out))
        return request_fail(r, "INVALID_VALUE", key, text, NULL);
    *date = out.s;
    return 0;
}

static int parse_limits(struct request *r, const struct value *map,
                        struct limits *l)
{
    for (uint32_t i = 0; i < map->nr; i++) {
        const char *key = map->members[i].key, *text = map->members[i].value.s;
        int rc = 0;

        if (strcmp(key, "before") == 0)
            rc = parse_date(r, key, text, &l->before);
        else if (strcmp(key, "after") == 0)
            rc = parse_date(r, key, text, &l->after);
        else if (strcmp(key, "priority") == 0 && *text &&
                 strspn(text, "-0123456789") == strlen(text))
            l->priority = text;
        else
            rc = request_fail(r, "INVALID_VALUE", key, text, NULL);
        if (rc)
            return rc;
    }
    return 0;
}

int message_destroy_all(struct request *r)
{
    struct limits l = {0};

    if (parse_limits(r, &r->args[0], &l))
        return API_FAILED;
    for (struct object *o = db_first(r->db, "message"), *next; o; o = next) {
        const char *when = db_text(o, "timestamp");

        next = o->next;
        if ((!l.before || strcmp(when, l.before) < 0) &&
            (!l.after || strcmp(when, l.after) > 0) &&
            (!l.priority ||
             db_int(o, "priority") == strtoll(l.priority, NULL, 10)))
            db_destroy(r->db, o);
    }
    return reply_void(r);
}

int message_destroy(struct request *r)
{
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* Stops at the first one that does not exist. */
int message_destroy_many(struct request *r)
{
    const struct value *set = &r->args[0];

    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *o = db_find(r->db, "message", set->items[i].s);

        if (!o)
            return request_bad_handle(r, "message", set->items[i].s);
        db_destroy(r->db, o);
    }
    return reply_void(r);
}

/* Those of one object (NULL: of all) that are not older than `since`. */
static int list(struct request *r, const char *cls, const char *uuid,
                const char *since)
{
    size_t max = db_count(r->db, class_find("message")), nr = 0;
    struct member *m = arena_alloc(r->arena, sizeof(*m) * (max + 1));

    for (struct object *o = db_first(r->db, "message"); o; o = o->next) {
        if (strcmp(db_text(o, "timestamp"), since) < 0)
            continue;
        if (cls && (strcasecmp(db_text(o, "cls"), cls) != 0 ||
                    strcmp(db_text(o, "obj_uuid"), uuid) != 0))
            continue;
        m[nr++] = (struct member){arena_strdup(r->arena, o->ref),
                                  db_record(r->arena, o)};
    }
    return reply(r, value_map(m, nr));
}

int message_get(struct request *r)
{
    if (check_subject(r, arg_text(r, 0), arg_text(r, 1)))
        return API_FAILED;
    return list(r, arg_text(r, 0), arg_text(r, 1), arg_text(r, 2));
}

int message_get_since(struct request *r)
{
    return list(r, NULL, NULL, arg_text(r, 0));
}

int message_get_all_records(struct request *r)
{
    return list(r, NULL, NULL, "");
}

/* Alerts are not filtered: every one is listed, as clients are used to. */
int message_get_all_records_where(struct request *r)
{
    return message_get_all_records(r);
}

int message_get_all(struct request *r)
{
    struct value map, *refs;

    (void)list(r, NULL, NULL, ""); /* cannot fail */
    map = r->result;
    refs = arena_alloc(r->arena, sizeof(*refs) * (map.nr + 1));
    for (uint32_t i = 0; i < map.nr; i++)
        refs[i] = value_string(map.members[i].key);
    return reply(r, value_set(refs, map.nr));
}

int message_get_record(struct request *r)
{
    return reply(r, db_record(r->arena, r->self));
}

int message_get_by_uuid(struct request *r)
{
    struct object *o = db_find_uuid(r->db, "message", arg_text(r, 0));

    if (!o)
        return request_fail(r, "UUID_INVALID", "message", arg_text(r, 0), NULL);
    return reply_ref(r, o);
}
