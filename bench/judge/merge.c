/* Runs of one machine become one: samples behind samples, round after round. */
#include <errno.h>
#include <string.h>

#include "run.h"

enum {
    MEMBERS_MAX = RUN_MEASURES_MAX, /* each is looked for in the other run */
};

static cJSON *member(cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* One more than the highest round of a run. */
static double rounds_end(cJSON *samples)
{
    const cJSON *measure, *peer, *round;
    double end = 0;

    cJSON_ArrayForEach(measure, samples)
    {
        cJSON_ArrayForEach(peer, member((cJSON *)measure, "rounds"))
        {
            cJSON_ArrayForEach(round, peer)
            {
                if (cJSON_IsNumber(round) && round->valuedouble >= end)
                    end = round->valuedouble + 1;
            }
        }
    }
    return end;
}

static void rounds_shift(cJSON *samples, double by)
{
    cJSON *measure, *peer, *round;

    cJSON_ArrayForEach(measure, samples)
    {
        cJSON_ArrayForEach(peer, member(measure, "rounds"))
        {
            cJSON_ArrayForEach(round, peer)
            {
                if (cJSON_IsNumber(round))
                    cJSON_SetNumberValue(round, round->valuedouble + by);
            }
        }
    }
}

/* What `from` has and `to` has not moves over. */
static void members_move(cJSON *to, cJSON *from)
{
    cJSON *item, *next;

    if (!cJSON_IsObject(to))
        return;
    for (item = from ? from->child : NULL; item; item = next) {
        next = item->next;
        if (item->string && !member(to, item->string)) {
            cJSON_DetachItemViaPointer(from, item);
            cJSON_AddItemToObject(to, item->string, item);
        }
    }
}

static void list_append(cJSON *to, cJSON *from)
{
    while (from && from->child)
        cJSON_AddItemToArray(to, cJSON_DetachItemFromArray(from, 0));
}

/* Lists of the same peer grow; other peers come along. */
static void lists_merge(cJSON *to, cJSON *from)
{
    cJSON *list;

    cJSON_ArrayForEach(list, to)
    {
        if (cJSON_IsArray(list))
            list_append(list, member(from, list->string));
    }
    members_move(to, from);
}

static bool crowded(const cJSON *object, int most)
{
    return cJSON_GetArraySize(object) > most;
}

static bool measures_crowded(cJSON *samples)
{
    cJSON *measure;

    cJSON_ArrayForEach(measure, samples)
    {
        if (crowded(member(measure, "values"), RUN_PEERS_MAX) ||
            crowded(member(measure, "rounds"), RUN_PEERS_MAX))
            return true;
    }
    return crowded(samples, RUN_MEASURES_MAX);
}

static bool run_crowded(cJSON *run)
{
    return crowded(run, MEMBERS_MAX) ||
           crowded(member(run, "histograms"), MEMBERS_MAX) ||
           measures_crowded(member(run, "samples"));
}

static void measure_merge(cJSON *to, cJSON *from)
{
    lists_merge(member(to, "values"), member(from, "values"));
    lists_merge(member(to, "rounds"), member(from, "rounds"));
}

static int merge(cJSON *to, cJSON *from, struct run_error *e)
{
    cJSON *mine = member(to, "samples"), *its = member(from, "samples");
    const char *machine = text_of(member(to, "machine"), "id");
    cJSON *measure;

    if (!cJSON_IsObject(mine) || !cJSON_IsObject(its))
        return run_fail(e, -EINVAL, "no object 'samples'");
    if (strcmp(machine, text_of(member(from, "machine"), "id")) != 0)
        return run_fail(e, -EINVAL,
                        "taken on another machine; --compare tells what may "
                        "be compared");
    if (run_crowded(to) || run_crowded(from))
        return run_fail(e, -E2BIG, "too many measures or peers");
    rounds_shift(its, rounds_end(mine));
    cJSON_ArrayForEach(measure, mine)
    {
        measure_merge(measure, member(its, measure->string));
    }
    members_move(mine, its);
    members_move(member(to, "histograms"), member(from, "histograms"));
    members_move(to, from);
    return 0;
}

int run_join(struct run *r, struct run *take_more, struct run_error *e)
{
    cJSON *json = r->json;
    int rc = merge(json, take_more->json, e);

    run_fini(take_more);
    if (rc)
        return rc;
    r->json = NULL;
    run_fini(r);
    return run_decode(json, r, e);
}
