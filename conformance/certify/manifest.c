/* MANIFEST: which files a bundle has, and what is in them. */
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

enum {
    HEX_DIGITS = HASH_HEX_BYTES - 1,
    LINE_BLANKS = 2, /* between hash and name: sha256sum's text mode */
    SHOWN_MAX = 80,
};

/* The manifest and its signature cannot list themselves. */
static bool listed(const char *name)
{
    return strcmp(name, MANIFEST) != 0 && strcmp(name, MANIFEST_SIGNATURE) != 0;
}

char *manifest_make(const struct archive *a)
{
    char *text = NULL, hex[HASH_HEX_BYTES];
    size_t nr;
    FILE *out = open_memstream(&text, &nr);

    if (!out)
        abort();
    for (int i = 0; i < a->nr; i++)
        if (listed(a->members[i].name)) {
            hash_hex(a->members[i].data, hex);
            fprintf(out, "%s  %s\n", hex, a->members[i].name);
        }
    if (fclose(out))
        abort();
    return text;
}

/* A line as hash and name; false when it is none. */
static bool split_line(struct bytes line, struct bytes *hash,
                       struct bytes *name)
{
    if (line.nr <= HEX_DIGITS + LINE_BLANKS || line.at[HEX_DIGITS] != ' ' ||
        line.at[HEX_DIGITS + 1] != ' ')
        return false;
    *hash = (struct bytes){line.at, HEX_DIGITS};
    *name = (struct bytes){line.at + HEX_DIGITS + LINE_BLANKS,
                           line.nr - HEX_DIGITS - LINE_BLANKS};
    return member_name_good(*name);
}

/* How much of a line is shown. */
static int shown(struct bytes line)
{
    return line.nr < SHOWN_MAX ? (int)line.nr : SHOWN_MAX;
}

static void check_line(const struct archive *a, struct bytes line, bool *seen,
                       struct findings *f)
{
    struct bytes hash, name;
    char hex[HASH_HEX_BYTES];
    const struct member *m;
    char *text;

    if (!split_line(line, &hash, &name)) {
        findings_add(f, "manifest", IN_FILE(MANIFEST),
                     "'%.*s' is no line of it", shown(line), line.at);
        return;
    }
    text = bytes_copy(name);
    m = archive_find(a, text);
    free(text);
    if (!m) {
        findings_add(f, "manifest", (struct place){.file = name},
                     "the file was removed");
        return;
    }
    seen[m - a->members] = true;
    hash_hex(m->data, hex);
    if (!bytes_is(hash, hex))
        findings_add(f, "manifest", (struct place){.file = name},
                     "the file was altered: SHA-256 is %s", hex);
}

void manifest_check(const struct archive *a, struct findings *f)
{
    struct bytes rest = archive_data(a, MANIFEST), line;
    bool *seen = calloc((size_t)a->nr + 1, sizeof(*seen));

    if (!seen)
        abort();
    if (!archive_find(a, MANIFEST))
        findings_add(f, "manifest", IN_FILE(MANIFEST), "it is not there");
    while (bytes_take(&rest, '\n', &line))
        check_line(a, line, seen, f);
    for (int i = 0; i < a->nr; i++)
        if (!seen[i] && listed(a->members[i].name))
            findings_add(f, "manifest", IN_FILE(a->members[i].name),
                         "the file was added: MANIFEST does not know it");
    free(seen);
}
