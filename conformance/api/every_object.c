/* Claims about getters, setters and lists, checked on objects that are there. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "options.h"
#include "recipe.h"
#include "samples.h"
#include "scenario.h"
#include "suite.h"
#include "target.h"

enum {
    NAME_BYTES = 128,
    DEPTH_MAX = 64,
};

static const struct param *only_self(const struct message *m)
{
    char type[NAME_BYTES], class[CLASS_BYTES];

    (void)snprintf(type, sizeof(type), "%s ref", message_class(m, class));
    return m->params_nr > 0 && strcmp(m->params[0].type, type) == 0
               ? &m->params[0]
               : NULL;
}

bool is_getter(int nr)
{
    const struct message *m = message_at(nr);

    return message_verb(m, "get_") && m->params_nr == 1 && only_self(m) &&
           !message_has(m, 'R') && !message_verb(m, "get_record") &&
           !excepted("getter", m->name, "*");
}

bool is_setter(int nr)
{
    const struct message *m = message_at(nr);

    return message_verb(m, "set_") && m->params_nr == 2 && only_self(m) &&
           !message_has(m, 'R') && !message_has(m, 'I') &&
           !excepted("setter", m->name, "*");
}

bool is_by_uuid(int nr)
{
    const struct message *m = message_at(nr);

    return message_verb(m, "get_by_uuid") && !message_has(m, 'R') &&
           !excepted("by_uuid", m->name, "*");
}

bool is_by_name(int nr)
{
    const struct message *m = message_at(nr);

    return message_verb(m, "get_by_name_label") && !message_has(m, 'R');
}

bool is_all_records(int nr)
{
    const struct message *m = message_at(nr);
    const char *dot = strchr(m->name, '.');

    return dot && strcmp(dot, ".get_all_records") == 0 && !message_has(m, 'R');
}

static const char *class_message(const struct message *m, const char *verb,
                                 char name[NAME_BYTES])
{
    char class[CLASS_BYTES];

    (void)snprintf(name, NAME_BYTES, "%s.%.60s", message_class(m, class), verb);
    return name;
}

/* A machine that is no template and no control domain, and does not run. */
static const char *any_machine(void)
{
    cJSON *all = ok("VM.get_all_records_where", "s",
                    "field \"is_a_template\" = \"false\" and "
                    "field \"is_control_domain\" = \"false\" and "
                    "field \"power_state\" = \"Halted\"");

    if (!all->child)
        skip("the target has no halted machine");
    return all->child->string;
}

/* Some object of the message's class. */
static const char *any_object(const struct message *m)
{
    char class[CLASS_BYTES];
    const char *ref = sample_of(message_class(m, class));

    if (ref)
        return ref;
    if (strcmp(class, "session") == 0)
        return suite.session;
    if (strcmp(class, "VM") == 0 && !suite.options->destructive)
        return any_machine();
    ref = object_of(class);
    if (!ref)
        skip("the target has no object of the class");
    return ref;
}

static cJSON *record_of(const struct message *m, const char *ref)
{
    char name[NAME_BYTES];

    int nr = message_find(class_message(m, "get_record", name));

    if (nr < 0 || message_has(message_at(nr), 'R'))
        skip("the class has no records");
    return ok(name, "s", ref);
}

/* The record's field that "get_x" and "set_x" are about. */
static const char *field_of(const struct message *m, const cJSON *record)
{
    const char *field = strchr(m->name, '.') + strlen(".get_");

    if (!cJSON_GetObjectItem(record, field))
        skip("not about a field of the record");
    return field;
}

void every_getter(int nr)
{
    const struct message *m = message_at(nr);
    const char *ref = any_object(m);
    cJSON *record = record_of(m, ref);
    const char *field = field_of(m, record);

    ck_assert_msg(cJSON_Compare(ok(m->name, "s", ref),
                                cJSON_GetObjectItem(record, field), true),
                  "%s differs from the record", m->name);
}

/* What setters of fields that take particular values only are given. */
static const struct {
    const char *message, *value;
} values[] = {
#define VALUE(message, value) {message, value},
#include "values.def"
#undef VALUE
};

static const char *particular(const struct message *m)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (strcmp(values[i].message, m->name) == 0)
            return values[i].value;
    return NULL;
}

/* A value of an enumeration that is not this one. */
static cJSON *other_word(const char *type, const cJSON *old)
{
    const char *words = enumeration_values(type + strlen("enum "));
    char word[NAME_BYTES];

    for (size_t len; *words; words += len + (words[len] == ' ')) {
        len = strcspn(words, " ");
        (void)snprintf(word, sizeof(word), "%.*s", (int)len, words);
        if (strcmp(word, old->valuestring) != 0)
            return cJSON_CreateString(word);
    }
    return NULL;
}

/* What may be set on any target: it is for clients only. */
static bool harmless(const struct message *m)
{
    return message_verb(m, "set_name_") || message_verb(m, "set_tags") ||
           message_verb(m, "set_other_config") ||
           message_verb(m, "set_xenstore_data");
}

/* Another value of the type, or NULL: only the same can be set safely. */
static cJSON *other_value(const struct message *m, const cJSON *old)
{
    const char *type = m->params[1].type, *text = particular(m);
    cJSON *v;

    if (!target_is_sim() && !harmless(m))
        return NULL;
    if (text)
        return strcmp(text, "=") == 0 ? NULL : cJSON_Parse(text);
    if (strcmp(type, "string") == 0)
        return cJSON_CreateString("conform was here");
    if (strcmp(type, "bool") == 0)
        return cJSON_CreateBool(!cJSON_IsTrue(old));
    if (strcmp(type, "int") == 0)
        return cJSON_CreateNumber(old->valuedouble + 1);
    if (strncmp(type, "enum ", 5) == 0 && !strstr(type, " set"))
        return other_word(type, old);
    if (strcmp(type, "string set") != 0 &&
        strcmp(type, "(string -> string) map") != 0)
        return NULL;
    v = cJSON_Duplicate(old, true);
    if (cJSON_IsArray(v))
        cJSON_AddItemToArray(v, cJSON_CreateString("conform"));
    else
        cJSON_AddStringToObject(v, "conform", "was here");
    return v;
}

/* Sets a field; false: it was refused as exceptions.def says. */
static bool set_field(const struct message *m, const char *ref,
                      const cJSON *value)
{
    struct rpc_answer answer;

    call_any(&answer, suite.session, m->name, "sj", ref,
             cJSON_Duplicate(value, true));
    keep(answer.error);
    keep(answer.value);
    if (answer.error && excepted("setter", m->name, rpc_code(&answer))) {
        coverage_mark_error(message_find(m->name), rpc_code(&answer));
        return false;
    }
    ck_assert_msg(!answer.error, "%s was refused with %s", m->name,
                  rpc_code(&answer));
    coverage_mark(message_find(m->name), COLUMN_SUCCESS);
    return true;
}

void every_setter(int nr)
{
    const struct message *m = message_at(nr);
    char getter[NAME_BYTES], class[CLASS_BYTES];
    const char *ref, *field, *token;
    cJSON *record, *old, *other;

    needs_destructive();
    ref = any_object(m);
    record = record_of(m, ref);
    field = field_of(m, record);
    old = cJSON_GetObjectItem(record, field);
    (void)message_class(m, class);
    (void)snprintf(getter, sizeof(getter), "%.60s.get_%.60s", class, field);
    other = keep(other_value(m, old));
    token = other ? event_token() : "";
    if (!set_field(m, ref, other ? other : old) ||
        excepted("setter", m->name, ""))
        return;
    ck_assert_msg(
        cJSON_Compare(ok(getter, "s", ref), other ? other : old, true),
        "%s did not keep what it was given", m->name);
    if (!other)
        return;
    if (class_has_events(class) && !cJSON_Compare(other, old, true)) {
        ck_assert_msg(event_about(class, ref, token), "no event of %s",
                      m->name);
        coverage_mark(nr, COLUMN_EVENT);
    }
    (void)set_field(m, ref, old);
}

/* "add_to_x" of a map of texts, or "add_x" of a set of texts. */
bool is_adder(int nr)
{
    const struct message *m = message_at(nr);
    int texts = message_verb(m, "add_to_") ? 2 : 1;

    if (!message_verb(m, "add_") || !only_self(m) || message_has(m, 'R') ||
        message_has(m, 'I') || m->params_nr != 1 + texts ||
        excepted("adder", m->name, "*"))
        return false;
    for (int i = 1; i <= texts; i++)
        if (strcmp(m->params[i].type, "string") != 0)
            return false;
    return true;
}

/* Fields of a group have two underscores in the database, and in errors. */
static bool same_field(const char *field, const char *word)
{
    for (; *field && *word; field++, word++) {
        if (word[0] == '_' && word[1] == '_')
            word++;
        if (*field != *word)
            return false;
    }
    return *field == *word;
}

/* A key that is there already. */
static void add_again(const struct message *m, const char *class,
                      const char *field, const char *ref, const char *key)
{
    cJSON *error =
        refused("MAP_DUPLICATE_KEY", m->name, "sss", ref, key, "again");
    const char *word = cJSON_GetStringValue(cJSON_GetArrayItem(error, 2));

    ck_assert_msg(word && same_field(field, word), "the error names field '%s'",
                  word ? word : "");
    words(error, "MAP_DUPLICATE_KEY", class, word, ref, key, NULL);
}

/* Adds to a field, finds it there, takes it away again. */
void every_adder(int nr)
{
    static const char key[] = "conform-key", text[] = "was here";
    const struct message *m = message_at(nr);
    bool map = message_verb(m, "add_to_");
    const char *field = strchr(m->name, '.') + (map ? 8 : 5), *ref, *token;
    char getter[NAME_BYTES], remover[NAME_BYTES], class[CLASS_BYTES];
    cJSON *value;

    needs_destructive();
    ref = any_object(m);
    (void)message_class(m, class);
    (void)snprintf(getter, sizeof(getter), "%.50s.get_%.60s", class, field);
    (void)snprintf(remover, sizeof(remover), "%.50s.remove_%s%.50s", class,
                   map ? "from_" : "", field);
    if (message_find(getter) < 0 || message_find(remover) < 0)
        skip("not about a field that can be read and cleared");
    token = event_token();
    if (map)
        ok(m->name, "sss", ref, key, text);
    else
        ok(m->name, "ss", ref, key);
    value = ok(getter, "s", ref);
    if (map) {
        ck_assert_str_eq(field_text(value, key), text);
        add_again(m, class, field, ref, key);
    } else {
        ck_assert_int_gt(cJSON_GetArraySize(value), 0);
    }
    if (class_has_events(class)) {
        ck_assert_msg(event_about(class, ref, token), "no event of %s",
                      m->name);
        coverage_mark(nr, COLUMN_EVENT);
        token = event_token();
    }
    ok(remover, "ss", ref, key);
    ck_assert_ptr_null(cJSON_GetObjectItem(ok(getter, "s", ref), key));
    if (class_has_events(class) && event_about(class, ref, token))
        coverage_mark(message_find(remover), COLUMN_EVENT);
}

void every_by_uuid(int nr)
{
    static const char nobody[] = "ffffffff-0000-4000-8000-00000000beef";
    const struct message *m = message_at(nr);
    const char *ref;
    cJSON *error = refused("UUID_INVALID", m->name, "s", nobody);

    ck_assert_str_eq(cJSON_GetArrayItem(error, 2)->valuestring, nobody);
    ref = any_object(m);
    ck_assert_str_eq(
        ok_text(m->name, "s", field_text(record_of(m, ref), "uuid")), ref);
}

void every_by_name(int nr)
{
    const struct message *m = message_at(nr);
    const char *ref = any_object(m);
    cJSON *found =
        ok(m->name, "s", field_text(record_of(m, ref), "name_label"));
    bool there = false;

    for (cJSON *f = found->child; f; f = f->next)
        there |= strcmp(f->valuestring, ref) == 0;
    ck_assert_msg(there, "%s does not find the object", m->name);
}

void every_all_records(int nr)
{
    const struct message *m = message_at(nr);
    char name[NAME_BYTES];
    cJSON *records = ok(m->name, ""), *all;

    if (message_find(class_message(m, "get_all", name)) >= 0) {
        all = ok(name, "");
        ck_assert_int_eq(cJSON_GetArraySize(all), cJSON_GetArraySize(records));
        for (cJSON *ref = all->child; ref; ref = ref->next)
            ck_assert_msg(cJSON_GetObjectItem(records, ref->valuestring),
                          "%s lacks %s", m->name, ref->valuestring);
    }
    if (message_find(class_message(m, "get_all_records_where", name)) >= 0)
        ck_assert_int_eq(cJSON_GetArraySize(ok(name, "s", "true")),
                         cJSON_GetArraySize(records));
    if (message_find(class_message(m, "get_all_where", name)) >= 0)
        ck_assert_int_eq(cJSON_GetArraySize(ok(name, "s", "true")),
                         cJSON_GetArraySize(records));
}

/* Numbers become text: XML-RPC sends integers so. */
static void numbers_to_text(cJSON *root)
{
    cJSON *path[DEPTH_MAX], *v = root;
    int depth = 0;

    while (v) {
        if (cJSON_IsNumber(v)) {
            char text[NAME_BYTES];

            (void)snprintf(text, sizeof(text), "%.16g", v->valuedouble);
            v->type = cJSON_String;
            v->valuestring = strdup(text);
        }
        if (v->child && depth < DEPTH_MAX) {
            path[depth++] = v;
            v = v->child;
            continue;
        }
        while (depth > 0 && !v->next)
            v = path[--depth];
        v = depth > 0 ? v->next : NULL;
    }
}

void every_dialect(int nr)
{
    const struct message *m = message_at(nr);
    cJSON *params = cJSON_CreateArray(), *json = ok(m->name, "");
    struct rpc_answer answer;

    cJSON_AddItemToArray(params, cJSON_CreateString(suite.session));
    rpc_call(suite.xml, m->name, params, &answer);
    keep(answer.error);
    ck_assert_msg(answer.value, "no answer in XML: %s", rpc_code(&answer));
    numbers_to_text(json);
    numbers_to_text(keep(answer.value));
    ck_assert_msg(cJSON_Compare(json, answer.value, true),
                  "%s: JSON-RPC and XML-RPC differ", m->name);
}
