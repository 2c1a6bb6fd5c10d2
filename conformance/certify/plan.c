/* Which tests a target and a profile ask for. */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

static const struct {
    unsigned when;
    const char *test;
} fixed[] = {
#define FIXED(w, t) {.when = w, .test = t},
#include "plan.def"
#undef FIXED
};

enum {
    FIXED_NR = sizeof(fixed) / sizeof(fixed[0]),
    LIST_BYTES = 64,
};

static const struct {
    const char *name;
    unsigned parts;
} targets[] = {
    {"sim", API},
    {"platform", MACHINE | OURS | API},
    {"xen", MACHINE | PEER},
    {"both", MACHINE | OURS | PEER | API},
};

static const struct {
    const char *name;
    unsigned parts;
} profiles[] = {
    {"core", API},
    {"storage", API},
    {"network", API},
    {"pool", API},
    {"ha", API},
    {"security", API},
    {"platform", MACHINE | OURS | PEER},
    {"all", MACHINE | OURS | PEER | API},
};

/* Tests of a suite: their prefix, and the list of them that counts. */
static const struct {
    unsigned when;
    const char *name, *prefix;
} sections[] = {
    {OURS, "abi/ours", "abi/ours/"},
    {PEER, "abi/xen", "abi/xen/"},
    {API, "api", "api/"},
};

enum {
    SECTIONS_NR = sizeof(sections) / sizeof(sections[0]),
};

static unsigned parts_of_target(struct bytes target)
{
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (bytes_is(target, targets[i].name))
            return targets[i].parts;
    return bytes_starts(target, "http://") || bytes_starts(target, "https://")
               ? API
               : 0;
}

int plan_init(struct plan *p, struct bytes target, struct bytes profile)
{
    *p = (struct plan){.profile = profile};
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (bytes_is(profile, profiles[i].name))
            p->parts = profiles[i].parts & parts_of_target(target);
    return p->parts ? 0 : -EINVAL;
}

/* The name of the list that a section of the plan must have. */
static void list_name(const struct plan *p, int section, char name[LIST_BYTES])
{
    if (sections[section].when == API)
        (void)snprintf(name, LIST_BYTES, "api/%.*s", (int)p->profile.nr,
                       p->profile.at);
    else
        (void)snprintf(name, LIST_BYTES, "%s", sections[section].name);
}

void plan_print(const struct plan *p, FILE *out)
{
    char name[LIST_BYTES];

    for (int i = 0; i < SECTIONS_NR; i++)
        if (p->parts & sections[i].when) {
            list_name(p, i, name);
            fprintf(out, "list\t%s\n", name);
        }
    for (int i = 0; i < FIXED_NR; i++)
        if (p->parts & fixed[i].when)
            fprintf(out, "test\t%s\n", fixed[i].test);
}

static int section_of(struct bytes test)
{
    for (int i = 0; i < SECTIONS_NR; i++)
        if (bytes_starts(test, sections[i].prefix))
            return i;
    return SECTIONS_NR;
}

/* The hash that a list has in suite.tsv; empty: unknown. */
static struct bytes list_hash(const struct table *suite, const char *name)
{
    char key[LIST_BYTES + sizeof("list ")];
    const struct row *row;

    (void)snprintf(key, sizeof(key), "list %s", name);
    row = table_find(suite, bytes_of(key));
    return row ? row->cell[1] : (struct bytes){NULL, 0};
}

/* The rows of a section are neighbours: the table is sorted. */
static void check_section(const struct plan *p, int section,
                          const struct table *required,
                          const struct table *suite, struct findings *f)
{
    char name[LIST_BYTES], hex[HASH_HEX_BYTES], *text = NULL;
    size_t nr;
    FILE *out = open_memstream(&text, &nr);

    if (!out)
        abort();
    for (int i = 0; i < required->nr; i++) {
        struct bytes test = required->rows[i].cell[0];

        if (section_of(test) == section)
            fprintf(out, "%.*s\n", (int)test.nr, test.at);
    }
    if (fclose(out))
        abort();
    list_name(p, section, name);
    hash_hex((struct bytes){text, nr}, hex);
    free(text);
    if (!bytes_is(list_hash(suite, name), hex))
        findings_add(f, "required", IN_FILE("required.tsv"),
                     "its tests of '%s' are not those of the suite", name);
}

/* Which of `fixed`, or past its end. */
static int fixed_find(struct bytes test)
{
    for (int i = 0; i < FIXED_NR; i++)
        if (bytes_is(test, fixed[i].test))
            return i;
    return FIXED_NR;
}

static bool asked_for(const struct plan *p, struct bytes test)
{
    int section = section_of(test), nr = fixed_find(test);

    if (section < SECTIONS_NR)
        return p->parts & sections[section].when;
    return nr < FIXED_NR && p->parts & fixed[nr].when;
}

void plan_check(const struct plan *p, const struct table *required,
                const struct table *suite, struct findings *f)
{
    for (int i = 0; i < SECTIONS_NR; i++)
        if (p->parts & sections[i].when)
            check_section(p, i, required, suite, f);
    for (int i = 0; i < FIXED_NR; i++)
        if (p->parts & fixed[i].when &&
            !table_find(required, bytes_of(fixed[i].test)))
            findings_add(f, "required",
                         (struct place){bytes_of("required.tsv"),
                                        bytes_of(fixed[i].test), 0, false},
                         "the test was removed from the required ones");
    for (int i = 0; i < required->nr; i++)
        if (!asked_for(p, required->rows[i].cell[0]))
            findings_add(f, "required",
                         (struct place){bytes_of("required.tsv"),
                                        required->rows[i].cell[0], 0, false},
                         "target and profile do not ask for this test");
}
