/* `touchstone import`: dumps of other tools become a hardware record. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "options/options.h"

enum {
    EXIT_USAGE = 2,
};

static const char usage[] =
    "usage: touchstone import [OPTION...] SOURCE... DIR|FILE.tar.zst\n\n"
    "Makes one hardware record of dumps of other tools: files, directories, "
    "archives\n(tar, zip, cpio; gzip, bzip2, xz, zstd). What they are is told "
    "by what is in them:\n"
#define IMPORT_KIND(id, n) "  " n "\n"
#include "import/kinds.def"
#undef IMPORT_KIND
    "  touchstone record\n\n"
    "  --keep-identifiers   keep serial numbers, UUIDs, MACs, licence keys\n"
    "  --date DATE          a date to put into it\n"
    "  --quiet              no summary\n";

struct options {
    const char *date;
    bool keep_identifiers, quiet;
};

#define ROW(name, kind, member)                            \
    {                                                      \
        name, kind, offsetof(struct options, member), NULL \
    }
static const struct option_row rows[] = {
    ROW("keep-identifiers", OPTION_FLAG, keep_identifiers),
    ROW("date", OPTION_TEXT, date),
    ROW("quiet", OPTION_FLAG, quiet),
};
#undef ROW
static const struct option_set set = {"touchstone import", RECORD_TOOL, usage,
                                      rows, sizeof(rows) / sizeof(*rows)};

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
    struct options o = {0};
    struct draft *d;
    int at = options_read(&set, &o, argc, argv), rc = 0;

    if (at < 0 || argc - at < 2) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    d = draft_create();
    if (!d) {
        fputs("touchstone import: no memory\n", stderr);
        return EXIT_USAGE;
    }
    d->date = o.date;
    for (int i = at; !rc && i < argc - 1; i++)
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
