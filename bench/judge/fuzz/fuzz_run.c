/* A file of samples, and of a baseline: whatever is in it, a verdict or an
   error with a reason. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static report_fn *const formats[] = {
    report_text,          report_json,           report_bmf,
    report_github_bigger, report_github_smaller, report_csv,
    report_undecided,     report_undecided_json, report_html,
};

static void run_report(const struct run *run, const struct run *then)
{
    struct rules rules = rules_default;
    struct comparison comparison;
    struct matrix matrix;
    char name[1][RUN_NAME_BYTES] = {"then"};
    struct history history = {(struct run *)then, name, 1};
    struct report r = {.matrix = &matrix,
                       .comparison = &comparison,
                       .history = &history,
                       .flame = {{"a.svg", "<svg/>"}},
                       .flames = 1};
    FILE *out = fopen("/dev/null", "w");
    int rc;

    rules.least = 2;
    assert(out);
    rc = matrix_init(&matrix, run, &rules, NULL);
    assert(!rc);
    rc = comparison_init(&comparison, run, then, "then", &rules);
    assert(!rc);
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        rc = formats[i](out, &r);
        assert(!rc);
    }
    comparison_fini(&comparison);
    matrix_fini(&matrix);
    fclose(out);
}

static int run_make(const uint8_t *data, size_t size, struct run *out)
{
    struct run_error e = {""};
    cJSON *json;
    int rc = run_parse((const char *)data, size, &json, &e);

    if (!rc)
        rc = run_decode(json, out, &e);
    assert(!rc || *e.text);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run, then, more;
    struct run_error e;

    if (run_make(data, size, &run))
        return 0;
    if (run_make(data, size, &then) == 0) {
        run_report(&run, &then);
        run_fini(&then);
    }
    if (run_make(data, size, &more) == 0)
        (void)run_join(&run, &more, &e); /* may be refused, not crash */
    run_fini(&run);
    return 0;
}
