/*
 * Rules of AML: whether it loads, what it asks for, and which names are there.
 */
#include "scan/rules_aml.h"

#include <stdlib.h>
#include <string.h>

/* --- Tools and tables ------------------------------------------------------- */
static void judge_ends(struct scan *s, const struct aml *a)
{
    static const enum rule_id of_end[] = {
        [AML_FAILED] = RULE_aml_parse,
        [AML_CRASHED] = RULE_aml_crash,
        [AML_STUCK] = RULE_aml_stuck,
    };

    if (a->load != AML_WELL)
        found(s, of_end[a->load], aml_file, -1, "acpiexec: %s", a->loader);
    if (a->parse != AML_WELL)
        found(s, of_end[a->parse], aml_file, -1, "iasl: %s", a->parser);
}

static void judge_errors_of_load(struct scan *s, const struct aml *a)
{
    static const enum rule_id of_error[] = {
        [AML_ERROR_LOAD] = RULE_aml_load,
        [AML_ERROR_TWICE] = RULE_aml_twice,
        [AML_ERROR_MISSING] = RULE_aml_unresolved,
        [AML_ERROR_OPCODE] = RULE_aml_parse,
        [AML_ERROR_RUN] = RULE_aml_method_fails,
    };

    for (size_t i = 0; i < a->errors; i++)
        found(s, of_error[a->error[i].kind], aml_file, -1, "%s",
              a->error[i].text);
}

/* --- Names ------------------------------------------------------------------ */
/* Whether a device says that it is an `id`. */
static bool has_device(const struct aml *a, const char *id)
{
    const struct aml_object *o;

    for (size_t at = 0; (o = aml_next(a, "_HID", &at));)
        if (aml_is_id(o, id))
            return true;
    return false;
}

static void judge_sleep(struct scan *s, const struct aml *a)
{
    const struct aml_object *s5 = aml_find(a, "\\_S5");
    bool package = s5 && (s5->kind == AML_PACKAGE || s5->kind == AML_METHOD);

    if (!s5)
        found(s, RULE_aml_no_s5, aml_file, -1, "no \\_S5 in %u tables",
              a->tables);
    else if (!package || (a->s5 == AML_VALUE && a->s5_value > 7))
        found(s, RULE_aml_s5_broken, aml_file, -1, "type 0x%llx",
              (unsigned long long)a->s5_value);
    if (!aml_find(a, "\\_S3"))
        found(s, RULE_aml_no_s3, aml_file, -1, "no \\_S3");
}

/* Names that say something by being there. */
static void judge_presence(struct scan *s, const struct aml *a)
{
    static const struct {
        const char *name;
        enum rule_id rule;
    } names[] = {{"_CST", RULE_aml_cst}, {"_PSS", RULE_aml_pss}};
    static const struct {
        const char *id;
        enum rule_id rule;
    } devices[] = {
        {"ACPI000C", RULE_aml_idle_cpus},
        {"PNP0C80", RULE_aml_hot_plug_memory},
        {"ACPI0004", RULE_aml_hot_plug_nodes},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        size_t at = 0;
        const struct aml_object *o = aml_next(a, names[i].name, &at);

        if (o)
            found(s, names[i].rule, aml_file, -1, "%s", o->path);
    }
    for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
        if (has_device(a, devices[i].id))
            found(s, devices[i].rule, aml_file, -1, "%s", devices[i].id);
    if (!s->seen[RULE_aml_cst] && !a->loads_tables)
        found(s, RULE_aml_no_cst, aml_file, -1, "no _CST");
    if (!aml_find(a, "\\_PIC"))
        found(s, RULE_aml_no_pic, aml_file, -1, "no \\_PIC");
    if (a->loads_tables)
        found(s, RULE_aml_late_tables, aml_file, -1, "Load or LoadTable");
}

/* --- Questions about the system --------------------------------------------- */
enum { YEAR_OF_VISTA = 2006 };

/* "Windows 2012.2": the year; 0: no such name. */
static unsigned long windows_year(const char *osi)
{
    return strncmp(osi, "Windows ", 8) ? 0 : strtoul(osi + 8, NULL, 10);
}

static void judge_osi(struct scan *s, const struct aml *a)
{
    unsigned long newest = 0;

    for (size_t i = 0; i < a->osis; i++) {
        unsigned long year = windows_year(a->osi[i]);

        newest = year > newest ? year : newest;
        if (strcmp(a->osi[i], "Linux") == 0)
            found(s, RULE_aml_osi_linux, aml_file, -1, "_OSI(\"Linux\")");
    }
    if (newest && newest < YEAR_OF_VISTA)
        found(s, RULE_aml_osi_old, aml_file, -1, "the newest is of %lu",
              newest);
    if (a->uses_rev)
        found(s, RULE_aml_revision, aml_file, -1, "_REV is compared");
}

/* --- Processors ------------------------------------------------------------- */
enum uid_state { UID_ABSENT, UID_THERE, UID_UNKNOWN };

/* Whether AML has a processor with that number in the MADT. */
static enum uid_state uid_state(const struct aml *a, uint32_t uid)
{
    enum uid_state state = UID_ABSENT;

    for (size_t i = 0; i < a->objects; i++) {
        const struct aml_object *o = &a->object[i], *hid;
        char path[AML_PATH_BYTES + 8], parent[AML_PATH_BYTES];
        size_t len = strlen(o->path);

        if (o->kind == AML_PROCESSOR && o->value == uid)
            return UID_THERE;
        if (len < 5 || strcmp(o->path + len - 5, "._UID") != 0)
            continue;
        aml_parent(o->path, parent);
        (void)snprintf(path, sizeof(path), "%s._HID", parent);
        hid = aml_find(a, path);
        if (!hid || !aml_is_id(hid, "ACPI0007"))
            continue;
        if (o->kind != AML_INTEGER)
            state = UID_UNKNOWN; /* asked for at run time */
        else if (o->value == uid)
            return UID_THERE;
    }
    return state;
}

static void judge_processors(struct scan *s, const struct aml *a)
{
    const struct madt *madt = &s->m->acpi.madt;

    for (unsigned int i = 0; i < madt->cpus; i++) {
        const struct madt_cpu *c = &madt->cpu[i];

        if (c->enabled && s->seen[RULE_aml_cpu_missing] < FINDINGS_PER_RULE &&
            uid_state(a, c->uid) == UID_ABSENT)
            found(s, RULE_aml_cpu_missing, aml_file, -1,
                  "number 0x%x, APIC id 0x%x", c->uid, c->apic_id);
    }
}

void judge_aml(struct scan *s)
{
    const struct aml *a = s->m->aml;

    judge_ends(s, a);
    judge_errors_of_load(s, a);
    if (a->load != AML_WELL || s->seen[RULE_aml_load])
        return; /* what is not loaded cannot be missed */
    judge_sleep(s, a);
    judge_presence(s, a);
    judge_osi(s, a);
    if (scan_has(s, MADT))
        judge_processors(s, a);
    judge_bridges(s, a);
    judge_regions(s, a);
}
