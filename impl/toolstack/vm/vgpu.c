/* VGPUs: their types, and the room that PGPUs have for them. */
#include "vgpu.h"

#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "vm.h"

enum {
    VGPU_DEVICE_MAX = 20, /* slots of a guest's PCI bus */
    VGPUS_OF_VM_MAX = VGPU_DEVICE_MAX + 1,
};

/* VGPUs that a machine would have somewhere, before they are written down. */
struct plan {
    struct object *vgpus[VGPUS_OF_VM_MAX], *pgpus[VGPUS_OF_VM_MAX];
    int nr;
};

static bool is_passthrough(const struct object *type)
{
    return strcmp(db_text(type, "implementation"), "passthrough") == 0;
}

static const char *joined(struct request *r, const struct value *set)
{
    const char *text = "";

    for (uint32_t i = 0; i < set->nr; i++)
        text = arena_printf(r->arena, "%s%s%s", text, i ? ";" : "",
                            set->items[i].s);
    return text;
}

/* A machine's place on a PGPU; `each` is called for what is there. */
static bool crowds(struct request *r, struct object *pgpu,
                   const struct object *type, const struct plan *plan,
                   int64_t *used)
{
    const struct value *there = db_get(pgpu, "resident_VGPUs");
    bool alien = false;

    *used = 0;
    for (uint32_t i = 0; i < there->nr; i++) {
        const struct object *o = db_find_any(r->db, there->items[i].s);
        const struct object *t = db_ref(r->db, o, "type");

        *used += t ? db_int(t, "size") : 0;
        alien |= t && t != type &&
                 !value_has(db_get(t, "compatible_types_on_pgpu"), type->ref);
    }
    for (int i = 0; plan && i < plan->nr; i++)
        if (plan->pgpus[i] == pgpu)
            *used += db_int(db_ref(r->db, plan->vgpus[i], "type"), "size");
    return alien;
}

static bool is_taken(struct request *r, struct object *pgpu,
                     const struct plan *plan)
{
    const struct object *pci = db_ref(r->db, pgpu, "PCI");

    for (int i = 0; plan && i < plan->nr; i++)
        if (plan->pgpus[i] == pgpu)
            return true;
    return db_get(pgpu, "resident_VGPUs")->nr ||
           (pci && db_get(pci, "attached_VMs")->nr);
}

/* 0, or API_FAILED: why none of the type can be there whatever its size. */
static int check_type(struct request *r, struct object *pgpu,
                      const struct object *type)
{
    const struct value *supported = db_get(pgpu, "supported_VGPU_types");
    const struct value *enabled = db_get(pgpu, "enabled_VGPU_types");

    if (!value_has(supported, type->ref))
        return request_fail(r, "VGPU_TYPE_NOT_SUPPORTED", type->ref,
                            joined(r, supported), NULL);
    if (!value_has(enabled, type->ref))
        return request_fail(r, "VGPU_TYPE_NOT_ENABLED", type->ref,
                            joined(r, enabled), NULL);
    return 0;
}

/* How many more of the type fit; 0 with the reason as an error. */
static int64_t capacity(struct request *r, struct object *pgpu,
                        const struct object *type, const struct plan *plan)
{
    int64_t used, room, size = db_int(type, "size");

    if (check_type(r, pgpu, type))
        return 0;
    if (crowds(r, pgpu, type, plan, &used)) {
        (void)request_fail(r, "VGPU_TYPE_NOT_COMPATIBLE_WITH_RUNNING_TYPE",
                           pgpu->ref, type->ref,
                           joined(r, db_get(pgpu, "resident_VGPUs")), NULL);
        return 0;
    }
    if (is_passthrough(type))
        room = is_taken(r, pgpu, plan) ? 0 : 1;
    else
        room = size > 0 ? (db_int(pgpu, "size") - used) / size : 0;
    if (room > 0)
        return room;
    (void)request_fail(r, "PGPU_INSUFFICIENT_CAPACITY_FOR_VGPU", pgpu->ref,
                       type->ref, NULL); /* read by who asked for one */
    return 0;
}

int pgpu_get_remaining_capacity(struct request *r)
{
    const struct object *type = db_find(r->db, "VGPU_type", arg_text(r, 1));

    if (!r->self || !type)
        return reply(r, value_int(0));
    return reply(r, value_int(capacity(r, r->self, type, NULL)));
}

int gpu_group_get_remaining_capacity(struct request *r)
{
    const struct object *type = db_find(r->db, "VGPU_type", arg_text(r, 1));
    const struct value *pgpus = db_get(r->self, "PGPUs");
    int64_t sum = 0;

    for (uint32_t i = 0; type && i < pgpus->nr; i++)
        sum += capacity(r, db_find_any(r->db, pgpus->items[i].s), type, NULL);
    return reply(r, value_int(sum));
}

/* The fullest that has room, or the emptiest, as the group likes it. */
static struct object *best_pgpu(struct request *r, struct object *vgpu,
                                const struct object *host,
                                const struct plan *plan)
{
    struct object *group = db_ref(r->db, vgpu, "GPU_group"), *best = NULL;
    const struct object *type = db_ref(r->db, vgpu, "type");
    const struct value *pgpus = group ? db_get(group, "PGPUs") : NULL;
    bool breadth = group && strcmp(db_text(group, "allocation_algorithm"),
                                   "breadth_first") == 0;
    int64_t best_room = 0;

    for (uint32_t i = 0; pgpus && type && i < pgpus->nr; i++) {
        struct object *o = db_find_any(r->db, pgpus->items[i].s);
        int64_t room;

        if (strcmp(db_text(o, "host"), host->ref) != 0)
            continue;
        room = capacity(r, o, type, plan);
        if (!room ||
            (best && (breadth ? room <= best_room : room >= best_room)))
            continue;
        best = o;
        best_room = room;
    }
    return best;
}

static int no_gpu(struct request *r, const struct object *vm,
                  const struct object *vgpu)
{
    const struct object *type = db_ref(r->db, vgpu, "type");

    if (type && !is_passthrough(type))
        return request_fail(r, "VM_REQUIRES_VGPU", vm->ref,
                            db_text(vgpu, "GPU_group"), type->ref, NULL);
    return request_fail(r, "VM_REQUIRES_GPU", vm->ref,
                        db_text(vgpu, "GPU_group"), NULL);
}

static int plan_make(struct request *r, struct object *vm, struct object *host,
                     struct plan *plan)
{
    const struct value *vgpus = db_get(vm, "VGPUs");

    *plan = (struct plan){0};
    for (uint32_t i = 0; i < vgpus->nr && i < VGPUS_OF_VM_MAX; i++) {
        struct object *vgpu = db_find_any(r->db, vgpus->items[i].s);
        struct object *pgpu = best_pgpu(r, vgpu, host, plan);

        if (!pgpu)
            return no_gpu(r, vm, vgpu);
        plan->vgpus[plan->nr] = vgpu;
        plan->pgpus[plan->nr++] = pgpu;
    }
    return 0;
}

int vgpus_fit(struct request *r, struct object *vm, struct object *host)
{
    const struct value *chipset = db_get(host, "chipset_info");
    struct plan plan;

    if (strcmp(value_text(chipset, "iommu", ""), "true") != 0)
        return request_fail(r, "VM_REQUIRES_IOMMU", host->ref, NULL);
    return plan_make(r, vm, host, &plan);
}

int vgpus_place(struct request *r, struct object *vm, struct object *host)
{
    struct plan plan;

    if (db_get(vm, "VGPUs")->nr && strcmp(db_text(vm, "domain_type"), "hvm"))
        return request_fail(r, "FEATURE_REQUIRES_HVM",
                            "vGPU- and GPU-passthrough needs HVM", NULL);
    if (plan_make(r, vm, host, &plan))
        return API_FAILED;
    for (int i = 0; i < plan.nr; i++) {
        const struct object *type = db_ref(r->db, plan.vgpus[i], "type");
        struct object *pci = db_ref(r->db, plan.pgpus[i], "PCI");

        db_set_text(r->db, plan.vgpus[i], "resident_on", plan.pgpus[i]->ref);
        db_set_bool(r->db, plan.vgpus[i], "currently_attached", true);
        if (!pci || !is_passthrough(type))
            continue;
        db_set_text(r->db, plan.vgpus[i], "PCI", pci->ref);
        db_set(r->db, pci, "attached_VMs",
               value_set_with(r->arena, db_get(pci, "attached_VMs"), vm->ref));
    }
    return 0;
}

void vgpus_release(struct request *r, struct object *vm)
{
    const struct value *vgpus = db_get(vm, "VGPUs");
    const struct value *pcis = db_get(vm, "attached_PCIs");

    for (uint32_t i = 0; i < vgpus->nr; i++) {
        struct object *o = db_find_any(r->db, vgpus->items[i].s);

        db_set_text(r->db, o, "resident_on", REF_NULL);
        db_set_text(r->db, o, "PCI", REF_NULL);
        db_set_bool(r->db, o, "currently_attached", false);
    }
    if (pcis->nr)
        db_set(r->db, vm, "attached_PCIs", value_set(NULL, 0));
}

/* "0" takes the lowest place that is free. */
static const char *device_of(struct request *r, const struct object *vm,
                             const char *wanted)
{
    const struct value *vgpus = db_get(vm, "VGPUs");
    bool used[VGPU_DEVICE_MAX + 1] = {false};
    int d = atoi(wanted), free = 0;

    for (uint32_t i = 0; i < vgpus->nr; i++) {
        int n = atoi(db_text(db_find_any(r->db, vgpus->items[i].s), "device"));

        if (n >= 0 && n <= VGPU_DEVICE_MAX)
            used[n] = true;
    }
    while (free <= VGPU_DEVICE_MAX && used[free])
        free++;
    if (d == 0 && free > VGPU_DEVICE_MAX)
        request_fail(r, "VM_PCI_BUS_FULL", vm->ref, NULL);
    else if (d == 0)
        return arena_printf(r->arena, "%d", free);
    else if (d < 0 || d > VGPU_DEVICE_MAX)
        request_fail(r, "INVALID_DEVICE", wanted, NULL);
    else if (used[d])
        request_fail(r, "DEVICE_ALREADY_EXISTS", wanted, NULL);
    else
        return wanted;
    return NULL;
}

/* The type of a whole GPU, made when it is first wanted. */
static struct object *passthrough_type(struct request *r)
{
    struct object *o = db_first(r->db, "VGPU_type");

    while (o && !is_passthrough(o))
        o = o->next;
    if (o)
        return o;
    o = db_create(r->db, "VGPU_type");
    db_set_text(r->db, o, "model_name", "passthrough");
    db_set_text(r->db, o, "implementation", "passthrough");
    return o;
}

static struct object *type_of(struct request *r, const char *ref)
{
    struct object *type;

    if (strcmp(ref, REF_NULL) == 0)
        return passthrough_type(r);
    type = db_find(r->db, "VGPU_type", ref);
    if (!type)
        request_fail(r, "INVALID_VALUE", "type", ref, NULL);
    return type;
}

/* A machine's GPUs must all be of types that go together. */
static int check_types(struct request *r, const struct object *vm,
                       const struct object *type)
{
    const struct value *vgpus = db_get(vm, "VGPUs");

    for (uint32_t i = 0; i < vgpus->nr; i++) {
        struct object *o = db_find_any(r->db, vgpus->items[i].s);
        struct object *t = db_ref(r->db, o, "type");

        if (!t || !value_has(db_get(t, "compatible_types_in_vm"), type->ref))
            return request_fail(r, "VGPU_TYPE_NOT_COMPATIBLE", type->ref, NULL);
    }
    return 0;
}

int vgpu_create(struct request *r)
{
    struct object *vm = r->self, *group = arg_object(r, 1, "GPU_group"), *o;
    struct object *type;
    const char *device;

    if (!group)
        return API_FAILED;
    if (!db_bool(vm, "is_a_snapshot") && db_text(vm, "power_state")[0] != 'H')
        return vm_bad_state(r, vm, "halted");
    type = type_of(r, arg_text(r, 4));
    if (!type || check_types(r, vm, type))
        return API_FAILED;
    device = device_of(r, vm, arg_text(r, 2));
    if (!device)
        return API_FAILED;
    o = db_create(r->db, "VGPU");
    db_set_text(r->db, o, "VM", vm->ref);
    db_set_text(r->db, o, "GPU_group", group->ref);
    db_set_text(r->db, o, "device", device);
    db_set(r->db, o, "other_config", r->args[3]);
    db_set_text(r->db, o, "type", type->ref);
    vm_refresh(r, vm);
    return reply_ref(r, o);
}

int vgpu_destroy(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (vm && db_text(vm, "power_state")[0] == 'R')
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "vGPU currently attached to a running VM", NULL);
    db_destroy(r->db, r->self);
    if (vm)
        vm_refresh(r, vm);
    return reply_void(r);
}

int vgpu_atomic_set_resident_on(struct request *r)
{
    struct object *pgpu = arg_object(r, 1, "PGPU");

    if (!pgpu)
        return API_FAILED;
    db_set_text(r->db, r->self, "resident_on", pgpu->ref);
    db_set_text(r->db, r->self, "scheduled_to_be_resident_on", REF_NULL);
    return reply_void(r);
}

/* The union of a field of the group's PGPUs. */
static void gather(struct request *r, struct object *group, const char *field)
{
    const struct value *pgpus = db_get(group, "PGPUs");
    struct value all = value_set(NULL, 0);

    for (uint32_t i = 0; i < pgpus->nr; i++) {
        const struct value *types =
            db_get(db_find_any(r->db, pgpus->items[i].s), field);

        for (uint32_t k = 0; k < types->nr; k++)
            if (!value_has(&all, types->items[k].s))
                all = value_set_with(r->arena, &all, types->items[k].s);
    }
    db_set(r->db, group, field, all);
}

void gpu_group_refresh(struct request *r, struct object *group)
{
    gather(r, group, "enabled_VGPU_types");
    gather(r, group, "supported_VGPU_types");
}

int gpu_group_update_enabled(struct request *r)
{
    gather(r, r->self, "enabled_VGPU_types");
    return reply_void(r);
}

int gpu_group_update_supported(struct request *r)
{
    gather(r, r->self, "supported_VGPU_types");
    return reply_void(r);
}

/* References of a set's members, as an error's parameters. */
static int fail_with(struct request *r, const char *code,
                     const struct value *refs)
{
    struct value *items =
        arena_alloc(r->arena, sizeof(*items) * (refs->nr + 1));

    items[0] = value_string(code);
    for (uint32_t i = 0; i < refs->nr; i++)
        items[i + 1] = refs->items[i];
    r->error = value_set(items, refs->nr + 1);
    return API_FAILED;
}

/* Of the set, those that are attached. */
static struct value attached(struct request *r, const struct value *set)
{
    struct value found = value_set(NULL, 0);

    for (uint32_t i = 0; i < set->nr; i++)
        if (db_bool(db_find_any(r->db, set->items[i].s), "currently_attached"))
            found = value_set_with(r->arena, &found, set->items[i].s);
    return found;
}

/* Groups of GPUs and of USB devices go when nothing is in them any more. */
static int group_destroy(struct request *r, const char *virtuals,
                         const char *physicals, const char *codes[2])
{
    const struct value *users = db_get(r->self, virtuals);
    struct value in_use = attached(r, users);

    if (in_use.nr)
        return fail_with(r, codes[0], &in_use);
    if (db_get(r->self, physicals)->nr)
        return fail_with(r, codes[1], db_get(r->self, physicals));
    while (users->nr)
        db_destroy(r->db, db_find_any(r->db, users->items[0].s));
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int gpu_group_destroy(struct request *r)
{
    const char *codes[] = {"GPU_GROUP_CONTAINS_VGPU",
                           "GPU_GROUP_CONTAINS_PGPU"};

    return group_destroy(r, "VGPUs", "PGPUs", codes);
}

int usb_group_destroy(struct request *r)
{
    const char *codes[] = {"USB_GROUP_CONTAINS_VUSB",
                           "USB_GROUP_CONTAINS_PUSB"};

    return group_destroy(r, "VUSBs", "PUSBs", codes);
}

/* --- Physical GPUs ------------------------------------------------------- */

static void pgpu_changed(struct request *r)
{
    struct object *group = db_ref(r->db, r->self, "GPU_group");

    if (group)
        gpu_group_refresh(r, group);
}

static int check_supported(struct request *r, const char *type)
{
    const struct value *set = db_get(r->self, "supported_VGPU_types");

    if (value_has(set, type))
        return 0;
    return request_fail(r, "VGPU_TYPE_NOT_SUPPORTED", type, joined(r, set),
                        NULL);
}

/* PGPU_IN_USE_BY_VM, when a machine has a GPU of that type there. */
static int check_unused(struct request *r, const char *type)
{
    const struct value *there = db_get(r->self, "resident_VGPUs");
    struct value vms = value_set(NULL, 0);

    for (uint32_t i = 0; i < there->nr; i++) {
        const struct object *o = db_find_any(r->db, there->items[i].s);

        if (!type || strcmp(db_text(o, "type"), type) == 0)
            vms = value_set_with(r->arena, &vms, db_text(o, "VM"));
    }
    return vms.nr ? fail_with(r, "PGPU_IN_USE_BY_VM", &vms) : 0;
}

int pgpu_add_enabled(struct request *r)
{
    const char *type = arg_text(r, 1);

    if (!arg_object(r, 1, "VGPU_type") || check_supported(r, type))
        return API_FAILED;
    db_set(
        r->db, r->self, "enabled_VGPU_types",
        value_set_with(r->arena, db_get(r->self, "enabled_VGPU_types"), type));
    pgpu_changed(r);
    return reply_void(r);
}

int pgpu_remove_enabled(struct request *r)
{
    const char *type = arg_text(r, 1);

    if (!arg_object(r, 1, "VGPU_type") || check_unused(r, type))
        return API_FAILED;
    db_set(r->db, r->self, "enabled_VGPU_types",
           value_set_without(r->arena, db_get(r->self, "enabled_VGPU_types"),
                             type));
    pgpu_changed(r);
    return reply_void(r);
}

int pgpu_set_enabled(struct request *r)
{
    const struct value *old = db_get(r->self, "enabled_VGPU_types");

    for (uint32_t i = 0; i < r->args[1].nr; i++)
        if (check_supported(r, r->args[1].items[i].s))
            return API_FAILED;
    for (uint32_t i = 0; i < old->nr; i++)
        if (!value_has(&r->args[1], old->items[i].s) &&
            check_unused(r, old->items[i].s))
            return API_FAILED;
    db_set(r->db, r->self, "enabled_VGPU_types", r->args[1]);
    pgpu_changed(r);
    return reply_void(r);
}

/* "8086/0412": the kind of GPU that a group is of. */
static const char *gpu_kind(struct request *r, const struct object *pgpu)
{
    const struct object *pci = db_ref(r->db, pgpu, "PCI");

    return pci ? arena_printf(r->arena, "%s/%s", db_text(pci, "vendor_id"),
                              db_text(pci, "device_id"))
               : "";
}

int pgpu_set_group(struct request *r)
{
    struct object *group = arg_object(r, 1, "GPU_group");
    struct object *old = db_ref(r->db, r->self, "GPU_group");
    const char *kind = gpu_kind(r, r->self);
    const struct value *kinds;

    if (!group || check_unused(r, NULL))
        return API_FAILED;
    kinds = db_get(group, "GPU_types");
    if (kinds->nr && !value_has(kinds, kind))
        return request_fail(r, "PGPU_NOT_COMPATIBLE_WITH_GPU_GROUP", kind,
                            arena_printf(r->arena, "[%s]", joined(r, kinds)),
                            NULL);
    db_set_text(r->db, r->self, "GPU_group", group->ref);
    if (!kinds->nr)
        db_set(r->db, group, "GPU_types", value_strings(r->arena, &kind, 1));
    if (old)
        gpu_group_refresh(r, old);
    gpu_group_refresh(r, group);
    return reply_void(r);
}
