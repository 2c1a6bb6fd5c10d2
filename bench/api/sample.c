/* Values by round; medians for people, all of them for the judge. */
#include "sample.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name, *unit, *better;
} measures[MEASURES] = {
    [CAPACITY] = {"rate", "1/s", "higher"},
    [P50] = {"p50", "us", "lower"},
    [P99] = {"p99", "us", "lower"},
    [P999] = {"p999", "us", "lower"},
    [WORST] = {"max", "us", "lower"},
    [P99_SENT] = {"p99-sent", "us", "lower"},
};
static const char *const peers[SAMPLE_PEERS] = {"ours", "other"};

void sample_add(struct call_samples *c, int peer, enum measure m, double value)
{
    unsigned int *nr = &c->rounds[peer][m];

    if (*nr < SAMPLE_ROUNDS_MAX)
        c->value[peer][m][(*nr)++] = value;
    c->used = true;
}

void sample_hist(struct call_samples *c, int peer, const struct hist *h,
                 const struct hist *sent)
{
    static const struct {
        enum measure m;
        double part;
    } parts[] = {{P50, 0.5}, {P99, 0.99}, {P999, 0.999}, {WORST, 1}};

    for (size_t i = 0; h->nr && i < sizeof(parts) / sizeof(*parts); i++)
        sample_add(c, peer, parts[i].m,
                   (double)hist_at(h, parts[i].part) / 1e3);
    if (sent && sent->nr)
        sample_add(c, peer, P99_SENT, (double)hist_at(sent, 0.99) / 1e3);
    hist_merge(&c->hist[peer], h);
}

/* --- For people ------------------------------------------------------------- */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double sample_median(const struct call_samples *c, int peer, enum measure m)
{
    double sorted[SAMPLE_ROUNDS_MAX];
    unsigned int nr = c->rounds[peer][m];

    if (!nr)
        return __builtin_nan("");
    memcpy(sorted, c->value[peer][m], nr * sizeof(*sorted));
    qsort(sorted, nr, sizeof(*sorted), by_value);
    return nr % 2 ? sorted[nr / 2] : (sorted[nr / 2 - 1] + sorted[nr / 2]) / 2;
}

static void call_print(const struct samples *s, const struct call_samples *c,
                       FILE *out)
{
    for (int peer = 0; peer < SAMPLE_PEERS && s->url[peer]; peer++) {
        fprintf(out, "%-16s %-6s", peer ? "" : c->call, peers[peer]);
        for (int m = 0; m < MEASURES; m++) {
            double value = sample_median(c, peer, m);

            if (value == value)
                fprintf(out, " %10.4g", value);
            else
                fprintf(out, " %10s", "-");
        }
        fprintf(out, "  %s\n", peer ? "" : c->unit);
    }
    if (!s->url[1])
        return;
    fprintf(out, "%-16s %-6s", "", "ratio");
    for (int m = 0; m < MEASURES; m++) {
        double ratio = sample_median(c, 0, m) / sample_median(c, 1, m);

        if (ratio == ratio)
            fprintf(out, " %10.3f", ratio);
        else
            fprintf(out, " %10s", "-");
    }
    fputc('\n', out);
}

void samples_print(const struct samples *s, FILE *out)
{
    fprintf(
        out,
        "\nload: %u rounds of %.3g s, %u connections; times from when a "
        "call was meant to begin\n%-16s %-6s %10s %10s %10s %10s %10s %10s\n",
        s->rounds, s->seconds, s->connections, "", "", "most/s", "p50 us",
        "p99 us", "p99.9 us", "max us", "p99 sent");
    for (unsigned int i = 0; i < s->calls; i++) {
        const struct call_samples *c = &s->call[i];

        if (!c->used)
            continue;
        call_print(s, c, out);
        if (c->rate > 0)
            fprintf(out, "%23s at %.4g/s\n", "", c->rate);
        if (c->failed || c->unanswered)
            fprintf(out, "%23s %llu failed, %llu not answered in time\n", "",
                    c->failed, c->unanswered);
    }
}

/* --- For the judge ---------------------------------------------------------- */
static cJSON *values_of(const struct samples *s, const struct call_samples *c,
                        int m, cJSON *rounds)
{
    cJSON *values = cJSON_CreateObject();

    for (int peer = 0; peer < SAMPLE_PEERS && s->url[peer]; peer++) {
        cJSON *list = cJSON_AddArrayToObject(values, peers[peer]);
        cJSON *order = cJSON_AddArrayToObject(rounds, peers[peer]);

        for (unsigned int i = 0; i < c->rounds[peer][m]; i++) {
            cJSON_AddItemToArray(list,
                                 cJSON_CreateNumber(c->value[peer][m][i]));
            cJSON_AddItemToArray(order, cJSON_CreateNumber(i));
        }
    }
    return values;
}

static void call_add(const struct samples *s, const struct call_samples *c,
                     cJSON *samples)
{
    for (int m = 0; m < MEASURES; m++) {
        cJSON *o, *rounds;
        char name[96];

        if (!c->rounds[0][m])
            continue;
        (void)snprintf(name, sizeof(name), "api.%s.%s", c->call,
                       measures[m].name);
        o = cJSON_AddObjectToObject(samples, name);
        (void)cJSON_AddStringToObject(
            o, "unit", m == CAPACITY ? c->unit : measures[m].unit);
        (void)cJSON_AddStringToObject(o, "better", measures[m].better);
        (void)cJSON_AddStringToObject(o, "kind", "time");
        (void)cJSON_AddStringToObject(o, "note", c->note);
        rounds = cJSON_CreateObject();
        cJSON_AddItemToObject(o, "values", values_of(s, c, m, rounds));
        cJSON_AddItemToObject(o, "rounds", rounds);
    }
}

static void hists_add(const struct samples *s, const struct call_samples *c,
                      cJSON *histograms)
{
    char name[96];
    cJSON *o;

    if (!c->hist[0].nr)
        return;
    (void)snprintf(name, sizeof(name), "api.%s", c->call);
    o = cJSON_AddObjectToObject(histograms, name);
    (void)cJSON_AddStringToObject(o, "unit", "us");
    for (int peer = 0; peer < SAMPLE_PEERS && s->url[peer]; peer++) {
        cJSON *list = cJSON_AddArrayToObject(o, peers[peer]);

        for (size_t i = 0; i < HIST_BUCKETS; i++) {
            const double pair[2] = {(double)hist_upper(i) / 1e3,
                                    (double)c->hist[peer].count[i]};

            if (c->hist[peer].count[i])
                cJSON_AddItemToArray(list, cJSON_CreateDoubleArray(pair, 2));
        }
    }
}

static void machine_add(cJSON *root)
{
    cJSON *o = cJSON_AddObjectToObject(root, "machine");
    struct utsname name;

    if (uname(&name))
        return;
    (void)cJSON_AddStringToObject(o, "id", name.nodename);
    (void)cJSON_AddStringToObject(o, "cpu", name.machine);
    (void)cJSON_AddNumberToObject(o, "cores",
                                  (double)sysconf(_SC_NPROCESSORS_ONLN));
    (void)cJSON_AddStringToObject(o, "kernel", name.release);
}

void samples_write(const struct samples *s, FILE *out)
{
    cJSON *root = cJSON_CreateObject(), *o, *histograms;
    time_t now = time(NULL);
    struct tm utc;
    char text[32];

    (void)cJSON_AddNumberToObject(root, "format", 1);
    machine_add(root);
    (void)cJSON_AddStringToObject(root, "profile", "api");
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
                   gmtime_r(&now, &utc));
    (void)cJSON_AddStringToObject(root, "started", text);
    o = cJSON_AddObjectToObject(root, "peers");
    for (int peer = 0; peer < SAMPLE_PEERS && s->url[peer]; peer++)
        (void)cJSON_AddStringToObject(cJSON_AddObjectToObject(o, peers[peer]),
                                      "url", s->url[peer]);
    o = cJSON_AddObjectToObject(root, "samples");
    histograms = cJSON_AddObjectToObject(root, "histograms");
    for (unsigned int i = 0; i < s->calls; i++) {
        call_add(s, &s->call[i], o);
        hists_add(s, &s->call[i], histograms);
    }
    char *json = cJSON_Print(root);

    fprintf(out, "%s\n", json ? json : "{}");
    cJSON_free(json);
    cJSON_Delete(root);
}
