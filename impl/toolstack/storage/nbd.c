/* An NBD server in events: one request at a time, answered in pieces. */
#include "nbd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "session.h"
#include "storage.h"
#include "vdi.h"
#include "vhd.h"

enum {
    PIECE = 256 << 10,
    OPTION_HEAD_BYTES = 16,
    OPTION_BYTES_MAX = 4096,
    REQUEST_BYTES = 28,
    READ_BYTES_MAX = 32 << 20,
    ZEROES = 124,
};

enum {
    FLAG_FIXED_NEWSTYLE = 1,
    FLAG_NO_ZEROES = 2,
    EXPORT_FLAGS = 0x103, /* there are flags; read only; many may connect */
};

enum {
    OPT_EXPORT_NAME = 1,
    OPT_ABORT = 2,
    OPT_LIST = 3,
    OPT_INFO = 6,
    OPT_GO = 7,
};

#define REP_ACK         1u
#define REP_INFO        3u
#define REP_ERR_UNSUP   0x80000001u
#define REP_ERR_INVALID 0x80000003u
#define REP_ERR_UNKNOWN 0x80000006u

enum {
    CMD_READ = 0,
    CMD_WRITE = 1,
    CMD_DISC = 2,
    CMD_FLUSH = 3,
};

#define MAGIC         0x4e42444d41474943u
#define OPTION_MAGIC  0x49484156454f5054u
#define OPTION_ANSWER 0x0003e889045565a9u
#define REQUEST_MAGIC 0x25609513u
#define ANSWER_MAGIC  0x67446698u

enum state {
    IN_FLAGS,
    IN_OPTIONS,
    IN_REQUESTS,
};

struct nbd {
    struct raw *raw;
    struct toolstack *ts;
    char host[UUID_BYTES];
    enum state state;
    bool no_zeroes;
    char vdi[REF_BYTES], hold[REF_BYTES], session[REF_BYTES];
    int64_t size;
    char handle[8]; /* of the read that is being answered */
    int64_t at, left;
    bool answered; /* the head of its answer is on its way */
};

/* --- Exports ------------------------------------------------------------------ */

/* "/UUID?session_id=REF" as a disk; NULL: no such export, or no session. */
static struct object *find_export(struct nbd *n, const char *name, size_t len)
{
    static const char key[] = "?session_id=";
    char uuid[UUID_BYTES];
    size_t head = 1 + UUID_BYTES - 1 + sizeof(key) - 1;

    if (len <= head || len - head >= REF_BYTES || name[0] != '/' ||
        memcmp(name + UUID_BYTES, key, sizeof(key) - 1) != 0)
        return NULL;
    memcpy(uuid, name + 1, UUID_BYTES - 1);
    uuid[UUID_BYTES - 1] = '\0';
    memcpy(n->session, name + head, len - head);
    n->session[len - head] = '\0';
    if (!session_find(n->ts, n->session))
        return NULL;
    return db_find_uuid(&n->ts->db, "VDI", uuid);
}

static void release(struct nbd *n)
{
    struct request r = {.ts = n->ts, .db = &n->ts->db};
    struct arena a;

    if (!*n->hold)
        return;
    arena_init(&a);
    r.arena = &a;
    vdi_release(&r, n->hold);
    arena_fini(&a);
    *n->hold = '\0';
}

/* Holds the disk for this connection. False: somebody writes to it. */
static bool hold(struct nbd *n, struct object *vdi)
{
    struct request r = {.ts = n->ts, .db = &n->ts->db};
    struct object *host = db_find_uuid(r.db, "host", n->host);
    const char *ref;
    struct arena a;

    release(n);
    arena_init(&a);
    r.arena = &a;
    ref = vdi_hold(&r, host ? host : toolstack_master(n->ts), vdi, "RO");
    if (ref) {
        memcpy(n->hold, ref, strlen(ref) + 1);
        memcpy(n->vdi, vdi->ref, sizeof(n->vdi));
        n->size = db_int(vdi, "virtual_size");
    }
    arena_fini(&a);
    return ref;
}

/* --- Options ------------------------------------------------------------------- */

static void answer_option(struct nbd *n, uint32_t option, uint32_t kind,
                          const void *data, size_t len)
{
    char head[20];

    put_be(head, 8, OPTION_ANSWER);
    put_be(head + 8, 4, option);
    put_be(head + 12, 4, kind);
    put_be(head + 16, 4, len);
    raw_write(n->raw, head, sizeof(head));
    raw_write(n->raw, data, len);
}

/* The old way to choose: there is no answer but yes, or the end. */
static bool export_name(struct nbd *n, const char *data, size_t len)
{
    struct object *vdi = find_export(n, data, len);
    char answer[10 + ZEROES] = {0};

    if (!vdi || !hold(n, vdi))
        return false;
    put_be(answer, 8, (uint64_t)n->size);
    put_be(answer + 8, 2, EXPORT_FLAGS);
    raw_write(n->raw, answer, n->no_zeroes ? 10 : sizeof(answer));
    n->state = IN_REQUESTS;
    return true;
}

static void info(struct nbd *n, uint32_t option, const char *data, size_t len)
{
    char answer[12] = {0}; /* the first kind of information: the export's */
    size_t name = len >= 6 ? get_be(data, 4) : len;
    struct object *vdi;

    if (name > len - 6 || len < 6) {
        answer_option(n, option, REP_ERR_INVALID, "", 0);
        return;
    }
    vdi = find_export(n, data + 4, name);
    if (!vdi || !hold(n, vdi)) {
        answer_option(n, option, REP_ERR_UNKNOWN, "", 0);
        return;
    }
    put_be(answer + 2, 8, (uint64_t)n->size);
    put_be(answer + 10, 2, EXPORT_FLAGS);
    answer_option(n, option, REP_INFO, answer, sizeof(answer));
    answer_option(n, option, REP_ACK, "", 0);
    if (option == OPT_GO)
        n->state = IN_REQUESTS;
    else
        release(n);
}

/* False: the connection ends. */
static bool take_option(struct nbd *n, uint32_t option, const char *data,
                        size_t len)
{
    switch (option) {
    case OPT_EXPORT_NAME:
        return export_name(n, data, len);
    case OPT_ABORT:
        answer_option(n, option, REP_ACK, "", 0);
        return false;
    case OPT_LIST: /* names are secrets: they hold sessions */
        answer_option(n, option, REP_ACK, "", 0);
        return true;
    case OPT_INFO:
    case OPT_GO:
        info(n, option, data, len);
        return true;
    default:
        answer_option(n, option, REP_ERR_UNSUP, "", 0);
        return true;
    }
}

/* --- Requests ------------------------------------------------------------------ */

static void answer(struct nbd *n, const char *handle, uint32_t error)
{
    char head[16];

    put_be(head, 4, ANSWER_MAGIC);
    put_be(head + 4, 4, error);
    memcpy(head + 8, handle, 8);
    raw_write(n->raw, head, sizeof(head));
}

/* The next piece of what is read. False: it cannot be read. */
static bool read_piece(struct nbd *n, char *piece, size_t len)
{
    const struct object *vdi = db_find(&n->ts->db, "VDI", n->vdi);

    return vdi && session_find(n->ts, n->session) &&
           vdi_read(n->ts, vdi, n->at, piece, len) == 0;
}

/* Answers as much as can be queued. False: the connection ends. */
static bool pump(struct nbd *n)
{
    while (n->left && raw_pending(n->raw) < RAW_QUEUE_BYTES) {
        size_t len = n->left < PIECE ? (size_t)n->left : PIECE;
        char *piece = must_alloc(len);
        bool ok = read_piece(n, piece, len);

        if (!n->answered)
            answer(n, n->handle, ok ? 0 : EIO);
        if (ok)
            raw_write(n->raw, piece, len);
        free(piece);
        if (!ok) {
            n->left = 0;
            return !n->answered; /* half an answer cannot be taken back */
        }
        n->answered = true;
        n->at += (int64_t)len;
        n->left -= (int64_t)len;
    }
    return true;
}

static bool take_read(struct nbd *n, const char *handle, uint64_t at,
                      uint32_t len)
{
    if (len > READ_BYTES_MAX || at > (uint64_t)n->size ||
        len > (uint64_t)n->size - at) {
        answer(n, handle, EINVAL);
        return true;
    }
    if (!len) {
        answer(n, handle, 0);
        return true;
    }
    memcpy(n->handle, handle, sizeof(n->handle));
    n->at = (int64_t)at;
    n->left = len;
    n->answered = false;
    return pump(n);
}

static bool take_request(struct nbd *n, const char *data)
{
    uint32_t command = (uint32_t)get_be(data + 6, 2);
    const char *handle = data + 8;

    switch (command) {
    case CMD_READ:
        return take_read(n, handle, get_be(data + 16, 8),
                         (uint32_t)get_be(data + 24, 4));
    case CMD_FLUSH:
        answer(n, handle, 0);
        return true;
    case CMD_DISC:
        return false;
    case CMD_WRITE: /* its data would follow */
        answer(n, handle, EPERM);
        return false;
    default:
        answer(n, handle, EPERM);
        return true;
    }
}

/* --- The connection -------------------------------------------------------------- */

static int64_t end(struct nbd *n, int64_t used)
{
    raw_close(n->raw);
    return used;
}

static int64_t receive_option(struct nbd *n, const char *data, size_t len)
{
    size_t more;

    if (len < OPTION_HEAD_BYTES)
        return 0;
    more = get_be(data + 12, 4);
    if (get_be(data, 8) != OPTION_MAGIC || more > OPTION_BYTES_MAX)
        return end(n, (int64_t)len);
    if (len < OPTION_HEAD_BYTES + more)
        return 0;
    if (!take_option(n, (uint32_t)get_be(data + 8, 4), data + OPTION_HEAD_BYTES,
                     more))
        return end(n, (int64_t)len);
    return (int64_t)(OPTION_HEAD_BYTES + more);
}

static int64_t received(struct raw *raw, void *state, const char *data,
                        size_t len)
{
    struct nbd *n = state;

    (void)raw;
    if (n->state == IN_FLAGS) {
        if (len < 4)
            return 0;
        n->no_zeroes = get_be(data, 4) & FLAG_NO_ZEROES;
        n->state = IN_OPTIONS;
        return 4;
    }
    if (n->state == IN_OPTIONS)
        return receive_option(n, data, len);
    if (n->left || len < REQUEST_BYTES)
        return 0;
    if (get_be(data, 4) != REQUEST_MAGIC || !take_request(n, data))
        return end(n, (int64_t)len);
    return REQUEST_BYTES;
}

static void drained(struct raw *raw, void *state)
{
    struct nbd *n = state;

    if (n->left && !pump(n))
        raw_close(raw);
    else if (!n->left)
        raw_resume(raw);
}

static void closed(struct raw *raw, void *state)
{
    (void)raw;
    release(state);
    free(state);
}

static void *begin(struct raw *raw, const struct endpoint *at)
{
    struct nbd *n = must_alloc(sizeof(*n));
    char hello[18];

    *n = (struct nbd){.raw = raw, .ts = at->ts};
    memcpy(n->host, at->host, sizeof(n->host));
    put_be(hello, 8, MAGIC);
    put_be(hello + 8, 8, OPTION_MAGIC);
    put_be(hello + 16, 2, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
    raw_write(raw, hello, sizeof(hello));
    return n;
}

const struct raw_service nbd_service = {
    .ops = {.received = received, .drained = drained, .closed = closed},
    .begin = begin,
};
