/* Calls that wait, by libcurl's interface for several transfers. */
#include "parked.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenario.h"
#include "suite.h"

enum {
    URL_BYTES = 512,
    WAIT_MS = 30000,
    STEP_MS = 100,
};

struct parked {
    CURLM *multi;
    CURL *curl;
    struct curl_slist *headers;
    char *body;
    char *reply;
    size_t len;
};

static size_t receive_cb(char *data, size_t size, size_t nr, void *ctx)
{
    struct parked *p = ctx;
    char *grown = realloc(p->reply, p->len + size * nr + 1);

    if (!grown)
        return 0; /* ends the transfer */
    memcpy(grown + p->len, data, size * nr);
    p->reply = grown;
    p->len += size * nr;
    p->reply[p->len] = '\0';
    return size * nr;
}

static char *call_text(const char *session, const char *method, cJSON *params)
{
    cJSON *call = json_of("{'jsonrpc': '2.0', 'id': 1}");
    char *text;

    cJSON_InsertItemInArray(params, 0, cJSON_CreateString(session));
    cJSON_AddStringToObject(call, "method", method);
    cJSON_AddItemToObject(call, "params", params);
    text = cJSON_PrintUnformatted(call);
    cJSON_Delete(call);
    return text;
}

static void prepare(CURL *curl, const char *path)
{
    char url[URL_BYTES];

    (void)snprintf(url, sizeof(url), "%s%s", rpc_url(suite.rpc), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

static long long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Goes on until the request is sent, or it is all over; whether it is over. */
static bool step(struct parked *p, bool to_the_end)
{
    long long end = now_ms() + WAIT_MS;
    curl_off_t sent = 0;
    int running = 1;

    while (running && now_ms() < end) {
        ck_assert_int_eq(curl_multi_perform(p->multi, &running), CURLM_OK);
        (void)curl_easy_getinfo(p->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
        if (!to_the_end && sent == (curl_off_t)strlen(p->body))
            return false;
        if (running)
            (void)curl_multi_poll(p->multi, NULL, 0, STEP_MS, NULL);
    }
    return !running;
}

struct parked *park(const char *session, const char *method, cJSON *params)
{
    struct parked *p = calloc(1, sizeof(*p));

    ck_assert_ptr_nonnull(p);
    p->multi = curl_multi_init();
    p->curl = curl_easy_init();
    p->body = call_text(session, method, params);
    p->headers = curl_slist_append(NULL, "Content-Type: application/json");
    prepare(p->curl, "/jsonrpc");
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, p->body);
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, receive_cb);
    curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, p);
    ck_assert_int_eq(curl_multi_add_handle(p->multi, p->curl), CURLM_OK);
    ck_assert_msg(!step(p, false), "%s ended before it was waited for", method);
    return p;
}

static void parked_free(struct parked *p)
{
    (void)curl_multi_remove_handle(p->multi, p->curl);
    curl_easy_cleanup(p->curl);
    (void)curl_multi_cleanup(p->multi);
    curl_slist_free_all(p->headers);
    free(p->body);
    free(p->reply);
    free(p);
}

cJSON *parked_end(struct parked *p, const char **code)
{
    bool over = step(p, true);
    cJSON *reply = keep(cJSON_Parse(p->reply ? p->reply : "{}")), *error;

    parked_free(p);
    ck_assert_msg(over, "a call that waited did not end");
    error = cJSON_GetObjectItem(reply, "error");
    *code = error ? field_text(error, "message") : "";
    return error ? NULL : cJSON_GetObjectItem(reply, "result");
}

/* Whether bytes come before the time is over. */
static bool readable(CURL *curl)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct pollfd poll_fd = {.events = POLLIN};

    (void)curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd);
    poll_fd.fd = fd;
    return poll(&poll_fd, 1, WAIT_MS) == 1;
}

size_t exchange_raw(const char *request, char *reply, size_t room,
                    const char *until)
{
    CURL *curl = curl_easy_init();
    size_t len = 0, nr = 0;
    CURLcode rc;

    prepare(curl, "/");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    rc = curl_easy_perform(curl);
    if (rc == CURLE_OK)
        rc = curl_easy_send(curl, request, strlen(request), &nr);
    while (rc == CURLE_OK && len < room && !strstr(reply, until)) {
        rc = curl_easy_recv(curl, reply + len, room - len, &nr);
        if (rc == CURLE_AGAIN)
            rc = readable(curl) ? CURLE_OK : CURLE_OPERATION_TIMEDOUT;
        else if (rc == CURLE_OK && nr == 0)
            break;
        else
            len += nr;
    }
    curl_easy_cleanup(curl);
    return len;
}
