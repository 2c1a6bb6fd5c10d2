/*
 * Exit reasons: see exits.h.
 */
#include "exits.h"

#include <string.h>

/* Offsets into a control block (APM 2 table B-1 and B-2). */
#define VMCB_INTERCEPT2 0x010
#define VMCB_EXITCODE   0x070
#define VMCB_NESTED     0x090
#define VMCB_RAX        0x5f8
#define PAGE            4096

#define CODE_VMMCALL 0x81
#define CODE_NPF     0x400
#define INDEX_NPF    0xff

static const char *const names[EXIT_CODES] = {
#define CODE(code, name) [code] = #name,
#include "exits.def"
#undef CODE
};

/* The machine's memory as this process sees it; found once it is needed. */
static struct {
    const uint8_t *base;
    uint64_t bytes;
} memory;

/* The largest mapping of a memfd that QEMU made for memory. */
static void memory_find(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long long start, end;

    while (maps && fgets(line, sizeof(line), maps)) {
        if (!strstr(line, "/memfd:memory-backend-memfd") ||
            sscanf(line, "%llx-%llx", &start, &end) != 2 ||
            end - start < memory.bytes)
            continue;
        memory.base = (const uint8_t *)(uintptr_t)start;
        memory.bytes = end - start;
    }
    if (maps)
        fclose(maps);
}

static uint64_t read64(const uint8_t *p)
{
    uint64_t value;

    memcpy(&value, p, sizeof(value));
    return value;
}

/* VMRUN must be intercepted, and nested paging be on, in every control block
   that runs (APM 2 15.5.1). */
static const uint8_t *control_block(uint64_t offset)
{
    const uint8_t *page;

    if (!memory.base)
        memory_find();
    if (offset % PAGE != VMCB_EXITCODE || offset >= memory.bytes)
        return NULL;
    page = memory.base + offset - VMCB_EXITCODE;
    return page[VMCB_INTERCEPT2] & 1 && page[VMCB_NESTED] & 1 ? page : NULL;
}

bool exits_may_read(const uint8_t *insn, unsigned int size)
{
    return memchr(insn, VMCB_EXITCODE, size);
}

bool exits_read(struct exit_counts *c, uint64_t offset)
{
    const uint8_t *block = control_block(offset);
    uint64_t code, nr;

    if (!block)
        return false;
    code = read64(block + VMCB_EXITCODE);
    c->code[code == CODE_NPF ? INDEX_NPF : code % EXIT_CODES]++;
    nr = read64(block + VMCB_RAX);
    if (code == CODE_VMMCALL && nr < HYPERCALL_NRS)
        c->hypercall[nr]++;
    return true;
}

void exits_add(struct exit_counts *sum, const struct exit_counts *more)
{
    for (unsigned int i = 0; i < EXIT_CODES; i++)
        sum->code[i] += more->code[i];
    for (unsigned int i = 0; i < HYPERCALL_NRS; i++)
        sum->hypercall[i] += more->hypercall[i];
}

void exits_print(FILE *out, const struct exit_counts *sum)
{
    const char *comma = "";

    for (unsigned int i = 0; i < EXIT_CODES; i++) {
        if (!sum->code[i])
            continue;
        if (names[i])
            fprintf(out, "%s\"%s\": %llu", comma, names[i],
                    (unsigned long long)sum->code[i]);
        else
            fprintf(out, "%s\"0x%x\": %llu", comma, i,
                    (unsigned long long)sum->code[i]);
        comma = ", ";
    }
    for (unsigned int i = 0; i < HYPERCALL_NRS; i++) {
        if (!sum->hypercall[i])
            continue;
        fprintf(out, "%s\"hypercall %u\": %llu", comma, i,
                (unsigned long long)sum->hypercall[i]);
        comma = ", ";
    }
}
