/*
 * Rules of logs: lines by which a kernel or a hypervisor says what is wrong.
 */
#include "scan/scan.h"

#include <string.h>

static const struct {
    const char *text;
    enum rule_id rule;
} lines[] = {
    {"[Firmware Bug]", RULE_log_firmware_bug},
    {"[Hardware Error]", RULE_log_machine_check},
    {"Machine check events logged", RULE_log_machine_check},
    {"ACPI Error", RULE_log_acpi_error},
    {"ACPI BIOS Error", RULE_log_acpi_error},
    {"DMAR:[DMA", RULE_log_dmar_fault},
    {"DMAR: [DMA", RULE_log_dmar_fault},
    {"AMD-Vi: Event logged", RULE_log_dmar_fault},
    {"AMD-Vi: IO_PAGE_FAULT", RULE_log_dmar_fault},
    {"PCIe Bus Error", RULE_log_pcie_error},
    {"Marking TSC unstable", RULE_log_tsc_unstable},
    {"x2apic disabled", RULE_log_x2apic},
    {"soft lockup", RULE_log_lockup},
    {"hard LOCKUP", RULE_log_lockup},
    {"nobody cared", RULE_log_spurious},
    {"Panic on CPU", RULE_log_panic},
    {"Kernel panic", RULE_log_panic},
};

enum { LINE_MOST = 512 };

static const uint8_t *line_end(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));

    return nl ? nl : end;
}

static void judge_line(struct scan *s, const char *file, long offset,
                       const uint8_t *p, size_t n)
{
    char text[LINE_MOST + 1];
    size_t keep = n < LINE_MOST ? n : LINE_MOST;

    bytes_text((struct bytes){p, n}, 0, keep, text);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        if (strstr(text, lines[i].text)) {
            found(s, lines[i].rule, file, offset, "%s", text);
            return;
        }
    }
}

static void judge_lines(struct scan *s, const char *file, struct bytes log)
{
    const uint8_t *p = log.p, *end = p + log.n;

    for (const uint8_t *stop; p < end; p = stop + 1) {
        stop = line_end(p, end);
        judge_line(s, file, (long)(p - log.p), p, (size_t)(stop - p));
    }
}

void judge_log(struct scan *s)
{
    if (s->m->kernel_log.n)
        judge_lines(s, "logs/kernel.txt", s->m->kernel_log);
    if (s->m->hypervisor_log.n)
        judge_lines(s, "logs/hypervisor.txt", s->m->hypervisor_log);
}
