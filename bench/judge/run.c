/* A run of the lab, decoded: each part is checked once, here. */
#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A text member, "" when it is not there, cut at the size. */
static void text_get(const cJSON *object, const char *name, char *out,
                     size_t size)
{
    const cJSON *item = member(object, name);
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    size_t len = strnlen(text, size - 1);

    /* Not in the middle of a character. */
    while (text[len] && len && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    memcpy(out, text, len);
    out[len] = 0;
}

bool run_name_check(const char *name)
{
    size_t len = strlen(name);

    for (const char *c = name; *c; c++)
        if (!isascii(*c) || (!isalnum(*c) && !strchr("._+:-", *c)))
            return false;
    return len && len < RUN_NAME_BYTES && isalnum(*name);
}

int run_peer_find(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->peers; i++)
        if (strcmp(r->peer[i], name) == 0)
            return (int)i;
    return -ENOENT;
}

/* Its number, with a new one where it is new. */
static int peer_add(struct run *r, const char *name, struct run_error *e)
{
    int found = run_peer_find(r, name);

    if (found >= 0)
        return found;
    if (!run_name_check(name))
        return run_fail(e, -EINVAL, "'%.64s' is no name of a peer", name);
    if (r->peers == RUN_PEERS_MAX)
        return run_fail(e, -E2BIG, "more than %d peers", RUN_PEERS_MAX);
    snprintf(r->peer[r->peers], sizeof(r->peer[0]), "%s", name);
    return (int)r->peers++;
}

struct measure *run_measure_find(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->measures; i++)
        if (strcmp(r->measure[i].name, name) == 0)
            return &r->measure[i];
    return NULL;
}

/* --- One series -------------------------------------------------------------- */
static bool is_sample(const cJSON *item)
{
    return cJSON_IsNumber(item) && isfinite(item->valuedouble) &&
           item->valuedouble >= 0;
}

static bool is_round(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
           item->valuedouble <= RUN_ROUND_MAX;
}

/* Rounds count only when there is one for each value. */
static int series_decode(const cJSON *values, const cJSON *rounds,
                         struct series *s)
{
    size_t n = (size_t)cJSON_GetArraySize(values);
    bool known =
        cJSON_IsArray(rounds) && (size_t)cJSON_GetArraySize(rounds) == n;
    const cJSON *item, *round = known ? rounds->child : NULL;

    s->value = calloc(n + 1, sizeof(*s->value));
    s->round = known ? calloc(n + 1, sizeof(*s->round)) : NULL;
    if (!s->value || (known && !s->round))
        return -ENOMEM;
    cJSON_ArrayForEach(item, values)
    {
        bool good = is_sample(item) && (!known || is_round(round));

        if (good && known)
            s->round[s->n] = (int)round->valuedouble;
        if (good)
            s->value[s->n++] = item->valuedouble;
        else
            s->lost++;
        round = known ? round->next : NULL;
    }
    return 0;
}

static void series_fini(struct series *s)
{
    free(s->value);
    free(s->round);
}

/* --- One measure ------------------------------------------------------------- */
static int measure_series(struct run *r, struct measure *m, const cJSON *from,
                          size_t *samples, struct run_error *e)
{
    const cJSON *values, *rounds = member(from, "rounds");
    const cJSON *peers = member(from, "values");

    if (!cJSON_IsObject(peers))
        return run_fail(e, -EINVAL, "samples: %s: no object 'values'", m->name);
    cJSON_ArrayForEach(values, peers)
    {
        int n = cJSON_GetArraySize(values);
        int peer = peer_add(r, values->string, e);

        if (peer < 0)
            return peer;
        *samples += (size_t)n;
        if (!cJSON_IsArray(values) || n > RUN_SAMPLES_MAX ||
            *samples > RUN_ALL_SAMPLES)
            return run_fail(e, -E2BIG,
                            "samples: %s: %s: not a list, or too many samples",
                            m->name, values->string);
        if (m->series[peer].value)
            return run_fail(e, -EINVAL, "samples: %s: %s: twice", m->name,
                            values->string);
        if (series_decode(values, member(rounds, values->string),
                          &m->series[peer]))
            return run_fail(e, -ENOMEM, "no memory");
    }
    return 0;
}

static int measure_words(struct measure *m, const cJSON *from,
                         struct run_error *e)
{
    char better[8], kind[8];

    text_get(from, "unit", m->unit, sizeof(m->unit));
    text_get(from, "note", m->note, sizeof(m->note));
    text_get(from, "better", better, sizeof(better));
    text_get(from, "kind", kind, sizeof(kind));
    m->higher = strcmp(better, "higher") == 0;
    m->count = strcmp(kind, "count") == 0;
    if (!m->higher && strcmp(better, "lower") != 0)
        return run_fail(e, -EINVAL,
                        "samples: %s: better is 'higher' or 'lower'", m->name);
    if (!m->count && strcmp(kind, "time") != 0)
        return run_fail(e, -EINVAL, "samples: %s: kind is 'time' or 'count'",
                        m->name);
    return 0;
}

static int measure_decode(struct run *r, const cJSON *from, size_t *samples,
                          struct run_error *e)
{
    struct measure *m = &r->measure[r->measures];
    int rc;

    if (!run_name_check(from->string) || !cJSON_IsObject(from))
        return run_fail(e, -EINVAL, "samples: '%.64s' is no measure's name",
                        from->string);
    if (run_measure_find(r, from->string))
        return run_fail(e, -EINVAL, "samples: %s: twice", from->string);
    r->measures++;
    snprintf(m->name, sizeof(m->name), "%s", from->string);
    rc = measure_words(m, from, e);
    return rc ? rc : measure_series(r, m, from, samples, e);
}

static int measure_compare(const void *a, const void *b)
{
    return strcmp(((const struct measure *)a)->name,
                  ((const struct measure *)b)->name);
}

/* --- The run ----------------------------------------------------------------- */
static void head_decode(struct run *r)
{
    const cJSON *machine = member(r->json, "machine");
    const cJSON *looks = member(r->json, "looks");

    text_get(machine, "id", r->machine, sizeof(r->machine));
    text_get(machine, "accelerator", r->accelerator, sizeof(r->accelerator));
    text_get(machine, "qemu", r->qemu, sizeof(r->qemu));
    text_get(r->json, "revision", r->revision, sizeof(r->revision));
    text_get(r->json, "started", r->started, sizeof(r->started));
    text_get(r->json, "profile", r->profile, sizeof(r->profile));
    r->looks = 1;
    if (cJSON_IsNumber(looks) && looks->valuedouble >= 1 &&
        looks->valuedouble <= RUN_LOOKS_MAX)
        r->looks = (unsigned int)looks->valuedouble;
}

static int samples_decode(struct run *r, struct run_error *e)
{
    const cJSON *from, *list = member(r->json, "samples");
    size_t samples = 0;
    int rc = 0, n = cJSON_GetArraySize(list);

    if (!cJSON_IsObject(list))
        return run_fail(e, -EINVAL, "no object 'samples'");
    if (n > RUN_MEASURES_MAX)
        return run_fail(e, -E2BIG, "samples: more than %d measures",
                        RUN_MEASURES_MAX);
    r->measure = calloc((size_t)n + 1, sizeof(*r->measure));
    if (!r->measure)
        return run_fail(e, -ENOMEM, "no memory");
    cJSON_ArrayForEach(from, list)
    {
        rc = measure_decode(r, from, &samples, e);
        if (rc)
            return rc;
    }
    qsort(r->measure, r->measures, sizeof(*r->measure), measure_compare);
    return 0;
}

int run_decode(cJSON *take_json, struct run *out, struct run_error *e)
{
    const cJSON *format = member(take_json, "format");
    int rc;

    *out = (struct run){.json = take_json};
    if (!cJSON_IsNumber(format) || format->valuedouble != RUN_FORMAT) {
        rc = run_fail(e, -EINVAL, "format is not %d", RUN_FORMAT);
    } else {
        head_decode(out);
        rc = samples_decode(out, e);
    }
    if (rc)
        run_fini(out);
    return rc;
}

void run_fini(struct run *r)
{
    for (size_t i = 0; i < r->measures; i++)
        for (size_t k = 0; k < RUN_PEERS_MAX; k++)
            series_fini(&r->measure[i].series[k]);
    free(r->measure);
    cJSON_Delete(r->json);
    *r = (struct run){0};
}
