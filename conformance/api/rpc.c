/* Calls over HTTP by libcurl. */
#include "rpc.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "readonly.h"
#include "xml.h"

enum {
    URL_BYTES = 1024,
    HEADER_BYTES = 128,
};

struct rpc {
    CURL *curl;
    char *url;
    enum rpc_dialect dialect;
    int id;
};

static const struct rpc_watch nobody;
static const struct rpc_watch *watching = &nobody;
static struct {
    const char *ca_file;
    bool anybody;
    long patience_s;
    double waited;
    long calls;
} common = {.patience_s = RPC_TIMEOUT_S};

struct reply {
    char *data;
    size_t len;
};

static size_t receive_cb(char *data, size_t size, size_t nr, void *ctx)
{
    struct reply *reply = ctx;
    size_t len = size * nr;
    char *grown;

    if (len > RPC_REPLY_BYTES_MAX - reply->len)
        return 0; /* ends the transfer with an error */
    grown = realloc(reply->data, reply->len + len + 1);
    if (!grown)
        return 0;
    memcpy(grown + reply->len, data, len);
    reply->data = grown;
    reply->len += len;
    reply->data[reply->len] = '\0';
    return len;
}

struct rpc *rpc_open(const char *url, enum rpc_dialect dialect)
{
    struct rpc *rpc = calloc(1, sizeof(*rpc));

    if (!rpc)
        abort();
    rpc->curl = curl_easy_init();
    rpc->url = strdup(url);
    rpc->dialect = dialect;
    if (!rpc->curl || !rpc->url)
        abort();
    return rpc;
}

void rpc_close(struct rpc *rpc)
{
    if (!rpc)
        return;
    curl_easy_cleanup(rpc->curl);
    free(rpc->url);
    free(rpc);
}

const char *rpc_url(const struct rpc *rpc)
{
    return rpc->url;
}

void rpc_trust(const char *ca_file, bool anybody)
{
    common.ca_file = ca_file;
    common.anybody = anybody;
}

void rpc_patience(long seconds)
{
    common.patience_s = seconds;
}

void rpc_watch(const struct rpc_watch *watch)
{
    watching = watch;
}

double rpc_waited(void)
{
    return common.waited;
}

void rpc_waited_more(double seconds)
{
    common.waited += seconds;
}

long rpc_calls(void)
{
    return common.calls;
}

static bool allowed(const char *name)
{
    return !watching->may || watching->may(name);
}

static void tell_stopped(const char *name)
{
    if (watching->stopped)
        watching->stopped(name);
}

/* What is to be sent, for methods other than POST. */
struct upload {
    const char *data;
    size_t left;
};

static size_t send_cb(char *room, size_t size, size_t nr, void *ctx)
{
    struct upload *upload = ctx;
    size_t len = size * nr < upload->left ? size * nr : upload->left;

    memcpy(room, upload->data, len);
    upload->data += len;
    upload->left -= len;
    return len;
}

static void prepare(struct rpc *rpc, const char *method, struct upload *up)
{
    CURL *curl = rpc->curl;

    if (strcmp(method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, up->data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)up->left);
    } else if (strcmp(method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, send_cb);
        curl_easy_setopt(curl, CURLOPT_READDATA, up);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)up->left);
    } else {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    }
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, common.patience_s);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, common.anybody ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, common.anybody ? 0L : 2L);
    if (common.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, common.ca_file);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Performs what has been prepared, and counts how long it took. */
static CURLcode perform(struct rpc *rpc)
{
    double begun = seconds_now();
    CURLcode rc = curl_easy_perform(rpc->curl);

    common.waited += seconds_now() - begun;
    common.calls++;
    return rc;
}

/* `again`: it changes nothing, and may be sent twice. */
static long exchange(struct rpc *rpc, const char *method, const char *path,
                     const char *type, const void *body, size_t len, bool again,
                     char **text, size_t *text_len)
{
    struct reply reply = {NULL, 0};
    struct upload upload = {body, len};
    struct curl_slist *headers;
    char url[URL_BYTES], header[HEADER_BYTES];
    long status = 0;
    CURLcode rc;

    (void)snprintf(url, sizeof(url), "%s%s", rpc->url, path);
    (void)snprintf(header, sizeof(header), "Content-Type: %s", type);
    headers = curl_slist_append(NULL, header);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_reset(rpc->curl); /* keeps the connection */
    curl_easy_setopt(rpc->curl, CURLOPT_URL, url);
    curl_easy_setopt(rpc->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(rpc->curl, CURLOPT_WRITEFUNCTION, receive_cb);
    curl_easy_setopt(rpc->curl, CURLOPT_WRITEDATA, &reply);
    prepare(rpc, method, &upload);
    rc = perform(rpc);
    if (again && (rc == CURLE_RECV_ERROR || rc == CURLE_GOT_NOTHING) &&
        !reply.len)
        rc = perform(rpc); /* the kept connection had just been closed */
    curl_slist_free_all(headers);
    if (rc == CURLE_OK)
        (void)curl_easy_getinfo(rpc->curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK || !reply.data) {
        free(reply.data);
        reply.data = strdup(rc == CURLE_OK ? "" : curl_easy_strerror(rc));
        reply.len = strlen(reply.data);
    }
    *text = reply.data;
    *text_len = reply.len;
    return status;
}

long rpc_http(struct rpc *rpc, const char *method, const char *path,
              const char *type, const void *body, size_t len, char **text,
              size_t *text_len)
{
    char name[URL_BYTES];
    double begun = common.waited;
    long status;

    (void)snprintf(name, sizeof(name), "%s %s", method, path);
    if (!allowed(name)) {
        *text = strdup("not sent: it may change the target");
        *text_len = strlen(*text);
        tell_stopped(name);
        return 0;
    }
    status =
        exchange(rpc, method, path, type, body, len, false, text, text_len);
    if (watching->told) {
        char answer[HEADER_BYTES];

        (void)snprintf(answer, sizeof(answer), "HTTP %ld, %zu bytes", status,
                       *text_len);
        watching->told(name, "", answer, common.waited - begun);
    }
    return status;
}

static char *json_request(struct rpc *rpc, const char *method, cJSON *params)
{
    cJSON *call = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(call, "jsonrpc", "2.0");
    cJSON_AddStringToObject(call, "method", method);
    cJSON_AddItemToObject(call, "params", params);
    cJSON_AddNumberToObject(call, "id", ++rpc->id);
    text = cJSON_PrintUnformatted(call);
    cJSON_Delete(call);
    return text;
}

/* A version 2 error as version 1 has it: one list. */
static cJSON *error_list(cJSON *error)
{
    cJSON *list = cJSON_CreateArray(), *data;

    if (cJSON_IsArray(error)) {
        cJSON_Delete(list);
        return cJSON_Duplicate(error, true);
    }
    cJSON_AddItemToArray(
        list, cJSON_Duplicate(cJSON_GetObjectItem(error, "message"), true));
    data = cJSON_GetObjectItem(error, "data");
    for (cJSON *word = data ? data->child : NULL; word; word = word->next)
        cJSON_AddItemToArray(list, cJSON_Duplicate(word, true));
    return list;
}

static void json_answer(const char *text, struct rpc_answer *answer)
{
    cJSON *reply = cJSON_Parse(text);
    cJSON *error = cJSON_GetObjectItem(reply, "error");

    if (cJSON_IsArray(reply)) /* system.listMethods */
        answer->value = cJSON_Duplicate(reply, true);
    else if (error && !cJSON_IsNull(error))
        answer->error = error_list(error);
    else
        answer->value = cJSON_DetachItemFromObject(reply, "result");
    if (!answer->value && !answer->error)
        (void)snprintf(answer->why, sizeof(answer->why), "no answer in: %.200s",
                       text);
    cJSON_Delete(reply);
}

static void xml_answer(const char *text, struct rpc_answer *answer)
{
    cJSON *reply = xml_decode_response(text);
    const cJSON *status = cJSON_GetObjectItem(reply, "Status");

    if (!status) {
        answer->value = reply;
        reply = NULL;
    } else if (strcmp(cJSON_GetStringValue(status), "Success") == 0) {
        answer->value = cJSON_DetachItemFromObject(reply, "Value");
    } else {
        answer->error = cJSON_DetachItemFromObject(reply, "ErrorDescription");
    }
    if (!answer->value && !answer->error)
        (void)snprintf(answer->why, sizeof(answer->why), "no answer in: %.200s",
                       text);
    cJSON_Delete(reply);
}

void rpc_call(struct rpc *rpc, const char *method, cJSON *params,
              struct rpc_answer *answer)
{
    bool xml = rpc->dialect == RPC_XML;
    double begun = common.waited;
    char *body, *text;
    size_t text_len;

    *answer = (struct rpc_answer){.why = "not sent: it may change the target"};
    if (!allowed(method)) {
        cJSON_Delete(params);
        tell_stopped(method);
        return;
    }
    body = xml ? xml_encode_call(method, params)
               : json_request(rpc, method, params);
    if (xml)
        cJSON_Delete(params);
    *answer = (struct rpc_answer){0};
    answer->status =
        exchange(rpc, "POST", xml ? "/" : "/jsonrpc",
                 xml ? "text/xml" : "application/json", body, strlen(body),
                 message_reads(method), &text, &text_len);
    answer->seconds = common.waited - begun;
    if (watching->told)
        watching->told(method, body, text, answer->seconds);
    if (answer->status != 200)
        (void)snprintf(answer->why, sizeof(answer->why), "HTTP %ld: %.200s",
                       answer->status, text);
    else if (xml)
        xml_answer(text, answer);
    else
        json_answer(text, answer);
    free(text);
    free(body);
}

void rpc_answer_free(struct rpc_answer *answer)
{
    cJSON_Delete(answer->value);
    cJSON_Delete(answer->error);
    *answer = (struct rpc_answer){0};
}

const char *rpc_word(const struct rpc_answer *answer, int nr)
{
    const char *word =
        cJSON_GetStringValue(cJSON_GetArrayItem(answer->error, nr));

    return word ? word : "";
}

const char *rpc_code(const struct rpc_answer *answer)
{
    if (!answer->error)
        return answer->value ? "" : answer->why;
    return rpc_word(answer, 0);
}
