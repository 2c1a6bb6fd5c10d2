/*
 * CPUID, model-specific registers and microcode of every CPU that is online.
 *
 * CPUID is executed on each CPU in turn: what the kernel prints has been through
 * its own filters.
 */
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/text.h"
#include "take/sys.h"

enum {
    LEAVES_MAX = 256, /* of one range */
    SUBLEAVES_MAX = 64,
    MTRR_VARIABLE = 0x200,
    MTRR_VARIABLE_MAX = 32, /* registers, a pair each */
    MTRR_CAP = 0xfe,
};

/* Where leaves are; a range is there if its first leaf counts past itself. */
static const uint32_t ranges[] = {0,          0x20000000, 0x40000000,
                                  0x80000000, 0x80860000, 0xc0000000};

/* When subleaves end. */
enum subleaves {
    SUB_TYPE,  /* type of cache in EAX 4:0 is 0 */
    SUB_LEVEL, /* type of level in ECX 15:8 is 0 */
    SUB_EAX,   /* EAX of subleaf 0 is the last one */
    SUB_FIXED, /* that many, those that are not all zeros */
};

static const struct {
    uint32_t leaf;
    enum subleaves kind;
    uint32_t nr;
} subleaves[] = {
    {0x4, SUB_TYPE, 32},        {0x7, SUB_EAX, 16},
    {0xb, SUB_LEVEL, 16},       {0xd, SUB_FIXED, 64},
    {0xf, SUB_FIXED, 2},        {0x10, SUB_FIXED, 6},
    {0x12, SUB_FIXED, 16},      {0x14, SUB_EAX, 8},
    {0x17, SUB_EAX, 8},         {0x18, SUB_EAX, 32},
    {0x1b, SUB_FIXED, 8},       {0x1d, SUB_EAX, 8},
    {0x1e, SUB_EAX, 4},         {0x1f, SUB_LEVEL, 16},
    {0x20, SUB_EAX, 4},         {0x23, SUB_FIXED, 8},
    {0x24, SUB_EAX, 4},         {0x8000001d, SUB_TYPE, 32},
    {0x80000020, SUB_FIXED, 8}, {0x80000026, SUB_LEVEL, 16},
};

static void cpuid_execute(struct record_leaf *l, uint32_t leaf, uint32_t sub)
{
    *l = (struct record_leaf){.leaf = leaf, .subleaf = sub};
    __cpuid_count(leaf, sub, l->reg[0], l->reg[1], l->reg[2], l->reg[3]);
}

static bool all_zeros(const struct record_leaf *l)
{
    return !(l->reg[0] | l->reg[1] | l->reg[2] | l->reg[3]);
}

static void subleaves_take(struct take *t, uint32_t cpu,
                           const struct record_leaf *first, size_t i)
{
    uint32_t nr = subleaves[i].nr;
    struct record_leaf l = *first;

    if (subleaves[i].kind == SUB_EAX && first->reg[0] + 1 < nr)
        nr = first->reg[0] + 1;
    for (uint32_t sub = 1; sub < nr; sub++) {
        bool over = (subleaves[i].kind == SUB_TYPE && !(l.reg[0] & 0x1f)) ||
                    (subleaves[i].kind == SUB_LEVEL && !(l.reg[2] & 0xff00));

        if (over)
            return;
        cpuid_execute(&l, first->leaf, sub);
        if (subleaves[i].kind != SUB_FIXED || !all_zeros(&l))
            draft_cpuid(t->d, cpu, &l);
    }
}

static void leaf_take(struct take *t, uint32_t cpu, uint32_t leaf)
{
    struct record_leaf l;

    cpuid_execute(&l, leaf, 0);
    draft_cpuid(t->d, cpu, &l);
    for (size_t i = 0; i < sizeof(subleaves) / sizeof(subleaves[0]); i++)
        if (subleaves[i].leaf == leaf)
            subleaves_take(t, cpu, &l, i);
}

static void cpuid_take(struct take *t, uint32_t cpu)
{
    struct record_leaf first;

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        uint32_t base = ranges[i], last;

        cpuid_execute(&first, base, 0);
        last = first.reg[0];
        /* Leaves that are not there show others, or zeros. */
        if (last < base || last - base >= LEAVES_MAX)
            continue;
        if (base && (last & 0xffff0000) != base)
            continue;
        for (uint32_t leaf = base; leaf <= last; leaf++)
            leaf_take(t, cpu, leaf);
    }
}

static bool cpu_enter(uint32_t cpu)
{
    size_t bytes = CPU_ALLOC_SIZE(RECORD_CPUS_MAX);
    cpu_set_t *set = CPU_ALLOC(RECORD_CPUS_MAX);
    bool there;

    if (!set)
        return false;
    CPU_ZERO_S(bytes, set);
    CPU_SET_S(cpu, bytes, set);
    there = sched_setaffinity(0, bytes, set) == 0;
    CPU_FREE(set);
    return there;
}

static bool msr_read(int fd, uint32_t index, uint64_t *value)
{
    return pread(fd, value, sizeof(*value), (off_t)index) == sizeof(*value);
}

static const uint32_t msrs[] = {
#define MSR(index, name) index,
#include "take/msrs.def"
#undef MSR
    0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
};

static void msr_one(struct take *t, int fd, uint32_t cpu, uint32_t index)
{
    uint64_t value;

    if (msr_read(fd, index, &value))
        draft_msr(t->d, cpu, index, value);
}

static void msrs_take(struct take *t, uint32_t cpu)
{
    int fd = sys_open(t, "/dev/cpu/%u/msr", cpu);
    uint64_t cap = 0;

    if (fd < 0) {
        draft_missing(t->d, RECORD_PART_MSR,
                      "/dev/cpu/%u/msr: %s (root, and modprobe msr)", cpu,
                      strerror(-fd));
        return;
    }
    for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
        msr_one(t, fd, cpu, msrs[i]);
    if (msr_read(fd, MTRR_CAP, &cap))
        for (uint32_t i = 0; i < (cap & 0xff) * 2 && i < MTRR_VARIABLE_MAX; i++)
            msr_one(t, fd, cpu, MTRR_VARIABLE + i);
    close(fd);
}

static void microcode_take(struct take *t, uint32_t cpu)
{
    char value[SYS_VALUE_BYTES];
    const char *p = value;
    uint64_t revision;

    if (sys_value(t, value, "/sys/devices/system/cpu/cpu%u/microcode/version",
                  cpu) &&
        text_hex(&p, UINT32_MAX, &revision))
        draft_microcode(t->d, cpu, (uint32_t)revision);
}

/* Without the clock, which is another one each time. */
static void cpuinfo_put(struct take *t, const char *text, size_t size)
{
    struct text_lines lines = {.text = text, .size = size};
    char line[TEXT_LINE_BYTES], *kept = malloc(size);
    size_t len = 0;

    while (kept && text_line(&lines, line))
        if (strncmp(line, "cpu MHz", 7) != 0) {
            memcpy(kept + len, text + lines.line, lines.next - lines.line);
            len += lines.next - lines.line;
        }
    if (kept)
        draft_file(t->d, "raw/cpuinfo.txt", kept, len);
    free(kept);
}

/* "microcode : 0x..." after "processor : N". */
static void cpuinfo_take(struct take *t)
{
    size_t size;
    char *text = (char *)sys_read(t, &size, "/proc/cpuinfo");
    struct text_lines lines = {.text = text, .size = size};
    char line[TEXT_LINE_BYTES];
    uint64_t cpu = 0, revision;

    while (text && text_line(&lines, line)) {
        const char *p = strchr(line, ':');

        if (!p)
            continue;
        p++;
        text_blanks(&p);
        if (strncmp(line, "processor", 9) == 0)
            (void)text_number(&p, 10, RECORD_CPUS_MAX, &cpu);
        else if (strncmp(line, "microcode", 9) == 0 &&
                 text_hex(&p, UINT32_MAX, &revision))
            draft_microcode(t->d, (uint32_t)cpu, (uint32_t)revision);
    }
    if (text)
        cpuinfo_put(t, text, size);
    free(text);
}

/* "0-3,8": the next CPU after `cpu`; false: none. */
static bool list_next(const char *list, uint64_t *cpu)
{
    uint64_t from, to;

    while (text_number(&list, 10, RECORD_CPUS_MAX, &from)) {
        to = from;
        if (text_skip(&list, "-") &&
            !text_number(&list, 10, RECORD_CPUS_MAX, &to))
            return false;
        if (*cpu < from) {
            *cpu = from;
            return true;
        }
        if (*cpu <= to)
            return true;
        (void)text_skip(&list, ",");
    }
    return false;
}

static void here_take(struct take *t, uint32_t cpu)
{
    if (cpu_enter(cpu))
        cpuid_take(t, cpu);
    else
        draft_missing(t->d, RECORD_PART_CPUID, "cpu %u: %s", cpu,
                      strerror(errno));
}

void take_cpus(struct take *t)
{
    char online[SYS_VALUE_BYTES];
    cpu_set_t before;
    bool known = sched_getaffinity(0, sizeof(before), &before) == 0;
    struct record_leaf one;

    if (!sys_value(t, online, "/sys/devices/system/cpu/online"))
        (void)snprintf(online, sizeof(online), "0");
    if (!take_here(t))
        draft_missing(t->d, RECORD_PART_CPUID,
                      "--root: CPUs of another machine cannot be asked");
    cpuinfo_take(t);
    for (uint64_t cpu = 0; list_next(online, &cpu); cpu++) {
        if (take_here(t))
            here_take(t, (uint32_t)cpu);
        msrs_take(t, (uint32_t)cpu);
        microcode_take(t, (uint32_t)cpu);
    }
    if (known)
        (void)sched_setaffinity(0, sizeof(before), &before);
    cpuid_execute(&one, 1, 0);
    if (take_here(t) && one.reg[2] >> 31)
        draft_note(t->d, "CPUID and MSRs are those that a hypervisor shows");
}
