/* The command line of `touchstone conform`. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"

enum kind {
    KIND_TEXT,
    KIND_LIST,
    KIND_FLAG,
    KIND_NUMBER,
    KIND_OPTIONAL, /* a text that may be missing: "" */
};

enum {
    JOBS_USUAL = 4,
    JOBS_MAX = 32,
    TIMEOUT_S = 300,
    TIMEOUT_MAX_S = 86400,
    STEPS_USUAL = 250,
    STEPS_MAX = 100000,
    SEEDS_USUAL = 12,
    SEEDS_MAX = 1000,
    ADDRESS_BYTES = 512,
    HELP_COLUMN = 22,
};

struct row {
    const char *name, *argument, *help;
    enum kind kind;
    size_t offset;
};

static const struct row rows[] = {
#define OPTION(n, a, k, m, h) {n, a, h, KIND_##k, offsetof(struct options, m)},
#include "options.def"
#undef OPTION
};

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
};

void options_help(void)
{
    puts("usage: touchstone conform TARGET [OPTION...]\n\n"
         "TARGET: sim (started here); http(s)://user:password@host[:port];\n"
         "@FILE or env:NAME, where such an address stands and no list of\n"
         "processes shows it; platform, xen, both: the hypervisors, with\n"
         "options of their own (touchstone conform platform --help)\n\n"
         "Without --destructive an address is only read: no message that\n"
         "changes anything is sent.\n");
    for (int i = 0; i < ROWS_NR; i++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "--%s %s", rows[i].name,
                       rows[i].argument ? rows[i].argument : "");
        printf("  %-*s %s\n", HELP_COLUMN, left, rows[i].help);
    }
    puts("\nExit status: 0 all passed, 1 something failed, 2 usage or "
         "environment.");
}

int options_refuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("conform: ", stderr);
    (void)vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return -EINVAL;
}

static int set_number(unsigned long long *at, const struct row *row,
                      const char *text)
{
    char *end;

    errno = 0;
    *at = strtoull(text, &end, 10);
    if (*end || errno || *text < '0' || *text > '9')
        return options_refuse("--%s wants a number, not '%s'", row->name, text);
    return 0;
}

static int add_text(const char **list, const char *text)
{
    for (int i = 0; i < FILTERS_MAX - 1; i++)
        if (!list[i]) {
            list[i] = text;
            return 0;
        }
    return options_refuse("more than %d filters", FILTERS_MAX - 1);
}

static int set_option(struct options *o, const struct row *row,
                      const char *text)
{
    void *at = (char *)o + row->offset;

    switch (row->kind) {
    case KIND_LIST:
        return add_text(at, text);
    case KIND_NUMBER:
        return set_number(at, row, text);
    case KIND_FLAG:
        *(bool *)at = true;
        return 0;
    default:
        *(const char **)at = text ? text : "";
        return 0;
    }
}

/* The first line of a file, for as long as the process lives. */
static const char *line_of(const char *path)
{
    static char line[ADDRESS_BYTES];
    FILE *file = fopen(path, "r");

    if (!file || !fgets(line, sizeof(line), file))
        line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (file)
        fclose(file);
    return line;
}

/* The address that the word stands for; the word loses its password. */
static const char *address_of(char *word)
{
    static char address[ADDRESS_BYTES];
    char *host = strrchr(word, '@'), *rest = strstr(word, "://");
    char *colon = rest ? strchr(rest + 3, ':') : NULL;

    if (word[0] == '@')
        return line_of(word + 1);
    if (strncmp(word, "env:", 4) == 0)
        return getenv(word + 4) ? getenv(word + 4) : "";
    (void)snprintf(address, sizeof(address), "%s", word);
    if (host && colon && colon < host)
        memset(colon + 1, '*', (size_t)(host - colon - 1));
    return address;
}

static bool is_target(const char *word)
{
    return strcmp(word, "sim") == 0 || strstr(word, "://") || *word == '@' ||
           strncmp(word, "env:", 4) == 0;
}

/* The words that are no options: TARGET, and a file behind --only-failed. */
static int take_words(struct options *o, int nr, char **words)
{
    if (nr == 2 && o->failed && !*o->failed) {
        int first = is_target(words[0]) ? 0 : 1;

        o->failed = words[1 - first];
        o->target = address_of(words[first]);
        return 0;
    }
    if (nr != 1)
        return options_refuse("one TARGET is wanted; see --help");
    o->target = address_of(words[0]);
    return 0;
}

static bool in_range(unsigned long long n, unsigned long long max)
{
    return n >= 1 && n <= max;
}

static int check(struct options *o)
{
    if (!profile_known(o->profile))
        return options_refuse("no profile '%s'; see --help", o->profile);
    if (!in_range(o->jobs, JOBS_MAX))
        return options_refuse("--jobs is 1 to %d", JOBS_MAX);
    if (!in_range(o->timeout, TIMEOUT_MAX_S))
        return options_refuse("--timeout is 1 to %d", TIMEOUT_MAX_S);
    if (!in_range(o->steps, STEPS_MAX) || !in_range(o->seeds, SEEDS_MAX))
        return options_refuse("--steps is 1 to %d, --seeds 1 to %d", STEPS_MAX,
                              SEEDS_MAX);
    if (o->resume && o->failed)
        return options_refuse("--resume or --only-failed, not both");
    if (o->insecure && o->ca_file)
        return options_refuse("--cacert or --insecure, not both");
    return 0;
}

/* As many as there are processors; a target of others gets one at a time. */
static unsigned long long usual_jobs(const struct options *o)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (strcmp(o->target, "sim") != 0 || cpus < 1)
        return 1;
    return cpus < JOBS_USUAL ? (unsigned long long)cpus : JOBS_USUAL;
}

int options_parse(struct options *o, int argc, char **argv)
{
    static const int needs[] = {[KIND_TEXT] = required_argument,
                                [KIND_LIST] = required_argument,
                                [KIND_FLAG] = no_argument,
                                [KIND_NUMBER] = required_argument,
                                [KIND_OPTIONAL] = optional_argument};
    struct option known[ROWS_NR + 1] = {0};
    int c, index, rc = 0;

    *o = (struct options){.profile = "all",
                          .seed = 1,
                          .timeout = TIMEOUT_S,
                          .steps = STEPS_USUAL,
                          .seeds = SEEDS_USUAL,
                          .scripts = "."};
    for (int i = 0; i < ROWS_NR; i++)
        known[i] = (struct option){rows[i].name, needs[rows[i].kind], NULL, 1};
    while (!rc && (c = getopt_long(argc, argv, "", known, &index)) > 0)
        rc = c == 1 ? set_option(o, &rows[index], optarg) : -EINVAL;
    if (rc || o->help || o->version)
        return rc;
    rc = take_words(o, argc - optind, argv + optind);
    if (rc)
        return rc;
    if (!o->jobs)
        o->jobs = usual_jobs(o);
    o->destructive |= strcmp(o->target, "sim") == 0;
    return check(o);
}
