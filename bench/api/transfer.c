/* Streams over connections of their own; tasks tell when they are done. */
#define _GNU_SOURCE /* strcasestr */
#include "transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire.h"

enum {
    CHUNK_BYTES = 1 << 20,
    HEAD_BYTES = 1024,
    IMAGE_BYTES_MAX = 512 << 20,
    POLL_NS = 2000000,
    REFS_MAX = 16,
    REF_BYTES = 80,
};

struct transfer {
    char vm[REF_BYTES], vdi[REF_BYTES];
    char *disk;
    struct buf image; /* of the last export */
};

static struct value ask(struct target *t, const char *method, const char *ref)
{
    return client_call(&t->client, &t->arena, method, "[\"%s\",\"%s\"]",
                       t->session, ref);
}

static double mb_per_s(size_t bytes, uint64_t start)
{
    return (double)bytes / 1e6 / ((double)(now_ns() - start) / 1e9);
}

/* --- Streams ---------------------------------------------------------------- */
static void send_all(struct client *c, const char *data, size_t len)
{
    while (len) {
        size_t piece = len < CHUNK_BYTES ? len : CHUNK_BYTES;
        ssize_t n = wire_send(c->fd, c->tls, data, piece);

        if (n <= 0)
            die("a transfer was cut");
        data += n;
        len -= (size_t)n;
    }
}

/* All that comes until the server closes, or has sent what it announced. */
static void receive_all(struct client *c, struct buf *in)
{
    const char *end = NULL, *length;
    size_t want = 0;
    ssize_t n;

    in->len = 0;
    do {
        buf_room(in, CHUNK_BYTES);
        n = wire_receive(c->fd, c->tls, in->data + in->len, CHUNK_BYTES - 1);
        if (n <= 0)
            break;
        in->len += (size_t)n;
        in->data[in->len] = '\0';
        if (!end && (end = strstr(in->data, "\r\n\r\n"))) {
            length = strcasestr(in->data, "\r\ncontent-length:");
            want = length && length < end ? (size_t)(end + 4 - in->data) +
                                                strtoul(length + 17, NULL, 10)
                                          : 0;
        }
    } while (in->len < IMAGE_BYTES_MAX && (!want || in->len < want));
    if (in->len < 12 || memcmp(in->data + 9, "200", 3) != 0)
        die("a transfer is not 200 OK: %.*s",
            (int)(in->len ? strcspn(in->data, "\r") : 0), in->data);
}

static void put(struct target *t, const char *path, const char *data,
                size_t len)
{
    char head[HEAD_BYTES];
    struct buf answer = {0};
    struct client c;
    int n = snprintf(head, sizeof(head),
                     "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n",
                     path, t->url.host, len);

    client_open(&c, &t->url);
    send_all(&c, head, (size_t)n);
    send_all(&c, data, len);
    receive_all(&c, &answer);
    client_close(&c);
    buf_fini(&answer);
}

/* --- Tasks ------------------------------------------------------------------ */
static void task_new(struct target *t, char task[REF_BYTES])
{
    struct value v =
        client_call(&t->client, &t->arena, "task.create",
                    "[\"%s\",\"touchstone bench\",\"\"]", t->session);

    (void)snprintf(task, REF_BYTES, "%s", v.s);
}

static void task_wait(struct target *t, const char *task)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    struct value v = ask(t, "task.get_status", task);

    for (; strcmp(v.s, "pending") == 0; v = ask(t, "task.get_status", task))
        (void)nanosleep(&pause, NULL);
    if (strcmp(v.s, "success") != 0)
        die("a transfer failed: task %s is '%s'", task, v.s);
}

/* References in the text of a task's result. */
static size_t task_refs(struct target *t, const char *task,
                        char refs[REFS_MAX][REF_BYTES])
{
    struct value v = ask(t, "task.get_result", task);
    size_t nr = 0;

    for (const char *p = v.s; nr < REFS_MAX && (p = strstr(p, "OpaqueRef:"));
         p++)
        (void)snprintf(refs[nr++], REF_BYTES, "%.*s", (int)strcspn(p, "<\", "),
                       p);
    (void)ask(t, "task.destroy", task);
    return nr;
}

/* --- The machine ------------------------------------------------------------ */
/* Data that no compression makes smaller. */
static char *noise(size_t len)
{
    uint64_t *data = malloc(len), x = 0x9e3779b97f4a7c15u;

    for (size_t i = 0; data && i < len / sizeof(x); i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        data[i] = x;
    }
    if (!data)
        die("no memory for a disk");
    return (char *)data;
}

/* Where to put a disk: the pool's default, or beside one that is there. */
static void storage_find(struct target *t, char sr[REF_BYTES])
{
    struct value v = client_call(&t->client, &t->arena, "pool.get_all",
                                 "[\"%s\"]", t->session);

    if (v.kind == VALUE_SET && v.nr) {
        v = ask(t, "pool.get_default_SR", v.items[0].s);
        (void)snprintf(sr, REF_BYTES, "%s", v.s);
    }
    v = client_call(&t->client, &t->arena, "VDI.get_all_records_where",
                    "[\"%s\",\"field \\\"type\\\" = \\\"user\\\" and field "
                    "\\\"read_only\\\" = \\\"false\\\"\"]",
                    t->session);
    if (!strstr(sr, "NULL") && *sr)
        return;
    if (v.kind != VALUE_MAP || !v.nr)
        die("there is no storage for a disk");
    (void)snprintf(sr, REF_BYTES, "%s",
                   value_text(&v.members[0].value, "SR", ""));
}

struct transfer *transfer_open(struct target *t)
{
    struct transfer *x = calloc(1, sizeof(*x));
    char sr[REF_BYTES] = "";
    struct value v;

    if (!x)
        die("no memory");
    storage_find(t, sr);
    target_machine(t, x->vm, sizeof(x->vm));
    v = client_call(&t->client, &t->arena, "VDI.create",
                    "[\"%s\",{\"name_label\":\"touchstone bench\","
                    "\"name_description\":\"\",\"SR\":\"%s\","
                    "\"virtual_size\":\"%d\",\"type\":\"user\","
                    "\"sharable\":false,\"read_only\":false,"
                    "\"other_config\":{},\"xenstore_data\":{},"
                    "\"sm_config\":{},\"tags\":[]}]",
                    t->session, sr, TRANSFER_DISK_BYTES);
    (void)snprintf(x->vdi, sizeof(x->vdi), "%s", v.s);
    (void)client_call(&t->client, &t->arena, "VBD.create",
                      "[\"%s\",{\"VM\":\"%s\",\"VDI\":\"%s\","
                      "\"userdevice\":\"7\",\"bootable\":false,"
                      "\"mode\":\"RW\",\"type\":\"Disk\","
                      "\"unpluggable\":true,\"empty\":false,"
                      "\"other_config\":{},\"qos_algorithm_type\":\"\","
                      "\"qos_algorithm_params\":{}}]",
                      t->session, x->vm, x->vdi);
    x->disk = noise(TRANSFER_DISK_BYTES);
    return x;
}

void transfer_close(struct transfer *x, struct target *t)
{
    target_remove(t, x->vm);
    buf_fini(&x->image);
    free(x->disk);
    free(x);
}

/* --- Transfers -------------------------------------------------------------- */
double transfer_raw(struct transfer *x, struct target *t)
{
    char path[HEAD_BYTES / 2], task[REF_BYTES];
    uint64_t start;

    task_new(t, task);
    (void)snprintf(path, sizeof(path),
                   "/import_raw_vdi?session_id=%s&task_id=%s&vdi=%s&format=raw",
                   t->session, task, x->vdi);
    start = now_ns();
    put(t, path, x->disk, TRANSFER_DISK_BYTES);
    task_wait(t, task);
    return mb_per_s(TRANSFER_DISK_BYTES, start);
}

double transfer_export(struct transfer *x, struct target *t)
{
    char head[HEAD_BYTES];
    struct client c;
    uint64_t start = now_ns();
    int n = snprintf(head, sizeof(head),
                     "GET /export?session_id=%s&ref=%s HTTP/1.1\r\n"
                     "Host: %s\r\nConnection: close\r\n\r\n",
                     t->session, x->vm, t->url.host);

    client_open(&c, &t->url);
    send_all(&c, head, (size_t)n);
    receive_all(&c, &x->image);
    client_close(&c);
    return mb_per_s(x->image.len, start);
}

double transfer_import(struct transfer *x, struct target *t)
{
    const char *image = strstr(x->image.data, "\r\n\r\n") + 4;
    size_t len = x->image.len - (size_t)(image - x->image.data), nr;
    char path[HEAD_BYTES / 2], task[REF_BYTES], refs[REFS_MAX][REF_BYTES];
    uint64_t start;
    double speed;

    task_new(t, task);
    (void)snprintf(path, sizeof(path), "/import?session_id=%s&task_id=%s",
                   t->session, task);
    start = now_ns();
    put(t, path, image, len);
    task_wait(t, task);
    speed = mb_per_s(len, start);
    nr = task_refs(t, task, refs);
    for (size_t i = 0; i < nr; i++)
        target_remove(t, refs[i]);
    return speed;
}
