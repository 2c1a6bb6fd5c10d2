/* Helpers of handlers: arguments, results, errors. */
#include "request.h"

#include <assert.h>
#include <stdarg.h>

enum {
    ERROR_WORDS_MAX = 16,
};

int request_fail(struct request *r, const char *code, ...)
{
    const char *words[ERROR_WORDS_MAX] = {code};
    size_t nr = 0;
    va_list args;

    va_start(args, code);
    for (const char *w = code; w; w = va_arg(args, const char *)) {
        assert(nr < ERROR_WORDS_MAX);
        words[nr++] = arena_strdup(r->arena, w);
    }
    va_end(args);
    r->error = value_strings(r->arena, words, nr);
    return API_FAILED;
}

int request_internal(struct request *r, const char *text)
{
    return request_fail(r, "INTERNAL_ERROR", text, NULL);
}

int request_bad_handle(struct request *r, const char *class_name,
                       const char *ref)
{
    return request_fail(r, "HANDLE_INVALID", class_name, ref, NULL);
}

const char *arg_text(const struct request *r, int nr)
{
    assert(nr < r->args_nr);
    return r->args[nr].s;
}

int64_t arg_int(const struct request *r, int nr)
{
    assert(nr < r->args_nr);
    return r->args[nr].i;
}

bool arg_bool(const struct request *r, int nr)
{
    assert(nr < r->args_nr);
    return r->args[nr].b;
}

double arg_float(const struct request *r, int nr)
{
    assert(nr < r->args_nr);
    return r->args[nr].f;
}

struct object *arg_object(struct request *r, int nr, const char *class_name)
{
    struct object *o = db_find(r->db, class_name, arg_text(r, nr));

    if (!o)
        (void)request_bad_handle(r, class_name, arg_text(r, nr));
    return o;
}

struct value request_record(struct request *r, struct object *o)
{
    return r->caller ? db_rendered(r->db, o) : db_record(r->arena, o);
}

int reply(struct request *r, struct value v)
{
    r->result = v;
    return 0;
}

int reply_void(struct request *r)
{
    return reply(r, value_void());
}

int reply_ref(struct request *r, const struct object *o)
{
    return reply(r, value_string(arena_strdup(r->arena, o->ref)));
}

int reply_text(struct request *r, const char *text)
{
    return reply(r, value_string(text));
}
