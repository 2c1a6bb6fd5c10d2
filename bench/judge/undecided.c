/* Which measures need more samples. */
#include "report.h"

static bool undecided(const struct row *row)
{
    return row_compares(row) && row->judged.verdict == VERDICT_UNKNOWN;
}

int report_undecided(FILE *out, const struct report *r)
{
    for (size_t i = 0; i < r->matrix->rows; i++) {
        const struct row *row = &r->matrix->row[i];

        if (undecided(row))
            fprintf(out, "%s\t%zu\t%s\n", row->measure->name, row->judged.more,
                    row->judged.reason);
    }
    return 0;
}

static cJSON *undecided_row(const struct row *row)
{
    cJSON *o = cJSON_CreateObject();
    size_t have =
        row->judged.nx < row->judged.ny ? row->judged.nx : row->judged.ny;

    cJSON_AddStringToObject(o, "name", row->measure->name);
    cJSON_AddNumberToObject(o, "have", (double)have);
    cJSON_AddNumberToObject(o, "more", (double)row->judged.more);
    cJSON_AddStringToObject(o, "reason", row->judged.reason);
    return o;
}

int report_undecided_json(FILE *out, const struct report *r)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "undecided");
    size_t decided = 0;

    for (size_t i = 0; i < r->matrix->rows; i++) {
        const struct row *row = &r->matrix->row[i];

        if (undecided(row))
            cJSON_AddItemToArray(list, undecided_row(row));
        else
            decided += row_compares(row);
    }
    cJSON_AddNumberToObject(root, "decided", (double)decided);
    return report_tree(out, root, true);
}
