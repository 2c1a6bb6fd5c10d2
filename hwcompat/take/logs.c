/* Logs of the kernel and of the hypervisor, and what Xen says of itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "import/import.h"
#include "take/sys.h"

enum {
    KLOG_READ_ALL = 3, /* syslog(2) */
    KLOG_SIZE = 10,
    TOOL_BYTES = 1 << 20,
};

/* The log also knows where tables lay, and the memory map if nobody else did. */
static void kernel_put(struct take *t, const char *text, size_t size)
{
    struct file log = {.name = "log", .data = (uint8_t *)text, .size = size};

    draft_source(t->d, "log of Linux", "logs/kernel.txt");
    (void)kernel_log_read(t->d, &log, NULL);
}

static bool klog_take(struct take *t)
{
    int len, size = klogctl(KLOG_SIZE, NULL, 0);
    char *text = size > 0 ? malloc((size_t)size) : NULL;

    len = text ? klogctl(KLOG_READ_ALL, text, size) : -1;
    if (len > 0)
        kernel_put(t, text, (size_t)len);
    else
        draft_missing(t->d, RECORD_PART_KERNEL_LOG, "%s",
                      len ? strerror(errno) : "empty");
    free(text);
    return len > 0;
}

static bool kernel_file_take(struct take *t, const char *path)
{
    size_t size;
    uint8_t *data = sys_read(t, &size, "%s", path);

    if (data && size)
        kernel_put(t, (char *)data, size);
    free(data);
    return data && size;
}

static bool file_take(struct take *t, const char *path, const char *name)
{
    size_t size;
    uint8_t *data = sys_read(t, &size, "%s", path);

    if (data && size)
        draft_file(t->d, name, data, size);
    free(data);
    return data && size;
}

/* What one of Xen's own tools prints; the caller frees. NULL: nothing. */
static char *tool_read(const char *command, size_t *len)
{
    FILE *tool = popen(command, "r");
    char *text = malloc(TOOL_BYTES);
    bool well;

    *len = tool && text ? fread(text, 1, TOOL_BYTES, tool) : 0;
    well = tool && pclose(tool) == 0 && *len;
    if (!well) {
        free(text);
        text = NULL;
        *len = 0;
    }
    return text;
}

/* The CPUs before anybody filtered them, in place of what they tell dom0. */
static void policy_take(struct take *t)
{
    struct file policy = {.name = "xen-cpuid"};

    policy.data =
        (uint8_t *)tool_read("xen-cpuid -p 2>/dev/null", &policy.size);
    if (policy.data && xen_policy_like(&policy)) {
        draft_source(t->d, "xen-cpuid -p", "raw/xen-cpuid.txt");
        (void)xen_policy_read(t->d, &policy, NULL);
        draft_note(t->d, "CPUID is the hypervisor's raw policy");
    }
    free(policy.data);
}

/* Its ring. */
static bool hypervisor_take(struct take *t)
{
    size_t len;
    char *text = tool_read("xl dmesg 2>/dev/null", &len);

    policy_take(t);
    if (text)
        draft_file(t->d, "logs/hypervisor.txt", text, len);
    free(text);
    return len;
}

/* "name: value" for each file that Xen's nodes in /sys have. */
static void nodes_take(struct take *t)
{
    static const char *const nodes[] = {
        "type",
        "version/major",
        "version/minor",
        "version/extra",
        "compilation/compiler",
        "compilation/compile_date",
        "properties/capabilities",
        "properties/changeset",
        "properties/features",
        "properties/pagesize",
        "properties/virtual_start",
        "guest_type",
    };
    char text[sizeof(nodes) / sizeof(nodes[0]) * (SYS_VALUE_BYTES + 32)];
    char value[SYS_VALUE_BYTES];
    size_t len = 0;

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        if (sys_value(t, value, "/sys/hypervisor/%s", nodes[i]))
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s: %s\n",
                                    nodes[i], value);
    if (len)
        draft_file(t->d, "raw/hypervisor.txt", text, len);
}

void take_logs(struct take *t)
{
    char control[SYS_VALUE_BYTES];
    bool dom0 = sys_value(t, control, "/proc/xen/capabilities") &&
                strstr(control, "control_d");

    if (!(take_here(t) && klog_take(t)) &&
        !kernel_file_take(t, "/var/log/dmesg"))
        draft_missing(t->d, RECORD_PART_KERNEL_LOG, "/var/log/dmesg: %s",
                      strerror(errno));
    nodes_take(t);
    if (!dom0)
        draft_missing(t->d, RECORD_PART_HYPERVISOR_LOG,
                      "not in a control domain of Xen");
    else if (!(take_here(t) && hypervisor_take(t)))
        draft_missing(t->d, RECORD_PART_HYPERVISOR_LOG,
                      "xl dmesg does not answer (root)");
    (void)file_take(t, "/proc/cmdline", "raw/cmdline.txt");
    (void)file_take(t, "/proc/version", "raw/version.txt");
    (void)file_take(t, "/proc/mtrr", "raw/mtrr.txt");
}
