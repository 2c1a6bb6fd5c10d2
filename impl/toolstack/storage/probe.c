/*
 * SR.probe and SR.probe_ext. The texts are those of the storage managers that
 * clients parse: the numbers of errors tell them which list they get.
 */
#include "probe.h"

#include <string.h>

#include "handlers.h"
#include "storage.h"
#include "vdi.h"
#include "xmlrpc.h"

enum {
    FOUND_MAX = 1024,
};

struct probe {
    struct request *r;
    const struct sm_driver *driver;
    const struct value *config;
    struct storage_found found[FOUND_MAX];
    uint32_t nr;
};

static int collect(void *arg, const struct storage_found *found)
{
    struct probe *p = arg;

    if (p->nr == FOUND_MAX)
        return -E2BIG;
    p->found[p->nr] = *found;
    p->found[p->nr++].sr = arena_strdup(p->r->arena, found->sr);
    return 0;
}

/* 0, or API_FAILED. */
static int run(struct probe *p, const struct object *host)
{
    struct storage_driver *driver = &p->r->ts->storage;
    int rc = driver->probe(driver->ctx, p->r->arena, db_text(host, "uuid"),
                           p->driver->type, p->config, collect, p);

    return rc && rc != -E2BIG ? sr_fail(p->r, host, rc) : 0;
}

/* --- Lists to choose from ------------------------------------------------- */

static void tag(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "<%s>", name);
    xmlrpc_text(out, text);
    buf_printf(out, "</%s>\n", name);
}

static void export_entry(struct buf *out, const struct probe *p, uint32_t i)
{
    buf_puts(out, "<Export>\n");
    tag(out, "Target", value_text(p->config, "server", ""));
    tag(out, "Path", value_text(&p->found[i].config, "serverpath", ""));
    tag(out, "Accesslist", "*");
    buf_puts(out, "</Export>\n");
}

static void target_entry(struct buf *out, const struct probe *p, uint32_t i)
{
    buf_puts(out, "<TGT>\n");
    buf_printf(out, "<Index>%u</Index>\n", i);
    tag(out, "IPAddress", value_text(p->config, "target", ""));
    tag(out, "TargetIQN", value_text(&p->found[i].config, "targetIQN", ""));
    buf_puts(out, "</TGT>\n");
}

static void lun_entry(struct buf *out, const struct probe *p, uint32_t i)
{
    const char *id = value_text(&p->found[i].config, "SCSIid", "");

    buf_puts(out, "<LUN>\n");
    tag(out, "vendor", "Touchstone");
    tag(out, "serial", id);
    buf_printf(out, "<LUNid>%u</LUNid>\n", i);
    tag(out, "size", "1099511627776");
    tag(out, "SCSIid", id);
    buf_puts(out, "</LUN>\n");
}

static void device_entry(struct buf *out, const struct probe *p, uint32_t i)
{
    const char *id = value_text(&p->found[i].config, "SCSIid", "");

    buf_puts(out, "<BlockDevice>\n");
    buf_printf(out, "<path>/dev/disk/by-id/scsi-%s</path>\n", id);
    tag(out, "vendor", "Touchstone");
    tag(out, "serial", id);
    tag(out, "size", "1099511627776");
    tag(out, "SCSIid", id);
    buf_puts(out, "</BlockDevice>\n");
}

static const struct list_kind {
    const char *key, *type_like, *code, *text, *root;
    void (*entry)(struct buf *out, const struct probe *p, uint32_t i);
} kinds[] = {
    {"serverpath", "nfs", "SR_BACKEND_FAILURE_101",
     "The request is missing the serverpath parameter", "nfs-exports",
     export_entry},
    {"targetIQN", "iscsi", "SR_BACKEND_FAILURE_96",
     "The request is missing or has an incorrect target IQN parameter",
     "iscsi-target-iqns", target_entry},
    {"SCSIid", "iscsi", "SR_BACKEND_FAILURE_107",
     "The SCSIid parameter is missing or incorrect", "iscsi-target", lun_entry},
    {"SCSIid", "", "SR_BACKEND_FAILURE_107",
     "The SCSIid parameter is missing or incorrect", "Devlist", device_entry},
};

static const struct list_kind *kind_of(const char *key, const char *type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].key, key) == 0 && strstr(type, kinds[i].type_like))
            return &kinds[i];
    return NULL;
}

static int fail_with_list(struct probe *p, const struct list_kind *kind)
{
    struct buf out = {0};
    int rc;

    buf_printf(&out, "<?xml version=\"1.0\" ?>\n<%s>\n", kind->root);
    for (uint32_t i = 0; i < p->nr; i++)
        kind->entry(&out, p, i);
    buf_printf(&out, "</%s>\n", kind->root);
    buf_putc(&out, '\0');
    rc = request_fail(p->r, kind->code, "", kind->text, out.data, NULL);
    buf_fini(&out);
    return rc;
}

int probe_missing(struct request *r, const struct sm_driver *d,
                  const struct value *config, const char *key)
{
    const struct list_kind *kind = kind_of(key, d->type);
    struct probe *p;

    if (!kind)
        return request_fail(
            r, "SR_BACKEND_FAILURE_90", "",
            arena_printf(r->arena, "The request is missing the %s parameter",
                         key),
            "", NULL);
    p = arena_alloc(r->arena, sizeof(*p));
    *p = (struct probe){.r = r, .driver = d, .config = config};
    if (run(p, r->self))
        return API_FAILED;
    return fail_with_list(p, kind);
}

/* --- The messages ------------------------------------------------------------ */

/* 0 and the probe, or API_FAILED. */
static int probe_begin(struct request *r, struct probe **out)
{
    struct probe *p = arena_alloc(r->arena, sizeof(*p));

    *out = p;
    *p = (struct probe){
        .r = r, .driver = sm_find(arg_text(r, 2)), .config = &r->args[1]};
    if (!p->driver)
        return request_fail(r, "SR_UNKNOWN_DRIVER", arg_text(r, 2), NULL);
    (void)sm_object(r, p->driver->type); /* made by now */
    return 0;
}

int sr_probe(struct request *r)
{
    struct buf out = {0};
    struct probe *p;
    const char *key;
    int rc;

    if (probe_begin(r, &p))
        return API_FAILED;
    key = sm_missing_key(r, p->driver, p->config);
    if (key)
        return probe_missing(r, p->driver, p->config, key);
    if (run(p, r->self))
        return API_FAILED;
    buf_puts(&out, "<?xml version=\"1.0\" ?>\n<SRlist>\n");
    for (uint32_t i = 0; i < p->nr; i++) {
        buf_puts(&out, "<SR>\n");
        tag(&out, "UUID", p->found[i].sr);
        buf_printf(&out, "<size>%lld</size>\n",
                   (long long)p->found[i].stat.size);
        buf_puts(&out, "</SR>\n");
    }
    buf_puts(&out, "</SRlist>\n");
    rc = reply_text(r, arena_strndup(r->arena, out.data, out.len));
    buf_fini(&out);
    return rc;
}

static struct value sr_stat_record(struct request *r,
                                   const struct storage_found *found)
{
    const struct object *o = db_find_uuid(r->db, "SR", found->sr);
    const struct member members[] = {
        {"uuid", value_string(found->sr)},
        {"name_label", value_string(o ? db_text(o, "name_label") : "")},
        {"name_description",
         value_string(o ? db_text(o, "name_description") : "")},
        {"free_space", value_int(found->stat.size - found->stat.used)},
        {"total_space", value_int(found->stat.size)},
        {"clustered", value_bool(found->stat.clustered)},
        {"health", value_string("healthy")},
    };
    struct member *copy = arena_alloc(r->arena, sizeof(members));

    memcpy(copy, members, sizeof(members));
    return value_map(copy, sizeof(members) / sizeof(members[0]));
}

int sr_probe_ext(struct request *r)
{
    struct probe *p;
    struct value *results;

    if (probe_begin(r, &p) || run(p, r->self))
        return API_FAILED;
    results = arena_alloc(r->arena, (p->nr + 1) * sizeof(*results));
    for (uint32_t i = 0; i < p->nr; i++) {
        const struct storage_found *found = &p->found[i];
        struct member *m = arena_alloc(r->arena, 4 * sizeof(*m));

        m[0] = (struct member){"configuration", found->config};
        m[1] = (struct member){"complete", value_bool(!sm_missing_key(
                                               r, p->driver, &found->config))};
        m[2] = (struct member){"sr", *found->sr
                                         ? sr_stat_record(r, found)
                                         : (struct value){.kind = VALUE_NIL}};
        m[3] = (struct member){"extra_info", value_map(NULL, 0)};
        results[i] = value_map(m, 4);
    }
    return reply(r, value_set(results, p->nr));
}
