/*
 * Whether junit.xml and results.tap tell what results.tsv tells, test by test.
 * Both are read as a bundle writes them, a test per line; names of tests need
 * no escapes in either.
 */
#include "judge.h"

#include <stdio.h>
#include <string.h>

enum {
    TEST_BYTES = 512,
    RESULT_OUTCOME = 1,
};

/* One test as a file tells it. */
struct told {
    char test[TEST_BYTES];
    const char *tag; /* JUnit */
    bool ok;         /* TAP */
    const char *directive;
};

struct form {
    const char *file;
    /* False: the line tells of no test. */
    bool (*read)(struct bytes line, struct told *out);
    bool (*same)(const struct told *told, const struct outcome *wanted);
};

/* Takes `text` off the front; false: it is not there. */
static bool skip(struct bytes *rest, const char *text)
{
    size_t nr = strlen(text);

    if (!bytes_starts(*rest, text))
        return false;
    rest->at += nr;
    rest->nr -= nr;
    return true;
}

static bool junit_read(struct bytes line, struct told *out)
{
    struct bytes group, name;
    static const char *const tags[] = {"<failure", "<error", "<skipped"};

    if (!skip(&line, "  <testcase classname=\"") ||
        !bytes_take(&line, '"', &group) || !skip(&line, " name=\"") ||
        !bytes_take(&line, '"', &name))
        return false;
    (void)snprintf(out->test, sizeof(out->test), "%.*s/%.*s", (int)group.nr,
                   group.at, (int)name.nr, name.at);
    out->tag = NULL;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (line.nr &&
            memmem(line.at, line.nr, tags[i], strlen(tags[i])) != NULL)
            out->tag = tags[i] + 1;
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool junit_same(const struct told *told, const struct outcome *wanted)
{
    return same_text(told->tag, wanted->junit_tag);
}

static bool tap_read(struct bytes line, struct told *out)
{
    static const char *const directives[] = {"SKIP", "TO"
                                                     "DO"};
    struct bytes number, name;

    out->ok = !skip(&line, "not ");
    if (!skip(&line, "ok ") || !bytes_take(&line, ' ', &number) ||
        !skip(&line, "- ") || !bytes_take(&line, '#', &name))
        return false;
    while (name.nr && name.at[name.nr - 1] == ' ')
        name.nr--;
    (void)snprintf(out->test, sizeof(out->test), "%.*s", (int)name.nr, name.at);
    out->directive = NULL;
    for (size_t i = 0; i < 2; i++)
        if (line.nr && bytes_starts((struct bytes){line.at + 1, line.nr - 1},
                                    directives[i]))
            out->directive = directives[i];
    return true;
}

static bool tap_same(const struct told *told, const struct outcome *wanted)
{
    return told->ok == wanted->tap_ok &&
           same_text(told->directive, wanted->tap_directive);
}

static const struct form forms[] = {
    {"junit.xml", junit_read, junit_same},
    {"results.tap", tap_read, tap_same},
};

static void say(struct findings *f, const struct form *form, struct bytes test,
                const char *what)
{
    findings_add(f, "result",
                 (struct place){bytes_of(form->file), test, 0, false}, "%s",
                 what);
}

/* Moves `*at` over rows that the file leaves out, to the test it tells of. */
static void catch_up(const struct form *form, const struct table *results,
                     int *at, struct bytes test, struct findings *f)
{
    while (*at < results->nr &&
           bytes_compare(results->rows[*at].cell[0], test) < 0) {
        say(f, form, results->rows[*at].cell[0],
            "results.tsv has this test, the file has not");
        (*at)++;
    }
}

static void check_told(const struct form *form, const struct table *results,
                       int *at, const struct told *told, struct findings *f)
{
    struct bytes test = bytes_of(told->test);
    const struct outcome *wanted;

    catch_up(form, results, at, test, f);
    if (*at >= results->nr || !bytes_same(results->rows[*at].cell[0], test)) {
        say(f, form, test, "the file has this test, results.tsv has not");
        return;
    }
    wanted = outcome_find(results->rows[*at].cell[RESULT_OUTCOME]);
    if (!wanted || !form->same(told, wanted))
        say(f, form, test, "the file and results.tsv tell two outcomes");
    (*at)++;
}

static void check_form(const struct form *form, const struct archive *a,
                       const struct table *results, struct findings *f)
{
    struct bytes rest = archive_data(a, form->file), line;
    struct told told;
    int at = 0;

    while (bytes_take(&rest, '\n', &line))
        if (form->read(line, &told))
            check_told(form, results, &at, &told, f);
    while (at < results->nr)
        say(f, form, results->rows[at++].cell[0],
            "results.tsv has this test, the file has not");
}

void agree_check(const struct archive *a, const struct table *results,
                 struct findings *f)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        check_form(&forms[i], a, results, f);
}
