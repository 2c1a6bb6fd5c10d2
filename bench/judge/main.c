/* `touchstone bench judge FILE...`: verdicts on what the lab measured. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "report.h"

enum {
    EXIT_WORSE = 1,
    EXIT_USAGE = 2,
    OUTPUTS_MAX = 16,
    FLAME_BYTES_MAX = 8 << 20
};

static const char usage[] =
    "usage: touchstone bench judge [option...] FILE...\n"
    "\n"
    "Judges samples that the lab took: ours against its peer, with intervals,\n"
    "rank tests and the noise of the machine. FILE is what `touchstone bench\n"
    "--json` wrote; several of one machine are put together. - is standard\n"
    "input, and as an output standard output.\n"
    "\n"
    "  --compare BASELINE  also against an earlier run: a file, a revision of\n"
    "                   git (its bench/baseline/MACHINE.json), REVISION:PATH\n"
    "  --save-baseline  keep this run as bench/baseline/MACHINE.json\n"
    "  --baselines DIR  there instead\n"
    "  --repo DIR       where git looks for revisions (default: here)\n"
    "  --trend FILE     an earlier run for the page's trends (more than "
    "once);\n"
    "                   else git's history of this machine's baseline\n"
    "  --undecided      only what needs more samples: name, how many more (0:\n"
    "                   none will decide it), why\n"
    "\n"
    "  --peer NAME      judge against this one (default: xen, else none)\n"
    "  --margin PERCENT what differs less is the same (default: 5)\n"
    "  --count-tolerance PERCENT  the same for counts (default: 1)\n"
    "  --alpha A        share of false alarms (default: 0.05)\n"
    "  --least N        samples before a verdict on a time (default: 10)\n"
    "  --most N         more samples worth waiting for (default: 50)\n"
    "  --looks N        how often samples were looked at in order to take "
    "more;\n"
    "                   the level is divided among them (default: the file's)\n"
    "  --seed N         of the drawing of samples (default: 1)\n"
    "\n"
    "  --json FILE      raw samples and ratios\n"
    "  --html FILE      a page that needs nothing else\n"
    "  --svg DIR        the plots of that page\n"
    "  --flame FILE     a flame graph (SVG) for that page (up to four)\n"
    "  --csv FILE       a line for each measure\n"
    "  --bmf FILE       Bencher Metric Format\n"
    "  --github-bigger FILE, --github-smaller FILE\n"
    "                   for github-action-benchmark: what should be more, "
    "less\n"
    "  --quiet          no table\n"
    "  --help, --version\n"
    "\n"
    "exit: 0, 1 something is worse than the baseline, 2 usage or environment\n";

struct format {
    const char *option;
    report_fn *write;
};

static const struct format formats[] = {
    {"json", report_json},
    {"html", report_html},
    {"csv", report_csv},
    {"bmf", report_bmf},
    {"github-bigger", report_github_bigger},
    {"github-smaller", report_github_smaller},
};

struct output {
    const struct format *format;
    const char *path;
};

struct command {
    struct rules rules;
    bool looks_given, undecided, save, quiet;
    const char *peer, *compare, *baselines, *repository, *svg;
    const char *trend[HISTORY_MAX], *flame[FLAMES_MAX];
    size_t trends, flames;
    struct output output[OUTPUTS_MAX];
    size_t outputs;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "touchstone bench judge: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/* --- Options ----------------------------------------------------------------- */
/* A number within limits; its place is in the rules. */
static const struct number {
    const char *option;
    double low, high, unit;
    size_t place;
    bool real; /* a double; else unsigned */
} numbers[] = {
    {"margin", 0, 1000, 100, offsetof(struct rules, margin), true},
    {"count-tolerance", 0, 1000, 100, offsetof(struct rules, count_tolerance),
     true},
    {"alpha", 1e-6, 0.5, 1, offsetof(struct rules, alpha), true},
    {"least", 2, 1000, 1, offsetof(struct rules, least), false},
    {"most", 1, 100000, 1, offsetof(struct rules, most), false},
    {"looks", 1, RUN_LOOKS_MAX, 1, offsetof(struct rules, looks), false},
    {"seed", 0, 4294967295.0, 1, offsetof(struct rules, seed), false},
};

static int number_take(struct command *c, const struct number *n,
                       const char *text)
{
    char *end, *place = (char *)&c->rules + n->place;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= n->low && value <= n->high) ||
        (!n->real && value != floor(value))) {
        fprintf(stderr,
                "touchstone bench judge: --%s: '%s' is no number from %g to "
                "%g\n",
                n->option, text, n->low, n->high);
        return EXIT_USAGE;
    }
    if (n->real)
        *(double *)(void *)place = value / n->unit;
    else
        *(unsigned int *)(void *)place = (unsigned int)value;
    c->looks_given |= n->place == offsetof(struct rules, looks);
    return 0;
}

static int output_add(struct command *c, const struct format *f,
                      const char *path)
{
    if (c->outputs == OUTPUTS_MAX)
        return fail(path, "too many outputs");
    c->output[c->outputs++] = (struct output){f, path};
    c->quiet |= strcmp(path, "-") == 0;
    return 0;
}

/* Words, flags, then the rows of `numbers` and of `formats`. */
enum option_id {
    OPTION_PEER = 256,
    OPTION_COMPARE,
    OPTION_BASELINES,
    OPTION_REPO,
    OPTION_SVG,
    OPTION_TREND,
    OPTION_FLAME,
    OPTION_UNDECIDED,
    OPTION_SAVE,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_NUMBERS,
    OPTION_FORMATS = OPTION_NUMBERS + sizeof(numbers) / sizeof(*numbers),
    OPTIONS_END = OPTION_FORMATS + sizeof(formats) / sizeof(*formats),
};

static const struct option plain_options[] = {
    {"peer", required_argument, NULL, OPTION_PEER},
    {"compare", required_argument, NULL, OPTION_COMPARE},
    {"baselines", required_argument, NULL, OPTION_BASELINES},
    {"repo", required_argument, NULL, OPTION_REPO},
    {"svg", required_argument, NULL, OPTION_SVG},
    {"trend", required_argument, NULL, OPTION_TREND},
    {"flame", required_argument, NULL, OPTION_FLAME},
    {"undecided", no_argument, NULL, OPTION_UNDECIDED},
    {"save-baseline", no_argument, NULL, OPTION_SAVE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
};

enum { PLAIN = sizeof(plain_options) / sizeof(*plain_options) };

static void options_make(struct option *out)
{
    memcpy(out, plain_options, sizeof(plain_options));
    out += PLAIN;
    for (int id = OPTION_NUMBERS; id < OPTION_FORMATS; id++)
        *out++ = (struct option){numbers[id - OPTION_NUMBERS].option,
                                 required_argument, NULL, id};
    for (int id = OPTION_FORMATS; id < OPTIONS_END; id++)
        *out++ = (struct option){formats[id - OPTION_FORMATS].option,
                                 required_argument, NULL, id};
    *out = (struct option){0};
}

static int list_add(const char **list, size_t most, size_t *n)
{
    if (*n == most)
        return fail(optarg, "too many of these");
    list[(*n)++] = optarg;
    return 0;
}

static int option_take(struct command *c, int id)
{
    const char **const words[] = {[OPTION_PEER] = &c->peer,
                                  [OPTION_COMPARE] = &c->compare,
                                  [OPTION_BASELINES] = &c->baselines,
                                  [OPTION_REPO] = &c->repository,
                                  [OPTION_SVG] = &c->svg};
    bool *const flags[] = {[OPTION_UNDECIDED] = &c->undecided,
                           [OPTION_SAVE] = &c->save,
                           [OPTION_QUIET] = &c->quiet};

    if (id >= OPTION_FORMATS)
        return output_add(c, &formats[id - OPTION_FORMATS], optarg);
    if (id >= OPTION_NUMBERS)
        return number_take(c, &numbers[id - OPTION_NUMBERS], optarg);
    if (id == OPTION_TREND)
        return list_add(c->trend, HISTORY_MAX, &c->trends);
    if (id == OPTION_FLAME)
        return list_add(c->flame, FLAMES_MAX, &c->flames);
    if (id >= OPTION_UNDECIDED)
        *flags[id] = true;
    else if (id >= OPTION_PEER)
        *words[id] = optarg;
    else
        return EXIT_USAGE;
    return 0;
}

/* --- Input ------------------------------------------------------------------- */
/* All files as one run. */
static int runs_read(char **paths, int n, struct run *out)
{
    struct run_error e;
    int rc = 0;

    for (int i = 0; i < n && !rc; i++) {
        struct run more;

        rc = baseline_read_file(paths[i], &more, &e);
        if (rc) {
            (void)fail(paths[i], e.text);
            break;
        }
        if (!i) {
            *out = more;
            continue;
        }
        rc = run_join(out, &more, &e);
        if (rc)
            (void)fail(paths[i], e.text);
    }
    if (rc)
        run_fini(out);
    return rc ? EXIT_USAGE : 0;
}

/* --- Output ------------------------------------------------------------------ */
static int output_write(const struct output *o, const struct report *r)
{
    bool standard = strcmp(o->path, "-") == 0;
    FILE *out = standard ? stdout : fopen(o->path, "w");
    int rc;

    if (!out)
        return fail(o->path, strerror(errno));
    rc = o->format->write(out, r);
    if (!rc && (fflush(out) || ferror(out)))
        rc = -EIO;
    if (!standard && fclose(out) && !rc)
        rc = -errno;
    return rc ? fail(o->path, strerror(-rc)) : 0;
}

static const struct format text_format = {"", report_text};
static const struct format undecided_format = {"", report_undecided};
static const struct format undecided_json = {"", report_undecided_json};

/* Instead of the usual outputs. */
static int undecided_write(struct command *c, const struct report *r)
{
    int rc = 0;

    if (!c->outputs)
        return output_write(&(struct output){&undecided_format, "-"}, r);
    for (size_t i = 0; i < c->outputs && !rc; i++) {
        if (c->output[i].format->write != report_json)
            return fail("--undecided", "goes with --json only");
        c->output[i].format = &undecided_json;
        rc = output_write(&c->output[i], r);
    }
    return rc;
}

static int outputs_write(struct command *c, const struct report *r)
{
    int rc = 0;

    if (!c->quiet)
        rc = output_write(&(struct output){&text_format, "-"}, r);
    for (size_t i = 0; i < c->outputs && !rc; i++)
        rc = output_write(&c->output[i], r);
    if (!rc && c->svg) {
        rc = report_svg(c->svg, r);
        if (rc)
            rc = fail(c->svg, strerror(-rc));
    }
    return rc;
}

static int baseline_write(const struct command *c, const struct run *run)
{
    struct run_error e;
    char *path;

    if (baseline_save(run, c->baselines, &path, &e))
        return fail(c->baselines, e.text);
    if (!c->quiet)
        printf("baseline: %s\n", path);
    free(path);
    return 0;
}

/* --- What only the page needs ------------------------------------------------ */
static bool page_wanted(const struct command *c)
{
    bool wanted = c->svg;

    for (size_t i = 0; i < c->outputs; i++)
        wanted |= c->output[i].format->write == report_html;
    return wanted;
}

static int trends_read(const struct command *c, const struct run *run,
                       struct history *out)
{
    struct run_error e;
    int rc = 0;

    if (!c->trends)
        return history_read(c->repository, run->machine, out);
    for (size_t i = 0; i < c->trends && !rc; i++) {
        struct run more;

        if (baseline_read_file(c->trend[i], &more, &e))
            return fail(c->trend[i], e.text);
        rc = history_add(out, &more,
                         *more.revision ? more.revision : c->trend[i]);
    }
    return rc;
}

static int flame_read(const char *path, char **svg)
{
    FILE *in = fopen(path, "r");
    struct run_error e;
    size_t len;
    int rc;

    if (!in)
        return fail(path, strerror(errno));
    rc = run_read(in, svg, &len, &e);
    fclose(in);
    if (rc)
        return fail(path, e.text);
    if (len > FLAME_BYTES_MAX || strlen(*svg) != len || !strstr(*svg, "<svg")) {
        free(*svg);
        *svg = NULL;
        return fail(path, "not SVG, or more than 8 MiB");
    }
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* --- The command ------------------------------------------------------------- */
static int command_report(struct command *c, struct report *r)
{
    int rc;

    if (c->undecided)
        return undecided_write(c, r);
    rc = outputs_write(c, r);
    if (!rc && c->save)
        rc = baseline_write(c, r->matrix->run);
    if (!rc && r->comparison &&
        comparison_verdict(r->comparison) == VERDICT_WORSE)
        rc = EXIT_WORSE;
    return rc;
}

/* With what was before, where that is asked for. */
static int command_compare(struct command *c, struct report *r)
{
    struct comparison comparison;
    struct run then;
    struct run_error e;
    int rc;

    if (!c->compare)
        return command_report(c, r);
    if (baseline_find(c->compare, c->repository, r->matrix->run->machine, &then,
                      &e))
        return fail(c->compare, e.text);
    rc = comparison_init(&comparison, r->matrix->run, &then, c->compare,
                         &c->rules);
    if (rc) {
        rc = fail(c->compare, strerror(-rc));
    } else {
        r->comparison = &comparison;
        rc = command_report(c, r);
        comparison_fini(&comparison);
    }
    run_fini(&then);
    return rc;
}

/* With what the page shows besides, where there is a page. */
static int command_page(struct command *c, struct report *r)
{
    char *flame[FLAMES_MAX] = {NULL};
    struct history history = {0};
    int rc = 0;

    if (!page_wanted(c))
        return command_compare(c, r);
    for (size_t i = 0; i < c->flames && !rc; i++) {
        rc = flame_read(c->flame[i], &flame[i]);
        r->flame[r->flames++] =
            (struct flame){base_name(c->flame[i]), flame[i]};
    }
    if (!rc)
        rc = trends_read(c, r->matrix->run, &history);
    r->history = &history;
    rc = rc ? EXIT_USAGE : command_compare(c, r);
    history_fini(&history);
    for (size_t i = 0; i < c->flames; i++)
        free(flame[i]);
    return rc;
}

static int command_run(struct command *c, const struct run *run)
{
    struct matrix matrix;
    struct report r = {.matrix = &matrix,
                       .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    int rc;

    if (!c->looks_given)
        c->rules.looks = run->looks;
    rc = matrix_init(&matrix, run, &c->rules, c->peer);
    if (rc)
        return fail("cannot judge", strerror(-rc));
    rc = command_page(c, &r);
    matrix_fini(&matrix);
    return rc;
}

int main(int argc, char **argv)
{
    struct option options[PLAIN + OPTIONS_END - OPTION_NUMBERS + 1];
    struct command c = {.rules = rules_default,
                        .baselines = BASELINE_DIRECTORY,
                        .repository = "."};
    struct run run = {0};
    int id, rc = 0;

    options_make(options);
    while (!rc && (id = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (id == OPTION_HELP)
            return fputs(usage, stdout) < 0;
        if (id == OPTION_VERSION)
            return puts("touchstone bench judge 1") < 0;
        rc = option_take(&c, id);
    }
    if (!rc && optind == argc)
        rc = fail("which FILE", "try --help");
    if (!rc)
        rc = runs_read(argv + optind, argc - optind, &run);
    if (!rc) {
        rc = command_run(&c, &run);
        run_fini(&run);
    }
    return rc;
}
