/* Finds handlers, and lets in who may use them. */
#include "route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "dispatch.h"
#include "routes.h"
#include "server.h"
#include "session.h"
#include "task.h"

enum {
    CREDENTIALS_MAX = 1024,
};

struct route_list {
    const struct route *route;
    struct route_list *next;
};

static const struct route table[] = {
#define ROUTE(m, p, a, f, function) \
    {.method = m, .path = p, .action = a, .flags = f, .fn = function},
#include "routes.def"
#undef ROUTE
};

void route_add(struct toolstack *ts, const struct route *r)
{
    struct route_list *l = must_alloc(sizeof(*l));

    *l = (struct route_list){r, ts->routes};
    ts->routes = l;
}

void routes_fini(struct toolstack *ts)
{
    while (ts->routes) {
        struct route_list *l = ts->routes;

        ts->routes = l->next;
        free(l);
    }
}

static bool better(const struct route *r, const struct route *best,
                   const char *method, const char *path)
{
    size_t len = strlen(r->path);

    return strcmp(r->method, method) == 0 && strncmp(r->path, path, len) == 0 &&
           (!best || len >= strlen(best->path));
}

/* What comes at run time goes before the table. */
const struct route *route_find(const struct toolstack *ts, const char *method,
                               const char *path)
{
    const struct route *best = NULL;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (better(&table[i], best, method, path))
            best = &table[i];
    for (const struct route_list *l = ts->routes; l; l = l->next)
        if (better(l->route, best, method, path))
            best = l->route;
    return best;
}

/* --- Who calls ------------------------------------------------------------- */

/* A cookie, or else a parameter of the query. */
static const char *credential(const struct exchange *x, const char *name)
{
    const char *text =
        x->cookies.nr ? value_text(&x->cookies, name, NULL) : NULL;

    return !text && x->query.nr ? value_text(&x->query, name, NULL) : text;
}

/* "Basic dXNlcjpwYXNz" as two strings. False: not that. */
static bool basic_credentials(struct exchange *x, struct value *user,
                              struct value *password)
{
    const char *text = http_header_find(&x->head, "authorization");
    char *plain, *colon;

    if (!text || strncasecmp(text, "basic ", 6) != 0 ||
        strlen(text) > CREDENTIALS_MAX)
        return false;
    plain = base64_decode(&x->arena, text + 6 + strspn(text + 6, " "));
    colon = plain ? strchr(plain, ':') : NULL;
    if (!colon)
        return false;
    *colon = '\0';
    *user = value_string(plain);
    *password = value_string(colon + 1);
    return true;
}

/* A session for this exchange only; NULL: refused. */
static struct object *log_in(struct exchange *x, const char *method,
                             const struct value *params, size_t nr)
{
    struct value list = value_set(params, nr);
    struct answer answer;

    dispatch_from(x->call.at, &x->caller, &x->arena, method, &list, &answer);
    if (answer.waiting || !answer.ok)
        return NULL;
    x->logged_in = true;
    return session_find(x->call.request.ts, answer.value.s);
}

static struct object *log_in_user(struct exchange *x, struct value user,
                                  struct value password)
{
    struct value params[] = {user, password, value_string("1.1"),
                             value_string("http")};

    return log_in(x, "session.login_with_password", params, 4);
}

/* Another host of the pool. */
static struct object *log_in_host(struct exchange *x, const char *secret)
{
    struct object *master = toolstack_master(x->call.request.ts);
    struct value params[] = {value_string(master->ref), value_string(secret)};

    return log_in(x, "session.slave_login", params, 2);
}

static struct object *find_session(struct exchange *x)
{
    const char *ref = credential(x, "session_id");
    const char *secret = value_text(&x->cookies, "pool_secret", NULL);
    struct value user, password;

    if (ref)
        return session_find(x->call.request.ts, ref);
    if (secret)
        return log_in_host(x, secret);
    if (basic_credentials(x, &user, &password))
        return log_in_user(x, user, password);
    if (x->caller.local)
        return log_in_user(x, value_string("root"), value_string("local"));
    return NULL;
}

static int unauthorised(struct exchange *x)
{
    route_header(
        &x->call, "WWW-Authenticate",
        arena_printf(&x->arena, "Basic realm=\"%s\"", x->route->action));
    return route_page(&x->call, 401, "HTTP 401 Unauthorised");
}

/* --- Tasks ------------------------------------------------------------------ */

/* The task that the client made for this. 0, or API_FAILED: no such task. */
static int adopt_task(struct exchange *x)
{
    struct request *r = &x->call.request;
    const char *ref = credential(x, "task_id");

    if (!ref)
        return 0;
    r->task = db_find(r->db, "task", ref);
    if (r->task)
        memcpy(x->task, r->task->ref, sizeof(x->task));
    return r->task ? 0 : request_bad_handle(r, "task", ref);
}

int route_adopt_task(struct route_call *c)
{
    return adopt_task(c->exchange);
}

static void make_task(struct exchange *x)
{
    struct request *r = &x->call.request;
    const char *parent = credential(x, "subtask_of");

    if (!r->task) {
        r->task = task_make(r, x->route->action, "");
        if (parent && db_find(r->db, "task", parent))
            db_set_text(r->db, r->task, "subtask_of", parent);
        db_set_text(r->db, r->task, "session", r->session->ref);
        memcpy(x->task, r->task->ref, sizeof(x->task));
    }
    route_header(&x->call, "task-id", r->task->ref);
}

int route_admit(struct exchange *x)
{
    struct request *r = &x->call.request;
    const char *permission =
        arena_printf(&x->arena, "http/%s", x->route->action);

    r->session = find_session(x);
    if (!r->session) {
        (void)unauthorised(x);
        return API_FAILED;
    }
    memcpy(x->session, r->session->ref, sizeof(x->session));
    session_touch(r);
    if (!session_may(r, permission)) {
        (void)request_fail(r, "RBAC_PERMISSION_DENIED", permission,
                           "No permission in user session.", NULL);
        (void)adopt_task(x); /* to fail it */
        x->call.status = 403;
        (void)answer_failure(x);
        return API_FAILED;
    }
    if (adopt_task(x)) {
        (void)answer_failure(x);
        return API_FAILED;
    }
    if (x->route->flags & ROUTE_TASK)
        make_task(x);
    return 0;
}

/* Tasks and sessions may be gone since the last callback. */
void route_refresh(struct exchange *x)
{
    struct request *r = &x->call.request;

    if (*x->session)
        r->session = session_find(r->ts, x->session);
    if (*x->task)
        r->task = db_find(r->db, "task", x->task);
}

void route_over(struct exchange *x, bool ok)
{
    struct request *r = &x->call.request;

    route_refresh(x);
    if (r->task && strcmp(db_text(r->task, "status"), "pending") == 0) {
        if (!ok && r->error.kind != VALUE_SET)
            (void)request_internal(r, "The connection was lost");
        (void)task_finish(r, ok ? 0 : API_FAILED); /* nobody reads the answer */
    }
    if (x->logged_in && r->session)
        db_destroy(r->db, r->session);
}
