/*
 * A QEMU TCG plugin that counts what a hypervisor does.
 *
 *   -plugin FILE.so,out=FILE,low=HEX,high=HEX,symbols=FILE[,control=FIFO]
 *           [,calls=on][,idle=FUNCTION][,insns=off][,wake=FUNCTION,run=FUNCTION]
 *
 * The hypervisor is the code between the virtual addresses low and high, which
 * no guest uses. Each of its blocks calls back, and counts are kept per CPU by
 * the CPU's own thread: exact, without locks. Other instructions are added up
 * in place, one counter for all CPUs: exact with one CPU or -accel
 * tcg,thread=single, else a few get lost where two CPUs add at once. An
 * instruction that faults and runs again counts twice.
 *
 * A guest marks what it measures with a NOP of eight bytes, executed at any
 * privilege: `nopl 0x54530000+ID(%rax,%rax,1)` before it and
 * `nopl 0x54531000+ID(%rax,%rax,1)` after it (ID: 12 bits). Each of these, as
 * "begin ID" and "end ID", and each line written to the FIFO appends one line
 * of JSON with all counters since the start to FILE; the reader subtracts. With
 * calls=on the call tree is kept, and among them after markers and after lines
 * that begin with '+'. insns=off leaves the guests alone, which is faster.
 * Instructions in `idle` and what it calls are counted apart as well: a CPU
 * that looks for work executes as many as it has time for.
 *
 * Waits are the host's time from `wake` being entered to `run` being entered.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "exits.h"
#include "qemu_api.h"
#include "symbols.h"

#define CPUS_MAX   64
#define BLOCKS     (1U << 17) /* of the hypervisor, by address; a power of 2 */
#define MARK_MAGIC 0x5453
#define MARK_END   0x1000
#define BUCKETS    40

struct cpu {
    uint64_t hv;
    uint64_t idle; /* of these, waiting for work */
    uint64_t vmruns;
    uint64_t spins;
    bool in_guest; /* VMRUN was executed and the reason not yet read */
    struct exit_counts exits;
    struct call_tree calls;
} __attribute__((aligned(64)));

struct block {
    struct block *next;
    uint64_t address;
    unsigned int insns;
    unsigned int function;
    bool entry;
    bool calls; /* its last instruction is a call */
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct cpu cpus[CPUS_MAX];
static unsigned int cpu_count;
static struct symbols symbols;
static uint64_t low, high;
static uint64_t guest_insns;
static FILE *out;
static const char *control;
static bool keep_calls, follow_calls, count_guests;
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

/* From waking to running: when somebody was woken (0: nobody waits), and how
   often a wait took less than 2^n ns. */
static uint64_t wake_address, run_address, woken_ns;
static uint64_t waits[BUCKETS];

/* --- Output --- */

static void print_exits(void)
{
    struct exit_counts sum = {0};

    for (unsigned int i = 0; i < cpu_count; i++)
        exits_add(&sum, &cpus[i].exits);
    fprintf(out, ", \"exits\": {");
    exits_print(out, &sum);
    fprintf(out, "}");
}

static void print_path(const struct call_node *n)
{
    const struct call_node *path[64];
    unsigned int depth = 0;

    for (; n->parent; n = n->parent)
        path[depth++] = n;
    while (depth) {
        depth--;
        fprintf(out, "%s%s", symbols.at[path[depth]->function].name,
                depth ? ";" : "");
    }
}

static void print_node(void *comma, const struct call_node *n)
{
    const char **c = comma;

    if (!n->insns)
        return;
    fprintf(out, "%s[\"", *c);
    print_path(n);
    fprintf(out, "\", %llu, %llu]", (unsigned long long)n->insns,
            (unsigned long long)n->entries);
    *c = ", ";
}

/* Paths, several for the same one on several CPUs: [path, instructions,
   entries]. */
static void print_calls(void)
{
    const char *comma = "";

    fprintf(out, ", \"calls\": [");
    for (unsigned int i = 0; i < cpu_count; i++)
        calls_each(&cpus[i].calls, print_node, &comma);
    fprintf(out, "]");
}

static void print_waits(void)
{
    fprintf(out, ", \"waits\": [");
    for (unsigned int i = 0; i < BUCKETS; i++)
        fprintf(out, "%s%llu", i ? ", " : "", (unsigned long long)waits[i]);
    fprintf(out, "]");
}

static void print_counters(void)
{
    uint64_t hv = 0, idle = 0, vmruns = 0, spins = 0;

    for (unsigned int i = 0; i < cpu_count; i++) {
        hv += cpus[i].hv;
        idle += cpus[i].idle;
        vmruns += cpus[i].vmruns;
        spins += cpus[i].spins;
    }
    fprintf(out,
            "\"insns\": %llu, \"hv\": %llu, \"vmruns\": %llu, "
            "\"spins\": %llu, \"idle\": %llu, \"cpus\": [",
            (unsigned long long)(guest_insns + hv), (unsigned long long)hv,
            (unsigned long long)vmruns, (unsigned long long)spins,
            (unsigned long long)idle);
    for (unsigned int i = 0; i < cpu_count; i++)
        fprintf(out, "%s[%llu, %llu, %llu]", i ? ", " : "",
                (unsigned long long)cpus[i].hv,
                (unsigned long long)cpus[i].vmruns,
                (unsigned long long)cpus[i].idle);
    fprintf(out, "]");
    print_exits();
    print_waits();
}

/* 'cpu': who executed the marker; -1: nobody. */
static void snapshot(const char *name, int cpu, bool calls)
{
    pthread_mutex_lock(&out_lock);
    fprintf(out, "{\"name\": \"%s\", \"cpu\": %d, ", name, cpu);
    print_counters();
    if (calls)
        print_calls();
    fprintf(out, "}\n");
    fflush(out);
    pthread_mutex_unlock(&out_lock);
}

/* Only letters, digits and a few others of a name go on: it lands in JSON. */
static void clean(char *name)
{
    name[strcspn(name, "\n\"\\")] = 0;
}

static void *serve(void *unused)
{
    char line[256];

    for (;;) {
        FILE *fifo = fopen(control, "r");

        if (!fifo)
            return NULL;
        while (fgets(line, sizeof(line), fifo)) {
            clean(line);
            snapshot(line + (*line == '+'), -1, *line == '+');
        }
        fclose(fifo);
    }
}

static void at_exit(uint64_t id, void *unused)
{
    snapshot("exit", -1, keep_calls);
}

/* --- While the machine runs --- */

static void on_mark(unsigned int cpu, void *mark)
{
    unsigned int bits = (uint16_t)(uintptr_t)mark;
    char name[48];

    snprintf(name, sizeof(name), "%s %u", bits & MARK_END ? "end" : "begin",
             bits & (MARK_END - 1));
    snapshot(name, (int)cpu, keep_calls);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* One wait at a time is followed: the sample does not depend on its length. */
static void on_woken(void)
{
    uint64_t nobody = 0;

    __atomic_compare_exchange_n(&woken_ns, &nobody, now_ns(), false,
                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void on_running(void)
{
    uint64_t since = __atomic_exchange_n(&woken_ns, 0, __ATOMIC_RELAXED);
    uint64_t ns;
    unsigned int bucket;

    if (!since)
        return;
    ns = now_ns() - since;
    bucket = ns ? 64 - (unsigned int)__builtin_clzll(ns) : 0;
    waits[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static void on_block(unsigned int cpu, void *userdata)
{
    const struct block *b = userdata;
    struct cpu *c = &cpus[cpu];

    c->hv += b->insns;
    if (follow_calls &&
        calls_block(&c->calls, b->function, b->entry, b->insns, b->calls))
        c->idle += b->insns;
    if (b->entry && b->address == wake_address)
        on_woken();
    if (b->entry && b->address == run_address)
        on_running();
}

static void on_vmrun(unsigned int cpu, void *unused)
{
    cpus[cpu].vmruns++;
    cpus[cpu].in_guest = true;
}

static void on_pause(unsigned int cpu, void *unused)
{
    cpus[cpu].spins++;
}

static void on_read(unsigned int cpu, uint32_t info, uint64_t address,
                    void *unused)
{
    struct cpu *c = &cpus[cpu];
    struct qemu_plugin_hwaddr *hw;

    if (!c->in_guest)
        return;
    hw = qemu_plugin_get_hwaddr(info, address);
    if (hw && !qemu_plugin_hwaddr_is_io(hw) &&
        exits_read(&c->exits, qemu_plugin_hwaddr_phys_addr(hw)))
        c->in_guest = false;
}

/* --- Translation; QEMU calls it for one block at a time --- */

static struct block *block_of(uint64_t address, unsigned int insns)
{
    static struct block *table[BLOCKS];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct block **head = &table[(address ^ address >> 17) % BLOCKS];
    struct block *b;

    pthread_mutex_lock(&lock);
    for (b = *head; b; b = b->next)
        if (b->address == address && b->insns == insns)
            break;
    if (!b) {
        b = calloc(1, sizeof(*b));
        if (!b)
            abort();
        b->address = address;
        b->insns = insns;
        b->function = symbols_find(&symbols, address);
        b->entry = symbols.at[b->function].address == address;
        b->next = *head;
        *head = b;
    }
    pthread_mutex_unlock(&lock);
    return b;
}

static void watch(struct qemu_plugin_insn *insn, const uint8_t *bytes,
                  size_t size)
{
    static const uint8_t vmrun[] = {0x0f, 0x01, 0xd8};
    static const uint8_t pause[] = {0xf3, 0x90};

    if (size == sizeof(vmrun) && !memcmp(bytes, vmrun, size))
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_vmrun,
                                               QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (size == sizeof(pause) && !memcmp(bytes, pause, size))
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_pause,
                                               QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (exits_may_read(bytes, (unsigned int)size))
        qemu_plugin_register_vcpu_mem_cb(insn, on_read, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, NULL);
}

/* 0f 1f 84 00, then a displacement whose upper half is the magic; NULL: none. */
static void *mark_of(const uint8_t *bytes, size_t size)
{
    static const uint8_t nop[] = {0x0f, 0x1f, 0x84, 0x00};
    uint32_t displacement;

    if (size != 8 || memcmp(bytes, nop, sizeof(nop)))
        return NULL;
    memcpy(&displacement, bytes + 4, sizeof(displacement));
    return displacement >> 16 == MARK_MAGIC ? (void *)(uintptr_t)displacement
                                            : NULL;
}

static void hypervisor_block(struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct block *b = block_of(qemu_plugin_tb_vaddr(tb), (unsigned int)n);

    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);

        watch(insn, bytes, size);
        if (i == n - 1)
            b->calls = calls_is_call(bytes, (unsigned int)size);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS,
                                         b);
}

static void guest_block(struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        void *mark =
            mark_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn));

        if (count_guests)
            qemu_plugin_register_vcpu_insn_exec_inline(
                insn, QEMU_PLUGIN_INLINE_ADD_U64, &guest_insns, 1);
        if (mark)
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, mark);
    }
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
    uint64_t address = qemu_plugin_tb_vaddr(tb);

    if (address >= low && address < high)
        hypervisor_block(tb);
    else
        guest_block(tb);
}

/* --- Start --- */

/* The value of 'name=value', or NULL. */
static const char *option(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
            return argv[i] + length + 1;
    return NULL;
}

static uint64_t number(const char *text)
{
    return text ? strtoull(text, NULL, 16) : 0;
}

/* A tree for each CPU; `idle`: the function's name or NULL. */
static int trees_start(const char *idle)
{
    uint64_t address = idle ? symbols_address(&symbols, idle) : 0;
    unsigned int function = address ? symbols_find(&symbols, address) : ~0U;

    follow_calls = keep_calls || idle;
    for (unsigned int i = 0; i < cpu_count; i++)
        if (calls_init(&cpus[i].calls, function))
            return -1;
    return 0;
}

static int start(int argc, char **argv)
{
    const char *wake = option(argc, argv, "wake");
    const char *run = option(argc, argv, "run");
    const char *path = option(argc, argv, "out");

    low = number(option(argc, argv, "low"));
    high = number(option(argc, argv, "high"));
    control = option(argc, argv, "control");
    keep_calls = option(argc, argv, "calls");
    count_guests = !option(argc, argv, "insns");
    if (!path || !option(argc, argv, "symbols") ||
        symbols_load(&symbols, option(argc, argv, "symbols")))
        return -1;
    wake_address = wake ? symbols_address(&symbols, wake) : 0;
    run_address = run ? symbols_address(&symbols, run) : 0;
    out = fopen(path, "w");
    return out ? trees_start(option(argc, argv, "idle")) : -1;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
                        char **argv)
{
    pthread_t thread;

    cpu_count = (unsigned int)info->system.max_vcpus;
    if (!info->system_emulation || cpu_count > CPUS_MAX || start(argc, argv)) {
        fprintf(stderr,
                "count: needs out=FILE,symbols=FILE,low=HEX,high=HEX "
                "and at most %u CPUs\n",
                CPUS_MAX);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    if (control && pthread_create(&thread, NULL, serve, NULL))
        return -1;
    return 0;
}
