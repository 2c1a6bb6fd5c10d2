/* Fake host systems: a list of hosts, each with files and settings. */
#include "agents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pools.h"
#include "sim.h"
#include "zones.h"

enum {
    NAME_BYTES = 64,
    PATH_BYTES = 4096,
    LOG_BYTES_MAX = 1 << 16,
    LOG_VALUE_MAX = 200,
    VALUE_BYTES_MAX = 1 << 16,
    MS_PER_S = 1000,
};

#define STATUS_CAPABILITIES                                         \
    "<?xml version=\"1.0\"?>\n<system-status-capabilities>"         \
    "<capability key=\"xapi-logs\" default-checked=\"true\"/>"      \
    "<capability key=\"network-status\" default-checked=\"true\"/>" \
    "</system-status-capabilities>\n"

struct entry { /* a file, or a setting */
    char *name, *data;
    size_t len;
    struct entry *next;
};

struct agent_host {
    char uuid[NAME_BYTES];
    struct entry *files, *settings;
    int files_nr;
    struct buf log, dmesg;
    int64_t time_offset_s;
    struct agent_host *next;
};

struct sim_agents {
    struct sim *sim;
    struct agent_host *first;
};

struct sim_agents *sim_agents_create(struct sim *sim)
{
    struct sim_agents *a = must_alloc(sizeof(*a));

    *a = (struct sim_agents){.sim = sim};
    return a;
}

static void entries_free(struct entry *e)
{
    while (e) {
        struct entry *next = e->next;

        free(e->name);
        free(e->data);
        free(e);
        e = next;
    }
}

void sim_agents_destroy(struct sim_agents *a)
{
    while (a->first) {
        struct agent_host *next = a->first->next;

        entries_free(a->first->files);
        entries_free(a->first->settings);
        buf_fini(&a->first->log);
        buf_fini(&a->first->dmesg);
        free(a->first);
        a->first = next;
    }
    free(a);
}

static int64_t now_s(const struct sim_agents *a)
{
    return a->sim->env.now_ms(a->sim->env.ctx) / MS_PER_S;
}

/* Texts of the API are UTF-8; half a character is none. */
static void add_plain(struct buf *b, const char *text, size_t max)
{
    for (size_t i = 0; text[i] && i < max; i++)
        buf_putc(b, text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
}

/* A line of the host's log; the oldest half goes when there are too many. */
static void log_add(const struct sim_agents *a, struct agent_host *h,
                    const char *what, const char *value)
{
    time_t now = (time_t)now_s(a);
    char stamp[NAME_BYTES];
    struct tm tm;

    if (h->log.len > LOG_BYTES_MAX) {
        struct buf kept = {0};

        buf_add(&kept, h->log.data + h->log.len / 2,
                h->log.len - h->log.len / 2);
        buf_fini(&h->log);
        h->log = kept;
    }
    if (!gmtime_r(&now, &tm) ||
        !strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm))
        return;
    buf_printf(&h->log, "%s xapi: %s '", stamp, what);
    add_plain(&h->log, value, LOG_VALUE_MAX);
    buf_puts(&h->log, "'\n");
}

static void boot_text(struct buf *b)
{
    buf_puts(b, "(XEN) Touchstone simulated host\n"
                "(XEN) Scrubbing Free RAM in background\n"
                "(XEN) *** Serial input to DOM0\n");
}

static struct agent_host *host_find(struct sim_agents *a, const char *uuid)
{
    struct agent_host **slot = &a->first;

    while (*slot && strcmp((*slot)->uuid, uuid) != 0)
        slot = &(*slot)->next;
    if (*slot)
        return *slot;
    *slot = must_alloc(sizeof(**slot));
    **slot = (struct agent_host){0};
    snprintf((*slot)->uuid, sizeof((*slot)->uuid), "%s", uuid);
    boot_text(&(*slot)->dmesg);
    log_add(a, *slot, "started", uuid);
    return *slot;
}

/* Where the entry hangs, or would: names are in order. */
static struct entry **entry_slot(struct entry **list, const char *name)
{
    while (*list && strcmp((*list)->name, name) < 0)
        list = &(*list)->next;
    return list;
}

static bool is_entry(const struct entry *e, const char *name)
{
    return e && strcmp(e->name, name) == 0;
}

static char *copy(const char *data, size_t len)
{
    char *c = must_alloc(len + 1);

    memcpy(c, data, len);
    c[len] = '\0';
    return c;
}

static bool entry_put(struct entry **list, const char *name, const char *data,
                      size_t len)
{
    struct entry **slot = entry_slot(list, name), *e = *slot;
    bool old = is_entry(e, name);

    if (!old) {
        e = must_alloc(sizeof(*e));
        *e = (struct entry){.name = copy(name, strlen(name)), .next = *slot};
        *slot = e;
    }
    free(e->data);
    e->data = copy(data, len);
    e->len = len;
    return !old;
}

/* --- Files -------------------------------------------------------------------------- */

/* Where a file is kept for the next start; false: it is not. */
static bool disk_path(const struct sim_agents *a, const char *host,
                      const char *path, char *out)
{
    int len;

    if (!a->sim->options.db || strstr(path, ".."))
        return false;
    len = snprintf(out, PATH_BYTES, "%s.hosts/%s/%s", a->sim->options.db, host,
                   path);
    return len > 0 && len < PATH_BYTES;
}

static int make_folders(char *path)
{
    for (char *c = strchr(path + 1, '/'); c; c = strchr(c + 1, '/')) {
        *c = '\0';
        if (mkdir(path, 0700) && errno != EEXIST) {
            *c = '/';
            return -errno;
        }
        *c = '/';
    }
    return 0;
}

static int disk_write(char *path, const char *data, size_t len)
{
    int rc = make_folders(path);
    FILE *file = rc ? NULL : fopen(path, "wb");

    if (!file)
        return rc ? rc : -errno;
    if (fwrite(data, 1, len, file) != len)
        rc = -EIO;
    if (fclose(file) && !rc)
        rc = -EIO;
    return rc;
}

/* A file of an earlier run comes into memory. */
static void disk_read(struct agent_host *h, const char *name, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    size_t len;

    if (!file)
        return;
    data = must_alloc(AGENT_FILE_MAX);
    len = fread(data, 1, AGENT_FILE_MAX, file);
    h->files_nr += entry_put(&h->files, name, data, len);
    free(data);
    fclose(file);
}

static int driver_file_read(void *ctx, const char *host, const char *path,
                            struct buf *out)
{
    struct agent_host *h = host_find(ctx, host);
    char disk[PATH_BYTES];

    if (!is_entry(*entry_slot(&h->files, path), path) &&
        disk_path(ctx, host, path, disk))
        disk_read(h, path, disk);
    if (!is_entry(*entry_slot(&h->files, path), path))
        return -ENOENT;
    buf_add(out, (*entry_slot(&h->files, path))->data,
            (*entry_slot(&h->files, path))->len);
    return 0;
}

/* Whether the others reach a host that is not the one that asks. */
static bool out_of_reach(const struct sim_agents *a, const char *host)
{
    const struct sim_host *h =
        a->sim->world ? world_find_host(a->sim->world, host) : NULL;

    return h && (h->cut_off || h->power != SIM_UP);
}

static int driver_file_write(void *ctx, const char *host, const char *path,
                             const char *data, size_t len)
{
    struct agent_host *h = host_find(ctx, host);
    char disk[PATH_BYTES];

    if (out_of_reach(ctx, host))
        return -EHOSTUNREACH;
    if (len > AGENT_FILE_MAX)
        return -EFBIG;
    if (h->files_nr >= AGENT_FILES_MAX)
        return -ENOSPC;
    if (disk_path(ctx, host, path, disk)) {
        int rc = disk_write(disk, data, len);

        if (rc)
            return rc;
    }
    h->files_nr += entry_put(&h->files, path, data, len);
    log_add(ctx, h, "write", path);
    return 0;
}

static int driver_file_delete(void *ctx, const char *host, const char *path)
{
    struct agent_host *h = host_find(ctx, host);
    struct entry **slot = entry_slot(&h->files, path), *e = *slot;
    char disk[PATH_BYTES];

    if (disk_path(ctx, host, path, disk))
        (void)unlink(disk); /* may never have been there */
    if (!is_entry(e, path))
        return -ENOENT;
    *slot = e->next;
    e->next = NULL;
    entries_free(e);
    h->files_nr--;
    return 0;
}

static int driver_file_list(void *ctx, const char *host, const char *folder,
                            struct buf *out)
{
    struct agent_host *h = host_find(ctx, host);
    size_t len = strlen(folder);

    for (const struct entry *e = h->files; e; e = e->next)
        if (strncmp(e->name, folder, len) == 0 && e->name[len] == '/')
            buf_printf(out, "%s\n", e->name + len + 1);
    return 0;
}

/* --- Settings ---------------------------------------------------------------------------- */

static const char *setting(struct agent_host *h, const char *name)
{
    struct entry *e = *entry_slot(&h->settings, name);

    return is_entry(e, name) ? e->data : "";
}

/* What a serial console says to a debug key. */
static void debug_keys(struct agent_host *h, const char *keys)
{
    for (const char *k = keys; *k && h->dmesg.len < LOG_BYTES_MAX; k++)
        buf_printf(&h->dmesg, "(XEN) '%c' pressed -> simulated\n",
                   *k >= ' ' && *k <= '~' ? *k : '?');
}

static int set_zone(struct sim_agents *a, struct agent_host *h,
                    const char *value)
{
    (void)a;
    (void)h;
    return zone_known(value) ? 0 : -EINVAL;
}

static int set_dmesg(struct sim_agents *a, struct agent_host *h,
                     const char *value)
{
    (void)a;
    buf_fini(&h->dmesg);
    h->dmesg = (struct buf){0};
    buf_puts(&h->dmesg, value);
    return 0;
}

static int press_keys(struct sim_agents *a, struct agent_host *h,
                      const char *value)
{
    (void)a;
    debug_keys(h, value);
    return 0;
}

/* "20260131T12:34:56Z" */
static int set_time(struct sim_agents *a, struct agent_host *h,
                    const char *value)
{
    struct tm tm = {0};

    if (sscanf(value, "%4d%2d%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon,
               &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return -EINVAL;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    h->time_offset_s = (int64_t)timegm(&tm) - now_s(a);
    return 0;
}

/* Whoever could be there takes it. */
static int upload(struct sim_agents *a, struct agent_host *h, const char *value)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};

    (void)a;
    (void)h;
    if (strstr(value, ".invalid"))
        return -EHOSTUNREACH;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(value, schemes[i], strlen(schemes[i])) == 0)
            return 0;
    return -EINVAL;
}

/* With NTP again, the clock is right again. */
static int set_ntp(struct sim_agents *a, struct agent_host *h,
                   const char *value)
{
    (void)a;
    if (strcmp(value, "Disabled") != 0)
        h->time_offset_s = 0;
    return 0;
}

/* Settings that do more than being remembered. */
static const struct {
    const char *name;
    int (*fn)(struct sim_agents *a, struct agent_host *h, const char *value);
} effects[] = {
    {"timezone", set_zone},     {"dmesg", set_dmesg}, {"upload", upload},
    {"debug-keys", press_keys}, {"time", set_time},   {"ntp", set_ntp},
};

static int driver_apply(void *ctx, const char *host, const char *name,
                        const char *value)
{
    struct agent_host *h = host_find(ctx, host);

    if (strlen(value) > VALUE_BYTES_MAX)
        return -E2BIG;
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
        if (strcmp(effects[i].name, name) == 0) {
            int rc = effects[i].fn(ctx, h, value);

            if (rc)
                return rc;
        }
    (void)entry_put(&h->settings, name, value, strlen(value)); /* new or not */
    log_add(ctx, h, name, value);
    return 0;
}

/* --- Questions ------------------------------------------------------------------------------ */

static void ask_ntp(struct agent_host *h, struct buf *out)
{
    const char *mode = setting(h, "ntp");

    if (strcmp(mode, "Disabled") == 0)
        return;
    if (strncmp(mode, "Custom ", 7) != 0) {
        buf_puts(out, "0.pool.ntp.example reachable\n"
                      "1.pool.ntp.example reachable\n");
        return;
    }
    for (const char *c = mode + 7; *c; c += *c == ' ') {
        size_t len = strcspn(c, " ");

        buf_printf(out, "%.*s reachable\n", (int)len, c);
        c += len;
    }
}

static void ask_zone(struct sim_agents *a, struct agent_host *h,
                     struct buf *out)
{
    const char *zone = setting(h, "timezone");

    buf_printf(out, "%d", *zone ? zone_offset_s(zone, now_s(a)) : 0);
}

/* Two updates wherever a repository may be, but not in a domain of no one. */
static int ask_repository(const char *url, struct buf *out)
{
    if (strstr(url, ".invalid"))
        return -EHOSTUNREACH;
    buf_puts(out, "TS-0001 security reboot_host - reboot_host Hypervisor\n"
                  "TS-0002 bugfix - restart_toolstack restart_toolstack "
                  "Toolstack\n");
    return 0;
}

static void ask_drivers(struct buf *out)
{
    buf_puts(out, "fake-nic network generic 1.0 1 yes production\n"
                  "fake-nic network fast 2.0 2 yes production\n"
                  "fake-hba storage generic 1.0 1 no production\n");
}

/* The one program that hosts have: it says what it was told. */
static const char *program_words(const char *what)
{
    static const char *const programs[] = {"plugin echo ", "extension echo "};

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strncmp(what, programs[i], strlen(programs[i])) == 0)
            return what + strlen(programs[i]);
    return NULL;
}

static int driver_ask(void *ctx, const char *host, const char *what,
                      struct buf *out)
{
    struct agent_host *h = host_find(ctx, host);

    if (strcmp(what, "dmesg") == 0)
        buf_add(out, h->dmesg.data, h->dmesg.len);
    else if (strcmp(what, "log") == 0)
        buf_add(out, h->log.data, h->log.len);
    else if (strcmp(what, "timezones") == 0)
        zones_list(out);
    else if (strcmp(what, "ntp-servers") == 0)
        ask_ntp(h, out);
    else if (strcmp(what, "ntp-synchronized") == 0)
        buf_puts(out, strcmp(setting(h, "ntp"), "Disabled") ? "yes" : "no");
    else if (strcmp(what, "time-offset") == 0)
        buf_printf(out, "%lld", (long long)h->time_offset_s);
    else if (strcmp(what, "zone-offset") == 0)
        ask_zone(ctx, h, out);
    else if (strcmp(what, "drivers") == 0)
        ask_drivers(out);
    else if (strcmp(what, "free-bytes") == 0)
        buf_puts(out, "17179869184");
    else if (strcmp(what, "status-capabilities") == 0)
        buf_puts(out, STATUS_CAPABILITIES);
    else if (strncmp(what, "repository ", 11) == 0)
        return ask_repository(what + 11, out);
    else if (program_words(what))
        buf_printf(out, "\"%s\"", program_words(what));
    else if (*setting(h, what))
        buf_puts(out, setting(h, what));
    else
        return -ENOENT;
    return 0;
}

struct agent_driver sim_agents_driver(struct sim_agents *a)
{
    return (struct agent_driver){.file_read = driver_file_read,
                                 .file_write = driver_file_write,
                                 .file_delete = driver_file_delete,
                                 .file_list = driver_file_list,
                                 .apply = driver_apply,
                                 .ask = driver_ask,
                                 .ctx = a};
}
