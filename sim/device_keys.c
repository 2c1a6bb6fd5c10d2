/* What the keys of hosts for CPUs, GPUs and USB devices make, and of guests. */
#include <errno.h>
#include <string.h>

#include "cpu_models.h"
#include "cpu_record.h"
#include "guests.h"
#include "levelling.h"
#include "pool_keys.h"
#include "vgpu.h"

enum {
    GPUS_MAX = 16,
    USBS_MAX = 64,
    GPU_SLOT = 0x10, /* first PCI bus of GPUs */
};

#define GPU_BYTES ((int64_t)16 << 30)

static struct request making_request(struct making *m)
{
    return (struct request){.ts = m->ts, .db = m->db, .arena = m->arena};
}

static void put(struct making *m, const char *key, const char *text)
{
    db_map_put(m->db, m->self, "cpu_info", key, text);
}

static const char *number(struct making *m, int n)
{
    return arena_printf(m->arena, "%d", n);
}

/* "flags" as Linux spells them: the names of Xen in small letters. */
static const char *flags_of(struct making *m, const struct cpu_features *f)
{
    const char *text = "";

    for (int i = 0; i < CPU_WORDS * 32; i++) {
        const char *name = cpu_has(f, i) ? cpu_feature_name(i) : NULL;
        char *small = name ? arena_strdup(m->arena, name) : NULL;

        for (char *p = small; p && *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (small)
            text =
                arena_printf(m->arena, "%s%s%s", text, *text ? " " : "", small);
    }
    return text;
}

static void cpus_follow(struct making *m, const struct cpu_model *model)
{
    const struct value *cpus = db_get(m->self, "host_CPUs");
    const struct value *info = db_get(m->self, "cpu_info");

    for (uint32_t i = 0; i < cpus->nr; i++) {
        struct object *o = db_find_any(m->db, cpus->items[i].s);

        db_set_text(m->db, o, "vendor", model->vendor);
        db_set_text(m->db, o, "modelname", model->modelname);
        db_set_text(m->db, o, "stepping", value_text(info, "stepping", ""));
        db_set_text(m->db, o, "flags", value_text(info, "flags", ""));
        db_set_int(m->db, o, "family", model->family);
        db_set_int(m->db, o, "model", model->model);
        db_set_int(m->db, o, "speed", model->mhz);
    }
}

static void cpu_becomes(struct making *m, const struct cpu_model *model,
                        const struct cpu_features *f)
{
    struct request r = making_request(m);
    char words[CPU_TEXT_BYTES];

    cpu_features_encode(f, CPU_WORDS, words);
    put(m, "vendor", model->vendor);
    put(m, "modelname", model->modelname);
    put(m, "family", number(m, model->family));
    put(m, "model", number(m, model->model));
    put(m, "stepping", number(m, model->stepping));
    put(m, "speed", arena_printf(m->arena, "%d.000", model->mhz));
    put(m, "flags", flags_of(m, f));
    cpus_follow(m, model);
    levelling_host(&r, m->self, words);
    levelling_pool(&r);
}

/* cpu: {record: FILE} */
static int host_cpu_record(struct making *m, const struct value *v)
{
    const struct value *path = value_find(v, "record");
    struct cpu_model model;
    struct cpu_features f;
    int rc;

    if (!path || path->kind != VALUE_STRING || v->nr != 1)
        return making_fail(m, "a CPU is a name, or {record: FILE}");
    rc = cpu_record_load(m->arena, path->s, &model, &f);
    if (rc)
        return making_fail(m, "'%s' holds no output of cpuid -r: %s", path->s,
                           strerror(-rc));
    cpu_becomes(m, &model, &f);
    return 0;
}

/* cpu: Skylake */
int host_cpu(struct making *m, const struct value *v)
{
    const struct cpu_model *model;
    struct cpu_features f;
    const char *name;

    if (v->kind == VALUE_MAP)
        return host_cpu_record(m, v);
    name = making_text(m, v);
    model = name ? cpu_model_find(name) : NULL;
    if (!model)
        return name ? making_fail(m, "there is no CPU '%s'", name) : -EINVAL;
    f = cpu_model_features(model);
    cpu_becomes(m, model, &f);
    return 0;
}

/* --- GPUs ------------------------------------------------------------------- */

static const struct {
    const char *model;
    int per_gpu; /* 1: the whole GPU */
} vgpu_types[] = {
    {"passthrough", 1},
    {"GRID T4-4Q", 4},
    {"GRID T4-8Q", 2},
};

static struct object *vgpu_type(struct making *m, const char *name, int per_gpu)
{
    struct object *o = db_first(m->db, "VGPU_type");

    while (o && strcmp(db_text(o, "model_name"), name) != 0)
        o = o->next;
    if (o)
        return o;
    o = db_create(m->db, "VGPU_type");
    db_set_text(m->db, o, "model_name", name);
    db_set_text(m->db, o, "vendor_name",
                per_gpu > 1 ? "NVIDIA Corporation" : "");
    db_set_text(m->db, o, "implementation",
                per_gpu > 1 ? "nvidia" : "passthrough");
    db_set_int(m->db, o, "size", GPU_BYTES / per_gpu);
    db_set_int(m->db, o, "framebuffer_size",
               per_gpu > 1 ? GPU_BYTES / per_gpu : 0);
    db_set_int(m->db, o, "max_heads", per_gpu > 1 ? 4 : 0);
    return o;
}

/* All types go together with themselves on one GPU. */
static struct value types_of(struct making *m)
{
    struct value set = value_set(NULL, 0);

    for (size_t i = 0; i < sizeof(vgpu_types) / sizeof(vgpu_types[0]); i++) {
        struct object *o =
            vgpu_type(m, vgpu_types[i].model, vgpu_types[i].per_gpu);

        db_set(m->db, o, "compatible_types_on_pgpu",
               value_strings(m->arena, &(const char *){o->ref}, 1));
        set = value_set_with(m->arena, &set, o->ref);
    }
    return set;
}

static struct object *gpu_group(struct making *m)
{
    static const char *const kind = "10de/1eb8";
    struct object *o = db_first(m->db, "GPU_group");

    if (o)
        return o;
    o = db_create(m->db, "GPU_group");
    db_set_text(m->db, o, "name_label", "Group of NVIDIA Corporation T4 GPUs");
    db_set(m->db, o, "GPU_types", value_strings(m->arena, &kind, 1));
    return o;
}

static struct object *pci_make(struct making *m, int64_t nr)
{
    static const char *const fields[][2] = {
        {"class_id", "0302"},      {"class_name", "3D controller"},
        {"vendor_id", "10de"},     {"vendor_name", "NVIDIA Corporation"},
        {"device_id", "1eb8"},     {"device_name", "TU104GL [Tesla T4]"},
        {"driver_name", "nvidia"},
    };
    struct object *o = db_create(m->db, "PCI");

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        db_set_text(m->db, o, fields[i][0], fields[i][1]);
    db_set_text(m->db, o, "host", m->self->ref);
    db_set_text(
        m->db, o, "pci_id",
        arena_printf(m->arena, "0000:%02x:00.0", (unsigned)(GPU_SLOT + nr)));
    return o;
}

/* gpus: 2 */
int host_gpus(struct making *m, const struct value *v)
{
    struct request r = making_request(m);
    struct object *group = gpu_group(m);
    struct value types = types_of(m);
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr < 0 || nr > GPUS_MAX)
        return making_fail(m, "a host has 0 to %d GPUs", GPUS_MAX);
    for (int64_t i = 0; i < nr; i++) {
        struct object *o = db_create(m->db, "PGPU");

        db_set_text(m->db, o, "PCI", pci_make(m, i)->ref);
        db_set_text(m->db, o, "host", m->self->ref);
        db_set_int(m->db, o, "size", GPU_BYTES);
        db_set(m->db, o, "supported_VGPU_types", types);
        db_set(m->db, o, "enabled_VGPU_types", types);
        db_set_text(m->db, o, "GPU_group", group->ref);
    }
    gpu_group_refresh(&r, group);
    return 0;
}

/* --- USB devices -------------------------------------------------------------- */

/* usb: 1; their groups appear with PUSB.scan, or at once. */
int host_usb(struct making *m, const struct value *v)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr < 0 || nr > USBS_MAX)
        return making_fail(m, "a host has 0 to %d USB devices", USBS_MAX);
    for (int64_t i = 0; i < nr; i++) {
        struct object *o = db_create(m->db, "PUSB");
        struct object *group = db_create(m->db, "USB_group");

        db_set_text(m->db, o, "host", m->self->ref);
        db_set_text(m->db, o, "path",
                    arena_printf(m->arena, "1-%d", (int)i + 1));
        db_set_text(m->db, o, "vendor_id", "0951");
        db_set_text(m->db, o, "vendor_desc", "Kingston Technology");
        db_set_text(m->db, o, "product_id", "1666");
        db_set_text(m->db, o, "product_desc", "DataTraveler");
        db_set_text(m->db, o, "serial", arena_printf(m->arena, "%08d", (int)i));
        db_set_text(m->db, o, "version", "2.00");
        db_set_text(m->db, o, "description",
                    "Kingston Technology DataTraveler");
        db_set(m->db, o, "speed", value_float(480.0));
        db_set_text(m->db, group, "name_label", "Group of 0951 1666 USBs");
        db_set_text(m->db, o, "USB_group", group->ref);
    }
    return 0;
}

/* --- Guests --------------------------------------------------------------------- */

/* guest: linux */
int vm_guest(struct making *m, const struct value *v)
{
    const char *kind = making_text(m, v);

    if (!kind)
        return -EINVAL;
    if (!sim_guest_find(kind))
        return making_fail(m, "there is no guest '%s'", kind);
    db_map_put(m->db, m->self, "other_config", "sim-guest", kind);
    return 0;
}
