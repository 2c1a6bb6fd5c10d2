/* Types of values: a set's items, a map's values, enumerations, references. */
#include "typed.h"

#include <stdio.h>
#include <string.h>

#include "message.h"

enum {
    DEPTH_MAX = 8,
    TYPE_BYTES = 128,
};

static bool ends(const char *text, const char *tail)
{
    size_t len = strlen(text), n = strlen(tail);

    return len > n && strcmp(text + len - n, tail) == 0;
}

/* XML-RPC sends numbers as text; JSON has no word for "not a number". */
static bool is_number(const cJSON *v)
{
    return cJSON_IsNumber(v) || cJSON_IsNull(v) ||
           (cJSON_IsString(v) && *v->valuestring &&
            strspn(v->valuestring, "-+.0123456789einfaN") ==
                strlen(v->valuestring));
}

static bool one_of(const char *values, const char *text)
{
    size_t len = strlen(text);

    for (const char *at = values; *at;) {
        size_t word = strcspn(at, " ");

        if (word == len && strncmp(at, text, len) == 0)
            return true;
        at += word + (at[word] == ' ');
    }
    return false;
}

static bool is_text(const cJSON *v, const char *type)
{
    if (!cJSON_IsString(v))
        return false;
    if (ends(type, " ref"))
        return strncmp(v->valuestring, "OpaqueRef:", 10) == 0;
    if (strncmp(type, "enum ", 5) == 0)
        return one_of(enumeration_values(type + 5), v->valuestring);
    return strcmp(type, "void") != 0 || *v->valuestring == '\0';
}

/* The type of what is inside, copied to `inner`; false: nothing is. */
static bool inside(const char *type, char inner[TYPE_BYTES])
{
    const char *arrow = strstr(type, "-> ");
    size_t len = strlen(type);

    if (ends(type, " set")) {
        len -= strlen(" set");
    } else if (ends(type, ") map") && arrow) {
        type = arrow + strlen("-> ");
        len = strlen(type) - strlen(") map");
    } else {
        return false;
    }
    memcpy(inner, type, len);
    inner[len] = '\0';
    return true;
}

static bool flat(const cJSON *v, const char *type)
{
    if (ends(type, " set"))
        return cJSON_IsArray(v);
    if (ends(type, ") map") || ends(type, " record"))
        return cJSON_IsObject(v);
    if (strcmp(type, "int") == 0 || strcmp(type, "float") == 0)
        return is_number(v);
    if (strcmp(type, "bool") == 0)
        return cJSON_IsBool(v) || is_text(v, "string");
    return is_text(v, type);
}

bool typed(const cJSON *value, const char *type)
{
    char types[DEPTH_MAX][TYPE_BYTES];
    const cJSON *path[DEPTH_MAX], *v = value;
    int depth = 0;

    (void)snprintf(types[0], TYPE_BYTES, "%s", type);
    for (;;) {
        if (!flat(v, types[depth]))
            return false;
        if (v->child && depth + 1 < DEPTH_MAX &&
            inside(types[depth], types[depth + 1])) {
            path[depth++] = v;
            v = v->child;
            continue;
        }
        while (depth > 0 && !v->next)
            v = path[--depth];
        if (depth == 0)
            return true;
        v = v->next;
    }
}
