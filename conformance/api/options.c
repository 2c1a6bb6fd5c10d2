/* The command line of `touchstone conform`. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"

enum kind {
    KIND_TEXT,
    KIND_FLAG,
    KIND_NUMBER,
};

struct row {
    const char *name, *argument, *help;
    enum kind kind;
    size_t offset;
};

#define AT(member) offsetof(struct options, member)
static const struct row rows[] = {
    {"profile", "P", "core, storage, network, pool, ha, security or all",
     KIND_TEXT, AT(profile)},
    {"destructive", NULL, "may change the target (always for sim)", KIND_FLAG,
     AT(destructive)},
    {"users", "LIST", "ROLE=NAME:PASSWORD,... for claims about roles",
     KIND_TEXT, AT(users)},
    {"filter", "TEXT", "only checks whose name contains it", KIND_TEXT,
     AT(filter)},
    {"list", NULL, "name the checks and do nothing", KIND_FLAG, AT(list)},
    {"seed", "N", "of the simulation", KIND_NUMBER, AT(seed)},
    {"junit", "FILE", "write JUnit XML", KIND_TEXT, AT(junit)},
    {"tap", "FILE", "write TAP 13", KIND_TEXT, AT(tap)},
    {"json", "FILE", "write a summary with the coverage", KIND_TEXT, AT(json)},
    {"jsonl", "FILE", "write a line of JSON per check", KIND_TEXT, AT(jsonl)},
    {"html", "FILE", "write a page to read", KIND_TEXT, AT(html)},
    {"help", NULL, "this", KIND_FLAG, AT(help)},
    {"version", NULL, "the version", KIND_FLAG, AT(version)},
};
#undef AT

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
};

void options_help(void)
{
    puts("usage: touchstone conform TARGET [OPTION...]\n\n"
         "TARGET: sim (started here), or http(s)://user:password@host[:port];\n"
         "platform, xen, both: the hypervisors, with options of their own\n");
    for (int i = 0; i < ROWS_NR; i++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "--%s %s", rows[i].name,
                       rows[i].argument ? rows[i].argument : "");
        printf("  %-16s  %s\n", left, rows[i].help);
    }
    puts("\nExit status: 0 all passed, 1 something failed, 2 usage or "
         "environment.");
}

static int set_option(struct options *o, const struct row *row,
                      const char *text)
{
    void *at = (char *)o + row->offset;
    char *end;

    if (row->kind == KIND_TEXT) {
        *(const char **)at = text;
    } else if (row->kind == KIND_FLAG) {
        *(bool *)at = true;
    } else {
        errno = 0;
        *(unsigned long long *)at = strtoull(text, &end, 10);
        if (*end || errno || *text < '0' || *text > '9') {
            fprintf(stderr, "conform: --%s wants a number, not '%s'\n",
                    row->name, text);
            return -EINVAL;
        }
    }
    return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
    struct option known[ROWS_NR + 1] = {0};
    int c, index, rc = 0;

    *o = (struct options){.profile = "all", .seed = 1};
    for (int i = 0; i < ROWS_NR; i++)
        known[i] =
            (struct option){rows[i].name, rows[i].argument != NULL, NULL, 1};
    while (!rc && (c = getopt_long(argc, argv, "", known, &index)) > 0)
        rc = c == 1 ? set_option(o, &rows[index], optarg) : -EINVAL;
    if (rc || o->help || o->version)
        return rc;
    if (!profile_known(o->profile)) {
        fprintf(stderr, "conform: no profile '%s'; see --help\n", o->profile);
        return -EINVAL;
    }
    if (optind != argc - 1) {
        fputs("conform: one TARGET is wanted; see --help\n", stderr);
        return -EINVAL;
    }
    o->target = argv[optind];
    o->destructive |= strcmp(o->target, "sim") == 0;
    return 0;
}
