/* Levels what guests see of CPUs. */
#include "levelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/featureset.h"

static const struct {
    const char *key; /* of host.cpu_info */
    enum cpu_guest guest;
    bool max;
} policies[] = {
    {"features_pv", CPU_GUEST_PV, true},
    {"features_hvm", CPU_GUEST_HVM, true},
    {"features_pv_host", CPU_GUEST_PV, false},
    {"features_hvm_host", CPU_GUEST_HVM, false},
};

static bool is_hvm(const struct object *vm)
{
    return strcmp(db_text(vm, "domain_type"), "pv") != 0;
}

void levelling_host(struct request *r, struct object *host,
                    const char *raw_words)
{
    const struct value *info = db_get(host, "cpu_info");
    struct cpu_kind kind = {
        .vendor = cpu_vendor_find(value_text(info, "vendor", "")),
        .family = (unsigned int)atoi(value_text(info, "family", "0")),
        .model = (unsigned int)atoi(value_text(info, "model", "0")),
    };
    struct cpu_features cpu;

    if (!cpu_features_decode(raw_words, &cpu))
        return;
    db_map_put(r->db, host, "cpu_info", "features", raw_words);
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        struct cpu_features f =
            policies[i].max
                ? cpu_policy_max(&cpu, &kind, policies[i].guest)
                : cpu_policy_default(&cpu, &kind, policies[i].guest);
        char text[CPU_TEXT_BYTES];

        cpu_features_encode(&f, CPU_WORDS, text);
        db_map_put(r->db, host, "cpu_info", policies[i].key, text);
    }
}

/* The pool's words and the host's; as they are where one has none. */
static const char *level(struct request *r, const char *pool, const char *host)
{
    struct cpu_features a, b, both;
    int nr, nr_b;
    char *text;

    if (!*pool || strcmp(pool, host) == 0)
        return host;
    nr = cpu_features_decode(pool, &a);
    nr_b = cpu_features_decode(host, &b);
    if (!nr || !nr_b)
        return pool;
    both = cpu_features_level(&a, &b);
    text = arena_alloc(r->arena, CPU_TEXT_BYTES);
    cpu_features_encode(&both, nr > nr_b ? nr : nr_b, text);
    return text;
}

static void put_sum(struct request *r, struct value *info,
                    const struct value *host, const char *key)
{
    long long sum =
        atoll(value_text(info, key, "0")) + atoll(value_text(host, key, "0"));

    *info = value_map_with(r->arena, info, key,
                           value_string(arena_printf(r->arena, "%lld", sum)));
}

static void merge(struct request *r, struct value *info, struct object *o)
{
    const struct value *host = db_get(o, "cpu_info");

    put_sum(r, info, host, "cpu_count");
    put_sum(r, info, host, "socket_count");
    *info = value_map_with(r->arena, info, "vendor",
                           value_string(value_text(host, "vendor", "")));
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        const char *key = policies[i].key;
        const char *words = value_text(host, key, NULL);

        if (words)
            *info = value_map_with(
                r->arena, info, key,
                value_string(level(r, value_text(info, key, ""), words)));
    }
}

void levelling_pool(struct request *r)
{
    struct value info = value_map(NULL, 0);

    for (struct object *o = db_first(r->db, "host"); o; o = o->next)
        merge(r, &info, o);
    db_set(r->db, toolstack_pool(r->ts), "cpu_info", info);
}

void levelling_boot(struct request *r, struct object *vm)
{
    const struct value *info = db_get(toolstack_pool(r->ts), "cpu_info");
    const char *largest =
        value_text(info, is_hvm(vm) ? "features_hvm" : "features_pv", NULL);
    const char *words = value_text(
        info, is_hvm(vm) ? "features_hvm_host" : "features_pv_host", largest);
    const char *vendor = value_text(info, "vendor", NULL);

    if (vendor)
        db_map_put(r->db, vm, "last_boot_CPU_flags", "vendor", vendor);
    if (words)
        db_map_put(r->db, vm, "last_boot_CPU_flags", "features", words);
}

static int incompatible(struct request *r, const struct object *vm,
                        const char *host, const char *why)
{
    return request_fail(r, "VM_INCOMPATIBLE_WITH_THIS_HOST", vm->ref, host, why,
                        NULL);
}

int levelling_compare(struct request *r, struct object *vm, const char *host,
                      const struct value *cpu_info)
{
    const struct value *booted = db_get(vm, "last_boot_CPU_flags");
    const char *vendor = value_text(booted, "vendor", NULL);
    const char *words = value_text(booted, "features", NULL);
    const char *most =
        value_text(cpu_info, is_hvm(vm) ? "features_hvm" : "features_pv", NULL);
    struct cpu_features a, b;

    if (db_text(vm, "power_state")[0] == 'H')
        return 0;
    if (!most || !value_find(cpu_info, "vendor"))
        return incompatible(r, vm, host,
                            "Host does not have new leveling feature keys - "
                            "not comparing VM's flags");
    if (vendor && strcmp(vendor, value_text(cpu_info, "vendor", "")) != 0)
        return incompatible(r, vm, host,
                            "VM last booted on a host which had a CPU from a "
                            "different vendor.");
    if (words && cpu_features_decode(words, &a) &&
        cpu_features_decode(most, &b) &&
        cpu_features_missing(&a, &b) != CPU_FEATURE_NONE)
        return incompatible(r, vm, host,
                            "VM last booted on a CPU with features this "
                            "host's CPU does not have.");
    return 0;
}

int levelling_fits(struct request *r, struct object *vm, struct object *host)
{
    return levelling_compare(r, vm, host->ref, db_get(host, "cpu_info"));
}
