/* Messages about data sources of hosts, machines and repositories. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "handlers.h"
#include "request.h"
#include "rrd.h"
#include "transfer.h"
#include "vm.h"

static struct value describe(struct request *r, const struct measured *m,
                             const struct source *s)
{
    double max = rrd_source_max(s);
    double now = rrd_value(r->ts, m, s, CF_AVERAGE, rrd_last(r->ts, m), 1);
    struct member fields[] = {
        {"name_label", value_string(s->name)},
        {"name_description", value_string(rrd_source_text(r->arena, s))},
        {"enabled", value_bool(s->recorded)},
        {"standard", value_bool(rrd_source_standard(s))},
        {"units", value_string(rrd_source_units(s))},
        {"min", value_float(rrd_source_min(s))},
        {"max", value_float(isinf(max) ? DBL_MAX : max)}, /* JSON has no more */
        {"value", value_float(isnan(now) ? 0 : now)},
    };
    struct member *copy = arena_alloc(r->arena, sizeof(fields));

    memcpy(copy, fields, sizeof(fields));
    return value_map(copy, sizeof(fields) / sizeof(fields[0]));
}

static int list(struct request *r)
{
    struct measured m;
    struct value *items;

    rrd_measured(r->ts, r->arena, r->self, &m);
    items = arena_alloc(r->arena, sizeof(*items) * (size_t)(m.sources_nr + 1));
    for (int i = 0; i < m.sources_nr; i++)
        items[i] = describe(r, &m, &m.sources[i]);
    return reply(r, value_set(items, (size_t)m.sources_nr));
}

/* The source that the second argument names; NULL with the error set. */
static struct source *named(struct request *r, struct measured *m)
{
    struct source *s;

    rrd_measured(r->ts, r->arena, r->self, m);
    s = rrd_source_find(m, arg_text(r, 1));
    if (!s)
        (void)request_internal(
            r, arena_printf(r->arena, "Rrdd_error(Datasource_missing(%s))",
                            arg_text(r, 1)));
    return s;
}

static int query(struct request *r)
{
    struct measured m;
    struct source *s = named(r, &m);

    if (!s)
        return API_FAILED;
    return reply(r, value_float(rrd_value(r->ts, &m, s, CF_AVERAGE,
                                          rrd_last(r->ts, &m), 1)));
}

static int record(struct request *r, bool recorded)
{
    struct measured m;
    struct source *s = named(r, &m);

    if (!s)
        return API_FAILED;
    transfer_rrd_except(r->ts, db_text(r->self, "uuid"), s->name,
                        recorded != rrd_source_standard(s));
    return reply_void(r);
}

int host_get_data_sources(struct request *r)
{
    return list(r);
}

int host_query_data_source(struct request *r)
{
    return query(r);
}

int host_record_data_source(struct request *r)
{
    return record(r, true);
}

int host_forget_data_source_archives(struct request *r)
{
    return record(r, false);
}

int vm_get_data_sources(struct request *r)
{
    return vm_check(r, r->self, "data_source_op") ? API_FAILED : list(r);
}

int vm_query_data_source(struct request *r)
{
    return vm_check(r, r->self, "data_source_op") ? API_FAILED : query(r);
}

int vm_record_data_source(struct request *r)
{
    return vm_check(r, r->self, "data_source_op") ? API_FAILED
                                                  : record(r, true);
}

int vm_forget_data_source_archives(struct request *r)
{
    return vm_check(r, r->self, "data_source_op") ? API_FAILED
                                                  : record(r, false);
}

/* Some host must see the repository. */
static int check_sr(struct request *r)
{
    if (db_get(r->self, "PBDs")->nr == 0)
        return request_fail(r, "SR_HAS_NO_PBDS", r->self->ref, NULL);
    return 0;
}

int sr_get_data_sources(struct request *r)
{
    return check_sr(r) ? API_FAILED : list(r);
}

int sr_query_data_source(struct request *r)
{
    return check_sr(r) ? API_FAILED : query(r);
}

int sr_record_data_source(struct request *r)
{
    return check_sr(r) ? API_FAILED : record(r, true);
}

int sr_forget_data_source_archives(struct request *r)
{
    return check_sr(r) ? API_FAILED : record(r, false);
}

/* Values are worked out from what the driver keeps: there is nothing to save,
 * and a delay changes nothing. */
int host_backup_rrds(struct request *r)
{
    return reply_void(r);
}
