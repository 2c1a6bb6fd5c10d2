/* What is asked, how often, and what it took. */
#define _GNU_SOURCE /* memmem */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "server.h"

enum {
    TIMES_MAX = 1 << 20,
    MANY = 32,
    WATCHERS = 1000,
    LISTS = 30,
    WAKES = 400,
    WAKES_BESIDE = 100,
    LOGINS_AT_ONCE = 4,
};

static uint64_t times[TIMES_MAX];

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The time that this part of them stays below, ns. */
static double percentile(size_t nr, double part)
{
    if (nr > TIMES_MAX)
        nr = TIMES_MAX;
    qsort(times, nr, sizeof(times[0]), compare);
    return (double)times[(size_t)((double)(nr - 1) * part)];
}

static struct value call_text(struct target *t, const char *method)
{
    return client_call(&t->client, &t->arena, method, "[\"%s\"]", t->session);
}

void target_open(struct target *t)
{
    struct value v;

    arena_init(&t->arena);
    client_open(&t->client, &t->url);
    v = client_call(&t->client, &t->arena, "session.login_with_password",
                    "[\"%s\",\"%s\"]", t->user, t->password);
    (void)snprintf(t->session, sizeof(t->session), "%s", v.s);
    v = client_call(&t->client, &t->arena, "VM.get_all_records_where",
                    "[\"%s\",\"field \\\"is_control_domain\\\" = \\\"false\\\" "
                    "and field \\\"is_a_template\\\" = \\\"false\\\" and field "
                    "\\\"power_state\\\" = \\\"Halted\\\"\"]",
                    t->session);
    if (v.kind != VALUE_MAP || !v.nr)
        die("there is no halted machine to measure with");
    (void)snprintf(t->vm, sizeof(t->vm), "%s", v.members[0].key);
}

void target_machine(struct target *t, char *ref, size_t size)
{
    struct value v =
        client_call(&t->client, &t->arena, "VM.clone",
                    "[\"%s\",\"%s\",\"touchstone bench\"]", t->session, t->vm);

    (void)snprintf(ref, size, "%s", v.s);
}

static struct value ask(struct target *t, const char *method, const char *ref)
{
    return client_call(&t->client, &t->arena, method, "[\"%s\",\"%s\"]",
                       t->session, ref);
}

void target_remove(struct target *t, const char *vm)
{
    struct value vbds = ask(t, "VM.get_VBDs", vm);

    for (uint32_t i = 0; i < vbds.nr; i++) {
        struct value vdi = ask(t, "VBD.get_VDI", vbds.items[i].s);

        if (!strstr(vdi.s, "NULL"))
            (void)ask(t, "VDI.destroy", vdi.s);
    }
    (void)ask(t, "VM.destroy", vm);
}

/* Removes the machines that were made. */
void target_close(struct target *t)
{
    struct value v = client_call(&t->client, &t->arena, "VM.get_by_name_label",
                                 "[\"%s\",\"touchstone bench\"]", t->session);

    for (uint32_t i = 0; i < v.nr; i++)
        target_remove(t, v.items[i].s);
    (void)call_text(t, "session.logout");
    client_close(&t->client);
    arena_fini(&t->arena);
}

/* Pairs of calls: the second needs what the first gave. */
void measure_login(struct target *t)
{
    struct client clients[LOGINS_AT_ONCE];
    struct buf in = {0}, out = {0};
    char params[256];
    uint64_t start, now;
    size_t pairs = 0;

    (void)snprintf(params, sizeof(params), "[\"%s\",\"%s\"]", t->user,
                   t->password);
    request_json(&in, "session.login_with_password", params);
    for (int i = 0; i < LOGINS_AT_ONCE; i++)
        client_open(&clients[i], &t->url);
    start = now = now_ns();
    while (now - start < t->ns) {
        for (int i = 0; i < LOGINS_AT_ONCE; i++)
            client_send(&clients[i], &in);
        for (int i = 0; i < LOGINS_AT_ONCE; i++) {
            const char *body, *ref;
            size_t len;

            while (!client_receive(&clients[i]))
                ;
            body = client_body(&clients[i], &len);
            ref = memmem(body, len, "OpaqueRef:", 10);
            if (!ref)
                die("login failed: %.*s", (int)len, body);
            (void)snprintf(params, sizeof(params), "[\"%.46s\"]", ref);
            request_json(&out, "session.logout", params);
            client_send(&clients[i], &out);
        }
        for (int i = 0; i < LOGINS_AT_ONCE; i++)
            while (!client_receive(&clients[i]))
                ;
        pairs += LOGINS_AT_ONCE;
        now = now_ns();
    }
    figure_set(FIGURE_LOGIN, (double)pairs * 1e9 / (double)(now - start));
    for (int i = 0; i < LOGINS_AT_ONCE; i++)
        client_close(&clients[i]);
    buf_fini(&in);
    buf_fini(&out);
}

static void repeat_one(struct target *t, const struct buf *r, enum figure p50,
                       enum figure p99, enum figure cpu)
{
    uint64_t before = server_cpu_ns(t->pid), used;
    size_t nr = clients_repeat(&t->client, r, 1, t->ns, times, TIMES_MAX);

    used = server_cpu_ns(t->pid) - before;
    figure_set(p50, percentile(nr, 0.5) / 1e3);
    figure_set(p99, percentile(nr, 0.99) / 1e3);
    if (used)
        figure_set(cpu, (double)used / (double)nr / 1e3);
}

void measure_records(struct target *t)
{
    const char *params[] = {t->session, t->vm};
    struct buf r = {0};
    char text[256];

    (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\"]", t->session, t->vm);
    request_json(&r, "VM.get_record", text);
    repeat_one(t, &r, FIGURE_GET_RECORD_JSON_P50, FIGURE_GET_RECORD_JSON_P99,
               FIGURE_GET_RECORD_JSON_CPU);
    request_xml(&r, "VM.get_record", params, 2);
    repeat_one(t, &r, FIGURE_GET_RECORD_XML_P50, FIGURE_GET_RECORD_XML_P99,
               FIGURE_GET_RECORD_XML_CPU);
    buf_fini(&r);
}

static void many(struct target *t, const char *method, enum figure f)
{
    struct client clients[MANY];
    struct buf requests[MANY] = {{0}};
    char text[256];
    uint64_t start, before;
    size_t nr;

    (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\"]", t->session, t->vm);
    for (int i = 0; i < MANY; i++) {
        client_open(&clients[i], &t->url);
        request_json(&requests[i], method, text);
    }
    before = server_cpu_ns(t->pid);
    start = now_ns();
    nr = clients_repeat(clients, requests, MANY, t->ns, times, TIMES_MAX);
    figure_set(f, (double)nr * 1e9 / (double)(now_ns() - start));
    before = server_cpu_ns(t->pid) - before;
    if (f == FIGURE_GET_RECORD_32 && before)
        figure_set(FIGURE_GET_RECORD_32_CPU, (double)before / (double)nr / 1e3);
    for (int i = 0; i < MANY; i++) {
        client_close(&clients[i]);
        buf_fini(&requests[i]);
    }
}

void measure_many_clients(struct target *t)
{
    many(t, "VM.get_record", FIGURE_GET_RECORD_32);
    many(t, "VM.get_name_label", FIGURE_GET_LABEL_32);
}

void measure_clone(struct target *t)
{
    uint32_t nr = call_text(t, "VM.get_all").nr, made = 0;
    uint64_t start = now_ns();
    struct buf r = {0};
    char text[256];

    (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\",\"touchstone bench\"]",
                   t->session, t->vm);
    request_json(&r, "VM.clone", text);
    for (; nr + made < MACHINES; made++)
        (void)client_ask(&t->client, &r); /* the count below tells */
    if (made)
        figure_set(FIGURE_CLONE,
                   (double)made * 1e9 / (double)(now_ns() - start));
    if (call_text(t, "VM.get_all").nr < MACHINES)
        die("machines cannot be cloned");
    buf_fini(&r);
}

static void repeat_list(struct target *t, const struct buf *r, enum figure f)
{
    (void)client_ask(&t->client, r); /* whatever is cached is, then */
    for (int i = 0; i < LISTS; i++)
        times[i] = client_ask(&t->client, r);
    figure_set(f, percentile(LISTS, 0.5) / 1e6);
}

void measure_lists(struct target *t)
{
    const char *params[] = {t->session};
    struct buf r = {0};
    char text[256];

    (void)snprintf(text, sizeof(text), "[\"%s\"]", t->session);
    request_json(&r, "VM.get_all_records", text);
    repeat_list(t, &r, FIGURE_ALL_RECORDS_JSON);
    request_xml(&r, "VM.get_all_records", params, 1);
    repeat_list(t, &r, FIGURE_ALL_RECORDS_XML);
    (void)snprintf(text, sizeof(text), "[\"%s\",[\"*\"],\"\",0.0]", t->session);
    request_json(&r, "event.from", text);
    repeat_list(t, &r, FIGURE_EVENT_FULL);
    buf_fini(&r);
}

static void token_now(struct target *t, char *token, size_t size)
{
    struct value v = client_call(&t->client, &t->arena, "event.from",
                                 "[\"%s\",[\"network\"],\"\",0.0]", t->session);

    (void)snprintf(token, size, "%s", value_text(&v, "token", ""));
}

static void watch(struct target *t, struct client *c, const char *token)
{
    struct buf r = {0};
    char text[512];

    (void)snprintf(text, sizeof(text), "[\"%s\",[\"vm/%s\"],\"%s\",60.0]",
                   t->session, t->vm, token);
    request_json(&r, "event.from", text);
    client_send(c, &r);
    buf_fini(&r);
}

static void answered(struct client *c)
{
    while (!client_receive(c))
        ;
}

/* From sending a change until one watcher has its answer. */
static void wakes(struct target *t, struct client *watchers, int nr,
                  int times_nr, enum figure p50, enum figure p99)
{
    struct buf r = {0};
    char token[128], text[512];
    uint64_t used = 0;

    for (int i = 0; i < times_nr; i++) {
        int one = i * 7919 % nr;
        uint64_t start, before;

        token_now(t, token, sizeof(token));
        for (int k = 0; k < nr; k++)
            watch(t, &watchers[k], token);
        (void)call_text(t, "pool.get_all"); /* those came before */
        (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\",\"%d\"]", t->session,
                       t->vm, i);
        request_json(&r, "VM.set_name_description", text);
        before = server_cpu_ns(t->pid);
        client_send(&t->client, &r);
        start = t->client.sent_ns;
        answered(&watchers[one]);
        times[i] = now_ns() - start;
        answered(&t->client);
        for (int k = 0; k < nr; k++)
            if (k != one)
                answered(&watchers[k]);
        used += server_cpu_ns(t->pid) - before;
        arena_fini(&t->arena);
    }
    figure_set(p50, percentile((size_t)times_nr, 0.5) / 1e6);
    figure_set(p99, percentile((size_t)times_nr, 0.99) / 1e6);
    if (used && nr > 1)
        figure_set(FIGURE_WAKE_1000_CPU, (double)used / 1e3 / nr / times_nr);
    buf_fini(&r);
}

void measure_wake(struct target *t)
{
    static struct client watchers[WATCHERS];

    for (int i = 0; i < WATCHERS; i++)
        client_open(&watchers[i], &t->url);
    wakes(t, watchers, 1, WAKES, FIGURE_WAKE_P50, FIGURE_WAKE_P99);
    wakes(t, watchers, WATCHERS, WAKES_BESIDE, FIGURE_WAKE_1000_P50,
          FIGURE_WAKE_1000_P99);
    for (int i = 0; i < WATCHERS; i++)
        client_close(&watchers[i]);
}

void measure_start_stop(struct target *t)
{
    struct buf start = {0}, stop = {0};
    uint64_t begin = now_ns(), now = begin;
    char text[256];
    size_t nr = 0;

    (void)client_call(&t->client, &t->arena, "VM.start",
                      "[\"%s\",\"%s\",false,false]", t->session, t->vm);
    (void)client_call(&t->client, &t->arena, "VM.hard_shutdown",
                      "[\"%s\",\"%s\"]", t->session, t->vm);
    (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\",false,false]",
                   t->session, t->vm);
    request_json(&start, "VM.start", text);
    (void)snprintf(text, sizeof(text), "[\"%s\",\"%s\"]", t->session, t->vm);
    request_json(&stop, "VM.hard_shutdown", text);
    for (; now - begin < t->ns; now = now_ns(), nr++) {
        (void)client_ask(&t->client, &start); /* tried above */
        (void)client_ask(&t->client, &stop);
    }
    figure_set(FIGURE_START_STOP, (double)nr * 1e9 / (double)(now - begin));
    buf_fini(&start);
    buf_fini(&stop);
}

void measure_memory(struct target *t)
{
    double mib = server_memory_mib(t->pid);

    if (mib > 0)
        figure_set(FIGURE_MEMORY, mib);
}
