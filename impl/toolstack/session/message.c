/* Alerts: the class `message`. */
#include <string.h>
#include <strings.h>

#include "handlers.h"
#include "request.h"

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

/* 0, or API_FAILED: no object of that class has the uuid. */
static int check_subject(struct request *r, const char *cls, const char *uuid)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (strcasecmp(subjects[i].cls, cls) == 0 &&
            db_find_uuid(r->db, subjects[i].class_name, uuid))
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

int message_create(struct request *r)
{
    struct object *o;

    if (check_subject(r, arg_text(r, 2), arg_text(r, 3)))
        return API_FAILED;
    o = db_create(r->db, "message");
    db_set_text(r->db, o, "name", arg_text(r, 0));
    db_set_int(r->db, o, "priority", arg_int(r, 1));
    db_set_text(r->db, o, "cls", spelled(arg_text(r, 2)));
    db_set_text(r->db, o, "obj_uuid", arg_text(r, 3));
    db_set_text(r->db, o, "timestamp", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "body", arg_text(r, 4));
    return reply_ref(r, o);
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
