/* Scenarios: what is measured, and consoles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "parked.h"
#include "scenario.h"
#include "suite.h"

enum {
    PATH_BYTES = 512,
    CONSOLE_BYTES = 1024,
};

/* What GET gives, which is kept as text. */
static const char *fetch(const char *path)
{
    char whole[PATH_BYTES], *reply;
    cJSON *text;
    size_t len;
    long status;

    (void)snprintf(whole, sizeof(whole), "%s%csession_id=%s", path,
                   strchr(path, '?') ? '&' : '?', suite.session);
    status =
        rpc_http(suite.rpc, "GET", whole, "text/plain", NULL, 0, &reply, &len);
    text = keep(cJSON_CreateString(reply));
    free(reply);
    ck_assert_msg(status == 200, "GET %s: HTTP %ld", path, status);
    return text->valuestring;
}

static const char *running(const char *what)
{
    const char *vm = new_machine(what);

    ok("VM.start_on", "ssbb", vm, the_master(), false, false);
    return vm; /* here: other hosts' machines are asked for there */
}

/* Every row has a value for each entry of the legend. */
static void check_shape(const cJSON *update)
{
    const cJSON *meta = cJSON_GetObjectItem(update, "meta");
    const cJSON *legend = cJSON_GetObjectItem(meta, "legend");
    const cJSON *data = cJSON_GetObjectItem(update, "data");
    int columns = cJSON_GetArraySize(legend), rows = cJSON_GetArraySize(data);

    ck_assert_int_gt(columns, 0);
    ck_assert_int_eq(columns, (int)cJSON_GetNumberValue(
                                  cJSON_GetObjectItem(meta, "columns")));
    ck_assert_int_eq(
        rows, (int)cJSON_GetNumberValue(cJSON_GetObjectItem(meta, "rows")));
    for (const cJSON *row = data->child; row; row = row->next)
        ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(row, "values")),
                         columns);
}

static bool legend_has(const cJSON *update, const char *start)
{
    const cJSON *legend =
        cJSON_GetObjectItem(cJSON_GetObjectItem(update, "meta"), "legend");

    for (const cJSON *e = legend->child; e; e = e->next)
        if (strncmp(e->valuestring, start, strlen(start)) == 0)
            return true;
    return false;
}

void check_rrd_updates(int nr)
{
    const char *vm = running("measured"), *uuid = get_text("VM", vm, "uuid");
    const char *host = get_text("host", the_master(), "uuid");
    char path[PATH_BYTES], start[PATH_BYTES];
    cJSON *update;

    (void)nr;
    (void)snprintf(path, sizeof(path),
                   "/rrd_updates?start=%d&cf=AVERAGE&host=true&json=true",
                   -600);
    update = keep(cJSON_Parse(fetch(path)));
    ck_assert_ptr_nonnull(update);
    check_shape(update);
    (void)snprintf(start, sizeof(start), "AVERAGE:host:%s:", host);
    ck_assert(legend_has(update, start));
    (void)snprintf(path, sizeof(path),
                   "/rrd_updates?start=-600&cf=MAX&json=true&vm_uuid=%s", uuid);
    update = keep(cJSON_Parse(fetch(path)));
    check_shape(update);
    (void)snprintf(start, sizeof(start), "MAX:vm:%s:", uuid);
    ck_assert(legend_has(update, start));
    ck_assert(!legend_has(update, "MAX:host:"));
    ck_assert(!legend_has(update, "AVERAGE:"));
    ck_assert_ptr_nonnull(strstr(fetch("/rrd_updates?start=-60"), "<xport>"));
}

void check_rrd_archives(int nr)
{
    const char *vm = running("archived"), *text;
    char path[PATH_BYTES];

    (void)nr;
    text = fetch("/host_rrd");
    ck_assert_ptr_nonnull(strstr(text, "<rrd>"));
    ck_assert_ptr_nonnull(strstr(text, "<name>cpu0</name>"));
    (void)snprintf(path, sizeof(path), "/vm_rrd?uuid=%s",
                   get_text("VM", vm, "uuid"));
    text = fetch(path);
    ck_assert_ptr_nonnull(strstr(text, "<rrd>"));
    ck_assert_ptr_nonnull(strstr(text, "<name>memory</name>"));
    ck_assert_ptr_nonnull(strstr(text, "<cf>AVERAGE</cf>"));
}

static const cJSON *source_named(const cJSON *sources, const char *name)
{
    for (const cJSON *s = sources->child; s; s = s->next)
        if (strcmp(field_text(s, "name_label"), name) == 0)
            return s;
    ck_abort_msg("there is no data source %s", name);
    return NULL; /* not reached */
}

void check_data_sources(int nr)
{
    const char *vm = running("sources"), *host = the_master();
    struct rpc_answer answer;
    cJSON *value;

    (void)nr;
    ck_assert_str_eq(
        field_text(source_named(ok("VM.get_data_sources", "s", vm), "cpu0"),
                   "name_label"),
        "cpu0");
    value = ok("VM.query_data_source", "ss", vm, "cpu0");
    ck_assert(cJSON_IsNull(value) || /* nothing has been measured yet */
              (value->valuedouble >= 0 && value->valuedouble <= 1));
    ok("VM.record_data_source", "ss", vm, "cpu0");
    ok("VM.forget_data_source_archives", "ss", vm, "cpu0");
    (void)source_named(ok("host.get_data_sources", "s", host), "loadavg");
    value = ok("host.query_data_source", "ss", host, "memory_total_kib");
    ck_assert(cJSON_IsNull(value) || value->valuedouble > 0);
    call_any(&answer, suite.session, "host.query_data_source", "ss", host,
             "conform");
    ck_assert_str_ne(rpc_code(&answer), "");
    rpc_answer_free(&answer);
}

/* What a guest tells of itself is there while it runs. */
void check_guest_metrics(int nr)
{
    const char *vm = running_machine("guest", "clean_shutdown"), *metrics;

    (void)nr;
    metrics = get_text("VM", vm, "guest_metrics");
    ck_assert(exists("VM_guest_metrics", metrics));
    ck_assert_ptr_nonnull(
        get("VM_guest_metrics", metrics, "os_version")->child);
    ck_assert(get_flag("VM_guest_metrics", metrics, "PV_drivers_detected"));
    ck_assert(get_flag("VM_guest_metrics", metrics, "live"));
    metrics = get_text("VM", vm, "metrics");
    ck_assert(get_number("VM_metrics", metrics, "memory_actual") > 0);
    ck_assert(get_number("VM_metrics", metrics, "VCPUs_number") > 0);
    ok("VM.clean_shutdown", "s", vm);
    ck_assert_str_eq(get_text("VM", vm, "power_state"), "Halted");
}

/* --- Consoles --- */

static size_t connect_console(const char *console, const char *session,
                              char *reply)
{
    char request[PATH_BYTES];

    (void)snprintf(request, sizeof(request),
                   "CONNECT /console?ref=%s&session_id=%s HTTP/1.1\r\nHost: "
                   "conform\r\n\r\n",
                   console, session);
    memset(reply, 0, CONSOLE_BYTES);
    return exchange_raw(request, reply, CONSOLE_BYTES - 1, "RFB 003");
}

void check_console(int nr)
{
    const char *vm = running("console"), *console = NULL;
    char reply[CONSOLE_BYTES];

    (void)nr;
    for (cJSON *c = get("VM", vm, "consoles")->child; c; c = c->next)
        if (strcmp(get_text("console", c->valuestring, "protocol"), "rfb") == 0)
            console = c->valuestring;
    ck_assert_ptr_nonnull(console);
    ck_assert_str_eq(get_text("console", console, "VM"), vm);
    ck_assert_ptr_nonnull(
        strstr(get_text("console", console, "location"), "/console?"));
    (void)connect_console(console, suite.session, reply);
    ck_assert_msg(strncmp(reply, "HTTP/1.", 7) == 0 &&
                      strncmp(reply + 8, " 200 ", 5) == 0,
                  "CONNECT: %.40s", reply);
    ck_assert_msg(strstr(reply, "\r\n\r\nRFB 003."),
                  "no greeting of a screen behind CONNECT: %.200s", reply);
    (void)connect_console(console, BOGUS, reply);
    ck_assert_msg(strncmp(reply + 8, " 401", 4) == 0 ||
                      strncmp(reply + 8, " 403", 4) == 0,
                  "CONNECT without a session: %.40s", reply);
    ok("VM.hard_shutdown", "s", vm);
    ck_assert_ptr_null(get("VM", vm, "consoles")->child);
}
