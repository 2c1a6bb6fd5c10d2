/*
 * `touchstone scan DIR...`: judges hardware records.
 */
#include "aml/aml.h"
#include "scan/report.h"

#include "scan/quirks_list.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, OUTPUTS_MAX = 8, PATHS_MAX = 65536 };

enum option_id {
    OPTION_HELP = 256,
    OPTION_VERSION,
    OPTION_RULES,
    OPTION_QUIRKS,
    OPTION_LEAST,
    OPTION_FAIL_ON,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_HTML,
    OPTION_AML,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"rules", no_argument, NULL, OPTION_RULES},
    {"quirks", optional_argument, NULL, OPTION_QUIRKS},
    {"least", required_argument, NULL, OPTION_LEAST},
    {"fail-on", required_argument, NULL, OPTION_FAIL_ON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"json", required_argument, NULL, OPTION_JSON},
    {"junit", required_argument, NULL, OPTION_JUNIT},
    {"html", required_argument, NULL, OPTION_HTML},
    {"aml", no_argument, NULL, OPTION_AML},
    {0},
};

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
    "  --quirks[=json]  list all known quirks, and which of them our "
    "hypervisor\n"
    "                   acts upon\n"
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
    bool quiet, aml;
    struct totals totals;
};

static void rules_print(void)
{
    for (int i = 0; i < RULES; i++)
        printf("%-26s %-8s  %s\n%36s -> %s\n%36s [%s]\n", rules[i].id,
               severity_name(rules[i].severity), rules[i].effect, "",
               rules[i].workaround, "", rules[i].source);
    printf("%d rules\n", RULES);
}

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
    struct aml *aml = c->aml ? aml_of_record(r) : NULL;
    struct scan *s;
    char title[512];
    struct result result = {.path = path, .id = record_id(r), .title = title};

    if (m)
        m->aml = aml;
    s = m && (aml || !c->aml) ? scan_machine(m) : NULL;
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
    return EXIT_USAGE;
}

static int option_take(struct command *c, int option)
{
    switch (option) {
    case OPTION_LEAST:
        return severity_take(optarg, &c->options.least);
    case OPTION_FAIL_ON:
        return severity_take(optarg, &c->options.fail_on);
    case OPTION_QUIET:
        c->quiet = true;
        return 0;
    case OPTION_AML:
        c->aml = c->totals.aml = true;
        return 0;
    case OPTION_JSON:
        return output_add(c, &report_json, optarg);
    case OPTION_JUNIT:
        return output_add(c, &report_junit, optarg);
    case OPTION_HTML:
        return output_add(c, &report_html, optarg);
    default:
        fprintf(stderr, "try: touchstone scan --help\n");
        return EXIT_USAGE;
    }
}

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

int main(int argc, char **argv)
{
    struct command c = {
        .options = {.least = SEVERITY_LOW, .fail_on = SEVERITY_CRITICAL}};
    int option, rc = 0;

    c.options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    while (!rc &&
           (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPTION_HELP)
            return fputs(usage, stdout) < 0;
        if (option == OPTION_VERSION)
            return puts("touchstone scan 1") < 0;
        if (option == OPTION_RULES) {
            rules_print();
            return 0;
        }
        if (option == OPTION_QUIRKS)
            return quirks_list(optarg && !strcmp(optarg, "json")) ? EXIT_USAGE
                                                                  : 0;
        rc = option_take(&c, option);
    }
    if (!rc && optind == argc) {
        fprintf(stderr, "touchstone scan: which record? %s\n",
                "try: touchstone scan --help");
        rc = EXIT_USAGE;
    }
    return rc ? rc : command_run(&c, argv + optind, argc - optind);
}
