/*
 * Updates that come as disks (pool_update), and the patches they look like to
 * older clients (pool_patch, host_patch). A package says what it is in a
 * document near the beginning of the disk:
 *   <update uuid=".." name-label=".." version=".." installation-size=".."
 *     key=".." after-apply-guidance="restartHost,.." enforce-homogeneity="..">
 *     <name-description>..</name-description></update>
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"
#include "storage.h"
#include "update_info.h"

enum {
    PACKAGE_HEAD_BYTES = 1 << 20,
};

/* --- Introduce ------------------------------------------------------------------------ */

/* The beginning of the disk; NULL, with the error set. */
static const char *package_head(struct request *r, const struct object *vdi)
{
    int64_t size = db_int(vdi, "virtual_size");
    size_t len = size < PACKAGE_HEAD_BYTES ? (size_t)size : PACKAGE_HEAD_BYTES;
    char *text = arena_alloc(r->arena, len + 1);
    int rc = vdi_read(r->ts, vdi, 0, text, len);

    if (rc) {
        (void)vdi_fail(r, vdi, rc);
        return NULL;
    }
    for (size_t i = 0; i < len; i++) /* the document is among other things */
        if (!text[i])
            text[i] = ' ';
    return text;
}

static struct object *patch_of(struct request *r, const struct object *update)
{
    for (struct object *o = db_first(r->db, "pool_patch"); o; o = o->next)
        if (strcmp(db_text(o, "pool_update"), update->ref) == 0)
            return o;
    return NULL;
}

static void copy_text(struct request *r, struct object *to,
                      const struct object *from, const char *field)
{
    db_set_text(r->db, to, field, db_text(from, field));
}

/* Words that old clients know for the same advice. */
static void patch_make(struct request *r, struct object *update)
{
    struct object *patch = db_create(r->db, "pool_patch");

    copy_text(r, patch, update, "name_label");
    copy_text(r, patch, update, "name_description");
    copy_text(r, patch, update, "version");
    db_set_text(r->db, patch, "pool_update", update->ref);
    db_set_int(r->db, patch, "size", db_int(update, "installation_size"));
    db_set(r->db, patch, "after_apply_guidance",
           *db_get(update, "after_apply_guidance"));
}

static struct object *update_make(struct request *r,
                                  const struct update_info *info,
                                  const struct object *vdi)
{
    struct object *o = db_create(r->db, "pool_update");

    db_set_text(r->db, o, "uuid", info->uuid);
    db_set_text(r->db, o, "name_label", info->name);
    db_set_text(r->db, o, "name_description", info->description);
    db_set_text(r->db, o, "version", info->version);
    db_set_text(r->db, o, "key", info->key);
    db_set_int(r->db, o, "installation_size", info->size);
    db_set(r->db, o, "after_apply_guidance", info->guidance);
    db_set_bool(r->db, o, "enforce_homogeneity", info->homogeneous);
    db_set_text(r->db, o, "vdi", vdi->ref);
    patch_make(r, o);
    return o;
}

int pool_update_introduce(struct request *r)
{
    struct object *vdi = r->self, *old;
    struct update_info info;
    const char *text, *missing;

    if (strcmp(db_text(vdi, "type"), "cbt_metadata") == 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", vdi->ref,
                            "cbt_metadata", NULL);
    text = package_head(r, vdi);
    if (!text)
        return API_FAILED;
    missing = update_info_parse(r->arena, text, &info);
    if (missing)
        return request_fail(
            r, "INVALID_UPDATE",
            arena_printf(r->arena, "missing <%s> in update.xml", missing),
            NULL);
    old = db_find_uuid(r->db, "pool_update", info.uuid);
    if (!old)
        return reply_ref(r, update_make(r, &info, vdi));
    if (db_ref(r->db, old, "vdi") && db_ref(r->db, old, "vdi") != vdi)
        return request_fail(r, "UPDATE_ALREADY_EXISTS", info.uuid, NULL);
    db_set_text(r->db, old, "vdi", vdi->ref);
    return reply_ref(r, old);
}

/* --- Check and apply ---------------------------------------------------------------------- */

static int check_applicable(struct request *r, const struct object *update,
                            const struct object *host)
{
    int64_t size = db_int(update, "installation_size"), room;
    const char *text = agent_ask(r, host, "free-bytes");

    if (value_has(db_get(update, "hosts"), host->ref))
        return request_fail(r, "UPDATE_ALREADY_APPLIED", update->ref, NULL);
    if (!db_ref(r->db, update, "vdi"))
        return request_fail(r, "CANNOT_FIND_UPDATE", NULL);
    room = *text ? strtoll(text, NULL, 10) : INT64_MAX;
    if (size > room)
        return request_fail(
            r, "UPDATE_PRECHECK_FAILED_OUT_OF_SPACE", update->ref,
            arena_printf(r->arena, "%lld", (long long)room),
            arena_printf(r->arena, "%lld", (long long)size), NULL);
    return 0;
}

int pool_update_precheck(struct request *r)
{
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    return check_applicable(r, r->self, host) ? API_FAILED
                                              : reply_text(r, "ok");
}

static void host_patch_make(struct request *r, struct object *patch,
                            struct object *host)
{
    struct object *o = db_create(r->db, "host_patch");

    db_set_text(r->db, o, "host", host->ref);
    db_set_text(r->db, o, "pool_patch", patch->ref);
    db_set_bool(r->db, o, "applied", true);
    copy_text(r, o, patch, "name_label");
    copy_text(r, o, patch, "version");
    db_set_int(r->db, o, "size", db_int(patch, "size"));
    db_set_text(r->db, o, "timestamp_applied", toolstack_now(r->ts, r->arena));
}

static int apply(struct request *r, struct object *update, struct object *host)
{
    struct object *patch = patch_of(r, update);

    if (check_applicable(r, update, host) ||
        agent_write(
            r, host,
            arena_printf(r->arena, "updates/%s", db_text(update, "uuid")),
            db_text(update, "name_label")))
        return API_FAILED;
    db_set(r->db, update, "hosts",
           value_set_with(r->arena, db_get(update, "hosts"), host->ref));
    if (value_has(db_get(update, "after_apply_guidance"), "restartHost"))
        db_set(r->db, host, "updates_requiring_reboot",
               value_set_with(r->arena,
                              db_get(host, "updates_requiring_reboot"),
                              update->ref));
    if (patch)
        host_patch_make(r, patch, host);
    db_set(r->db, host, "last_software_update",
           value_date(toolstack_now(r->ts, r->arena)));
    return 0;
}

int pool_update_apply(struct request *r)
{
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    return apply(r, r->self, host) ? API_FAILED : reply_void(r);
}

/* All hosts that have it not; how many could not take it is the error. */
static int apply_everywhere(struct request *r, struct object *update)
{
    const char *failed = NULL;
    bool any = false;

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        if (value_has(db_get(update, "hosts"), h->ref))
            continue;
        any = true;
        if (apply(r, update, h))
            failed = h->ref;
    }
    if (!any)
        return request_fail(r, "UPDATE_ALREADY_APPLIED_IN_POOL", update->ref,
                            NULL);
    if (failed)
        return request_fail(r, "UPDATE_POOL_APPLY_FAILED", failed, NULL);
    return reply_void(r);
}

int pool_update_pool_apply(struct request *r)
{
    return apply_everywhere(r, r->self);
}

static int clean(struct request *r, struct object *update)
{
    struct object *vdi = db_ref(r->db, update, "vdi");

    if (vdi && vdi_unmake(r, vdi))
        return API_FAILED;
    db_set_text(r->db, update, "vdi", REF_NULL);
    return reply_void(r);
}

int pool_update_pool_clean(struct request *r)
{
    return clean(r, r->self);
}

static int destroy(struct request *r, struct object *update)
{
    struct object *patch = patch_of(r, update);

    if (db_get(update, "hosts")->nr)
        return request_fail(r, "UPDATE_IS_APPLIED", NULL);
    if (patch)
        db_destroy(r->db, patch);
    db_destroy(r->db, update);
    return reply_void(r);
}

int pool_update_destroy(struct request *r)
{
    return destroy(r, r->self);
}

/* Where hosts read the package from, while it is attached. */
int pool_update_attach(struct request *r)
{
    const struct object *master = toolstack_master(r->ts);
    const char *uuid = db_text(r->self, "uuid");

    if (!db_ref(r->db, r->self, "vdi"))
        return request_fail(r, "CANNOT_FIND_UPDATE", NULL);
    if (agent_apply(r, master, "update-attached", uuid))
        return API_FAILED;
    return reply_text(
        r,
        arena_printf(r->arena, "http://%s/update/%s/%s/vdi",
                     arg_bool(r, 1) ? "127.0.0.1" : db_text(master, "address"),
                     db_text(master, "uuid"), uuid));
}

int pool_update_detach(struct request *r)
{
    return agent_apply(r, toolstack_master(r->ts), "update-attached", "")
               ? API_FAILED
               : reply_void(r);
}

/* What the host has applied, by its own files. */
int pool_update_resync_host(struct request *r)
{
    struct value names = agent_list(r, r->self, "updates");
    struct value refs = value_set(NULL, 0);

    for (uint32_t i = 0; i < names.nr; i++) {
        struct object *o = db_find_uuid(r->db, "pool_update", names.items[i].s);

        if (o)
            refs = value_set_with(r->arena, &refs, o->ref);
    }
    db_set(r->db, r->self, "updates", refs);
    return reply_void(r);
}

/* --- Patches -------------------------------------------------------------------------------- */

static struct object *update_of(struct request *r)
{
    struct object *update = db_ref(r->db, r->self, "pool_update");

    if (!update)
        (void)request_fail(r, "CANNOT_FIND_PATCH", NULL);
    return update;
}

int pool_patch_precheck(struct request *r)
{
    struct object *update = update_of(r);
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    if (!update || check_applicable(r, update, host))
        return API_FAILED;
    return reply_text(r, "");
}

int pool_patch_apply(struct request *r)
{
    struct object *update = update_of(r);
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    if (!update || apply(r, update, host))
        return API_FAILED;
    return reply_text(r, "");
}

int pool_patch_pool_apply(struct request *r)
{
    struct object *update = update_of(r);

    if (!update)
        return API_FAILED;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (apply(r, update, h))
            return API_FAILED;
    db_set_bool(r->db, r->self, "pool_applied", true);
    return reply_void(r);
}

int pool_patch_pool_clean(struct request *r)
{
    struct object *update = update_of(r);

    return update ? clean(r, update) : API_FAILED;
}

int pool_patch_destroy(struct request *r)
{
    struct object *update = update_of(r);

    return update ? destroy(r, update) : API_FAILED;
}

int host_patch_destroy(struct request *r)
{
    if (db_bool(r->self, "applied"))
        return request_fail(r, "PATCH_IS_APPLIED", NULL);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int host_patch_apply(struct request *r)
{
    struct object *patch = db_ref(r->db, r->self, "pool_patch");
    struct object *host = db_ref(r->db, r->self, "host");
    struct object *update = patch ? db_ref(r->db, patch, "pool_update") : NULL;

    if (db_bool(r->self, "applied"))
        return request_fail(r, "PATCH_ALREADY_APPLIED", r->self->ref, NULL);
    if (!update || !host)
        return request_fail(r, "CANNOT_FIND_PATCH", NULL);
    return apply(r, update, host) ? API_FAILED : reply_text(r, "");
}
