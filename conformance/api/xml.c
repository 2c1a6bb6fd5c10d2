/* XML-RPC: written by hand, read by libxml2. */
#include "xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markup.h"

enum {
    DEPTH_MAX = 64,
};

/* --- Writing --- */

static void put_scalar(FILE *out, const cJSON *v)
{
    fputs("<value>", out);
    if (cJSON_IsBool(v))
        fprintf(out, "<boolean>%d</boolean>", cJSON_IsTrue(v));
    else if (cJSON_IsNumber(v) && v->valuedouble == (double)v->valueint)
        fprintf(out, "<int>%d</int>", v->valueint);
    else if (cJSON_IsNumber(v))
        fprintf(out, "<double>%.16g</double>", v->valuedouble);
    else if (cJSON_IsString(v))
        markup_puts(out, v->valuestring);
    fputs("</value>", out);
}

static void open_value(FILE *out, const cJSON *v)
{
    if (cJSON_IsArray(v))
        fputs("<value><array><data>", out);
    else if (cJSON_IsObject(v))
        fputs("<value><struct>", out);
    else
        put_scalar(out, v);
}

static void close_value(FILE *out, const cJSON *v)
{
    if (cJSON_IsArray(v))
        fputs("</data></array></value>", out);
    else if (cJSON_IsObject(v))
        fputs("</struct></value>", out);
}

/* A tree without recursion: `path` holds the open lists and structs. */
static void put_value(FILE *out, const cJSON *root)
{
    const cJSON *path[DEPTH_MAX], *v = root;
    int depth = 0;

    for (;;) {
        bool down = v->child && depth < DEPTH_MAX;

        open_value(out, v);
        if (down) {
            path[depth++] = v;
            v = v->child;
        } else {
            close_value(out, v);
        }
        while (!down && depth > 0 && !v->next) {
            if (cJSON_IsObject(path[depth - 1]))
                fputs("</member>", out);
            v = path[--depth];
            close_value(out, v);
        }
        if (!down && depth == 0)
            return;
        if (!down) {
            if (cJSON_IsObject(path[depth - 1]))
                fputs("</member>", out);
            v = v->next;
        }
        if (cJSON_IsObject(path[depth - 1])) {
            fputs("<member><name>", out);
            markup_puts(out, v->string);
            fputs("</name>", out);
        }
    }
}

char *xml_encode_call(const char *method, const cJSON *params)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        abort();
    fputs("<?xml version=\"1.0\"?><methodCall><methodName>", out);
    markup_puts(out, method);
    fputs("</methodName><params>", out);
    for (const cJSON *p = params->child; p; p = p->next) {
        fputs("<param>", out);
        put_value(out, p);
        fputs("</param>", out);
    }
    fputs("</params></methodCall>", out);
    if (fclose(out))
        abort();
    return text;
}

/* --- Reading --- */

static xmlNode *child_named(const xmlNode *node, const char *name)
{
    for (xmlNode *n = node ? node->children : NULL; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE &&
            (!name || strcmp((const char *)n->name, name) == 0))
            return n;
    return NULL;
}

static xmlNode *next_named(const xmlNode *node)
{
    for (xmlNode *n = node->next; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE)
            return n;
    return NULL;
}

static cJSON *text_of(xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    cJSON *v = cJSON_CreateString(text ? (const char *)text : "");

    xmlFree(text);
    return v;
}

/* A value without its members: those come later. */
static cJSON *shallow(xmlNode *value)
{
    xmlNode *inner = child_named(value, NULL);
    const char *name = inner ? (const char *)inner->name : "string";
    cJSON *text, *v;

    if (strcmp(name, "array") == 0)
        return cJSON_CreateArray();
    if (strcmp(name, "struct") == 0)
        return cJSON_CreateObject();
    if (strcmp(name, "nil") == 0)
        return cJSON_CreateNull();
    text = text_of(inner ? inner : value);
    if (strcmp(name, "boolean") == 0)
        v = cJSON_CreateBool(strcmp(text->valuestring, "1") == 0);
    else if (strcmp(name, "double") == 0 || strcmp(name, "i4") == 0 ||
             strcmp(name, "int") == 0)
        v = cJSON_CreateNumber(strtod(text->valuestring, NULL));
    else
        return text;
    cJSON_Delete(text);
    return v;
}

/* The first thing inside of a list or struct: <value> or <member>. */
static xmlNode *first_item(xmlNode *value)
{
    xmlNode *inner = child_named(value, NULL);

    if (!inner)
        return NULL;
    if (strcmp((const char *)inner->name, "array") == 0)
        return child_named(child_named(inner, "data"), "value");
    if (strcmp((const char *)inner->name, "struct") == 0)
        return child_named(inner, "member");
    return NULL;
}

struct level {
    xmlNode *item; /* to be read next */
    cJSON *into;
};

/* Reads one item of the level; what it holds becomes a level of its own. */
static bool read_item(struct level *levels, int *depth)
{
    struct level *l = &levels[*depth - 1];
    xmlNode *item = l->item, *value = item;
    cJSON *v, *key = NULL;

    l->item = next_named(item);
    if (cJSON_IsObject(l->into)) {
        value = child_named(item, "value");
        key = text_of(child_named(item, "name"));
    }
    v = shallow(value);
    if (key)
        cJSON_AddItemToObject(l->into, key->valuestring, v);
    else
        cJSON_AddItemToArray(l->into, v);
    cJSON_Delete(key);
    if (!first_item(value))
        return true;
    if (*depth == DEPTH_MAX)
        return false;
    levels[(*depth)++] = (struct level){first_item(value), v};
    return true;
}

static cJSON *read_value(xmlNode *value)
{
    struct level levels[DEPTH_MAX];
    cJSON *root = shallow(value);
    int depth = 1;

    levels[0] = (struct level){first_item(value), root};
    while (depth > 0) {
        if (!levels[depth - 1].item) {
            depth--;
        } else if (!read_item(levels, &depth)) {
            cJSON_Delete(root);
            return NULL;
        }
    }
    return root;
}

cJSON *xml_decode_response(const char *text)
{
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, "UTF-8",
                                XML_PARSE_NONET | XML_PARSE_NOERROR |
                                    XML_PARSE_NOWARNING | XML_PARSE_HUGE);
    xmlNode *n = doc ? xmlDocGetRootElement(doc) : NULL;
    cJSON *v = NULL;

    n = child_named(child_named(child_named(n, "params"), "param"), "value");
    if (n)
        v = read_value(n);
    xmlFreeDoc(doc);
    return v;
}
