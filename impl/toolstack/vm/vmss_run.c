/* Snapshots on schedule: every quarter of an hour, of what is due then. */
#include "vmss_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "handlers.h"
#include "message.h"
#include "timer.h"
#include "vm.h"
#include "vm_copy.h"

enum {
    QUARTER_MS = 15 * 60 * 1000,
    QUARTERS_MAX = 7 * 24 * 4, /* a week: whatever was missed is due once */
};

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

/* "Monday,Friday" */
static bool has_day(const char *list, const char *day)
{
    size_t len = strlen(day);

    for (const char *p = list; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, day, len) == 0 && (p[len] == ',' || !p[len]))
            return true;
    }
    return false;
}

static bool due_at(const struct object *vmss, time_t seconds)
{
    const struct value *schedule = db_get(vmss, "schedule");
    const char *frequency = db_text(vmss, "frequency");
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        atoi(value_text(schedule, "min", "0")) != tm.tm_min)
        return false;
    if (strcmp(frequency, "hourly") == 0)
        return true;
    if (atoi(value_text(schedule, "hour", "0")) != tm.tm_hour)
        return false;
    return strcmp(frequency, "daily") == 0 ||
           has_day(value_text(schedule, "days", ""), days[tm.tm_wday]);
}

/* The oldest go first; those that users made are theirs to remove. */
static void prune(struct request *r, struct object *vm, int64_t keep)
{
    for (;;) {
        const struct value *set = db_get(vm, "snapshots");
        struct object *oldest = NULL;
        int64_t nr = 0;

        for (uint32_t i = 0; i < set->nr; i++) {
            struct object *o = db_find_any(r->db, set->items[i].s);

            if (!db_bool(o, "is_vmss_snapshot"))
                continue;
            nr++;
            if (!oldest || o->created < oldest->created)
                oldest = o;
        }
        if (nr <= keep)
            return;
        vm_tree_leave(r, oldest);
        vm_unmake(r, oldest, true);
    }
}

static const char *label_of(struct request *r, const struct object *vm)
{
    return arena_printf(r->arena, "[Scheduled snapshot] %s %s",
                        db_text(vm, "name_label"),
                        toolstack_now(r->ts, r->arena));
}

static bool is_checkpoint(const struct object *vmss, const struct object *vm)
{
    return strcmp(db_text(vmss, "type"), "checkpoint") == 0 && vm_is_live(vm);
}

/* 0, or API_FAILED: the machine's schedule goes on all the same. */
static int take(struct request *r, const struct object *vmss, struct object *vm)
{
    bool memory = is_checkpoint(vmss, vm);
    struct object *o;

    if (vm_check(r, vm, memory ? "checkpoint" : "snapshot"))
        return API_FAILED;
    if (memory ? vm_checkpoint_make(r, vm, label_of(r, vm), &o)
               : vm_snapshot_make(r, vm, label_of(r, vm), NULL, &o))
        return API_FAILED;
    db_set_bool(r->db, o, "is_vmss_snapshot", true);
    prune(r, vm, db_int(vmss, "retained_snapshots"));
    return 0;
}

static void alert(struct request *r, const struct object *vmss, bool ok,
                  const char *body)
{
    (void)message_make(r,
                       ok ? "VMSS_SNAPSHOT_SUCCEEDED" : "VMSS_SNAPSHOT_FAILED",
                       ok ? 5 : 3, "VMSS", db_text(vmss, "uuid"), body);
}

/* All its machines. How many could not be snapshotted. */
static int run(struct request *r, struct object *vmss)
{
    const struct value *vms = db_get(vmss, "VMs");
    int failed = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (!take(r, vmss, vm))
            continue;
        failed++;
        alert(r, vmss, false,
              arena_printf(r->arena, "VM '%s' (uuid: %s): %s",
                           db_text(vm, "name_label"), db_text(vm, "uuid"),
                           r->error.items[0].s));
    }
    db_set_text(r->db, vmss, "last_run_time", toolstack_now(r->ts, r->arena));
    if (!failed && vms->nr)
        alert(r, vmss, true, "");
    return failed;
}

static bool due_since(const struct object *vmss, int64_t after, int64_t now)
{
    int64_t at = after / QUARTER_MS * QUARTER_MS;

    for (int i = 0; i < QUARTERS_MAX && at <= now; i++, at += QUARTER_MS)
        if (at > after && due_at(vmss, (time_t)(at / 1000)))
            return true;
    return false;
}

static void arm(struct toolstack *ts);

static void quarter_cb(struct toolstack *ts, void *arg)
{
    struct request r = {.ts = ts, .db = &ts->db};
    int64_t now = ts->env.now_ms(ts->env.ctx);
    struct arena a;

    (void)arg;
    arena_init(&a);
    r.arena = &a;
    for (struct object *o = db_first(&ts->db, "VMSS"); o; o = o->next)
        if (db_bool(o, "enabled") && db_get(o, "VMs")->nr &&
            due_since(o, ts->vmss_until_ms, now))
            (void)run(&r, o); /* what failed was told */
    arena_fini(&a);
    ts->vmss_until_ms = now;
    arm(ts);
}

/* A clock that jumps to what is due next has no business with nobody's. */
static bool is_wanted(struct toolstack *ts)
{
    for (struct object *o = db_first(&ts->db, "VMSS"); o; o = o->next)
        if (db_get(o, "VMs")->nr)
            return true;
    return false;
}

static void arm(struct toolstack *ts)
{
    int64_t now = ts->env.now_ms(ts->env.ctx);

    ts->vmss_timer =
        is_wanted(ts)
            ? timer_after(ts, QUARTER_MS - now % QUARTER_MS, quarter_cb, NULL)
            : 0;
}

void vmss_begin(struct toolstack *ts)
{
    if (ts->vmss_timer)
        return;
    ts->vmss_until_ms = ts->env.now_ms(ts->env.ctx);
    arm(ts);
}

/* An empty schedule has nothing to run, and its plugin is missed. */
int vmss_snapshot_now(struct request *r)
{
    if (!db_get(r->self, "VMs")->nr)
        return request_fail(r, "XENAPI_MISSING_PLUGIN", "vmss", NULL);
    return run(r, r->self) ? API_FAILED : reply_text(r, "");
}
