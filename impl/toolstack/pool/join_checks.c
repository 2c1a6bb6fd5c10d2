/* Why a host cannot join a pool. */
#include <string.h>

#include "host.h"
#include "join.h"

static const struct {
    int (*check)(struct join *j);
    bool force;
} checks[] = {
#define JOIN_CHECK(function, force) {function, force},
#include "join_checks.def"
#undef JOIN_CHECK
};

int join_check(struct join *j, bool force)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!(force && checks[i].force) && checks[i].check(j))
            return API_FAILED;
    return 0;
}

static struct object *management_pif(struct join *j)
{
    const struct value *pifs = db_get(j->host, "PIFs");

    for (uint32_t i = 0; i < pifs->nr; i++) {
        struct object *pif = db_find_any(j->r->db, pifs->items[i].s);

        if (pif && db_bool(pif, "management"))
            return pif;
    }
    return NULL;
}

int join_management_interface(struct join *j)
{
    const struct object *pif = management_pif(j);

    if (!pif)
        return request_fail(j->r, "HOST_HAS_NO_MANAGEMENT_IP", NULL);
    if (db_bool(pif, "physical") || db_int(pif, "VLAN") >= 0)
        return 0;
    return request_fail(
        j->r, "POOL_JOINING_HOST_MUST_HAVE_PHYSICAL_MANAGEMENT_NIC", NULL);
}

int join_not_myself(struct join *j)
{
    if (strcmp(value_text(&j->their_master, "uuid", ""),
               db_text(j->host, "uuid")) != 0)
        return 0;
    return request_fail(j->r, "HOST_ITS_OWN_SLAVE", NULL);
}

int join_no_other_hosts(struct join *j)
{
    if (db_count(j->r->db, j->host->class) == 1)
        return 0;
    return request_fail(j->r, "JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS",
                        NULL);
}

int join_no_running_vms(struct join *j)
{
    for (struct object *vm = db_first(j->r->db, "VM"); vm; vm = vm->next) {
        const char *state = db_text(vm, "power_state");

        if (db_bool(vm, "is_control_domain") || *state == 'H' || *state == 'S')
            continue;
        return request_fail(j->r, "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS", NULL);
    }
    return 0;
}

int join_no_current_operations(struct join *j)
{
    for (struct object *vm = db_first(j->r->db, "VM"); vm; vm = vm->next)
        if (db_get(vm, "current_operations")->nr)
            return request_fail(
                j->r, "JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS",
                NULL);
    return 0;
}

/* A word of the version of both sides. */
static bool same_version(struct join *j, const char *key)
{
    const struct value *theirs =
        value_find(&j->their_master, "software_version");

    return strcmp(value_text(db_get(j->host, "software_version"), key, ""),
                  theirs ? value_text(theirs, key, "") : "") == 0;
}

int join_compatible(struct join *j)
{
    if (same_version(j, "platform_version"))
        return 0;
    return request_fail(j->r, "HOSTS_NOT_COMPATIBLE", NULL);
}

int join_homogeneous(struct join *j)
{
    const struct value *theirs = value_find(&j->their_pool, "cpu_info");
    const char *vendor = value_text(db_get(j->host, "cpu_info"), "vendor", "");

    if (!same_version(j, "xapi") || !same_version(j, "product_version"))
        return request_fail(j->r, "HOSTS_NOT_HOMOGENEOUS",
                            "Software version differs", NULL);
    if (!theirs || strcmp(value_text(theirs, "vendor", ""), vendor) == 0)
        return 0;
    return request_fail(j->r, "HOSTS_NOT_HOMOGENEOUS", "CPUs differ", NULL);
}

int join_no_shared_srs(struct join *j)
{
    for (struct object *sr = db_first(j->r->db, "SR"); sr; sr = sr->next)
        if (db_bool(sr, "shared"))
            return request_fail(j->r, "JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS",
                                NULL);
    return 0;
}

static int refuse_any(struct join *j, const char *class_name, const char *code)
{
    if (!db_first(j->r->db, class_name))
        return 0;
    return request_fail(j->r, code, NULL);
}

int join_no_bonds(struct join *j)
{
    return refuse_any(j, "Bond", "POOL_JOINING_HOST_HAS_BONDS");
}

int join_no_tunnels(struct join *j)
{
    return refuse_any(j, "tunnel", "POOL_JOINING_HOST_HAS_TUNNELS");
}

int join_no_sriovs(struct join *j)
{
    return refuse_any(j, "network_sriov",
                      "POOL_JOINING_HOST_HAS_NETWORK_SRIOVS");
}

int join_no_other_vlans(struct join *j)
{
    for (struct object *o = db_first(j->r->db, "VLAN"); o; o = o->next) {
        const struct object *pif = db_ref(j->r->db, o, "untagged_PIF");

        if (!pif || !db_bool(pif, "management"))
            return request_fail(
                j->r, "POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS", NULL);
    }
    return 0;
}

int join_same_management_vlan(struct join *j)
{
    struct value params = value_string(j->their_master_ref), pif, vlan;
    const struct object *mine = management_pif(j);
    const char *here, *there;

    if (join_ask(j, "host.get_management_interface", &params, 1, &pif) ||
        join_ask(j, "PIF.get_VLAN", &pif, 1, &vlan))
        return API_FAILED;
    if (db_int(mine, "VLAN") == vlan.i)
        return 0;
    here = arena_printf(j->r->arena, "%lld", (long long)db_int(mine, "VLAN"));
    there = arena_printf(j->r->arena, "%lld", (long long)vlan.i);
    return request_fail(j->r,
                        "POOL_JOINING_HOST_MANAGEMENT_VLAN_DOES_NOT_MATCH",
                        here, there, NULL);
}

/* A text field of both hosts. */
static bool same_text(struct join *j, const char *field)
{
    return strcmp(db_text(j->host, field),
                  value_text(&j->their_master, field, "")) == 0;
}

int join_external_auth(struct join *j)
{
    if (same_text(j, "external_auth_type") &&
        same_text(j, "external_auth_service_name"))
        return 0;
    return request_fail(j->r, "POOL_JOINING_EXTERNAL_AUTH_MISMATCH", NULL);
}

int join_same_licence(struct join *j)
{
    if (same_text(j, "edition"))
        return 0;
    return request_fail(j->r, "LICENSE_HOST_POOL_MISMATCH", NULL);
}

int join_no_ha(struct join *j)
{
    const struct value *theirs = value_find(&j->their_pool, "ha_enabled");

    if (!db_bool(j->pool, "ha_enabled") && !(theirs && theirs->b))
        return 0;
    return request_fail(j->r, "HA_IS_ENABLED", NULL);
}

static int64_t number(const struct value *record, const char *field)
{
    const struct value *v = value_find(record, field);

    return v ? v->i : 0;
}

int join_api_version(struct join *j)
{
    int64_t major = db_int(j->host, "API_version_major");
    int64_t minor = db_int(j->host, "API_version_minor");
    int64_t their_major = number(&j->their_master, "API_version_major");
    int64_t their_minor = number(&j->their_master, "API_version_minor");

    if (major == their_major && minor == their_minor)
        return 0;
    return request_fail(j->r, "POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION",
                        arena_printf(j->r->arena, "%lld.%lld", (long long)major,
                                     (long long)minor),
                        arena_printf(j->r->arena, "%lld.%lld",
                                     (long long)their_major,
                                     (long long)their_minor),
                        NULL);
}

int join_db_schema(struct join *j)
{
    const struct value *theirs =
        value_find(&j->their_master, "software_version");

    if (same_version(j, "db_schema"))
        return 0;
    return request_fail(
        j->r, "POOL_JOINING_HOST_MUST_HAVE_SAME_DB_SCHEMA",
        value_text(db_get(j->host, "software_version"), "db_schema", ""),
        value_text(theirs, "db_schema", ""), NULL);
}

int join_updates(struct join *j)
{
    if (same_text(j, "last_update_hash"))
        return 0;
    return request_fail(j->r, "HOSTS_NOT_HOMOGENEOUS", "Updates differ", NULL);
}

int join_tls_verification(struct join *j)
{
    const struct value *theirs =
        value_find(&j->their_pool, "tls_verification_enabled");

    if (!theirs || theirs->b == db_bool(j->pool, "tls_verification_enabled"))
        return 0;
    return request_fail(j->r, "POOL_JOINING_HOST_TLS_VERIFICATION_MISMATCH",
                        NULL);
}

/* Ours has every feature that theirs of the same type has. */
static bool has_features(const struct object *mine, const struct value *theirs)
{
    const struct value *wanted = value_find(theirs, "features");

    for (uint32_t i = 0; wanted && i < wanted->nr; i++)
        if (!value_find(db_get(mine, "features"), wanted->members[i].key))
            return false;
    return true;
}

int join_sm_features(struct join *j)
{
    struct value theirs;

    if (join_ask(j, "SM.get_all_records", NULL, 0, &theirs))
        return API_FAILED;
    for (uint32_t i = 0; i < theirs.nr; i++) {
        const struct value *record = &theirs.members[i].value;

        for (struct object *sm = db_first(j->r->db, "SM"); sm; sm = sm->next)
            if (strcmp(db_text(sm, "type"), value_text(record, "type", "")) ==
                    0 &&
                !has_features(sm, record))
                return request_fail(j->r,
                                    "POOL_JOINING_SM_FEATURES_INCOMPATIBLE",
                                    theirs.members[i].key, sm->ref, NULL);
    }
    return 0;
}
