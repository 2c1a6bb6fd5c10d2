/* Runs iasl and acpiexec over the AML of a record. */
#include "aml/aml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aml/sandbox.h"

enum {
    NAME_BYTES = 32,
    SOURCE_BYTES = 32 << 20,
    COMMAND_BYTES = 24 << 10,
    EXTRA_ARGS = 12,
};

struct files {
    char name[AML_TABLES_MAX][NAME_BYTES], source[AML_TABLES_MAX][NAME_BYTES];
    unsigned int nr;
};

struct aml *aml_create(void)
{
    return calloc(1, sizeof(struct aml));
}

void aml_destroy(struct aml *a)
{
    if (a)
        free(a->object);
    free(a);
}

/* --- Files ------------------------------------------------------------------ */
static bool is_aml(const struct record_table *t)
{
    static const char *const signatures[] = {"DSDT", "SSDT", "PSDT", "OSDT"};

    for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++)
        if (strcmp(t->signature, signatures[i]) == 0)
            return true;
    return false;
}

/* The DSDT comes first: the others build upon it. */
static int files_write(const struct sandbox *s, const struct record *r,
                       struct files *f)
{
    int rc = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; !rc && i < record_tables(r); i++) {
            const struct record_table *t = record_table(r, i);

            if (!is_aml(t) || (strcmp(t->signature, "DSDT") != 0) != pass ||
                f->nr == AML_TABLES_MAX)
                continue;
            (void)snprintf(f->name[f->nr], NAME_BYTES, "t%u.aml", f->nr);
            (void)snprintf(f->source[f->nr], NAME_BYTES, "t%u.dsl", f->nr);
            rc = sandbox_write(s, f->name[f->nr], t->bytes.data, t->bytes.size);
            f->nr++;
        }
    }
    return rc;
}

/* Options, tables, NULL. */
static void arguments(char **args, const char *const *options, struct files *f)
{
    size_t n = 0;

    for (; *options; options++)
        args[n++] = (char *)*options; /* execvp() leaves them alone */
    for (unsigned int i = 0; i < f->nr; i++)
        args[n++] = f->name[i];
    args[n] = NULL;
}

/* --- Ends ------------------------------------------------------------------- */
/* How it ended, and the last line that says something. */
static enum aml_end end_of(const struct sandbox_run *r,
                           char words[AML_ERROR_BYTES])
{
    bool dead = r->out && strstr(r->out, "Segmentation Fault");

    *words = '\0';
    if (r->end == SANDBOX_TIME || r->end == SANDBOX_OUTPUT) {
        (void)snprintf(words, AML_ERROR_BYTES, "%s",
                       r->end == SANDBOX_TIME ? "it did not end in time"
                                              : "its output did not end");
        return AML_STUCK;
    }
    if (r->end == SANDBOX_SIGNAL || dead) {
        (void)snprintf(words, AML_ERROR_BYTES, "it died of %s",
                       dead ? "a segmentation fault" : strsignal(r->status));
        return AML_CRASHED;
    }
    return AML_WELL;
}

/* --- The two rounds --------------------------------------------------------- */
static int first_round(struct aml *a, const struct sandbox *s, struct files *f)
{
    static const char *const load[] = {"acpiexec", "-di", "-to", "1", NULL};
    static const char names[] =
        "namespace\nfind _HID\nfind _CID\nfind _UID\nquit\n";
    static const char *const parse[] = {"iasl", "-d", NULL};
    char *args[AML_TABLES_MAX + EXTRA_ARGS];
    struct sandbox_run run[2];
    int rc;

    arguments(args, load, f);
    rc = sandbox_write(s, "names", names, sizeof(names) - 1);
    if (!rc)
        rc = sandbox_start(s, args, "names", &run[0]);
    if (rc)
        return rc;
    arguments(args, parse, f);
    rc = sandbox_start(s, args, NULL, &run[1]);
    sandbox_wait(run, rc ? 1 : 2);
    a->load = end_of(&run[0], a->loader);
    if (run[0].out && !rc)
        rc = aml_read_namespace(a, run[0].out, run[0].len);
    if (!rc) {
        a->parse = end_of(&run[1], a->parser);
        if (run[1].out)
            aml_read_parser(a, run[1].out, run[1].len);
        sandbox_run_fini(&run[1]);
    }
    sandbox_run_fini(&run[0]);
    aml_settle(a);
    return rc;
}

static void sources_read(struct aml *a, const struct sandbox *s,
                         const struct files *f)
{
    for (unsigned int i = 0; i < f->nr; i++) {
        size_t len;
        char *text = sandbox_read(s, f->source[i], SOURCE_BYTES, &len);

        if (text)
            aml_read_source(a, text, len);
        free(text);
    }
}

/* A path that the debugger takes for one word: it came out of its own mouth, but
   out of names that firmware chose. */
static bool path_plain(const char *path)
{
    return *path == '\\' &&
           !path[1 +
                 strspn(path + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")];
}

static size_t questions(const struct aml *a, char *text)
{
    size_t len = (size_t)snprintf(text, COMMAND_BYTES, "evaluate \\_S5\n");

    for (size_t i = 0; i < a->hosts; i++) {
        const char *path = a->host[i].path;

        if (path_plain(path) && len + 2 * AML_PATH_BYTES + 32 < COMMAND_BYTES)
            len += (size_t)snprintf(text + len, COMMAND_BYTES - len,
                                    "evaluate %s._CRS\nevaluate %s._PRT\n",
                                    path, path);
    }
    return len + (size_t)snprintf(text + len, COMMAND_BYTES - len, "quit\n");
}

static int second_round(struct aml *a, const struct sandbox *s, struct files *f)
{
    static const char *const fills[2][6] = {
        {"acpiexec", "-to", "1", "-fv", "0", NULL},
        {"acpiexec", "-to", "1", "-fv", "0xFF", NULL},
    };
    static char text[COMMAND_BYTES];
    char *args[AML_TABLES_MAX + EXTRA_ARGS];
    struct sandbox_run run[2];
    size_t started = 0;
    int rc = sandbox_write(s, "values", text, questions(a, text));

    for (; !rc && started < 2; started += !rc) {
        arguments(args, fills[started], f);
        rc = sandbox_start(s, args, "values", &run[started]);
    }
    sandbox_wait(run, started);
    for (size_t i = 0; i < started; i++) {
        if (run[i].out)
            aml_read_values(a, run[i].out, run[i].len, (int)i);
        sandbox_run_fini(&run[i]);
    }
    return rc;
}

static int tools_run(struct aml *a, const struct record *r)
{
    struct sandbox s;
    struct files *f = calloc(1, sizeof(*f));
    int rc = f ? sandbox_open(&s) : -ENOMEM;

    if (rc) {
        free(f);
        return rc;
    }
    rc = files_write(&s, r, f);
    a->tables = f->nr;
    if (!rc && f->nr)
        rc = first_round(a, &s, f);
    if (!rc && f->nr)
        sources_read(a, &s, f);
    if (!rc && a->load == AML_WELL && f->nr)
        rc = second_round(a, &s, f);
    sandbox_close(&s);
    free(f);
    return rc;
}

struct aml *aml_of_record(const struct record *r)
{
    struct aml *a = aml_create();

    if (!a)
        return NULL;
    if (!sandbox_has("iasl") || !sandbox_has("acpiexec"))
        a->unjudged =
            "acpica-tools are not installed (apt install acpica-tools)";
    else if (tools_run(a, r))
        a->unjudged = "the sandbox could not be set up";
    else if (!a->tables)
        a->unjudged = "the record has no DSDT";
    return a;
}
