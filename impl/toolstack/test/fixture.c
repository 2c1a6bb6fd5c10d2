/* The toolstack that tests use, and a way to call it in one line. */
#include "fixture.h"

#include <assert.h>
#include <string.h>

#include "dispatch.h"
#include "fake_domains.h"
#include "fake_storage.h"
#include "json.h"

static int64_t still_now(void *ctx)
{
    return ((struct fixture *)ctx)->now_ms;
}

static uint64_t counted_random(void *ctx)
{
    return ((struct fixture *)ctx)->seed += 0x9e3779b97f4a7c15u;
}

static void host_make(struct fixture *f)
{
    struct db *db = &f->ts.db;
    struct object *pool = db_create(db, "pool"), *host = db_create(db, "host");
    struct object *metrics = db_create(db, "host_metrics");

    db_set_int(db, metrics, "memory_free", (int64_t)64 << 30);
    db_set_text(db, host, "metrics", metrics->ref);
    db_set_bool(db, host, "enabled", true);
    db_set_text(db, pool, "master", host->ref);
}

void fixture_init(struct fixture *f)
{
    struct environment env = {
        .now_ms = still_now, .random = counted_random, .ctx = f};
    struct domain_driver domains = fake_domains();
    const char *answer;

    memset(f, 0, sizeof(*f));
    f->now_ms = 1767225600000; /* 2026 */
    model_init();
    arena_init(&f->arena);
    toolstack_init(&f->ts, &env, &domains);
    f->ts.storage = fake_storage();
    host_make(f);
    answer = fixture_call(f, "session.login_with_password", "[\"root\",\"x\"]");
    f->session = arena_strndup(&f->arena, answer + 1, strlen(answer) - 2);
}

void fixture_fini(struct fixture *f)
{
    toolstack_fini(&f->ts);
    arena_fini(&f->arena);
    model_fini();
}

/* The text with every "$s" replaced. */
static const char *with_session(struct fixture *f, const char *text)
{
    const char *mark = f->session ? strstr(text, "$s") : NULL;

    while (mark) {
        text = arena_printf(&f->arena, "%.*s%s%s", (int)(mark - text), text,
                            f->session, mark + 2);
        mark = strstr(text, "$s");
    }
    return text;
}

const char *fixture_call(struct fixture *f, const char *method,
                         const char *params)
{
    const char *text = with_session(f, params);
    struct answer answer;
    struct value v;
    struct buf out = {0};
    const char *copy;
    int rc = json_decode(&f->arena, text, strlen(text), &v);

    assert(rc == 0);
    dispatch(&f->ts, &f->arena, method, &v, &answer);
    if (answer.waiting)
        return "waiting";
    if (!answer.ok)
        buf_puts(&out, "{\"error\":");
    json_encode(&out, &answer.value);
    if (!answer.ok)
        buf_putc(&out, '}');
    copy = arena_strndup(&f->arena, out.data, out.len);
    buf_fini(&out);
    return copy;
}
