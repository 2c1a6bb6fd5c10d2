/* The daemon's state: making and ending it, its clock. */
#include "toolstack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "background.h"
#include "console.h"
#include "console_driver.h"
#include "event.h"
#include "expiry.h"
#include "foreign.h"
#include "ha.h"
#include "hold.h"
#include "host_memory.h"
#include "limits.h"
#include "liveness.h"
#include "net.h"
#include "replication.h"
#include "request.h"
#include "route.h"
#include "session.h"
#include "store.h"
#include "task.h"
#include "timer.h"
#include "transfer.h"
#include "vm.h"
#include "vmss_run.h"

enum {
    DATE_BYTES = 32,
    ROOM_TRIES = 300, /* half a minute on a full disk */
};

void toolstack_init(struct toolstack *ts, const struct environment *env,
                    const struct domain_driver *domains)
{
    *ts = (struct toolstack){.env = *env, .domains = *domains};
    ts->next_domid = 1;
    db_init(&ts->db, env->random, env->ctx);
}

void toolstack_fini(struct toolstack *ts)
{
    limits_fini(ts);
    timers_fini(ts);
    routes_fini(ts);
    consoles_fini(ts);
    backgrounds_fini(ts);
    host_memory_fini(ts);
    liveness_fini(ts);
    ha_fini(ts);
    foreigns_fini(ts);
    events_fini(ts);
    transfer_fini(ts);
    free(ts->new_password);
    db_fini(&ts->db);
}

const char *date_text(struct arena *a, int64_t ms)
{
    char *text = arena_alloc(a, DATE_BYTES);
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        !strftime(text, DATE_BYTES, "%Y%m%dT%H:%M:%SZ", &tm))
        return DATE_0;
    return text;
}

const char *toolstack_now(struct toolstack *ts, struct arena *a)
{
    return date_text(a, ts->env.now_ms(ts->env.ctx));
}

struct object *toolstack_pool(struct toolstack *ts)
{
    return db_first(&ts->db, "pool");
}

struct object *toolstack_master(struct toolstack *ts)
{
    return db_ref(&ts->db, toolstack_pool(ts), "master");
}

/* A full disk may have room again soon. 0 or -Exxx. */
static int flush(struct toolstack *ts)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    int rc = store_flush(ts->store, &ts->db);

    if (rc == -ENOSPC)
        fputs("touchstone: the disk of the store is full; answers wait\n",
              stderr);
    for (int i = 0; rc == -ENOSPC && i < ROOM_TRIES; i++) {
        (void)nanosleep(&pause, NULL); /* a shorter one will do */
        rc = store_flush(ts->store, &ts->db);
    }
    return rc;
}

void toolstack_commit(struct toolstack *ts)
{
    storage_describe(ts);
    /* Contents first: a record promises that they are there. */
    if (ts->storage.sync(ts->storage.ctx) == 0 &&
        (!ts->store || flush(ts) == 0))
        return;
    fputs("touchstone: cannot write the store; nothing more is answered\n",
          stderr);
    exit(EXIT_FAILURE);
}

void toolstack_recover(struct toolstack *ts)
{
    vmss_begin(ts);
    replication_recover(ts);
    tasks_recover(ts);
    toolstack_settle(ts);
}

void toolstack_settle(struct toolstack *ts)
{
    struct request r = {.ts = ts, .db = &ts->db};

    host_memory_recover(ts);
    holds_clear(&r);
    for (struct object *o = db_first(&ts->db, "VM"); o; o = o->next) {
        struct arena a;

        arena_init(&a);
        r.arena = &a;
        if (db_int(o, "domid") > 0)
            vm_set_power(&r, o, "Halted");
        else
            vm_refresh(&r, o);
        if (db_bool(o, "is_control_domain"))
            console_open(&r, o);
        arena_fini(&a);
    }
}

int64_t toolstack_step(struct toolstack *ts)
{
    int64_t own = ts->env.step ? ts->env.step(ts->env.ctx) : INT64_MAX;
    int64_t next, timer, beat, replica;

    (void)timers_run(ts);      /* how many does not matter */
    if (!toolstack_pool(ts)) { /* its only host is in another one */
        toolstack_commit(ts);
        return own;
    }
    beat = liveness_step(ts);
    replica = replication_step(ts);
    next = backgrounds_run(ts);
    timer = timers_next_ms(ts);
    network_poll_changes(ts);
    toolstack_commit(ts);
    if (timer < next)
        next = timer;
    if (beat < next)
        next = beat;
    if (replica < next)
        next = replica;
    return own < next ? own : next;
}

void toolstack_expire(struct toolstack *ts)
{
    if (!toolstack_pool(ts))
        return;
    tasks_expire(ts);
    sessions_expire(ts);
    certificates_watch(ts);
    foreigns_expire(ts);
    toolstack_commit(ts);
}
