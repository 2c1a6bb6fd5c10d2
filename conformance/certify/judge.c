/* The verdict: required tests, their results, waivers. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

enum { /* columns */
       WAIVER_UNTIL = 1,
       WAIVER_WHO = 2,
       WAIVER_REASON = 3,
       RESULT_OUTCOME = 1,
       RESULT_DETAIL = 3,
};

/* A waiver names a test, or with a star at its end many. */
static bool waiver_is_for(struct bytes waiver, struct bytes test)
{
    if (waiver.nr && waiver.at[waiver.nr - 1] == '*')
        return test.nr >= waiver.nr - 1 &&
               memcmp(waiver.at, test.at, waiver.nr - 1) == 0;
    return bytes_same(waiver, test);
}

static const struct row *waiver_find(const struct table *waivers,
                                     struct bytes test)
{
    for (int i = 0; i < waivers->nr; i++)
        if (waiver_is_for(waivers->rows[i].cell[0], test))
            return &waivers->rows[i];
    return NULL;
}

#define TEXT(b) (int)(b).nr, (b).at

static void block(struct judgement *j, struct bytes test, struct bytes outcome,
                  struct bytes detail, const char *today,
                  struct findings *waived)
{
    const struct row *w = waiver_find(&j->waivers, test);
    struct place at = {.test = test};

    if (w && bytes_compare(w->cell[WAIVER_UNTIL], bytes_of(today)) >= 0) {
        j->waived++;
        findings_add(waived, "waived", at, "%.*s; %.*s, until %.*s: %.*s",
                     TEXT(outcome), TEXT(w->cell[WAIVER_WHO]),
                     TEXT(w->cell[WAIVER_UNTIL]), TEXT(w->cell[WAIVER_REASON]));
        return;
    }
    findings_add(&j->blockers, "blocker", at, "%.*s%s%.*s%s%.*s", TEXT(outcome),
                 detail.nr ? ": " : "", TEXT(detail),
                 w ? "; its waiver ended on " : "",
                 w ? (int)w->cell[WAIVER_UNTIL].nr : 0,
                 w ? w->cell[WAIVER_UNTIL].at : "");
}

static void count(struct judgement *j, struct findings *f)
{
    for (int i = 0; i < j->results.nr; i++) {
        const struct row *row = &j->results.rows[i];
        const struct outcome *o = outcome_find(row->cell[RESULT_OUTCOME]);

        if (o)
            j->counts[o - outcome_at(0)]++;
        else
            findings_add(
                f, "table",
                (struct place){bytes_of("results.tsv"), row->cell[0], 0, false},
                "'%.*s' is no outcome", TEXT(row->cell[RESULT_OUTCOME]));
    }
}

static bool row_is_good(const struct row *row)
{
    const struct outcome *o = outcome_find(row->cell[RESULT_OUTCOME]);

    return o && o->good;
}

/* Tests that nobody asked for must not fail either; they may be skipped. */
static bool blocks_unasked(const struct row *row)
{
    return !row_is_good(row) && !bytes_is(row->cell[RESULT_OUTCOME], "skipped");
}

void judge(struct judgement *j, const struct archive *a, const char *today,
           struct findings *waived, struct findings *f)
{
    *j = (struct judgement){.missing = 0};
    table_read(&j->results, a, "results.tsv", 4, f);
    table_read(&j->required, a, "required.tsv", 1, f);
    table_read(&j->waivers, a, "waivers.tsv", 4, f);
    count(j, f);
    for (int i = 0; i < j->required.nr; i++) {
        struct bytes test = j->required.rows[i].cell[0];
        const struct row *row = table_find(&j->results, test);

        j->missing += !row;
        if (!row)
            block(j, test, bytes_of("missing"), bytes_of("it was not run"),
                  today, waived);
        else if (!row_is_good(row))
            block(j, test, row->cell[RESULT_OUTCOME], row->cell[RESULT_DETAIL],
                  today, waived);
    }
    for (int i = 0; i < j->results.nr; i++) {
        const struct row *row = &j->results.rows[i];

        if (blocks_unasked(row) && !table_find(&j->required, row->cell[0]))
            block(j, row->cell[0], row->cell[RESULT_OUTCOME],
                  row->cell[RESULT_DETAIL], today, waived);
    }
    if (!j->required.nr)
        findings_add(&j->blockers, "blocker", IN_FILE("required.tsv"),
                     "no test is required");
    j->verdict = j->blockers.nr ? VERDICT_FAILED
                 : j->waived    ? VERDICT_WAIVED
                                : VERDICT_PASSED;
}

void judge_fini(struct judgement *j)
{
    table_fini(&j->results);
    table_fini(&j->required);
    table_fini(&j->waivers);
    findings_fini(&j->blockers);
}

struct bytes product_fact(const struct archive *a, const char *key)
{
    struct bytes rest = archive_data(a, "PRODUCT.yaml"), line;
    size_t nr = strlen(key);

    while (bytes_take(&rest, '\n', &line)) {
        if (!bytes_starts(line, key) || line.nr < nr + 2 ||
            memcmp(line.at + nr, ": ", 2) != 0)
            continue;
        line = (struct bytes){line.at + nr + 2, line.nr - nr - 2};
        if (line.nr >= 2 && line.at[0] == '"' && line.at[line.nr - 1] == '"')
            line = (struct bytes){line.at + 1, line.nr - 2};
        return line;
    }
    return (struct bytes){NULL, 0};
}
