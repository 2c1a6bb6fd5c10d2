/* `touchstone import`: dumps of other tools become a hardware record. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

enum {
    EXIT_USAGE = 2,
};

static const char *const kind_names[] = {
#define IMPORT_KIND(id, n) n,
#include "import/kinds.def"
#undef IMPORT_KIND
};

static void usage(FILE *out)
{
    fputs("usage: touchstone import [OPTION...] SOURCE... DIR|FILE.tar.zst\n\n"
          "Makes one hardware record of dumps of other tools: files, "
          "directories, archives\n(tar, zip, cpio; gzip, bzip2, xz, zstd). "
          "What they are is told by what is in them:\n",
          out);
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
        fprintf(out, "  %s\n", kind_names[i]);
    fputs("  touchstone record\n\n"
          "  --keep-identifiers   keep serial numbers, UUIDs, MACs, licence "
          "keys\n"
          "  --date DATE          a date to put into it\n"
          "  --quiet              no summary\n",
          out);
}

struct options {
    const char *date;
    bool keep_identifiers, quiet;
};

static int options_parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"keep-identifiers", no_argument, NULL, 'k'},
        {"date", required_argument, NULL, 'd'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {0}};
    int c;

    *o = (struct options){0};
    while ((c = getopt_long(argc, argv, "", known, NULL)) > 0) {
        if (c == 'h') {
            usage(stdout);
            exit(EXIT_SUCCESS);
        } else if (c == 'V') {
            puts(RECORD_TOOL);
            exit(EXIT_SUCCESS);
        } else if (c == 'k') {
            o->keep_identifiers = true;
        } else if (c == 'd') {
            o->date = optarg;
        } else if (c == 'q') {
            o->quiet = true;
        } else {
            return -EINVAL;
        }
    }
    return argc - optind >= 2 ? 0 : -EINVAL;
}

static void summary(const char *path)
{
    struct record_error error;
    struct record *r;

    if (record_open(path, &r, &error)) {
        fprintf(stderr, "touchstone import: %s\n", error.text);
        return;
    }
    printf("record %s: %s %s: %zu ACPI tables, %zu CPUs, %zu ranges of "
           "memory\n",
           record_id(r), record_machine(r)->vendor, record_machine(r)->product,
           record_tables(r), record_cpus(r), record_ranges(r));
    record_destroy(r);
}

int main(int argc, char **argv)
{
    struct record_error error = {""};
    struct options o;
    struct draft *d;
    int rc = 0;

    if (options_parse(&o, argc, argv)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    d = draft_create();
    if (!d) {
        fputs("touchstone import: no memory\n", stderr);
        return EXIT_USAGE;
    }
    d->date = o.date;
    for (int i = optind; !rc && i < argc - 1; i++)
        rc = import_source(d, argv[i], &error);
    if (!rc)
        rc = draft_write(d, o.keep_identifiers, argv[argc - 1], &error);
    draft_destroy(d);
    if (rc) {
        fprintf(stderr, "touchstone import: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (!o.quiet)
        summary(argv[argc - 1]);
    return EXIT_SUCCESS;
}
