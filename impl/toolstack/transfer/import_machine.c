/* Importing machines: new ones, and ones that take the place of an old one. */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "dispatch.h"
#include "import_classes.h"
#include "vm.h"

/* What a machine with the same uuid means for a restored one. */
enum verdict {
    VERDICT_NEW,
    VERDICT_REPLACE,
    VERDICT_SKIP,
    VERDICT_REFUSED, /* the error is set */
};

static const struct value *config_of(const struct xva_object *x,
                                     const char *field)
{
    static const struct value none = {.kind = VALUE_MAP};
    const struct value *v = value_find(&x->snapshot, field);

    return v && v->kind == VALUE_MAP ? v : &none;
}

static bool is_default(const struct xva_object *x)
{
    return import_flag(x, "is_default_template") ||
           (import_flag(x, "is_a_template") &&
            strcmp(value_text(config_of(x, "other_config"), "default_template",
                              ""),
                   "true") == 0);
}

static struct object *by_name(struct import_set *s, const char *label)
{
    for (struct object *o = db_first(s->r->db, "VM"); o; o = o->next)
        if (strcmp(db_text(o, "name_label"), label) == 0)
            return o;
    return NULL;
}

static enum verdict judge_old(struct import_set *s, const struct xva_object *x,
                              struct object *old)
{
    const char *state = db_text(old, "power_state");
    int64_t had = db_int(old, "version"),
            has = xva_int(&x->snapshot, "version");

    if (strcmp(state, "Halted") != 0 && s->options.force)
        return VERDICT_SKIP;
    if (strcmp(state, "Halted") != 0) {
        (void)vm_bad_state(s->r, old, "halted");
        return VERDICT_REFUSED;
    }
    if (had < has || s->options.force)
        return VERDICT_REPLACE;
    (void)request_fail(s->r, "VM_TO_IMPORT_IS_NOT_NEWER_VERSION", old->ref,
                       arena_printf(s->r->arena, "%lld", (long long)had),
                       arena_printf(s->r->arena, "%lld", (long long)has), NULL);
    return VERDICT_REFUSED;
}

/* With its devices, as any client would destroy it. */
static int destroy_old(struct import_set *s, struct object *old)
{
    struct value params[] = {value_string(s->r->session->ref),
                             value_string(arena_strdup(s->r->arena, old->ref))};
    struct value list = value_set(params, 2);
    struct answer answer;

    dispatch(s->r->ts, s->r->arena, "VM.destroy", &list, &answer);
    if (answer.ok)
        return 0;
    s->r->error = answer.value;
    return API_FAILED;
}

/* --- Fields that do not simply come over --------------------------------- */

static void renew_ids(struct import_set *s, const struct xva_object *x,
                      struct object *vm)
{
    struct db *db = s->r->db;
    char uuid[UUID_BYTES];

    db_map_del(db, vm, "other_config", "grant_api_access");
    if (!s->options.restore) {
        db_uuid(db, uuid);
        db_map_put(db, vm, "other_config", "mac_seed", uuid);
    }
    if (!s->options.live && !db_bool(vm, "is_a_template") &&
        *db_text(vm, "generation_id"))
        db_set_text(
            db, vm, "generation_id",
            arena_printf(
                s->r->arena, "%llu:%llu",
                (unsigned long long)s->r->ts->env.random(s->r->ts->env.ctx) >>
                    2,
                (unsigned long long)s->r->ts->env.random(s->r->ts->env.ctx) >>
                    2));
    db_set_int(db, vm, "version",
               s->options.restore ? xva_int(&x->snapshot, "version") + 1 : 0);
    import_keep_uuid(s, x, vm);
}

/* Exports of the time before ballooning have one size only. */
static void mend_memory(struct import_set *s, const struct xva_object *x,
                        struct object *vm)
{
    static const char *const same[] = {"memory_dynamic_min",
                                       "memory_dynamic_max", "memory_target"};
    int64_t max = db_int(vm, "memory_static_max");

    if (value_find(&x->snapshot, "parent"))
        return;
    for (size_t i = 0; i < 3; i++)
        db_set_int(s->r->db, vm, same[i], max);
    if (db_int(vm, "memory_static_min") > max)
        db_set_int(s->r->db, vm, "memory_static_min", max);
}

/* What older versions wrote otherwise. */
static void mend_old(struct import_set *s, const struct xva_object *x,
                     struct object *vm)
{
    const char *priority = db_text(vm, "ha_restart_priority");
    struct db *db = s->r->db;

    mend_memory(s, x, vm);
    if (strcmp(db_text(vm, "domain_type"), "unspecified") == 0)
        db_set_text(db, vm, "domain_type",
                    *db_text(vm, "HVM_boot_policy") ? "hvm" : "pv");
    if (!value_find(&x->snapshot, "has_vendor_device"))
        db_set_bool(db, vm, "has_vendor_device", false);
    if (*priority >= '0' && *priority <= '3' && !priority[1]) {
        db_set_int(db, vm, "order", *priority - '0');
        db_set_text(db, vm, "ha_restart_priority", "restart");
    }
    if (!s->options.force) {
        db_set_bool(db, vm, "is_default_template", false);
        db_map_del(db, vm, "other_config", "default_template");
    }
}

/* Its own metrics, unless the export had them. */
static void join_metrics(struct import_set *s, const struct xva_object *x,
                         struct object *vm)
{
    struct object *metrics =
        import_set_object(s, "VM_metrics", xva_text(x, "metrics"));
    struct object *guest =
        import_set_object(s, "VM_guest_metrics", xva_text(x, "guest_metrics"));

    if (!metrics) {
        metrics = db_create(s->r->db, "VM_metrics");
        import_created(s, metrics);
        db_set_text(s->r->db, metrics, "last_updated",
                    toolstack_now(s->r->ts, s->r->arena));
    }
    db_set_text(s->r->db, vm, "metrics", metrics->ref);
    if (guest)
        db_set_text(s->r->db, vm, "guest_metrics", guest->ref);
}

static int suspend_again(struct import_set *s, const struct xva_object *x,
                         struct object *vm)
{
    struct object *vdi, *metrics = db_ref(s->r->db, vm, "metrics");

    db_set_text(s->r->db, vm, "power_state", "Halted");
    db_set_int(s->r->db, vm, "domid", -1);
    if (strcmp(xva_text(x, "power_state"), "Suspended") != 0)
        return 0;
    vdi = import_lookup(s, x, "suspend_VDI");
    if (!vdi)
        return s->options.force ? 0 : API_FAILED;
    db_set_text(s->r->db, vm, "suspend_VDI", vdi->ref);
    db_set_text(s->r->db, vm, "power_state", "Suspended");
    db_set_text(s->r->db, metrics, "current_domain_type",
                db_text(vm, "domain_type"));
    return 0;
}

static void join_places(struct import_set *s, const struct xva_object *x,
                        struct object *vm)
{
    struct object *host = import_set_object(s, "host", xva_text(x, "affinity"));
    const char *sr = xva_text(x, "suspend_SR");

    if (host)
        db_set_text(s->r->db, vm, "affinity", host->ref);
    if (db_find(s->r->db, "SR", sr))
        db_set_text(s->r->db, vm, "suspend_SR", sr);
}

static int make(struct import_set *s, const struct xva_object *x)
{
    struct object *vm = import_create(s, x);

    if (!vm)
        return API_FAILED;
    s->machines[s->machines_nr++] = arena_strdup(s->r->arena, vm->ref);
    renew_ids(s, x, vm);
    mend_old(s, x, vm);
    join_metrics(s, x, vm);
    join_places(s, x, vm);
    db_set_int(s->r->db, vm, "memory_overhead", vm_memory_overhead(vm));
    if (suspend_again(s, x, vm))
        return API_FAILED;
    if (!s->options.force && s->r->task)
        db_map_put(s->r->db, vm, "current_operations", s->r->task->ref,
                   "import");
    vm_refresh(s->r, vm);
    return 0;
}

static void bind_template(struct import_set *s, const struct xva_object *x,
                          struct object *template)
{
    import_bind(s, x, template->ref);
    s->machines[s->machines_nr++] = arena_strdup(s->r->arena, template->ref);
}

int import_machine(struct import_set *s, const struct xva_object *x)
{
    struct object *template =
        is_default(x) ? by_name(s, xva_text(x, "name_label")) : NULL;
    struct object *old = NULL;
    enum verdict verdict = VERDICT_NEW;

    if (template) {
        bind_template(s, x, template);
        return 0;
    }
    if (s->options.restore)
        old = db_find_uuid(s->r->db, "VM", xva_text(x, "uuid"));
    if (old)
        verdict = judge_old(s, x, old);
    if (verdict == VERDICT_SKIP)
        return 0;
    if (verdict == VERDICT_REFUSED)
        return API_FAILED;
    if (s->options.dry_run)
        return import_pretend(s, x);
    if (verdict == VERDICT_REPLACE && destroy_old(s, old))
        return API_FAILED;
    return make(s, x);
}
