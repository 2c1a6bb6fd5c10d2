/*
 * All known quirks, as text or JSON: which machine, what it does, what helps, and
 * what our hypervisor does about it by itself.
 */
#include "scan/quirks_list.h"

#include <cjson/cJSON.h>
#include <quirks/acting.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fields[DMI_FIELDS] = {
    [DMI_BIOS_VENDOR] = "bios_vendor",
    [DMI_BIOS_VERSION] = "bios_version",
    [DMI_BIOS_DATE] = "bios_date",
    [DMI_SYS_VENDOR] = "sys_vendor",
    [DMI_PRODUCT_NAME] = "product_name",
    [DMI_PRODUCT_VERSION] = "product_version",
    [DMI_PRODUCT_FAMILY] = "product_family",
    [DMI_BOARD_VENDOR] = "board_vendor",
    [DMI_BOARD_NAME] = "board_name",
    [DMI_BOARD_VERSION] = "board_version",
    [DMI_ACPI_OEM] = "acpi_oem",
    [DMI_ACPI_TABLE] = "acpi_table",
};
static const char *const vendors[] = {
    [CPU_ANY] = "",
    [CPU_INTEL] = "GenuineIntel",
    [CPU_AMD] = "AuthenticAMD",
    [CPU_HYGON] = "HygonGenuine",
};

static bool acts(const struct quirk *q)
{
    for (int i = 0; i < QUIRKS_ACTING; i++) {
        if (!strcmp(quirks_acting[i].id, q->id))
            return true;
    }
    return false;
}

const char *quirk_action_of(const struct quirk *q)
{
    return acts(q) ? quirk_actions[q->kind].what : NULL;
}

static void number_add(cJSON *o, const char *name, uint64_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)n);
    cJSON_AddStringToObject(o, name, text);
}

static void texts_add(cJSON *o, const struct quirk *q)
{
    cJSON *list = cJSON_AddArrayToObject(o, "texts");

    for (int i = 0; i < QUIRK_CONDITIONS && q->dmi[i].text; i++) {
        cJSON *c = cJSON_CreateObject();

        cJSON_AddStringToObject(c, "field", fields[q->dmi[i].field]);
        cJSON_AddStringToObject(c, "text", q->dmi[i].text);
        cJSON_AddBoolToObject(c, "whole", q->dmi[i].whole);
        cJSON_AddItemToArray(list, c);
    }
}

static void devices_add(cJSON *o, const struct quirk *q)
{
    cJSON *list = cJSON_AddArrayToObject(o, "devices");

    for (int i = 0; i < q->devices; i++) {
        const struct quirk_pci *d = &q->device[i];
        cJSON *c = cJSON_CreateObject();

        number_add(c, "vendor", d->vendor);
        number_add(c, "first", d->first);
        number_add(c, "last", d->last);
        number_add(c, "revision_first", d->revision_first);
        number_add(c, "revision_last", d->revision_last);
        cJSON_AddItemToArray(list, c);
    }
}

static void cpu_add(cJSON *o, const struct quirk *q)
{
    cJSON *c, *list;

    if (!q->models)
        return;
    c = cJSON_AddObjectToObject(o, "cpu");
    cJSON_AddStringToObject(c, "vendor", vendors[q->vendor]);
    cJSON_AddNumberToObject(c, "family", q->family);
    cJSON_AddNumberToObject(c, "stepping_first", q->stepping_first);
    cJSON_AddNumberToObject(c, "stepping_last", q->stepping_last);
    number_add(c, "microcode_below", q->microcode);
    list = cJSON_AddArrayToObject(c, "models");
    for (int i = 0; i < q->models; i++) {
        const int range[] = {q->model[i].first, q->model[i].last};

        cJSON_AddItemToArray(list, cJSON_CreateIntArray(range, 2));
    }
}

/* MSRs and memory that the action is about. */
static void data_add(cJSON *o, const struct quirk *q)
{
    cJSON *msrs = cJSON_AddArrayToObject(o, "msrs");
    cJSON *memory = cJSON_AddArrayToObject(o, "memory");

    for (int i = 0; i < QUIRK_MSRS; i++) {
        cJSON *m;

        if (quirk_msrs[i].kind != q->kind)
            continue;
        m = cJSON_CreateObject();
        number_add(m, "msr", quirk_msrs[i].msr);
        number_add(m, "clear", quirk_msrs[i].clear);
        number_add(m, "set", quirk_msrs[i].set);
        cJSON_AddItemToArray(msrs, m);
    }
    for (int i = 0; i < QUIRK_RANGES; i++) {
        cJSON *m;

        if (quirk_memory[i].kind != q->kind)
            continue;
        m = cJSON_CreateObject();
        number_add(m, "start", quirk_memory[i].start);
        number_add(m, "end", quirk_memory[i].end);
        cJSON_AddItemToArray(memory, m);
    }
}

static cJSON *row_json(const struct quirk *q)
{
    const struct quirk_text *t = &quirk_texts[q->kind];
    const char *action = quirk_action_of(q);
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "id", q->id);
    cJSON_AddStringToObject(o, "kind", t->id);
    cJSON_AddStringToObject(o, "severity", t->severity);
    cJSON_AddStringToObject(o, "scope", t->scope);
    cJSON_AddStringToObject(o, "effect", t->effect);
    cJSON_AddStringToObject(o, "workaround", t->workaround);
    cJSON_AddStringToObject(o, "source", q->source);
    texts_add(o, q);
    devices_add(o, q);
    cpu_add(o, q);
    if (action) {
        cJSON_AddStringToObject(o, "action", action);
        data_add(o, q);
    }
    return o;
}

struct cJSON *quirks_json(void)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < quirks_count; i++)
        cJSON_AddItemToArray(list, row_json(&quirks[i]));
    return list;
}

void quirks_list(FILE *f)
{
    for (size_t i = 0; i < quirks_count; i++) {
        const struct quirk *q = &quirks[i];
        const struct quirk_text *t = &quirk_texts[q->kind];
        const char *action = quirk_action_of(q);

        fprintf(f, "%s\n    %s: %s\n    -> %s\n", q->id, t->severity, t->effect,
                t->workaround);
        if (action)
            fprintf(f, "    our hypervisor: %s\n", action);
        fprintf(f, "    [%s]\n", q->source);
    }
    fprintf(f, "%zu quirks, our hypervisor acts upon %d\n", quirks_count,
            QUIRKS_ACTING);
}
