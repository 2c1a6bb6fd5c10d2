/* `touchstone record`: takes a hardware record of this machine, or checks one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hwcompat/record.h"
#include "options/options.h"
#include "take/take.h"

enum {
    EXIT_USAGE = 2,
};

struct options {
    const char *root, *date, *check;
    bool keep_identifiers, quiet;
};

static const char usage[] =
    "usage: touchstone record [OPTION...] DIR|FILE.tar.zst\n"
    "       touchstone record --check DIR|FILE.tar.zst\n\n"
    "Takes a record of this machine's firmware, CPUs and devices. As "
    "root all of\nit; otherwise what can be read, and the record says "
    "what is missing.\n\n"
    "  --check PATH         validate a record, print what it holds\n"
    "  --keep-identifiers   keep serial numbers, UUIDs, MACs, licence "
    "keys\n"
    "  --root PATH          the tree to read /sys, /proc and /dev from\n"
    "  --date DATE          a date to put into it (it has none "
    "otherwise)\n"
    "  --quiet              no summary\n";

#define ROW(name, kind, member)                            \
    {                                                      \
        name, kind, offsetof(struct options, member), NULL \
    }
static const struct option_row rows[] = {
    ROW("check", OPTION_TEXT, check),
    ROW("keep-identifiers", OPTION_FLAG, keep_identifiers),
    ROW("root", OPTION_TEXT, root),
    ROW("date", OPTION_TEXT, date),
    ROW("quiet", OPTION_FLAG, quiet),
};
#undef ROW
static const struct option_set set = {"touchstone record", RECORD_TOOL, usage,
                                      rows, sizeof(rows) / sizeof(*rows)};

/* Without SMBIOS a machine has no name. */
static const char *or_else(const char *text, const char *otherwise)
{
    return *text ? text : otherwise;
}

static void summary(const struct record *r, FILE *out)
{
    const struct record_machine *m = record_machine(r);

    fprintf(out, "record %s (%s): %s %s, BIOS %s %s\n", record_id(r),
            record_origin(r), or_else(m->vendor, "unnamed"),
            or_else(m->product, "machine"), or_else(m->bios_version, "unknown"),
            m->bios_date);
    fprintf(out,
            "%zu ACPI tables, %zu CPUs, %zu ranges of memory, %zu PCI "
            "functions, %zu files\n",
            record_tables(r), record_cpus(r), record_ranges(r), record_pcis(r),
            record_files(r));
    for (int i = 0; i < RECORD_PARTS; i++)
        if (record_missing(r, i))
            fprintf(out, "missing: %s: %s\n", record_part_what(i),
                    record_missing(r, i));
}

static int check(const char *path, bool quiet)
{
    struct record_error error;
    struct record *r;
    int rc = record_open(path, &r, &error);

    if (rc) {
        fprintf(stderr, "touchstone record: %s\n", error.text);
        return rc == -ENOENT || rc == -EACCES ? EXIT_USAGE : EXIT_FAILURE;
    }
    if (!quiet)
        summary(r, stdout);
    record_destroy(r);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct record_error error = {""};
    struct options o = {.root = ""};
    int at = options_read(&set, &o, argc, argv), rc;

    if (at < 0 || argc - at != !o.check) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.check)
        return check(o.check, o.quiet);
    rc = machine_record(&(struct take){.root = o.root, .date = o.date},
                        o.keep_identifiers, argv[at], &error);
    if (rc) {
        fprintf(stderr, "touchstone record: %s\n", error.text);
        return EXIT_USAGE;
    }
    return o.quiet ? EXIT_SUCCESS : check(argv[at], false);
}
