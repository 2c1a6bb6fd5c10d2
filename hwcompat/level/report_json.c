/* What levelling found, as JSON. */
#include <cjson/cJSON.h>
#include <errno.h>

#include "level/report.h"

static const struct {
    const char *most, *usual, *lost, *kind;
} keys[LEVEL_GUESTS] = {
    [CPU_GUEST_PV] = {"features_pv", "features_pv_host", "pv", "pv"},
    [CPU_GUEST_HVM] = {"features_hvm", "features_hvm_host", "hvm", "hvm"},
};

static void words_add(cJSON *o, const char *key, const struct cpu_features *f)
{
    char text[CPU_TEXT_BYTES];

    cpu_features_encode(f, CPU_WORDS, text);
    (void)cJSON_AddStringToObject(o, key, text);
}

static void all_words_add(cJSON *o, const struct cpu_features most[],
                          const struct cpu_features usual[])
{
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        words_add(o, keys[g].most, &most[g]);
        words_add(o, keys[g].usual, &usual[g]);
    }
}

/* Names of what `a` has and `b` has not, with something in front. */
static void lost_add(cJSON *list, const char *prefix,
                     const struct cpu_features *a, const struct cpu_features *b)
{
    char text[32], whole[40];

    for (int f = level_next_lost(a, b, CPU_FEATURE_NONE); f != CPU_FEATURE_NONE;
         f = level_next_lost(a, b, f)) {
        (void)snprintf(whole, sizeof(whole), "%s%s", prefix,
                       level_name(f, text));
        cJSON_AddItemToArray(list, cJSON_CreateString(whole));
    }
}

static cJSON *host_json(const struct level_pool *p, const struct level_host *h)
{
    cJSON *o = cJSON_CreateObject(), *loses;

    (void)cJSON_AddStringToObject(o, "name", h->name);
    (void)cJSON_AddStringToObject(o, "id", h->id);
    (void)cJSON_AddBoolToObject(o, "joins", h->joins);
    if (!h->joins)
        (void)cJSON_AddStringToObject(o, "reason",
                                      h->known
                                          ? "its vendor is not the master's"
                                          : "the record has no CPUID");
    if (!h->known)
        return o;
    (void)cJSON_AddStringToObject(o, "vendor", h->vendor);
    (void)cJSON_AddNumberToObject(o, "family", h->family);
    (void)cJSON_AddNumberToObject(o, "model", h->model);
    (void)cJSON_AddNumberToObject(o, "stepping", h->stepping);
    (void)cJSON_AddStringToObject(o, "modelname", h->brand);
    (void)cJSON_AddNumberToObject(o, "cpu_count", (double)h->cpus);
    (void)cJSON_AddBoolToObject(o, "mixed", h->mixed);
    words_add(o, "features_raw", &h->raw);
    all_words_add(o, h->most, h->usual);
    if (!h->joins)
        return o;
    loses = cJSON_AddObjectToObject(o, "loses");
    for (int g = 0; g < LEVEL_GUESTS; g++)
        lost_add(cJSON_AddArrayToObject(loses, keys[g].lost), "", &h->usual[g],
                 &p->usual[g]);
    lost_add(cJSON_AddArrayToObject(o, "cpuid_options"), "no-",
             &h->usual[CPU_GUEST_HVM], &p->usual[CPU_GUEST_HVM]);
    loses = cJSON_AddObjectToObject(o, "pool_gains_without");
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        static const struct cpu_features none;
        struct cpu_features gain = level_without(p, h, g);

        lost_add(cJSON_AddArrayToObject(loses, keys[g].lost), "", &gain, &none);
    }
    return o;
}

static cJSON *vm_host_json(const struct level_vm *vm,
                           const struct level_host *h)
{
    cJSON *o = cJSON_CreateObject();
    char name[32], place[48];
    int missing;
    const char *why = level_vm_refused(vm, h, &missing);

    (void)cJSON_AddStringToObject(o, "host", h->name);
    (void)cJSON_AddBoolToObject(o, "allowed", !why);
    if (why)
        (void)cJSON_AddStringToObject(o, "reason", why);
    if (missing == CPU_FEATURE_NONE)
        return o;
    (void)cJSON_AddStringToObject(o, "feature", level_name(missing, name));
    (void)cJSON_AddStringToObject(o, "place", level_place(missing, place));
    lost_add(cJSON_AddArrayToObject(o, "missing"), "", &vm->features,
             &h->most[vm->guest]);
    return o;
}

static cJSON *vm_json(const struct level_pool *p, const struct level_vm *vm)
{
    cJSON *o = cJSON_CreateObject(), *list;

    (void)cJSON_AddStringToObject(o, "features", vm->words);
    (void)cJSON_AddStringToObject(o, "type", keys[vm->guest].kind);
    list = cJSON_AddArrayToObject(o, "hosts");
    for (size_t i = 0; i < p->hosts; i++)
        cJSON_AddItemToArray(list, vm_host_json(vm, &p->host[i]));
    return o;
}

static cJSON *pool_json(const struct level_pool *p)
{
    static const struct cpu_features none;
    cJSON *o = cJSON_CreateObject(), *names;

    (void)cJSON_AddStringToObject(o, "vendor", p->host[0].vendor);
    (void)cJSON_AddNumberToObject(o, "cpu_count", (double)p->cpus);
    all_words_add(o, p->most, p->usual);
    names = cJSON_AddObjectToObject(o, "names");
    for (int g = 0; g < LEVEL_GUESTS; g++)
        lost_add(cJSON_AddArrayToObject(names, keys[g].kind), "", &p->usual[g],
                 &none);
    return o;
}

int report_json(const struct level_pool *p, const struct level_vm *vm,
                size_t vms, FILE *out)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *text;

    (void)cJSON_AddItemToObject(root, "pool", pool_json(p));
    list = cJSON_AddArrayToObject(root, "hosts");
    for (size_t i = 0; i < p->hosts; i++)
        cJSON_AddItemToArray(list, host_json(p, &p->host[i]));
    list = cJSON_AddArrayToObject(root, "guests");
    for (size_t i = 0; i < vms; i++)
        cJSON_AddItemToArray(list, vm_json(p, &vm[i]));
    text = root ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    return 0;
}
