/*
 * Debug keys: a table of one-letter reports, from the serial port or by
 * XEN_SYSCTL_debug_keys. They run on the pressing CPU and only read.
 */
#include "debug_key.h"
#include "hv/arch.h"
#include "hv/console.h"
#include "hv/evtchn.h"
#include "hv/gnttab.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "hv/sched.h"

#define NS_PER_MS       1000000ULL
#define PAGES_TO_KIB(n) ((unsigned long long)(n) << (PAGE_SHIFT - 10))

static const struct debug_key keys[] = {
#define DEBUG_KEY(k, f, text) {.key = (k), .help = (text), .fn = debug_key_##f},
#include "debug_key.def"
#undef DEBUG_KEY
};

void debug_key_press(char key)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].key == key) {
            keys[i].fn(key);
            return;
        }
}

void debug_key_help(char key)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
        log_info("key '%c': %s", keys[i].key, keys[i].help);
}

void debug_key_reboot(char key)
{
    log_info("key '%c': rebooting", key);
    arch_reboot();
}

void debug_key_quirks(char key)
{
    arch_quirks_dump();
}

void debug_key_evtchn(char key)
{
    domain_each(evtchn_dump);
}

void debug_key_gnttab(char key)
{
    domain_each(gnttab_dump);
}

void debug_key_memory(char key)
{
    struct page_stats s;

    page_stats(&s);
    log_info("memory: total=%lluK free=%lluK dirty=%lluK hypervisor=%lluK "
             "claimed=%lluK heap=%llu bytes",
             PAGES_TO_KIB(s.total), PAGES_TO_KIB(s.free), PAGES_TO_KIB(s.dirty),
             PAGES_TO_KIB(s.hv), PAGES_TO_KIB(s.outstanding),
             (unsigned long long)heap_used_bytes());
}

static void vcpu_dump(struct vcpu *v)
{
    struct vcpu_runstate_info r;

    vcpu_runstate_get(v, &r);
    log_info("  v%u cpu=%u %s flags=%lx pauses=%u run=%llums wait=%llums "
             "blocked=%llums",
             v->id, vcpu_cpu(v), vcpu_is_running(v) ? "running" : "off",
             v->pause_flags, v->pause_count,
             (unsigned long long)(r.time[RUNSTATE_running] / NS_PER_MS),
             (unsigned long long)(r.time[RUNSTATE_runnable] / NS_PER_MS),
             (unsigned long long)(r.time[RUNSTATE_blocked] / NS_PER_MS));
}

static void domain_dump(struct domain *d)
{
    log_info("d%u refs=%u pages=%llu/%llu shared=%llu pauses=%u dying=%u "
             "shutdown=%u",
             d->id, d->refs, (unsigned long long)d->tot_pages,
             (unsigned long long)d->max_pages,
             (unsigned long long)d->shared_pages, d->pause_count, d->dying,
             d->shutdown_code);
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        if (d->vcpu[i])
            vcpu_dump(d->vcpu[i]);
}

void debug_key_domains(char key)
{
    domain_each(domain_dump);
}

void debug_key_time(char key)
{
    log_info("up %llu ms, wall clock %llu s",
             (unsigned long long)(arch_now_ns() / NS_PER_MS),
             (unsigned long long)((arch_wallclock_ns() + arch_now_ns()) /
                                  (1000 * NS_PER_MS)));
    for (unsigned int i = 0; i < cpu_count; i++)
        log_info("cpu%u idle %llu ms", i,
                 (unsigned long long)(cpu_idle_ns(i) / NS_PER_MS));
}
