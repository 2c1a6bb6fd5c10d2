/* `touchstone level`: what a pool of recorded machines has in common. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "level/report.h"
#include "options/options.h"

enum {
    EXIT_USAGE = 2,
};

struct options {
    const char *json;
    bool names;
    struct level_vm vm[LEVEL_VMS_MAX];
    size_t vms;
};

static const char usage[] =
    "usage: touchstone level [OPTION...] RECORD...\n\n"
    "Levels the CPUs of hardware records by Xen's rules, as the toolstack "
    "does. The\nfirst one is the pool's master.\n\n"
    "  --vm [hvm:|pv:][VENDOR:]WORDS   where may a guest go that was "
    "booted with\n"
    "                 these features (last_boot_CPU_flags:features)?\n"
    "  --names        names of all features that guests of the pool see\n"
    "  --json FILE    the result as JSON; -: on standard output\n\n"
    "Exit 0: all may join, all guests may go everywhere; 1: not so; 2: "
    "error.\n";

/* "pv:GenuineIntel:17c9cbf5-..." */
static int vm_decode(const char *text, struct level_vm *vm)
{
    const char *colon;

    *vm = (struct level_vm){.guest = CPU_GUEST_HVM};
    if (strncmp(text, "pv:", 3) == 0) {
        vm->guest = CPU_GUEST_PV;
        text += 3;
    } else if (strncmp(text, "hvm:", 4) == 0) {
        text += 4;
    }
    colon = strchr(text, ':');
    if (colon) {
        size_t len = (size_t)(colon - text);

        if (len >= sizeof(vm->vendor))
            return -EINVAL;
        memcpy(vm->vendor, text, len);
        text = colon + 1;
    }
    vm->words = text;
    return cpu_features_decode(text, &vm->features) ? 0 : -EINVAL;
}

static int vm_take(void *values, const char *text)
{
    struct options *o = values;

    if (o->vms == LEVEL_VMS_MAX || vm_decode(text, &o->vm[o->vms])) {
        fprintf(stderr, "touchstone level: '%s': no words of features\n", text);
        return -EINVAL;
    }
    o->vms++;
    return 0;
}

#define ROW(name, kind, member)                            \
    {                                                      \
        name, kind, offsetof(struct options, member), NULL \
    }
static const struct option_row rows[] = {
    {"vm", OPTION_TAKE, 0, vm_take},
    ROW("names", OPTION_FLAG, names),
    ROW("json", OPTION_TEXT, json),
};
#undef ROW
static const struct option_set set = {"touchstone level", RECORD_TOOL, usage,
                                      rows, sizeof(rows) / sizeof(*rows)};

static int hosts_read(struct level_pool *p, char **paths, int nr)
{
    struct record_error error;
    struct record *r;

    for (int i = 0; i < nr; i++) {
        if (record_open(paths[i], &r, &error)) {
            fprintf(stderr, "touchstone level: %s: %s\n", paths[i], error.text);
            return -EINVAL;
        }
        level_host_read(&p->host[p->hosts++], paths[i], r);
        record_destroy(r);
    }
    return 0;
}

static int json_write(const struct level_pool *p, const struct options *o)
{
    FILE *out = strcmp(o->json, "-") == 0 ? stdout : fopen(o->json, "w");
    int rc = out ? report_json(p, o->vm, o->vms, out) : -errno;

    if (out && out != stdout && fclose(out) && !rc)
        rc = -errno;
    if (rc)
        fprintf(stderr, "touchstone level: %s: %s\n", o->json, strerror(-rc));
    return rc;
}

static bool all_well(const struct level_pool *p, const struct options *o)
{
    bool well = true;
    int missing;

    for (size_t i = 0; i < p->hosts; i++) {
        well &= p->host[i].joins;
        for (size_t k = 0; k < o->vms; k++)
            well &= !level_vm_refused(&o->vm[k], &p->host[i], &missing);
    }
    return well;
}

int main(int argc, char **argv)
{
    static struct level_pool pool;
    static struct options o;

    int at = options_read(&set, &o, argc, argv);

    if (at < 0 || at == argc || argc - at > LEVEL_HOSTS_MAX) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (hosts_read(&pool, argv + at, argc - at))
        return EXIT_USAGE;
    level_pool_set(&pool);
    if (!o.json || strcmp(o.json, "-") != 0)
        report_text(&pool, o.vm, o.vms, o.names, stdout);
    if (o.json && json_write(&pool, &o))
        return EXIT_USAGE;
    return all_well(&pool, &o) ? EXIT_SUCCESS : EXIT_FAILURE;
}
