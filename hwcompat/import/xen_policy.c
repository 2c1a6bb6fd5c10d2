/*
 * What `xen-cpuid -p` prints: the raw policy is the CPU before the hypervisor
 * and a control domain have filtered it.
 */
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "record/text.h"

enum {
    NO_SUBLEAF = 0xffffffff, /* Xen's word for a leaf that has none */
};

/* Leaves that say which CPU it is: each one's own stay. */
static const uint32_t own[] = {0xb, 0x1f, 0x8000001e, 0x80000026};

static bool is_own(uint32_t leaf)
{
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i] == leaf)
            return true;
    return false;
}

/* "  00000004:00000001 -> 1c004122:01c0003f:0000003f:00000000" */
static bool leaf_decode(const char *p, struct record_leaf *l)
{
    uint64_t v;

    text_blanks(&p);
    if (!text_number(&p, 16, UINT32_MAX, &v))
        return false;
    *l = (struct record_leaf){.leaf = (uint32_t)v};
    if (!text_skip(&p, ":") || !text_number(&p, 16, UINT32_MAX, &v))
        return false;
    l->subleaf = v == NO_SUBLEAF ? 0 : (uint32_t)v;
    if (!text_skip(&p, " -> "))
        return false;
    for (int i = 0; i < 4; i++) {
        if ((i && !text_skip(&p, ":")) || !text_number(&p, 16, UINT32_MAX, &v))
            return false;
        l->reg[i] = (uint32_t)v;
    }
    return true;
}

/* "  0000010a -> 000000000000002b" */
static bool msr_decode(const char *p, uint32_t *index, uint64_t *value)
{
    uint64_t v;

    text_blanks(&p);
    if (!text_number(&p, 16, UINT32_MAX, &v) || !text_skip(&p, " -> ") ||
        !text_number(&p, 16, UINT64_MAX, value) || *p)
        return false;
    *index = (uint32_t)v;
    return true;
}

bool xen_policy_like(const struct file *f)
{
    return text_like(f->data, f->size) &&
           memmem(f->data, f->size, "Raw policy: ", 12) &&
           memmem(f->data, f->size, " -> ", 4);
}

/* The numbers of the CPUs that the draft knows; CPU 0 if it knows none. */
static uint32_t *cpus_known(const struct draft *d, size_t *nr)
{
    uint32_t *out = calloc(d->cpuid.nr + 1, sizeof(*out));

    *nr = d->cpuid.nr ? d->cpuid.nr : 1;
    for (size_t i = 0; out && i < d->cpuid.nr; i++)
        out[i] = d->cpuid.cpu[i].number;
    return out;
}

static void leaf_put(struct draft *d, uint32_t cpu, struct record_leaf l)
{
    const struct cpu_rows *c = cpus_find(&d->cpuid, cpu);
    const struct record_leaf *old =
        c ? rows_find(c->row, c->nr, l.leaf, l.subleaf) : NULL;

    if (old && is_own(l.leaf))
        return;
    /* EBX of leaf 1 has the APIC's number. */
    if (old && l.leaf == 1)
        l.reg[1] = old->reg[1];
    draft_cpuid(d, cpu, &l);
}

int xen_policy_read(struct draft *d, const struct file *f,
                    struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    size_t nr;
    uint32_t index, *cpu = cpus_known(d, &nr);
    char line[TEXT_LINE_BYTES];
    struct record_leaf l;
    uint64_t value;
    bool raw = false;

    (void)error;
    while (cpu && text_line(&lines, line)) {
        if (strstr(line, " policy: "))
            raw = strncmp(line, "Raw policy: ", 12) == 0;
        else if (raw && leaf_decode(line, &l))
            for (size_t i = 0; i < nr; i++)
                leaf_put(d, cpu[i], l);
        else if (raw && msr_decode(line, &index, &value))
            for (size_t i = 0; i < nr; i++)
                draft_msr(d, cpu[i], index, value);
    }
    if (cpu)
        draft_file(d, "raw/xen-cpuid.txt", f->data, f->size);
    free(cpu);
    return 0;
}
