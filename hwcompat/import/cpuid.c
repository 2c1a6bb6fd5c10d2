/*
 * CPUID as text: `cpuid -r`, InstLatx64 (AIDA64), and the files that
 * hwloc-gather-cpuid leaves.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "record/error.h"
#include "record/text.h"

typedef bool line_fn(const char *line);

/* One of the first lines is so. */
static bool any_line(const struct file *f, int most, line_fn *like)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];

    if (!text_like(f->data, f->size))
        return false;
    while (most-- && text_line(&lines, line))
        if (like(line))
            return true;
    return false;
}

/* "   0x00000000 0x00: eax=0x0000000b ebx=..." */
static bool raw_decode(const char *line, struct record_leaf *l)
{
    static const char *const names[] = {" eax=", " ebx=", " ecx=", " edx="};
    const char *p = line;
    uint64_t v;

    text_blanks(&p);
    if (strncmp(p, "0x", 2) != 0 || !text_hex(&p, UINT32_MAX, &v))
        return false;
    *l = (struct record_leaf){.leaf = (uint32_t)v};
    text_blanks(&p);
    if (strncmp(p, "0x", 2) == 0) {
        if (!text_hex(&p, UINT32_MAX, &v))
            return false;
        l->subleaf = (uint32_t)v;
    }
    if (!text_skip(&p, ":"))
        return false;
    for (int i = 0; i < 4; i++) {
        if (!text_skip(&p, names[i]) || !text_hex(&p, UINT32_MAX, &v))
            return false;
        l->reg[i] = (uint32_t)v;
    }
    return true;
}

static bool raw_line(const char *line)
{
    struct record_leaf l;

    return raw_decode(line, &l);
}

bool cpuid_raw_like(const struct file *f)
{
    return any_line(f, 64, raw_line);
}

int cpuid_raw_read(struct draft *d, const struct file *f,
                   struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    struct record_leaf l;
    uint64_t cpu = 0;

    while (text_line(&lines, line)) {
        const char *p = line;

        if (text_skip(&p, "CPU ")) {
            if (!text_number(&p, 10, RECORD_CPUS_MAX - 1, &cpu))
                return record_fail(error, -EINVAL, "%s: offset %zu: which CPU?",
                                   f->name, lines.line);
        } else if (raw_decode(line, &l)) {
            draft_cpuid(d, (uint32_t)cpu, &l);
        } else if (strstr(line, ": eax=0x")) {
            return record_fail(error, -EINVAL,
                               "%s: offset %zu: not four registers", f->name,
                               lines.line);
        }
    }
    return 0;
}

/* "CPUID 00000004: 1C004121-01C0003F-0000003F-00000000 [SL 00]"; without a
   colon, or with blanks between registers, in old ones. */
static bool instlat_decode(const char *line, struct record_leaf *l,
                           bool *has_subleaf)
{
    const char *p = line;
    uint64_t v;

    text_blanks(&p);
    if (!text_skip(&p, "CPUID ") || !text_number(&p, 16, UINT32_MAX, &v))
        return false;
    *l = (struct record_leaf){.leaf = (uint32_t)v};
    text_blanks(&p);
    (void)text_skip(&p, ":");
    for (int i = 0; i < 4; i++) {
        if (!i || !text_skip(&p, "-"))
            text_blanks(&p);
        if (!text_number(&p, 16, UINT32_MAX, &v))
            return false;
        l->reg[i] = (uint32_t)v;
    }
    p = strstr(p, "[SL ");
    *has_subleaf = p && (p += 4) && text_number(&p, 16, 0xffff, &v);
    if (*has_subleaf)
        l->subleaf = (uint32_t)v;
    return true;
}

static bool instlat_line(const char *line)
{
    struct record_leaf l;
    bool sub;

    return instlat_decode(line, &l, &sub);
}

bool instlat_like(const struct file *f)
{
    return any_line(f, 512, instlat_line);
}

/* "MSR 0000001B: 0000-0000-FEE0-0900" */
static bool instlat_msr(const char *line, uint32_t *index, uint64_t *value)
{
    const char *p = line;
    uint64_t v;

    text_blanks(&p);
    if (!text_skip(&p, "MSR ") || !text_number(&p, 16, UINT32_MAX, &v))
        return false;
    *index = (uint32_t)v;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        if (!text_skip(&p, i ? "-" : ": ") || !text_number(&p, 16, 0xffff, &v))
            return false;
        *value = *value << 16 | v;
    }
    return true;
}

/* "------[ Logical CPU #12 ]------", "CPUID Registers (CPU #1 Virtual):",
   "CPU#012 AffMask: 0x...". */
static bool instlat_cpu(const char *line, uint64_t *cpu)
{
    const char *p = strstr(line, "CPU #");

    if (p && (strstr(line, "--[") || strstr(line, "CPUID Registers ("))) {
        p += strlen("CPU #");
    } else {
        p = line;
        if (!text_skip(&p, "CPU#"))
            return false;
    }
    return text_number(&p, 10, RECORD_CPUS_MAX - 1, cpu);
}

struct instlat {
    uint32_t cpu, base;     /* base: numbers may begin with 1 */
    uint32_t last, count;   /* the leaf before, how often in a row */
    uint32_t states, state; /* leaf 0xd: XCR0's bits, the subleaf before */
    bool any;
};

/*
 * Old tools left out subleaves of 0xd that are empty: subleaf 1 where there is
 * no XSAVEOPT, and states that the CPU does not have. That of AVX is always 256
 * bytes at 576 (SDM 1, 13.4.2).
 */
static uint32_t state_subleaf(struct instlat *s, const struct record_leaf *l)
{
    bool avx = l->reg[0] == 256 && l->reg[1] == 576;

    if (!s->count) {
        s->states = l->reg[0];
        s->state = 0;
    } else if (s->count == 1 && !avx) {
        s->state = 1;
    } else {
        s->state = s->state ? s->state + 1 : 2;
        while (s->state < 31 && s->states >> s->state > 1 &&
               !(s->states >> s->state & 1))
            s->state++;
    }
    return s->state;
}

static void instlat_leaf(struct draft *d, struct instlat *s,
                         struct record_leaf *l, bool has_subleaf)
{
    /* Old dumps repeat the leaf and let readers count. */
    s->count = s->any && l->leaf == s->last ? s->count + 1 : 0;
    s->last = l->leaf;
    /* And some begin again without a word: that is the next CPU. */
    if (!l->leaf && s->any && s->cpu < RECORD_CPUS_MAX - 1)
        s->cpu++;
    s->any = true;
    if (!has_subleaf)
        l->subleaf = l->leaf == 0xd ? state_subleaf(s, l) : s->count;
    draft_cpuid(d, s->cpu, l);
}

int instlat_read(struct draft *d, const struct file *f,
                 struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    struct instlat s = {0};
    char line[TEXT_LINE_BYTES];
    struct record_leaf l;
    uint64_t cpu, value;
    uint32_t index;
    bool has_subleaf, first = true;

    (void)error;
    while (text_line(&lines, line)) {
        if (instlat_cpu(line, &cpu)) {
            s.base = first ? (uint32_t)(cpu == 1) : s.base;
            s = (struct instlat){.base = s.base, .cpu = (uint32_t)cpu - s.base};
            first = false;
        } else if (instlat_decode(line, &l, &has_subleaf)) {
            instlat_leaf(d, &s, &l, has_subleaf);
        } else if (instlat_msr(line, &index, &value)) {
            draft_msr(d, 0, index, value);
            if (index == 0x8b && value >> 32)
                draft_microcode(d, 0, (uint32_t)(value >> 32));
            else if (index == 0x8b && value)
                draft_microcode(d, 0, (uint32_t)value);
        }
    }
    return 0;
}

static bool hwloc_line(const char *line)
{
    return strncmp(line, "# mask e[abcd]x => e[abcd]x", 27) == 0;
}

bool hwloc_like(const struct file *f)
{
    return any_line(f, 2, hwloc_line);
}

/* "5 4 0 2 0 => 3c004143 1c0003f 1ff 0": which registers count (1 EAX, 4 ECX),
   what was in them, what came out. */
static bool hwloc_decode(const char *line, struct record_leaf *l)
{
    const char *p = line;
    uint64_t v[9];

    for (int i = 0; i < 9; i++) {
        if (i && !text_skip(&p, i == 5 ? " => " : " "))
            return false;
        if (!text_number(&p, 16, UINT32_MAX, &v[i]))
            return false;
    }
    *l = (struct record_leaf){
        .leaf = (uint32_t)v[1],
        .subleaf = v[0] & 4 ? (uint32_t)v[3] : 0,
        .reg = {(uint32_t)v[5], (uint32_t)v[6], (uint32_t)v[7], (uint32_t)v[8]},
    };
    return true;
}

/* "pu12": the number is in no other place. */
static bool hwloc_number(const char *name, uint64_t *cpu)
{
    const char *p = strrchr(name, '/');

    p = p ? p + 1 : name;
    return text_skip(&p, "pu") &&
           text_number(&p, 10, RECORD_CPUS_MAX - 1, cpu) && !*p;
}

int hwloc_read(struct draft *d, const struct file *f,
               struct record_error *error)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    struct record_leaf l;
    uint64_t cpu = 0;

    if (!hwloc_number(f->name, &cpu))
        draft_note(d, "%.128s: not named after a CPU, taken for CPU 0",
                   f->name);
    while (text_line(&lines, line)) {
        if (!*line || *line == '#')
            continue;
        if (!hwloc_decode(line, &l))
            return record_fail(error, -EINVAL,
                               "%s: offset %zu: not what hwloc-gather-cpuid "
                               "writes",
                               f->name, lines.line);
        draft_cpuid(d, (uint32_t)cpu, &l);
    }
    return 0;
}
