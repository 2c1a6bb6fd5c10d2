/* Rules as text; rules and quirks as JSON. */
#include "scan/lists.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "scan/quirks_list.h"
#include "scan/scan.h"

void rules_list(FILE *f)
{
    for (int i = 0; i < RULES; i++)
        fprintf(f, "%-26s %-8s  %s\n%36s -> %s\n%36s [%s]\n", rules[i].id,
                severity_name(rules[i].severity), rules[i].effect, "",
                rules[i].workaround, "", rules[i].source);
    fprintf(f, "%d rules\n", RULES);
}

static cJSON *rule_json(const struct rule *r)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "id", r->id);
    cJSON_AddStringToObject(o, "severity", severity_name(r->severity));
    cJSON_AddStringToObject(o, "effect", r->effect);
    cJSON_AddStringToObject(o, "workaround", r->workaround);
    cJSON_AddStringToObject(o, "source", r->source);
    return o;
}

void lists_json(FILE *f, bool rules_too, bool quirks_too)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *text;

    list = cJSON_AddArrayToObject(root, "rules");
    for (int i = 0; rules_too && i < RULES; i++)
        cJSON_AddItemToArray(list, rule_json(&rules[i]));
    cJSON_AddItemToObject(root, "quirks",
                          quirks_too ? quirks_json() : cJSON_CreateArray());
    text = cJSON_Print(root);
    fprintf(f, "%s\n", text ? text : "{}");
    free(text);
    cJSON_Delete(root);
}
