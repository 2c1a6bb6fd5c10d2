/* Names bound to values, and JSON in which such names stand. */
#include "bound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum {
    DEPTH_MAX = 16,
    TEXT_BYTES = 4096,
};

static struct {
    char name[BOUND_NAME_BYTES];
    cJSON *value;
} bound[BOUND_MAX];
static int bound_nr, hidden_nr;

void bound_add(const char *name, cJSON *value)
{
    ck_assert_int_lt(bound_nr, BOUND_MAX);
    (void)snprintf(bound[bound_nr].name, BOUND_NAME_BYTES, "%s", name);
    bound[bound_nr++].value = value;
}

int bound_count(void)
{
    return bound_nr;
}

void bound_cut(int nr)
{
    while (bound_nr > nr)
        cJSON_Delete(bound[--bound_nr].value);
}

int bound_hide(int nr)
{
    int old = hidden_nr;

    hidden_nr = nr;
    return old;
}

/* "field.0.x" below a value. */
static cJSON *part_of(cJSON *v, const char *path)
{
    char word[TEXT_BYTES];

    while (v && *path) {
        size_t len = strcspn(path, ".");

        (void)snprintf(word, sizeof(word), "%.*s", (int)len, path);
        v = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, atoi(word))
                             : cJSON_GetObjectItem(v, word);
        path += len + (path[len] == '.');
    }
    return v;
}

cJSON *bound_find(const char *path)
{
    size_t len = strcspn(path, ".");

    for (int i = bound_nr - 1; i >= hidden_nr; i--)
        if (strlen(bound[i].name) == len &&
            strncmp(bound[i].name, path, len) == 0)
            return part_of(bound[i].value, path + len + (path[len] == '.'));
    return NULL;
}

static void name_missing(const char *path, char missing[BOUND_NAME_BYTES])
{
    size_t len = strcspn(path, ".");

    (void)snprintf(missing, BOUND_NAME_BYTES, "%.*s", (int)len, path);
    ck_assert_msg(!bound_find(missing), "'%s' has no such part", path);
}

/* The text of a value inside a longer one. */
static void put_text(FILE *out, const cJSON *v)
{
    char *text = cJSON_IsString(v) ? NULL : cJSON_PrintUnformatted(v);

    fputs(text ? text : v->valuestring, out);
    free(text);
}

/* "a ${x} b" with its names replaced. False: one is missing. */
static bool expand(const char *text, char **out, char missing[BOUND_NAME_BYTES])
{
    size_t size;
    FILE *stream = open_memstream(out, &size);

    if (!stream)
        abort();
    while (*text && !*missing) {
        char path[TEXT_BYTES];
        size_t len = strncmp(text, "${", 2) == 0 ? strcspn(text, "}") : 0;
        cJSON *v;

        if (!len) {
            fputc(*text++, stream);
            continue;
        }
        (void)snprintf(path, sizeof(path), "%.*s", (int)len - 2, text + 2);
        v = bound_find(path);
        if (v)
            put_text(stream, v);
        else
            name_missing(path, missing);
        text += len + (text[len] == '}');
    }
    fclose(stream);
    return !*missing;
}

/* Replaces a string that names values; the node in its place. */
static cJSON *fill(cJSON *parent, cJSON *v, char missing[BOUND_NAME_BYTES])
{
    cJSON *other;
    char *text;

    if (v->valuestring[0] == '$' && v->valuestring[1] != '{') {
        other = bound_find(v->valuestring + 1);
        if (!other) {
            name_missing(v->valuestring + 1, missing);
            return v;
        }
        other = cJSON_Duplicate(other, true);
        cJSON_free(other->string);
        other->string = v->string ? strdup(v->string) : NULL;
        ck_assert(cJSON_ReplaceItemViaPointer(parent, v, other));
        return other;
    }
    if (strstr(v->valuestring, "${")) {
        if (expand(v->valuestring, &text, missing))
            cJSON_SetValuestring(v, text);
        free(text);
    }
    return v;
}

/* Whether what stands in its place is to be looked into. */
static bool fill_all(cJSON *root, char missing[BOUND_NAME_BYTES])
{
    cJSON *path[DEPTH_MAX], *v = root->child;
    int depth = 0;

    path[0] = root;
    while (v && !*missing) {
        bool text = cJSON_IsString(v);

        if (text)
            v = fill(path[depth], v, missing);
        if (!text && v->child && depth + 1 < DEPTH_MAX) {
            path[++depth] = v;
            v = v->child;
            continue;
        }
        while (depth > 0 && !v->next)
            v = path[depth--];
        v = v->next;
    }
    return !*missing;
}

/* The list of JSON values that the text means. */
static char *json_of_text(const char *text)
{
    char *json;
    size_t size;
    FILE *out = open_memstream(&json, &size);

    if (!out)
        abort();
    fputc('[', out);
    for (; *text; text++)
        if (*text == '`')
            fputs("\\\"", out);
        else
            fputc(*text == '\'' ? '"' : *text, out);
    fputc(']', out);
    fclose(out);
    return json;
}

cJSON *bound_parse(const char *text, char missing[BOUND_NAME_BYTES])
{
    char *json = json_of_text(text);
    cJSON *tree = cJSON_Parse(json);

    free(json);
    ck_assert_msg(tree, "no JSON: %s", text);
    keep(tree);
    missing[0] = '\0';
    return fill_all(tree, missing) ? tree : NULL;
}
