/*
 * `touchstone scan DIR...`: judges hardware records.
 */
#include "aml/aml.h"
#include "options/options.h"
#include "scan/lists.h"
#include "scan/quirks_list.h"
#include "scan/report.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, OUTPUTS_MAX = 8, PATHS_MAX = 65536 };

static const char usage[] =
    "usage: touchstone scan [options] RECORD...\n"
    "\n"
    "Judges hardware records: what in a machine's firmware and CPUs a\n"
    "hypervisor stumbles over, what that does, and what to do about it.\n"
    "RECORD is a directory or an archive made by `touchstone record` or\n"
    "`touchstone import`, or a directory full of them.\n"
    "\n"
    "  --fail-on LEVEL  a finding of this severity fails (default: critical)\n"
    "  --least LEVEL    leave out what is less severe (default: low)\n"
    "                   LEVEL: info, low, medium, high, critical\n"
    "  --json FILE      findings as JSON; - is standard output\n"
    "  --junit FILE     findings as JUnit XML\n"
    "  --html FILE      findings as a page\n"
    "  --quiet          no text\n"
    "  --aml            judge AML too, by Debian's acpica-tools in a sandbox\n"
    "                   (about 0.3 s for each record)\n"
    "  --rules          list all rules with their severity and source\n"
    "  --quirks         list all known quirks, and which of them our\n"
    "                   hypervisor acts upon; both also with --json\n"
    "  --help, --version\n"
    "\n"
    "exit: 0 nothing failed, 1 something did, 2 usage or environment\n";

struct output {
    const struct report_format *format;
    FILE *file;
    const char *path;
};

struct command {
    struct report_options options;
    struct output output[OUTPUTS_MAX];
    unsigned int outputs;
    bool quiet, list_rules, list_quirks;
    struct totals totals;
};

/* --- One record ------------------------------------------------------------- */
static void counts_add(struct result *r, struct totals *t)
{
    for (unsigned int i = 0; i < r->scan->findings; i++) {
        const struct finding *f = &r->scan->finding[i];

        r->count[f->severity] += 1 + f->more;
    }
    for (int i = 0; i < SEVERITIES; i++)
        t->count[i] += r->count[i];
}

static void result_write(struct command *c, struct result *r)
{
    for (unsigned int i = 0; i < c->outputs; i++)
        c->output[i].format->record(c->output[i].file, r, &c->options,
                                    c->totals.records);
    c->totals.records++;
    c->totals.failed += result_failed(r, &c->options);
}

static void title_make(const struct record *r, char *text, size_t size)
{
    const struct record_machine *m = record_machine(r);

    snprintf(text, size, "%s %s, firmware %s %s", m->vendor, m->product,
             m->bios_version, m->bios_date);
}

/* 0, or -ENOMEM. */
static int record_judge(struct command *c, const char *path,
                        const struct record *r)
{
    struct machine *m = machine_from_record(r);
    struct aml *aml = c->totals.aml ? aml_of_record(r) : NULL;
    struct scan *s;
    char title[512];
    struct result result = {.path = path, .id = record_id(r), .title = title};

    if (m)
        m->aml = aml;
    s = m && (aml || !c->totals.aml) ? scan_machine(m) : NULL;
    result.scan = s;
    result.unjudged = aml ? aml->unjudged : NULL;
    title_make(r, title, sizeof(title));
    if (s) {
        c->totals.aml_judged += aml && !aml->unjudged;
        c->totals.aml_unjudged += aml && aml->unjudged;
        counts_add(&result, &c->totals);
        result_write(c, &result);
    }
    scan_destroy(s);
    aml_destroy(aml);
    machine_destroy(m);
    return s ? 0 : -ENOMEM;
}

static int path_scan(struct command *c, const char *path)
{
    struct record_error error = {""};
    struct record *r = NULL;
    int rc = record_open(path, &r, &error);

    if (rc) {
        struct result broken = {
            .path = path, .id = "", .title = "", .error = error.text};

        c->totals.broken++;
        result_write(c, &broken);
        return 0;
    }
    rc = record_judge(c, path, r);
    record_destroy(r);
    return rc;
}

/* --- A directory of them ---------------------------------------------------- */
static int not_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool exists(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return !stat(path, &st);
}

static bool is_directory(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* A directory that is no record holds records, one level below. */
static int argument_scan(struct command *c, const char *path)
{
    struct dirent **list = NULL;
    int rc = 0, n;

    if (!is_directory(path) || exists(path, "record.json"))
        return path_scan(c, path);
    n = scandir(path, &list, not_hidden, alphasort);
    if (n <= 0)
        rc = path_scan(c, path);
    for (int i = 0; i < n; i++) {
        char below[PATH_MAX];

        snprintf(below, sizeof(below), "%s/%s", path, list[i]->d_name);
        if (!rc)
            rc = path_scan(c, below);
        free(list[i]);
    }
    free(list);
    return rc;
}

/* --- Command line ----------------------------------------------------------- */
static int output_add(struct command *c, const struct report_format *format,
                      const char *path)
{
    bool standard = !strcmp(path, "-");
    FILE *f = standard ? stdout : fopen(path, "w");

    if (!f || c->outputs == OUTPUTS_MAX) {
        fprintf(stderr, "touchstone scan: cannot write '%s': %s\n", path,
                f ? "too many outputs" : strerror(errno));
        return EXIT_USAGE;
    }
    c->quiet |= standard;
    c->output[c->outputs++] = (struct output){format, f, path};
    return 0;
}

static int severity_take(const char *text, enum severity *out)
{
    if (severity_find(text, out))
        return 0;
    fprintf(stderr,
            "touchstone scan: '%s' is no severity: info, low, medium, high, "
            "critical\n",
            text);
    return -EINVAL;
}

static int least_take(void *values, const char *text)
{
    return severity_take(text, &((struct command *)values)->options.least);
}

static int fail_on_take(void *values, const char *text)
{
    return severity_take(text, &((struct command *)values)->options.fail_on);
}

static int json_take(void *values, const char *text)
{
    return output_add(values, &report_json, text);
}

static int junit_take(void *values, const char *text)
{
    return output_add(values, &report_junit, text);
}

static int html_take(void *values, const char *text)
{
    return output_add(values, &report_html, text);
}

#define FLAG(name, member)                                        \
    {                                                             \
        name, OPTION_FLAG, offsetof(struct command, member), NULL \
    }
static const struct option_row rows[] = {
    {"least", OPTION_TAKE, 0, least_take},
    {"fail-on", OPTION_TAKE, 0, fail_on_take},
    {"json", OPTION_TAKE, 0, json_take},
    {"junit", OPTION_TAKE, 0, junit_take},
    {"html", OPTION_TAKE, 0, html_take},
    FLAG("quiet", quiet),
    FLAG("aml", totals.aml),
    FLAG("rules", list_rules),
    FLAG("quirks", list_quirks),
};
#undef FLAG
static const struct option_set set = {"touchstone scan", "touchstone scan 1",
                                      usage, rows,
                                      sizeof(rows) / sizeof(*rows)};

static int outputs_end(struct command *c)
{
    int rc = 0;

    for (unsigned int i = 0; i < c->outputs; i++) {
        struct output *o = &c->output[i];

        o->format->end(o->file, &c->totals);
        if (fflush(o->file) || ferror(o->file)) {
            fprintf(stderr, "touchstone scan: cannot write '%s': %s\n", o->path,
                    strerror(errno));
            rc = EXIT_USAGE;
        }
        if (o->file != stdout)
            fclose(o->file);
    }
    return rc;
}

static int command_run(struct command *c, char **paths, int n)
{
    int rc = 0;

    if (!c->quiet && c->outputs < OUTPUTS_MAX)
        c->output[c->outputs++] =
            (struct output){&report_text, stdout, "standard output"};
    for (unsigned int i = 0; i < c->outputs; i++)
        c->output[i].format->begin(c->output[i].file);
    for (int i = 0; i < n && !rc; i++)
        rc = argument_scan(c, paths[i]);
    if (rc)
        fprintf(stderr, "touchstone scan: no memory\n");
    if (outputs_end(c) || rc)
        return EXIT_USAGE;
    return c->totals.failed ? EXIT_FAILED : 0;
}

/* Without records: what is looked for. */
static int lists_run(struct command *c)
{
    if (c->list_rules && !c->outputs)
        rules_list(stdout);
    if (c->list_quirks && !c->outputs)
        quirks_list(stdout);
    for (unsigned int i = 0; i < c->outputs; i++) {
        lists_json(c->output[i].file, c->list_rules, c->list_quirks);
        if (fflush(c->output[i].file) || ferror(c->output[i].file)) {
            fprintf(stderr, "touchstone scan: cannot write '%s': %s\n",
                    c->output[i].path, strerror(errno));
            return EXIT_USAGE;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct command c = {
        .options = {.least = SEVERITY_LOW, .fail_on = SEVERITY_CRITICAL}};
    int at = options_read(&set, &c, argc, argv);

    if (at < 0)
        return EXIT_USAGE;
    if (c.list_rules || c.list_quirks)
        return lists_run(&c);
    if (at == argc) {
        fprintf(stderr, "touchstone scan: which record? %s\n",
                "try: touchstone scan --help");
        return EXIT_USAGE;
    }
    c.options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    return command_run(&c, argv + at, argc - at);
}
