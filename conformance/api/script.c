/* Reads scripts and carries them out. */
#include "script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum {
    TEXT_BYTES = 16384,
    DEPTH_MAX = 16,
};

static const struct {
    const char *name, *parents, *text;
} states[] = {
#define STATE(name, parents, text) {name, parents, text},
#include "errors/states.def"
#undef STATE
};

enum {
    STATES_NR = sizeof(states) / sizeof(states[0]),
};

void script_begin(struct script *s, struct rpc *rpc, const char *session)
{
    memset(s, 0, sizeof(*s));
    s->rpc = rpc;
    s->session = session;
}

bool script_fail(struct script *s, const char *format, ...)
{
    va_list args;

    if (*s->why)
        return false;
    va_start(args, format);
    (void)vsnprintf(s->why, sizeof(s->why), format, args);
    va_end(args);
    return false;
}

/* --- Names ---------------------------------------------------------------- */

static int find_name(const struct script *s, const char *name, size_t len)
{
    for (int i = s->names_nr - 1; i >= 0; i--)
        if (strlen(s->names[i].name) == len &&
            strncmp(s->names[i].name, name, len) == 0)
            return i;
    return -1;
}

bool script_name(struct script *s, const char *name, cJSON *value,
                 cJSON *record)
{
    if (!*name || s->names_nr == SCRIPT_NAMES_MAX) {
        cJSON_Delete(value);
        cJSON_Delete(record);
        return *name ? script_fail(s, "too many names") : true;
    }
    (void)snprintf(s->names[s->names_nr].name, SCRIPT_WORD_BYTES, "%s", name);
    s->names[s->names_nr].value = value;
    s->names[s->names_nr++].record = record;
    return true;
}

/* A part by its key or its number; a number of a map gives a key. */
static cJSON *part_of(const cJSON *v, const char *key, size_t len)
{
    char word[SCRIPT_WORD_BYTES];
    cJSON *found;

    (void)snprintf(word, sizeof(word), "%.*s", (int)len, key);
    found =
        cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, word) : NULL;
    if (found)
        return cJSON_Duplicate(found, true);
    found = isdigit((unsigned char)*word) ? cJSON_GetArrayItem(v, atoi(word))
                                          : NULL;
    if (found && cJSON_IsObject(v))
        return cJSON_CreateString(found->string);
    return found ? cJSON_Duplicate(found, true) : NULL;
}

/* What "name.key.0" stands for; NULL: nothing. */
static cJSON *meant(struct script *s, const char *path)
{
    size_t len = strcspn(path, ".");
    int nr = find_name(s, path, len);
    cJSON *v, *part;

    if (nr < 0) {
        script_fail(s, "nothing is named '$%s'", path);
        return NULL;
    }
    v = path[len] && s->names[nr].record ? s->names[nr].record
                                         : s->names[nr].value;
    v = cJSON_Duplicate(v, true);
    for (path += len; v && *path; path += len) {
        path++;
        len = strcspn(path, ".");
        part = part_of(v, path, len);
        cJSON_Delete(v);
        v = part;
        if (!v)
            script_fail(s, "no part '%s'", path);
    }
    return v;
}

/* The value in place of a text; the new one is returned. */
static cJSON *put_in(struct script *s, cJSON *parent, cJSON *v)
{
    cJSON *stands = meant(s, v->valuestring + 1);

    if (!stands)
        return v;
    free(stands->string);
    stands->string = v->string ? strdup(v->string) : NULL;
    (void)cJSON_ReplaceItemViaPointer(parent, v, stands); /* it is in there */
    return stands;
}

/* A key "$name" becomes what that stands for. */
static void put_in_key(struct script *s, cJSON *v)
{
    cJSON *stands;

    if (!v->string || v->string[0] != '$')
        return;
    stands = meant(s, v->string + 1);
    if (cJSON_IsString(stands)) {
        free(v->string);
        v->string = strdup(stands->valuestring);
    }
    cJSON_Delete(stands);
}

static void put_in_all(struct script *s, cJSON *root)
{
    cJSON *path[DEPTH_MAX], *v = root->child;
    int depth = 1;

    path[0] = root;
    while (v) {
        put_in_key(s, v);
        if (cJSON_IsString(v) && v->valuestring[0] == '$') {
            v = put_in(s, path[depth - 1], v);
        } else if (v->child && depth < DEPTH_MAX) {
            path[depth++] = v;
            v = v->child;
            continue;
        }
        while (depth > 1 && !v->next)
            v = path[--depth];
        v = v->next;
    }
}

/* --- Reading -------------------------------------------------------------- */

/* Where the list that begins here ends, and its JSON; NULL: it is none. */
static const char *read_list(const char *at, char json[TEXT_BYTES])
{
    size_t len = 0;
    int depth = 0;
    bool quoted = false;

    for (; *at && len < TEXT_BYTES - 2; at++) {
        if (*at == '"')
            json[len++] = '\\';
        json[len++] = *at == '\'' ? '"' : *at;
        if (*at == '\'')
            quoted = !quoted;
        else if (!quoted && (*at == '[' || *at == '{'))
            depth++;
        else if (!quoted && (*at == ']' || *at == '}') && --depth == 0)
            break;
    }
    json[len] = '\0';
    return *at && depth == 0 ? at + 1 : NULL;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \n");
}

static const char *read_word(const char *at, char word[SCRIPT_WORD_BYTES])
{
    size_t len = strcspn(at, " \n[=~");

    (void)snprintf(word, SCRIPT_WORD_BYTES, "%.*s", (int)len, at);
    return skip_space(at + len);
}

static cJSON *parse_list(struct script *s, const char **at)
{
    char *json = malloc(TEXT_BYTES);
    const char *rest;
    cJSON *list = NULL;

    if (!json)
        abort();
    rest = **at == '[' ? read_list(*at, json) : NULL;
    if (rest)
        list = cJSON_Parse(json);
    if (list)
        put_in_all(s, list);
    else
        script_fail(s, "no list of parameters: %.60s", *at);
    if (*s->why) {
        cJSON_Delete(list);
        list = NULL;
    }
    *at = rest ? skip_space(rest) : "";
    free(json);
    return list;
}

cJSON *script_values(struct script *s, const char *text)
{
    return parse_list(s, &text);
}

/* --- Carrying out --------------------------------------------------------- */

void script_call(struct script *s, const char *method, cJSON *params,
                 struct rpc_answer *answer)
{
    const char *plain = strncmp(method, "Async.", 6) ? method : method + 6;
    int nr = message_find(plain);

    if (nr < 0 || !message_has(message_at(nr), 'N'))
        cJSON_InsertItemInArray(
            params, 0,
            cJSON_CreateString(s->borrowed ? s->borrowed : s->session));
    rpc_call(s->elsewhere ? s->elsewhere : s->rpc, method, params, answer);
}

static bool call(struct script *s, const char *method, cJSON *params,
                 struct script_result *result)
{
    struct rpc_answer answer;
    char *words;

    script_call(s, method, params, &answer);
    if (answer.value) {
        result->value = answer.value;
        answer.value = NULL;
        rpc_answer_free(&answer);
        return true;
    }
    words = answer.error ? cJSON_PrintUnformatted(answer.error) : NULL;
    script_fail(s, "%s: %s", method, words ? words : answer.why);
    free(words);
    rpc_answer_free(&answer);
    return false;
}

/* Takes over `params`. */
static bool carry_out(struct script *s, const char *method, cJSON *params,
                      struct script_result *result)
{
    bool good;

    if (strchr(method, '.'))
        return call(s, method, params, result);
    good = script_verb(s, method, params, result);
    cJSON_Delete(params);
    return good;
}

static const char *read_undo(struct script *s, const char *at)
{
    while (*at == '~' && !*s->why) {
        int nr = s->undo_nr;

        if (nr == SCRIPT_UNDO_MAX) {
            script_fail(s, "too much to undo");
            break;
        }
        s->undo[nr].may_fail = at[1] == '?';
        at = read_word(skip_space(at + 1 + s->undo[nr].may_fail),
                       s->undo[nr].method);
        s->undo[nr].params = parse_list(s, &at);
        s->undo_nr += s->undo[nr].params != NULL;
    }
    return at;
}

/* One statement; the rest of the text is returned. */
static const char *statement(struct script *s, const char *at)
{
    char name[SCRIPT_WORD_BYTES] = "", method[SCRIPT_WORD_BYTES];
    struct script_result result = {0};
    cJSON *params;

    at = read_word(at, method);
    if (*at == '=') {
        memcpy(name, method, sizeof(name));
        at = read_word(skip_space(at + 1), method);
    }
    params = parse_list(s, &at);
    if (!params || !carry_out(s, method, params, &result))
        return at;
    script_name(s, name, result.value, result.record);
    return read_undo(s, at);
}

bool script_run(struct script *s, const char *text)
{
    for (text = skip_space(text); *text && !*s->why;)
        text = statement(s, text);
    return !*s->why;
}

static int find_state(const char *name)
{
    for (int i = 0; i < STATES_NR; i++)
        if (strcmp(states[i].name, name) == 0)
            return i;
    return -1;
}

static bool has_state(const struct script *s, int nr)
{
    for (int i = 0; i < s->states_nr; i++)
        if (s->states[i] == states[nr].name)
            return true;
    return false;
}

/* Puts the states' numbers on a stack, the first one on top. */
static int push_states(struct script *s, const char *names, int *stack, int nr)
{
    char *text = strdup(names), *rest, *words[SCRIPT_STATES_MAX];
    int count = 0;

    for (char *w = strtok_r(text, " ", &rest); w && count < SCRIPT_STATES_MAX;
         w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    while (count > 0 && nr < SCRIPT_STATES_MAX) {
        stack[nr] = find_state(words[--count]);
        if (stack[nr++] < 0)
            script_fail(s, "no state '%s'", words[count]);
    }
    free(text);
    return nr;
}

/* Parents first; a state that is there already is not set up again. */
bool script_state(struct script *s, const char *names)
{
    int stack[SCRIPT_STATES_MAX];
    bool open[STATES_NR] = {false};
    int nr = push_states(s, names, stack, 0);

    while (nr > 0 && !*s->why) {
        int top = stack[nr - 1];

        if (!has_state(s, top) && !open[top]) {
            open[top] = true;
            nr = push_states(s, states[top].parents, stack, nr);
            continue;
        }
        nr--;
        if (has_state(s, top))
            continue;
        s->states[s->states_nr++] = states[top].name;
        (void)script_run(s, states[top].text); /* `why` ends the loop */
    }
    return !*s->why;
}

void script_drop(struct script *s)
{
    rpc_close(s->elsewhere);
    s->elsewhere = NULL;
    free(s->borrowed);
    s->borrowed = NULL;
    while (s->undo_nr > 0)
        cJSON_Delete(s->undo[--s->undo_nr].params);
    while (s->names_nr > 0) {
        cJSON_Delete(s->names[--s->names_nr].value);
        cJSON_Delete(s->names[s->names_nr].record);
    }
}

/* The latest; false, and `why`: it cannot be undone. */
static bool undo_one(struct script *s)
{
    struct script_result result = {0};
    int nr = --s->undo_nr;
    bool good = carry_out(s, s->undo[nr].method, s->undo[nr].params, &result);

    cJSON_Delete(result.value);
    cJSON_Delete(result.record);
    return good || s->undo[nr].may_fail;
}

bool script_end(struct script *s)
{
    char why[SCRIPT_WHY_BYTES];
    bool good = true;

    rpc_close(s->elsewhere); /* what was done here is undone here */
    s->elsewhere = NULL;
    free(s->borrowed);
    s->borrowed = NULL;
    memcpy(why, s->why, sizeof(why));
    while (s->undo_nr > 0) {
        s->why[0] = '\0';
        if (undo_one(s))
            continue;
        good = false;
        if (!*why)
            (void)snprintf(why, sizeof(why), "not undone: %.900s", s->why);
    }
    memcpy(s->why, why, sizeof(why));
    script_drop(s);
    return good;
}
