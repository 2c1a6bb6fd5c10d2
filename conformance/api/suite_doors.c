/* Scenarios: ways in beside calls, and how many may use them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checks.h"
#include "contents.h"
#include "parked.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum {
    TEXT_BYTES = 1024,
};

/* What only another host knows is asked for there, with the same query. */
void check_redirect(int nr)
{
    char request[TEXT_BYTES], reply[TEXT_BYTES] = "", wanted[TEXT_BYTES];
    const char *vm, *host;

    (void)nr;
    world("--preset", "trio", NULL);
    host = other_host(the_master());
    vm = new_machine("elsewhere");
    ok("VM.start_on", "ssbb", vm, host, false, false);
    (void)snprintf(request, sizeof(request),
                   "GET /vm_rrd?uuid=%s&session_id=%s HTTP/1.1\r\nHost: "
                   "conform\r\n\r\n",
                   get_text("VM", vm, "uuid"), suite.session);
    (void)exchange_raw(request, reply, sizeof(reply) - 1, "\r\n\r\n");
    ck_assert_msg(strncmp(reply + 8, " 302 ", 5) == 0, "%.40s", reply);
    (void)snprintf(wanted, sizeof(wanted), "://%s",
                   get_text("host", host, "address"));
    ck_assert_ptr_nonnull(strstr(reply, wanted));
    (void)snprintf(wanted, sizeof(wanted), "/vm_rrd?uuid=%s&session_id=%s",
                   get_text("VM", vm, "uuid"), suite.session);
    ck_assert_msg(strstr(reply, wanted), "it leads elsewhere: %s", reply);
}

/* --- Disks over NBD --- */

static void read_greeting(const char *address, int port, char *text, size_t len)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t found = 0;

    ck_assert_int_eq(inet_pton(AF_INET, address, &at.sin_addr), 1);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        found = recv(fd, text, len, MSG_WAITALL);
    close(fd);
    ck_assert_int_eq(found, (ssize_t)len);
}

void check_nbd(int nr)
{
    const char *vdi, *pif, *network;
    char greeting[16];
    cJSON *info;

    (void)nr;
    world("--preset", "trio", NULL);
    for (cJSON *h = ok("host.get_all", "")->child; h; h = h->next)
        ok("host.reset_server_certificate", "s", h->valuestring);
    vdi = new_disk(storage(), DISK_BYTES);
    pif =
        ok("PIF.get_all_records_where", "s", "field \"management\" = \"true\"")
            ->child->string;
    network = get_text("PIF", pif, "network");
    ck_assert_ptr_null(ok("VDI.get_nbd_info", "s", vdi)->child);
    ok("network.add_purpose", "ss", network, "insecure_nbd");
    info = ok("VDI.get_nbd_info", "s", vdi)->child;
    ck_assert_ptr_nonnull(info);
    ck_assert_ptr_nonnull(
        strstr(field_text(info, "exportname"), get_text("VDI", vdi, "uuid")));
    read_greeting(field_text(info, "address"),
                  (int)cJSON_GetNumberValue(cJSON_GetObjectItem(info, "port")),
                  greeting, sizeof(greeting));
    ck_assert(memcmp(greeting, "NBDMAGICIHAVEOPT", sizeof(greeting)) == 0);
    ok("network.remove_purpose", "ss", network, "insecure_nbd");
    ck_assert_ptr_null(ok("VDI.get_nbd_info", "s", vdi)->child);
}

/* --- Consoles for browsers --- */

void check_web_console(int nr)
{
    const char *vm = new_machine("browser"), *console;
    char request[TEXT_BYTES], reply[TEXT_BYTES] = "";

    (void)nr;
    ok("VM.start_on", "ssbb", vm, the_master(), false, false);
    console = get("VM", vm, "consoles")->child->valuestring;
    (void)snprintf(request, sizeof(request),
                   "GET /console?ref=%s&session_id=%s HTTP/1.1\r\nHost: "
                   "conform\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
                   "binary\r\nSec-WebSocket-Key: "
                   "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                   console, suite.session);
    (void)exchange_raw(request, reply, sizeof(reply) - 1, "RFB 003");
    ck_assert_msg(strncmp(reply + 8, " 101 ", 5) == 0, "%.40s", reply);
    ck_assert_msg(strstr(reply, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                  "the key is not answered: %.300s", reply);
    ck_assert_msg(strstr(reply, "RFB 003"), "no greeting: %.300s", reply);
}

/* --- Sessions --- */

/* There are so many sessions of a client at most: the oldest make room. */
void check_session_limit(int nr)
{
    enum {
        SESSIONS_MAX = 500,
    };
    const char *first = NULL, *last = NULL;
    struct rpc_answer answer;

    (void)nr;
    world("--preset", "minimal", NULL);
    for (int i = 0; i <= SESSIONS_MAX; i++) {
        last = ok_text("session.login_with_password", "ssss", "root", "conform",
                       "1.0", "conform-many");
        first = first ? first : last;
    }
    call_any(&answer, first, "pool.get_all", "");
    ck_assert_str_eq(rpc_code(&answer), "SESSION_INVALID");
    rpc_answer_free(&answer);
    call_any(&answer, last, "pool.get_all", "");
    ck_assert_str_eq(rpc_code(&answer), "");
    rpc_answer_free(&answer);
    ok("pool.get_all", ""); /* of another client: it is still there */
}

/* What a handler does for a task is a part of that. */
void check_subtask(int nr)
{
    const char *task = later_task(
                   ok_text("task.create", "ss", made_name("whole"), "")),
               *vdi = new_disk(storage(), DISK_BYTES), *part;
    char path[TEXT_BYTES], *reply;
    cJSON *parts;
    size_t len;

    (void)nr;
    (void)snprintf(path, sizeof(path),
                   "/export_raw_vdi?session_id=%s&vdi=%s&format=raw&subtask_of="
                   "%s",
                   suite.session, vdi, task);
    ck_assert_int_eq(
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, &len),
        200);
    free(reply);
    ck_assert_int_eq(len, DISK_BYTES);
    parts = get("task", task, "subtasks");
    ck_assert_int_eq(cJSON_GetArraySize(parts), 1);
    part = later_task(parts->child->valuestring);
    ck_assert_str_eq(get_text("task", part, "subtask_of"), task);
    ck_assert_str_eq(field_text(task_wait(part), "status"), "success");
}
