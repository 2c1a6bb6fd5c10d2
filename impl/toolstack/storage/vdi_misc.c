/* Smaller messages of disks. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "hold.h"
#include "pool.h"
#include "storage.h"
#include "vdi.h"
#include "wait.h"
#include "xmlrpc.h"

enum {
    PIECE = 1 << 20,
    SLICE = 4 << 20,
    MD5_BYTES = 16,
};

int vdi_update(struct request *r)
{
    struct storage_driver *driver = &r->ts->storage;
    struct object *sr = db_ref(r->db, r->self, "SR");
    struct storage_volume_stat stat;
    int rc;

    if (vdi_check(r, r->self, "update") || sr_check_plugged(r, sr))
        return API_FAILED;
    rc = driver->stat(driver->ctx, db_text(sr, "uuid"), vdi_volume(r->self),
                      &stat);
    if (rc)
        return vdi_fail(r, r->self, rc);
    vdi_refresh_size(r->ts, r->self);
    vdi_refresh(r, r->self);
    return reply_void(r);
}

int vdi_force_unlock(struct request *r)
{
    return request_fail(r, "MESSAGE_DEPRECATED", NULL);
}

/* How a host could attach the disk when no pool is there to ask. */
int vdi_generate_config(struct request *r)
{
    struct object *vdi = arg_object(r, 1, "VDI"), *sr, *pbd;
    struct buf text = {0};
    struct member members[3];
    struct value v;
    int rc;

    if (!vdi || vdi_check(r, vdi, "generate_config"))
        return API_FAILED;
    sr = db_ref(r->db, vdi, "SR");
    if (sr_check_plugged(r, sr) || vdi_check_managed(r, vdi))
        return API_FAILED;
    pbd = db_find_any(r->db, db_get(sr, "PBDs")->items[0].s);
    members[0] =
        (struct member){"device_config", *db_get(pbd, "device_config")};
    members[1] = (struct member){"sr_uuid", value_string(db_text(sr, "uuid"))};
    members[2] =
        (struct member){"vdi_uuid", value_string(db_text(vdi, "uuid"))};
    v = value_map(members, 3);
    buf_puts(&text, "<?xml version='1.0'?>\n<methodCall>\n<methodName>"
                    "vdi_attach_from_config</methodName>\n<params>\n<param>\n");
    xmlrpc_value(&text, &v);
    buf_puts(&text, "\n</param>\n</params>\n</methodCall>\n");
    rc = reply_text(r, arena_strndup(r->arena, text.data, text.len));
    buf_fini(&text);
    return rc;
}

int vdi_set_on_boot(struct request *r)
{
    struct object *sr = db_ref(r->db, r->self, "SR");

    if (vdi_in_use(r, r->self, false))
        return request_fail(r, "VDI_IN_USE", r->self->ref, "set_on_boot", NULL);
    if (!sr)
        return request_bad_handle(r, "SR", db_text(r->self, "SR"));
    if (sr_check(r, sr, "vdi_set_on_boot") ||
        vdi_check(r, r->self, "set_on_boot") || sr_check_plugged(r, sr))
        return API_FAILED;
    db_set_text(r->db, r->self, "on_boot", arg_text(r, 1));
    vdi_refresh(r, r->self);
    return reply_void(r);
}

int vdi_set_allow_caching(struct request *r)
{
    if (vdi_in_use(r, r->self, false))
        return request_fail(r, "VDI_IN_USE", r->self->ref, "set_allow_caching",
                            NULL);
    db_set_bool(r->db, r->self, "allow_caching", arg_bool(r, 1));
    return reply_void(r);
}

/* What the SM's plugins do for themselves is not for clients. */
int vdi_refuse_internal(struct request *r)
{
    return request_fail(r, "PERMISSION_DENIED", "", NULL);
}

/* --- Checksums --------------------------------------------------------------- */

struct summing {
    struct wait wait; /* first: found again from r->wait */
    const char *vdi, *hold;
    int64_t at;
    gnutls_hash_hd_t md5;
};

static int sum_slice(struct request *r, struct summing *s,
                     const struct object *vdi)
{
    int64_t size = db_int(vdi, "virtual_size"), end = s->at + SLICE;
    char *piece = must_alloc(PIECE);
    int rc = 0;

    if (end > size)
        end = size;
    while (!rc && s->at < end) {
        size_t nr = end - s->at < PIECE ? (size_t)(end - s->at) : PIECE;

        rc = vdi_read(r->ts, vdi, s->at, piece, nr);
        if (!rc && gnutls_hash(s->md5, piece, nr))
            rc = -EIO;
        s->at += (int64_t)nr;
    }
    free(piece);
    return rc;
}

static int sum_end(struct request *r, struct summing *s, int rc)
{
    unsigned char sum[MD5_BYTES];
    char *text = arena_alloc(r->arena, 2 * MD5_BYTES + 1);

    gnutls_hash_deinit(s->md5, sum);
    vdi_release(r, s->hold);
    if (rc)
        return rc;
    for (int i = 0; i < MD5_BYTES; i++) {
        text[2 * i] = "0123456789abcdef"[sum[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
    }
    return reply_text(r, text);
}

static int sum_continue(struct request *r)
{
    struct summing *s = (struct summing *)r->wait;
    const struct object *vdi = db_find(r->db, "VDI", s->vdi);
    int rc;

    if (!vdi)
        return sum_end(r, s, request_bad_handle(r, "VDI", s->vdi));
    rc = sum_slice(r, s, vdi);
    if (rc)
        return sum_end(r, s, vdi_fail(r, vdi, rc));
    if (s->at < db_int(vdi, "virtual_size"))
        return API_WAITING;
    return sum_end(r, s, 0);
}

static void sum_cancel(struct request *r)
{
    (void)sum_end(r, (struct summing *)r->wait, API_FAILED); /* as it is */
}

/* MD5 of the contents, a slice at a time. */
int vdi_checksum(struct request *r)
{
    struct summing *s = arena_alloc(r->arena, sizeof(*s));

    if (sr_check_plugged(r, db_ref(r->db, r->self, "SR")))
        return API_FAILED;
    if (gnutls_hash_init(&s->md5, GNUTLS_DIG_MD5))
        return request_internal(r, "No MD5");
    s->hold = vdi_hold(r, pool_here(r), r->self, "RO");
    if (!s->hold) {
        gnutls_hash_deinit(s->md5, NULL);
        return API_FAILED;
    }
    s->vdi = arena_strdup(r->arena, r->self->ref);
    s->wait = (struct wait){
        .resume = sum_continue, .cancellable = true, .cancel = sum_cancel};
    r->wait = &s->wait;
    return sum_continue(r);
}

/* --- LVHD -------------------------------------------------------------------- */

/* Every repository here is thin; the sizes are noted as the plugin would. */
int lvhd_enable_thin_provisioning(struct request *r)
{
    struct object *sr = arg_object(r, 1, "SR");

    if (!sr)
        return API_FAILED;
    if (strncmp(db_text(sr, "type"), "lvm", 3) != 0)
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (sr_is_plugged(r, sr))
        return request_fail(r, "SR_HAS_PBD", sr->ref, NULL);
    db_map_put(r->db, sr, "sm_config", "allocation", "xlvhd");
    db_map_put(r->db, sr, "sm_config", "initial_allocation",
               arena_printf(r->arena, "%lld", (long long)arg_int(r, 2)));
    db_map_put(r->db, sr, "sm_config", "allocation_quantum",
               arena_printf(r->arena, "%lld", (long long)arg_int(r, 3)));
    return reply_text(r, "");
}
