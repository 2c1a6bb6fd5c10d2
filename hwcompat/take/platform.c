/* Nodes of memory, interrupts, timers, TPM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/text.h"
#include "take/sys.h"

static cJSON *node_take(struct take *t, const char *name)
{
    cJSON *node = cJSON_CreateObject();
    char total[SYS_VALUE_BYTES];
    const char *kib;
    uint64_t value;

    (void)cJSON_AddStringToObject(node, "node", name + strlen("node"));
    sys_json(t, node, "cpus", "/sys/devices/system/node/%s/cpulist", name);
    sys_json(t, node, "distance", "/sys/devices/system/node/%s/distance", name);
    if (sys_value(t, total, "/sys/devices/system/node/%s/meminfo", name) &&
        (kib = strstr(total, "MemTotal:"))) {
        kib += strlen("MemTotal:");
        text_blanks(&kib);
        if (text_number(&kib, 10, UINT64_MAX >> 11, &value))
            (void)cJSON_AddNumberToObject(node, "memory_kib", (double)value);
    }
    return node;
}

void take_numa(struct take *t)
{
    struct sys_names names;
    cJSON *list = cJSON_CreateArray();

    sys_list(t, &names, "/sys/devices/system/node");
    for (size_t i = 0; i < names.nr; i++)
        if (strncmp(names.name[i], "node", 4) == 0)
            cJSON_AddItemToArray(list, node_take(t, names.name[i]));
    sys_list_fini(&names);
    if (list->child) {
        draft_system(t->d, RECORD_PART_NUMA, list);
        return;
    }
    cJSON_Delete(list);
    draft_missing(t->d, RECORD_PART_NUMA,
                  "/sys/devices/system/node: no nodes (kernel without NUMA)");
}

/* "... IO-APIC   2-edge  timer": kinds of interrupt controllers in use. */
static void chips_take(cJSON *out, const char *text, size_t size)
{
    static const char *const chips[] = {"IO-APIC",    "IR-IO-APIC", "PCI-MSI",
                                        "IR-PCI-MSI", "DMAR-MSI",   "HPET-MSI",
                                        "XT-PIC",     "xen-pirq",   "xen-dyn"};
    cJSON *list = cJSON_AddArrayToObject(out, "chips");

    for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
        const char *p = memmem(text, size, chips[i], strlen(chips[i]));

        if (p && p > text && p[-1] == ' ')
            cJSON_AddItemToArray(list, cJSON_CreateString(chips[i]));
    }
}

/* Counts change all the time and say nothing: they go, from the colon to the
   first word of each line. */
static size_t counts_drop(char *text, size_t size)
{
    enum { LABEL, COUNTS, WORDS } in = LABEL;
    size_t to = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '\n')
            in = LABEL;
        else if (in == COUNTS && !strchr("0123456789 ", c))
            in = WORDS;
        if (in == COUNTS)
            continue;
        text[to++] = c;
        if (in == LABEL && c == ':') {
            text[to++] = ' ';
            i += i + 1 < size && text[i + 1] == ' ';
            in = COUNTS;
        }
    }
    return to;
}

/* "fec00000-fec003ff : IOAPIC 0": where the kernel found such registers. As
   nobody the addresses read as zeros, and are left out. */
static void registers_take(const struct take *t, cJSON *out, const char *member,
                           const char *name)
{
    size_t size;
    char *text = (char *)sys_read(t, &size, "/proc/iomem");
    cJSON *list = cJSON_AddArrayToObject(out, member);
    char *line, *rest = text;

    while (text && (line = strsep(&rest, "\n"))) {
        const char *what = strstr(line, " : ");
        char address[SYS_VALUE_BYTES];

        line += strspn(line, " ");
        if (!what || strncmp(what + 3, name, strlen(name)) != 0 ||
            strspn(line, "0") == strcspn(line, "-"))
            continue;
        (void)snprintf(address, sizeof(address), "0x%.*s",
                       (int)strcspn(line, "-"), line);
        cJSON_AddItemToArray(list, cJSON_CreateString(address));
    }
    free(text);
}

void take_interrupts(struct take *t)
{
    size_t size;
    char *text = (char *)sys_read(t, &size, "/proc/interrupts");
    cJSON *out;

    if (!text) {
        draft_missing(t->d, RECORD_PART_INTERRUPTS, "/proc/interrupts: %s",
                      strerror(errno));
        return;
    }
    out = cJSON_CreateObject();
    chips_take(out, text, size);
    registers_take(t, out, "io_apics", "IOAPIC");
    sys_json(t, out, "x2apic", "/sys/module/x2apic/parameters/enabled");
    draft_system(t->d, RECORD_PART_INTERRUPTS, out);
    draft_file(t->d, "raw/interrupts.txt", text, counts_drop(text, size));
    free(text);
}

void take_timers(struct take *t)
{
#define CLOCK "/sys/devices/system/clocksource/clocksource0/"
    cJSON *out = cJSON_CreateObject();

    sys_json(t, out, "available", CLOCK "available_clocksource");
    sys_json(t, out, "current", CLOCK "current_clocksource");
    if (!out->child) {
        cJSON_Delete(out);
        draft_missing(t->d, RECORD_PART_TIMERS, CLOCK ": not there");
        return;
    }
    (void)cJSON_AddBoolToObject(out, "hpet_device", sys_exists(t, "/dev/hpet"));
    (void)cJSON_AddBoolToObject(out, "rtc", sys_exists(t, "/dev/rtc0"));
    registers_take(t, out, "hpets", "HPET");
    draft_system(t->d, RECORD_PART_TIMERS, out);
}

void take_tpm(struct take *t)
{
    struct sys_names names;
    cJSON *list = cJSON_CreateArray(), *tpm;

    sys_list(t, &names, "/sys/class/tpm");
    for (size_t i = 0; i < names.nr; i++) {
        tpm = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(tpm, "name", names.name[i]);
        sys_json(t, tpm, "version", "/sys/class/tpm/%s/tpm_version_major",
                 names.name[i]);
        sys_json(t, tpm, "description", "/sys/class/tpm/%s/device/description",
                 names.name[i]);
        cJSON_AddItemToArray(list, tpm);
    }
    sys_list_fini(&names);
    /* That there is none is an answer, if the kernel can see one. */
    if (sys_exists(t, "/sys/class/tpm")) {
        draft_system(t->d, RECORD_PART_TPM, list);
        return;
    }
    cJSON_Delete(list);
    draft_missing(t->d, RECORD_PART_TPM,
                  "/sys/class/tpm: the kernel has no support");
}
