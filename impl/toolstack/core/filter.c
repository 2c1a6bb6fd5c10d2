/* Parses and evaluates filter expressions, without recursion. */
#include "filter.h"

#include <ctype.h>
#include <string.h>

#include "buf.h"

enum token {
    T_END,
    T_TRUE,
    T_FALSE,
    T_AND,
    T_OR,
    T_NOT,
    T_FIELD,
    T_EQUAL,
    T_OPEN,
    T_CLOSE,
    T_STRING,
    T_BAD,
};

static const struct {
    const char *word;
    enum token token;
} words[] = {{"true", T_TRUE}, {"false", T_FALSE}, {"and", T_AND},
             {"or", T_OR},     {"not", T_NOT},     {"field", T_FIELD},
             {"=", T_EQUAL},   {"(", T_OPEN},      {")", T_CLOSE}};

struct scanner {
    struct arena *arena;
    const char *at;
    const char *text; /* of a T_STRING */
    struct filter *out;
    enum filter_op pending[FILTER_STEPS_MAX];
    int pending_nr;
};

/* A backslash stands for itself unless a quote or a backslash follows. */
static enum token scan_string(struct scanner *s)
{
    const char *from = ++s->at;
    char *to;

    while (*s->at && *s->at != '"')
        s->at += s->at[0] == '\\' && s->at[1] ? 2 : 1;
    if (!*s->at)
        return T_BAD;
    to = arena_alloc(s->arena, (size_t)(s->at - from) + 1);
    s->text = to;
    while (from < s->at) {
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *to++ = *from++;
    }
    s->at++;
    return T_STRING;
}

static enum token scan(struct scanner *s)
{
    while (*s->at && strchr(" \t\n\r", *s->at))
        s->at++;
    if (!*s->at)
        return T_END;
    if (*s->at == '"')
        return scan_string(s);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i].word);

        if (strncmp(s->at, words[i].word, len) == 0) {
            s->at += len;
            return words[i].token;
        }
    }
    return T_BAD;
}

static bool emit(struct scanner *s, enum filter_op op)
{
    if (s->out->nr >= FILTER_STEPS_MAX)
        return false;
    s->out->steps[s->out->nr++].op = op;
    return true;
}

static bool push(struct scanner *s, enum filter_op op)
{
    if (s->pending_nr >= FILTER_STEPS_MAX)
        return false;
    s->pending[s->pending_nr++] = op;
    return true;
}

/* Operators that wait for an operand, back to the last parenthesis. */
static bool reduce(struct scanner *s)
{
    while (s->pending_nr && s->pending[s->pending_nr - 1] != FILTER_OPEN)
        if (!emit(s, s->pending[--s->pending_nr]))
            return false;
    return true;
}

/* After a field or a text: `=` and the other operand. */
static enum token scan_equal(struct scanner *s, enum token first)
{
    struct filter *f = s->out;
    enum token t = first;

    if (!emit(s, FILTER_EQUAL))
        return T_BAD;
    for (int i = 0; i < 2; i++) {
        f->steps[f->nr - 1].literal[i] = t == T_STRING;
        if (t == T_FIELD)
            t = scan(s);
        if (t != T_STRING)
            return t == T_BAD ? T_BAD : T_END;
        f->steps[f->nr - 1].text[i] = s->text;
        if (i == 0) {
            t = scan(s);
            if (t != T_EQUAL)
                return t == T_BAD ? T_BAD : T_END;
            t = scan(s);
        }
    }
    return T_TRUE;
}

static bool operand_done(struct scanner *s)
{
    return !s->pending_nr || s->pending[s->pending_nr - 1] == FILTER_OPEN ||
           reduce(s);
}

/* Where an operand must come. T_TRUE: it came; T_OPEN: still to come. */
static enum token parse_operand(struct scanner *s)
{
    enum token t = scan(s), rest;

    switch (t) {
    case T_TRUE:
    case T_FALSE:
        if (!emit(s, t == T_TRUE ? FILTER_TRUE : FILTER_FALSE))
            return T_BAD;
        return T_TRUE;
    case T_FIELD:
    case T_STRING:
        rest = scan_equal(s, t);
        return rest;
    case T_NOT:
    case T_OPEN:
        return push(s, t == T_NOT ? FILTER_NOT : FILTER_OPEN) ? T_OPEN : T_BAD;
    default:
        return t == T_BAD ? T_BAD : T_END;
    }
}

/* Where an operator, a closing parenthesis or the end must come. */
static enum token parse_operator(struct scanner *s)
{
    enum token t = scan(s);

    if (!operand_done(s))
        return T_BAD;
    switch (t) {
    case T_AND:
    case T_OR:
        return push(s, t == T_AND ? FILTER_AND : FILTER_OR) ? T_OPEN : T_BAD;
    case T_CLOSE:
        if (!s->pending_nr)
            return T_FIELD;
        s->pending_nr--; /* the parenthesis, which reduce() stopped at */
        return T_TRUE;
    case T_END:
        return s->pending_nr ? T_FIELD : T_END;
    default:
        return t == T_BAD ? T_BAD : T_FIELD;
    }
}

int filter_parse(struct request *r, const char *text, struct filter *f)
{
    static const char lexing[] = "Failure(\"lexing: empty token\")";
    static const char syntax[] =
        "Xapi_database.Db_filter_parse.MenhirBasics.Error";
    struct scanner *s = arena_alloc(r->arena, sizeof(*s));
    bool operand = true;

    *s = (struct scanner){.arena = r->arena, .at = text, .out = f};
    f->nr = 0;
    for (;;) {
        enum token t = operand ? parse_operand(s) : parse_operator(s);

        if (t == T_BAD)
            return request_fail(r, "INVALID_VALUE", text, lexing, NULL);
        if (t == T_END && !operand)
            return 0;
        if (t != T_TRUE && t != T_OPEN)
            return request_fail(r, "INVALID_VALUE", text, syntax, NULL);
        operand = t == T_OPEN;
    }
}

static void text_begin(void *ctx, const struct value *v)
{
    (void)v;
    buf_putc(ctx, '(');
}

static void text_end(void *ctx, const struct value *v)
{
    (void)v;
    buf_putc(ctx, ')');
}

static void text_key(void *ctx, const char *key)
{
    buf_puts(ctx, "('");
    buf_puts(ctx, key);
    buf_puts(ctx, "' ");
}

static void text_key_end(void *ctx)
{
    buf_putc(ctx, ')');
}

static void text_next(void *ctx)
{
    buf_putc(ctx, ' ');
}

static void text_scalar(void *ctx, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        buf_printf(ctx, "%lld", (long long)v->i);
        break;
    case VALUE_BOOL:
        buf_puts(ctx, v->b ? "true" : "false");
        break;
    case VALUE_FLOAT:
        buf_printf(ctx, "%.16g", v->f);
        break;
    case VALUE_NIL:
        break;
    default:
        buf_putc(ctx, '\'');
        buf_puts(ctx, v->s);
        buf_putc(ctx, '\'');
    }
}

const char *filter_text(struct arena *a, const struct value *v)
{
    static const struct value_visitor texts = {.begin = text_begin,
                                               .end = text_end,
                                               .key = text_key,
                                               .key_end = text_key_end,
                                               .next = text_next,
                                               .scalar = text_scalar};
    struct buf b = {0};
    char *copy;

    if (v->kind == VALUE_STRING || v->kind == VALUE_DATE)
        return v->s;
    value_walk(v, &texts, &b);
    copy = arena_strndup(a, b.data ? b.data : "", b.len);
    buf_fini(&b);
    return copy;
}

/* name__label stands for the path name/label. */
static const char *field_text(struct request *r, const struct object *o,
                              const char *name)
{
    if (strcmp(name, "_ref") == 0)
        return o->ref;
    for (int i = 0; i < o->class->fields_nr; i++) {
        const char *p = o->class->fields[i]->path, *n = name;

        while (*p && (*p == *n || (*p == '/' && n[0] == '_' && n[1] == '_'))) {
            n += *p == '/' ? 2 : 1;
            p++;
        }
        if (!*p && !*n)
            return filter_text(r->arena, &o->cells[i].value);
    }
    (void)request_fail(r, "INTERNAL_ERROR", "missing field", name, "", NULL);
    return NULL;
}

int filter_match(struct request *r, const struct filter *f,
                 const struct object *o, bool *match)
{
    bool stack[FILTER_STEPS_MAX];
    int top = 0;

    for (int i = 0; i < f->nr; i++) {
        const char *text[2];

        switch (f->steps[i].op) {
        case FILTER_NOT:
            stack[top - 1] = !stack[top - 1];
            break;
        case FILTER_AND:
            top--;
            stack[top - 1] &= stack[top];
            break;
        case FILTER_OR:
            top--;
            stack[top - 1] |= stack[top];
            break;
        case FILTER_EQUAL:
            for (int k = 0; k < 2; k++) {
                text[k] = f->steps[i].literal[k]
                              ? f->steps[i].text[k]
                              : field_text(r, o, f->steps[i].text[k]);
                if (!text[k])
                    return API_FAILED;
            }
            stack[top++] = strcmp(text[0], text[1]) == 0;
            break;
        default:
            stack[top++] = f->steps[i].op == FILTER_TRUE;
        }
    }
    *match = stack[0];
    return 0;
}
