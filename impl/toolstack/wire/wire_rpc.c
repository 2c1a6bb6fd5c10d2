/* Envelopes: which member holds what, in which version. */
#include "wire_rpc.h"

#include <string.h>

#include "json.h"
#include "xmlrpc.h"

/* 0, or -EINVAL: not a call. */
static int json_call(struct arena *a, const char *body, size_t len,
                     struct rpc *rpc, const char **method, struct value *params)
{
    struct value v;
    const struct value *version, *id, *name, *list;

    if (json_decode(a, body, len, &v) || v.kind != VALUE_MAP)
        return -EINVAL;
    version = value_find(&v, "jsonrpc");
    if (version &&
        (version->kind != VALUE_STRING || strcmp(version->s, "2.0") != 0))
        return -EINVAL;
    rpc->form = version ? RPC_JSON2 : RPC_JSON1;
    id = value_find(&v, "id");
    name = value_find(&v, "method");
    list = value_find(&v, "params");
    if (!id || (id->kind != VALUE_INT && id->kind != VALUE_STRING) || !name ||
        name->kind != VALUE_STRING)
        return -EINVAL;
    rpc->id = *id;
    *method = name->s;
    *params = value_set(NULL, 0);
    if (list && list->kind == VALUE_SET)
        *params = *list;
    else if (!version)
        return -EINVAL;
    else if (list && list->kind == VALUE_MAP)
        *params = value_set(list, 1);
    else if (list && list->kind != VALUE_NIL)
        return -EINVAL;
    return 0;
}

void rpc_call(const struct endpoint *at, const struct caller *caller,
              struct arena *a, bool json, const char *body, size_t len,
              struct rpc *rpc)
{
    const char *method;
    struct value params;

    *rpc = (struct rpc){.form = RPC_XML};
    if (json ? json_call(a, body, len, rpc, &method, &params)
             : xmlrpc_decode(a, body, len, &method, &params)) {
        rpc->answer.malformed = true;
        return;
    }
    dispatch_from(at, caller, a, method, &params, &rpc->answer);
}

static void write_xml(struct buf *out, const struct answer *answer)
{
    struct member members[] = {
        {"Status", value_string(answer->ok ? "Success" : "Failure")},
        {answer->ok ? "Value" : "ErrorDescription", answer->value}};
    struct value v = answer->bare ? answer->value : value_map(members, 2);

    xmlrpc_response(out, &v);
}

static void write_json1(struct buf *out, const struct rpc *rpc)
{
    const struct answer *answer = &rpc->answer;

    buf_puts(out, "{\"result\":");
    if (answer->ok)
        json_encode(out, &answer->value);
    else
        buf_puts(out, "null");
    buf_puts(out, ",\"error\":");
    if (answer->ok)
        buf_puts(out, "null");
    else
        json_encode(out, &answer->value);
    buf_puts(out, ",\"id\":");
    json_encode(out, &rpc->id);
    buf_putc(out, '}');
}

static void write_json2(struct buf *out, const struct rpc *rpc)
{
    const struct value *v = &rpc->answer.value;

    buf_puts(out, "{\"jsonrpc\":\"2.0\",");
    if (rpc->answer.ok) {
        buf_puts(out, "\"result\":");
        json_encode(out, v);
    } else {
        struct value data = value_set(v->items + 1, v->nr - 1);

        buf_puts(out, "\"error\":{\"code\":1,\"message\":");
        json_string(out, v->items[0].s);
        buf_puts(out, ",\"data\":");
        json_encode(out, &data);
        buf_putc(out, '}');
    }
    buf_puts(out, ",\"id\":");
    json_encode(out, &rpc->id);
    buf_putc(out, '}');
}

void rpc_write(struct buf *out, struct arena *a, const struct rpc *rpc)
{
    (void)a;
    if (rpc->form == RPC_XML)
        write_xml(out, &rpc->answer);
    else if (rpc->form == RPC_JSON1)
        write_json1(out, rpc);
    else
        write_json2(out, rpc);
}

const char *rpc_content_type(const struct rpc *rpc)
{
    return rpc->form == RPC_XML ? "text/xml" : "application/json";
}
