/*
 * Rules of SRAT and SLIT: nodes of memory (ACPI 6.5 5.2.16 and 5.2.17).
 */
#include "scan/scan.h"

#include <string.h>

enum {
    MEMORY_ENABLED = 1,
    MEMORY_HOTPLUG = 2,
    NODES_ROOM = 64,
    DISTANCE_SELF = 10,
    DISTANCE_NONE = 255,
};

struct nodes {
    uint32_t domain[NODES_MAX];
    bool cpu[NODES_MAX], memory[NODES_MAX];
    unsigned int n;
};

/* The place of a domain, which is added; the last one when there is no room. */
static unsigned int node_of(struct nodes *n, uint32_t domain)
{
    for (unsigned int i = 0; i < n->n; i++) {
        if (n->domain[i] == domain)
            return i;
    }
    if (n->n == NODES_MAX)
        return NODES_MAX - 1;
    n->domain[n->n] = domain;
    return n->n++;
}

static void nodes_collect(struct nodes *n, const struct srat *r)
{
    memset(n, 0, sizeof(*n));
    for (unsigned int i = 0; i < r->cpus; i++) {
        if (r->cpu[i].enabled)
            n->cpu[node_of(n, r->cpu[i].domain)] = true;
    }
    for (unsigned int i = 0; i < r->memories; i++) {
        if (r->memory[i].flags & MEMORY_ENABLED && r->memory[i].length)
            n->memory[node_of(n, r->memory[i].domain)] = true;
    }
}

static void judge_region(struct scan *s, const struct srat *r,
                         const struct srat_memory *g)
{
    const char *file = r->table->file;

    if (!g->length)
        found(s, RULE_srat_memory_empty, file, g->offset, "node %u", g->domain);
    if (g->base + g->length < g->base)
        found(s, RULE_srat_memory_wraps, file, g->offset,
              "0x%llx and 0x%llx more", (unsigned long long)g->base,
              (unsigned long long)g->length);
    if (g->flags & MEMORY_HOTPLUG)
        found(s, RULE_srat_memory_hotplug, file, g->offset, "%llu MiB",
              (unsigned long long)(g->length >> 20));
    for (const struct srat_memory *h = r->memory; h < g; h++) {
        if (h->flags & MEMORY_ENABLED && h->base < g->base + g->length &&
            g->base < h->base + h->length && h->domain != g->domain)
            found(s, RULE_srat_memory_overlap, file, g->offset,
                  "nodes %u and %u share 0x%llx", h->domain, g->domain,
                  (unsigned long long)(h->base > g->base ? h->base : g->base));
    }
}

static uint64_t covered(const struct srat *r, const struct range *g)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < r->memories; i++) {
        const struct srat_memory *h = &r->memory[i];
        uint64_t end = h->base + h->length;
        uint64_t from = h->base > g->start ? h->base : g->start;
        uint64_t to = end < g->end ? end : g->end;

        if (h->flags & MEMORY_ENABLED && from < to)
            sum += to - from;
    }
    return sum;
}

static void judge_coverage(struct scan *s, const struct srat *r)
{
    const struct memory *m = &s->m->memory;

    for (unsigned int i = 0; i < m->ranges && r->memories; i++) {
        const struct range *g = &m->range[i];

        if (g->type == MEMORY_RAM && g->start < g->end && g->end > (1 << 20) &&
            covered(r, g) < g->end - g->start)
            found(s, RULE_srat_ram_uncovered, r->table->file, -1,
                  "0x%llx to 0x%llx", (unsigned long long)g->start,
                  (unsigned long long)g->end);
    }
}

static const struct srat_cpu *srat_cpu_of(const struct srat *r, uint32_t id)
{
    for (unsigned int i = 0; i < r->cpus; i++) {
        if (r->cpu[i].enabled && r->cpu[i].apic_id == id)
            return &r->cpu[i];
    }
    return NULL;
}

static void judge_srat_cpus(struct scan *s, const struct srat *r)
{
    const struct madt *a = &s->m->acpi.madt;

    for (unsigned int i = 0; i < r->cpus; i++) {
        const struct srat_cpu *c = &r->cpu[i];
        const struct srat_cpu *first = srat_cpu_of(r, c->apic_id);

        if (!c->enabled)
            continue;
        if (first != c && first->domain != c->domain)
            found(s, RULE_srat_cpu_twice, r->table->file, c->offset,
                  "APIC id %u in nodes %u and %u", c->apic_id, first->domain,
                  c->domain);
        if (a->table && !madt_has_cpu(a, c->apic_id, true))
            found(s, RULE_srat_cpu_unknown, r->table->file, c->offset,
                  "APIC id %u", c->apic_id);
    }
    for (unsigned int i = 0; i < a->cpus && r->cpus; i++) {
        if (a->cpu[i].enabled && !srat_cpu_of(r, a->cpu[i].apic_id))
            found(s, RULE_srat_cpu_homeless, a->table->file, a->cpu[i].offset,
                  "APIC id %u", a->cpu[i].apic_id);
    }
}

static void judge_nodes(struct scan *s, const struct srat *r)
{
    struct nodes n;

    nodes_collect(&n, r);
    if (n.n > NODES_ROOM)
        found(s, RULE_srat_many_nodes, r->table->file, -1, "%u", n.n);
    for (unsigned int i = 0; i < n.n; i++) {
        if (n.cpu[i] && !n.memory[i])
            found(s, RULE_srat_node_without_memory, r->table->file, -1,
                  "node %u", n.domain[i]);
        if (!n.cpu[i] && n.memory[i])
            found(s, RULE_srat_node_without_cpu, r->table->file, -1, "node %u",
                  n.domain[i]);
    }
}

void judge_srat(struct scan *s)
{
    const struct srat *r = &s->m->acpi.srat;

    if (!r->memories)
        found(s, RULE_srat_no_memory, r->table->file, -1, "%u CPUs", r->cpus);
    for (unsigned int i = 0; i < r->memories; i++) {
        if (r->memory[i].flags & MEMORY_ENABLED)
            judge_region(s, r, &r->memory[i]);
    }
    judge_coverage(s, r);
    judge_srat_cpus(s, r);
    judge_nodes(s, r);
}

/* --- SLIT ------------------------------------------------------------------- */
static void judge_distance(struct scan *s, const struct slit *l, uint64_t i,
                           uint64_t j)
{
    uint8_t there = l->distance[i * l->nodes + j];
    uint8_t back = l->distance[j * l->nodes + i];
    long offset = (long)(44 + i * l->nodes + j);
    const char *file = l->table->file;

    if (i == j && there != DISTANCE_SELF)
        found(s, RULE_slit_self, file, offset, "node %u: %u", (unsigned int)i,
              there);
    if (i != j && there <= DISTANCE_SELF)
        found(s, RULE_slit_small, file, offset, "%u to %u: %u", (unsigned int)i,
              (unsigned int)j, there);
    if (i != j && there == DISTANCE_NONE)
        found(s, RULE_slit_unreachable, file, offset, "%u to %u",
              (unsigned int)i, (unsigned int)j);
    if (i < j && there != back)
        found(s, RULE_slit_asymmetric, file, offset, "%u to %u: %u, back %u",
              (unsigned int)i, (unsigned int)j, there, back);
}

void judge_slit(struct scan *s)
{
    const struct slit *l = &s->m->acpi.slit;
    struct nodes n;

    if (!l->nodes)
        found(s, RULE_slit_empty, l->table->file, 36, "no node");
    if (!l->distance) {
        found(s, RULE_slit_size, l->table->file, 36, "%llu nodes, %zu bytes",
              (unsigned long long)l->nodes, l->table->b.n);
        return;
    }
    for (uint64_t i = 0; i < l->nodes; i++) {
        for (uint64_t j = 0; j < l->nodes; j++)
            judge_distance(s, l, i, j);
    }
    nodes_collect(&n, &s->m->acpi.srat);
    if (scan_has(s, SRAT) && n.n != l->nodes)
        found(s, RULE_slit_nodes, l->table->file, 36, "%llu here, %u there",
              (unsigned long long)l->nodes, n.n);
}
