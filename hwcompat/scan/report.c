/*
 * Findings as text, as JSON and as JUnit XML.
 */
#include "scan/report.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

bool result_failed(const struct result *r, const struct report_options *o)
{
    return r->error || (r->scan->findings && scan_worst(r->scan) >= o->fail_on);
}

/* --- Text ------------------------------------------------------------------- */
static const char *const colours[SEVERITIES] = {"\033[2m", "", "\033[33m",
                                                "\033[31m", "\033[1;31m"};

static void text_begin(FILE *f)
{
    (void)f;
}

static void text_finding(FILE *f, const struct finding *d, bool colour)
{
    fprintf(f, "  %s%-8s%s %s  %s: %s\n", colour ? colours[d->severity] : "",
            severity_name(d->severity), colour ? "\033[0m" : "", d->rule,
            d->where, d->detail);
    if (d->more)
        fprintf(f, "           and %u more of this kind\n", d->more);
    fprintf(f, "           %s\n           -> %s\n", d->effect, d->workaround);
    if (d->action)
        fprintf(f, "           our hypervisor: %s\n", d->action);
}

static void text_record(FILE *f, const struct result *r,
                        const struct report_options *o, unsigned int nr)
{
    (void)nr;
    if (r->error) {
        fprintf(f, "%s\n  cannot read: %s\n", r->path, r->error);
        return;
    }
    fprintf(f, "%s  %s\n", r->path, r->title);
    if (r->unjudged)
        fprintf(f, "  AML is not judged: %s\n", r->unjudged);
    for (int level = SEVERITY_CRITICAL; level >= (int)o->least; level--) {
        for (unsigned int i = 0; i < r->scan->findings; i++) {
            if ((int)r->scan->finding[i].severity == level)
                text_finding(f, &r->scan->finding[i], o->colour);
        }
    }
}

static void text_end(FILE *f, const struct totals *t)
{
    fprintf(f, "%u records, %u unreadable, %u failed:", t->records, t->broken,
            t->failed);
    for (int level = SEVERITY_CRITICAL; level >= 0; level--)
        fprintf(f, " %u %s%s", t->count[level],
                severity_name((enum severity)level), level ? "," : "\n");
    if (t->aml)
        fprintf(f, "AML: %u judged, %u not judged\n", t->aml_judged,
                t->aml_unjudged);
    else
        fputs("AML: not judged (--aml does)\n", f);
}

const struct report_format report_text = {text_begin, text_record, text_end};

/* --- JSON ------------------------------------------------------------------- */
static void json_begin(FILE *f)
{
    fputs("{\"records\": [\n", f);
}

static cJSON *json_finding(const struct finding *d)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "rule", d->rule);
    cJSON_AddStringToObject(o, "severity", severity_name(d->severity));
    cJSON_AddStringToObject(o, "where", d->where);
    cJSON_AddStringToObject(o, "detail", d->detail);
    cJSON_AddStringToObject(o, "effect", d->effect);
    cJSON_AddStringToObject(o, "workaround", d->workaround);
    cJSON_AddStringToObject(o, "source", d->source);
    cJSON_AddNumberToObject(o, "more", d->more);
    cJSON_AddBoolToObject(o, "quirk", d->quirk);
    if (d->action)
        cJSON_AddStringToObject(o, "action", d->action);
    return o;
}

static void json_record(FILE *f, const struct result *r,
                        const struct report_options *o, unsigned int nr)
{
    cJSON *record = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(record, "findings");
    char *text;

    cJSON_AddStringToObject(record, "id", r->id);
    cJSON_AddStringToObject(record, "path", r->path);
    cJSON_AddStringToObject(record, "machine", r->title);
    cJSON_AddBoolToObject(record, "failed", result_failed(r, o));
    if (r->error)
        cJSON_AddStringToObject(record, "error", r->error);
    if (r->unjudged)
        cJSON_AddStringToObject(record, "aml_not_judged", r->unjudged);
    for (unsigned int i = 0; r->scan && i < r->scan->findings; i++) {
        if (r->scan->finding[i].severity >= o->least)
            cJSON_AddItemToArray(list, json_finding(&r->scan->finding[i]));
    }
    text = cJSON_PrintUnformatted(record);
    fprintf(f, "%s%s", nr ? ",\n" : "", text ? text : "null");
    free(text);
    cJSON_Delete(record);
}

static void json_end(FILE *f, const struct totals *t)
{
    fprintf(f, "\n],\n\"unreadable\": %u, \"failed\": %u, \"counts\": {",
            t->broken, t->failed);
    for (int i = 0; i < SEVERITIES; i++)
        fprintf(f, "%s\"%s\": %u", i ? ", " : "",
                severity_name((enum severity)i), t->count[i]);
    fprintf(f, "}, \"aml\": {\"judged\": %u, \"not_judged\": %u}}\n",
            t->aml_judged, t->aml ? t->aml_unjudged : t->records - t->broken);
}

const struct report_format report_json = {json_begin, json_record, json_end};

/* --- Markup ----------------------------------------------------------------- */
/* Text between tags or in an attribute; what XML forbids becomes '?'. */
static void markup(FILE *f, const char *text)
{
    static const char *const entity[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (entity[c])
            fputs(entity[c], f);
        else
            fputc(c < ' ' || c > '~' ? '?' : c, f);
    }
}

static void junit_begin(FILE *f)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", f);
}

/* What of a finding goes below the least severity passes without a case. */
static void junit_case(FILE *f, const struct finding *d, bool failed)
{
    fprintf(f, "  <testcase classname=\"scan\" name=\"%s: ", d->rule);
    markup(f, d->where);
    fputs("\">", f);
    if (failed) {
        fprintf(f, "<failure type=\"%s\" message=\"",
                severity_name(d->severity));
        markup(f, d->effect);
        fputs("\">", f);
    } else {
        fputs("<system-out>", f);
    }
    markup(f, d->detail);
    fputs(". Workaround: ", f);
    markup(f, d->workaround);
    fputs(failed ? "</failure></testcase>\n" : "</system-out></testcase>\n", f);
}

static void junit_record(FILE *f, const struct result *r,
                         const struct report_options *o, unsigned int nr)
{
    unsigned int cases = 0, failed = 0;

    (void)nr;
    for (unsigned int i = 0; r->scan && i < r->scan->findings; i++) {
        cases += r->scan->finding[i].severity >= o->least;
        failed += r->scan->finding[i].severity >= o->fail_on;
    }
    fputs(" <testsuite name=\"", f);
    markup(f, r->path);
    fprintf(f, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\">\n",
            cases + 1, failed, r->error ? 1U : 0U);
    fputs("  <testcase classname=\"scan\" name=\"record can be read\">", f);
    if (r->error) {
        fputs("<error message=\"", f);
        markup(f, r->error);
        fputs("\"/>", f);
    }
    fputs("</testcase>\n", f);
    for (unsigned int i = 0; r->scan && i < r->scan->findings; i++) {
        const struct finding *d = &r->scan->finding[i];

        if (d->severity >= o->least)
            junit_case(f, d, d->severity >= o->fail_on);
    }
    fputs(" </testsuite>\n", f);
}

static void junit_end(FILE *f, const struct totals *t)
{
    (void)t;
    fputs("</testsuites>\n", f);
}

const struct report_format report_junit = {junit_begin, junit_record,
                                           junit_end};

/* --- HTML ------------------------------------------------------------------- */
static void html_begin(FILE *f)
{
    fputs("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\">"
          "<title>Scan of hardware records</title><style>"
          ":root{color-scheme:light dark}"
          "body{font:15px/1.45 system-ui,sans-serif;max-width:64rem;"
          "margin:2rem auto;padding:0 1rem}"
          "summary{cursor:pointer;padding:.35rem 0;font-weight:600}"
          "details{border-top:1px solid #8884}"
          ".f{margin:.4rem 0 .8rem;padding-left:.8rem;"
          "border-left:4px solid #8888;overflow-wrap:anywhere}"
          ".critical{border-color:#b00020}.high{border-color:#e65100}"
          ".medium{border-color:#f9a825}.low{border-color:#5c6bc0}"
          "code{font-size:.9em}.n{float:right;font-weight:400}"
          "input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}"
          "</style><h1>Scan of hardware records</h1>"
          "<p><input id=\"q\" placeholder=\"Show records with ...\" "
          "aria-label=\"Filter\"></p>\n",
          f);
}

static void html_finding(FILE *f, const struct finding *d)
{
    fprintf(f, "<div class=\"f %s\"><b>%s</b> <code>%s</code> ",
            severity_name(d->severity), severity_name(d->severity), d->rule);
    markup(f, d->where);
    fputs(": ", f);
    markup(f, d->detail);
    if (d->more)
        fprintf(f, " (and %u more)", d->more);
    fputs("<br>", f);
    markup(f, d->effect);
    fputs("<br><i>Workaround:</i> ", f);
    markup(f, d->workaround);
    if (d->action) {
        fputs("<br><i>Our hypervisor:</i> ", f);
        markup(f, d->action);
    }
    fputs(" <small>[", f);
    markup(f, d->source);
    fputs("]</small></div>\n", f);
}

static void html_record(FILE *f, const struct result *r,
                        const struct report_options *o, unsigned int nr)
{
    (void)nr;
    fputs("<details><summary>", f);
    markup(f, r->title[0] ? r->title : r->path);
    fputs(" <span class=\"n\">", f);
    for (int i = SEVERITY_CRITICAL; i >= (int)o->least; i--) {
        if (r->count[i])
            fprintf(f, "%u %s ", r->count[i], severity_name((enum severity)i));
    }
    fputs("</span></summary><p><code>", f);
    markup(f, r->path);
    fputs("</code></p>\n", f);
    if (r->error) {
        fputs("<div class=\"f critical\">cannot read: ", f);
        markup(f, r->error);
        fputs("</div>", f);
    }
    for (int level = SEVERITY_CRITICAL; level >= (int)o->least; level--) {
        for (unsigned int i = 0; r->scan && i < r->scan->findings; i++) {
            if ((int)r->scan->finding[i].severity == level)
                html_finding(f, &r->scan->finding[i]);
        }
    }
    fputs("</details>\n", f);
}

static void html_end(FILE *f, const struct totals *t)
{
    fprintf(f,
            "<p>%u records, %u unreadable, %u failed; AML of %u judged.</p>\n",
            t->records, t->broken, t->failed, t->aml_judged);
    fputs(
        "<script>const q=document.getElementById('q');q.oninput=()=>{"
        "const t=q.value.toLowerCase();"
        "document.querySelectorAll('details').forEach(d=>"
        "d.hidden=!d.textContent.toLowerCase().includes(t))}</script></html>\n",
        f);
}

const struct report_format report_html = {html_begin, html_record, html_end};
