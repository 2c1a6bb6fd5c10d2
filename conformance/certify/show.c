/* What is known of a bundle. */
#include "show.h"

#include <string.h>

enum {
    SHOWN_MAX = 50, /* findings for people; JSON has all */
};

static const char *const facts[] = {
    "verdict", "vendor",  "product", "firmware",    "cpu",
    "target",  "profile", "version", "accelerator", "finished",
};

enum {
    FACTS_NR = sizeof(facts) / sizeof(facts[0]),
};

/* --- For people --- */

static void put_fact(FILE *out, const char *name, struct bytes value)
{
    fprintf(out, "%-12s ", name);
    for (size_t i = 0; i < value.nr; i++)
        fputc((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f
                  ? '?'
                  : value.at[i],
              out);
    fputc('\n', out);
}

static void put_list(FILE *out, const struct findings *f)
{
    for (int i = 0; i < f->nr && i < SHOWN_MAX; i++)
        finding_print(out, &f->rows[i]);
    if (f->nr + f->dropped > SHOWN_MAX)
        fprintf(out, "and %d more; --json names all\n",
                f->nr + f->dropped - SHOWN_MAX);
}

static void put_facts(FILE *out, const struct verification *v)
{
    const struct judgement *j = &v->judgement;

    for (int i = 0; i < FACTS_NR; i++)
        put_fact(out, facts[i], product_fact(&v->archive, facts[i]));
    fprintf(out, "%-12s %d required, %d missing", "tests", j->required.nr,
            j->missing);
    for (int i = 0; i < OUTCOMES_NR; i++)
        fprintf(out, ", %d %s", j->counts[i], outcome_at(i)->name);
    fprintf(out, ", %d waived\n", j->waived);
    put_list(out, &v->waived);
    fprintf(out, "%-12s %s\n", "signed by", *v->signer ? v->signer : "nobody");
}

void show_facts(FILE *out, const struct verification *v)
{
    put_list(out, &v->judgement.blockers);
    put_facts(out, v);
}

void show_text(FILE *out, const struct verification *v, const char *name)
{
    put_list(out, &v->findings);
    put_facts(out, v);
    if (v->who)
        fprintf(out, "%-12s %s\n", "trusted as", v->who->name);
    if (v->findings.nr)
        fprintf(out, "%s: NOT VERIFIED, %d findings\n", name,
                v->findings.nr + v->findings.dropped);
    else
        fprintf(out, "%s: verified, %s\n", name, v->judgement.verdict);
}

/* --- For programs --- */

/* Bytes as JSON; what is no ASCII is told byte by byte. */
static void put_string(FILE *out, struct bytes b)
{
    fputc('"', out);
    for (size_t i = 0; i < b.nr; i++) {
        unsigned char c = (unsigned char)b.at[i];

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ' || c >= 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_pair(FILE *out, const char *key, const char *value)
{
    fprintf(out, "\"%s\": ", key);
    put_string(out, bytes_of(value));
}

static void put_findings(FILE *out, const char *key, const struct findings *f)
{
    fprintf(out, " \"%s\": [", key);
    for (int i = 0; i < f->nr; i++) {
        const struct finding *row = &f->rows[i];

        fputs(i ? ",\n  {" : "\n  {", out);
        put_pair(out, "check", row->check);
        fputs(", ", out);
        put_pair(out, "file", row->file);
        if (row->has_offset)
            fprintf(out, ", \"offset\": %lld", row->offset);
        fputs(", ", out);
        put_pair(out, "test", row->test);
        fputs(", ", out);
        put_pair(out, "text", row->text);
        fputc('}', out);
    }
    fputs("],\n", out);
}

void show_json(FILE *out, const struct verification *v, const char *name)
{
    const struct judgement *j = &v->judgement;

    fputs("{", out);
    put_pair(out, "bundle", name);
    fprintf(out, ",\n \"verified\": %s,\n", v->findings.nr ? "false" : "true");
    put_findings(out, "findings", &v->findings);
    put_findings(out, "waived", &v->waived);
    for (int i = 0; i < FACTS_NR; i++) {
        fprintf(out, " \"%s\": ", facts[i]);
        put_string(out, product_fact(&v->archive, facts[i]));
        fputs(",\n", out);
    }
    fprintf(out, " \"tests\": {\"required\": %d, \"missing\": %d",
            j->required.nr, j->missing);
    for (int i = 0; i < OUTCOMES_NR; i++)
        fprintf(out, ", \"%s\": %d", outcome_at(i)->name, j->counts[i]);
    fputs("},\n ", out);
    put_pair(out, "signed_by", v->signer);
    fputs(",\n ", out);
    put_pair(out, "trusted_as", v->who ? v->who->name : "");
    fputs("}\n", out);
}
