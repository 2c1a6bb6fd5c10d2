/* Baselines: in files, and in what git remembers. */
#include "baseline.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git.h"

enum {
    ID_MAX = 64,
    REVISION_MAX = 256,
    LIST_BYTES = 65536,
};

bool baseline_id_check(const char *id)
{
    size_t len = strlen(id);

    for (const char *c = id; *c; c++)
        if (!isascii(*c) || (!isalnum(*c) && !strchr("._-", *c)))
            return false;
    return len && len <= ID_MAX && isalnum(*id);
}

static int text_decode(const char *text, size_t len, struct run *out,
                       struct run_error *e)
{
    cJSON *json;
    int rc = run_parse(text, len, &json, e);

    return rc ? rc : run_decode(json, out, e);
}

int baseline_read_file(const char *path, struct run *out, struct run_error *e)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *text = NULL;
    size_t len;
    int rc;

    if (!in)
        return run_fail(e, -errno, "%s", strerror(errno));
    rc = run_read(in, &text, &len, e);
    if (in != stdin)
        fclose(in);
    if (!rc)
        rc = text_decode(text, len, out, e);
    free(text);
    return rc;
}

/* --- Git --------------------------------------------------------------------- */
static int object_read(const char *repository, const char *object,
                       struct run *out, struct run_error *e)
{
    const char *const show[] = {"show", object, NULL};
    char *text;
    size_t len;
    int rc = git_ask(repository, show, RUN_BYTES_MAX, &text, &len);

    if (rc)
        return run_fail(e, rc, "git has no '%.200s' in '%.100s'", object,
                        repository);
    rc = text_decode(text, len, out, e);
    free(text);
    return rc;
}

static bool is_revision(const char *repository, const char *name)
{
    char commit[REVISION_MAX + 16];
    const char *const verify[] = {"rev-parse", "--verify", "--quiet", commit,
                                  NULL};
    char *text;
    size_t len;

    snprintf(commit, sizeof(commit), "%s^{commit}", name);
    if (git_ask(repository, verify, LIST_BYTES, &text, &len))
        return false;
    free(text);
    return true;
}

/* What baselines that revision has instead, on one line. */
static void baselines_list(const char *repository, const char *revision,
                           char *out, size_t size)
{
    const char *const list[] = {
        "ls-tree", "--name-only",          "--full-tree",
        revision,  BASELINE_DIRECTORY "/", NULL};
    char *text, *save, *line;
    size_t len, at = 0;

    *out = 0;
    if (git_ask(repository, list, LIST_BYTES, &text, &len))
        return;
    for (line = strtok_r(text, "\n", &save); line && at + 1 < size;
         line = strtok_r(NULL, "\n", &save))
        if (strstr(line, ".json"))
            at += (size_t)snprintf(out + at, size - at, " %s", line);
    free(text);
}

static int revision_read(const char *repository, const char *revision,
                         const char *machine, struct run *out,
                         struct run_error *e)
{
    char object[REVISION_MAX + 2 * ID_MAX], others[200];

    snprintf(object, sizeof(object), "%s:" BASELINE_DIRECTORY "/%s.json",
             revision, machine);
    if (object_read(repository, object, out, e) == 0)
        return 0;
    if (!strstr(e->text, "git has no"))
        return -EINVAL;
    baselines_list(repository, revision, others, sizeof(others));
    return run_fail(e, -ENOENT,
                    "no baseline of this machine ('%s') there; %s%s; "
                    "--save-baseline writes one",
                    machine,
                    *others ? "counts may be compared with REVISION:PATH of"
                            : "and of no other one",
                    others);
}

int baseline_find(const char *name, const char *repository, const char *machine,
                  struct run *out, struct run_error *e)
{
    struct stat st;

    if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
        return baseline_read_file(name, out, e);
    if (*name == '-' || strlen(name) > REVISION_MAX)
        return run_fail(e, -EINVAL, "neither a file nor a revision");
    if (strchr(name, ':'))
        return object_read(repository, name, out, e);
    if (!is_revision(repository, name))
        return run_fail(e, -ENOENT,
                        "neither a file nor a revision of the repository at "
                        "'%.200s'",
                        repository);
    if (!baseline_id_check(machine))
        return run_fail(e, -EINVAL,
                        "'%.64s' (machine.id) is no name of a baseline",
                        machine);
    return revision_read(repository, name, machine, out, e);
}

/* --- Saving ------------------------------------------------------------------ */
static int text_save(const char *text, const char *path, const char *temporary)
{
    FILE *f = fopen(temporary, "w");
    int rc = 0;

    if (!f)
        return -errno;
    if (fputs(text, f) < 0 || fputc('\n', f) < 0)
        rc = -EIO;
    if (fclose(f) && !rc)
        rc = -errno;
    if (!rc && rename(temporary, path))
        rc = -errno;
    if (rc)
        (void)unlink(temporary); /* the first error is the one to tell */
    return rc;
}

/* What large and raw files are called and where they were is of no use later;
   the samples stay, as compact as they can be kept in git. */
static const char *const not_kept[] = {"raw",   "histograms", "ratios",
                                       "noise", "statistics", "comparison"};

static char *text_of(const struct run *r)
{
    cJSON *copy = cJSON_Duplicate(r->json, true);
    char *text;

    for (size_t i = 0; i < sizeof(not_kept) / sizeof(*not_kept); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(copy, not_kept[i]);
    text = cJSON_PrintUnformatted(copy);
    cJSON_Delete(copy);
    return text;
}

int baseline_save(const struct run *r, const char *directory, char **path,
                  struct run_error *e)
{
    char *text = NULL, *temporary = NULL;
    int rc = -ENOMEM;

    *path = NULL;
    if (!baseline_id_check(r->machine))
        return run_fail(e, -EINVAL,
                        "'%.64s' (machine.id) is no name of a baseline",
                        r->machine);
    if (mkdir(directory, 0777) && errno != EEXIST)
        return run_fail(e, -errno,
                        "%s; start where the sources are, or name another "
                        "place by --baselines",
                        strerror(errno));
    text = text_of(r);
    if (text && asprintf(path, "%s/%s.json", directory, r->machine) >= 0 &&
        asprintf(&temporary, "%s.new", *path) >= 0)
        rc = text_save(text, *path, temporary);
    free(temporary);
    free(text);
    if (rc) {
        free(*path);
        *path = NULL;
        return run_fail(e, rc, "%s", strerror(-rc));
    }
    return 0;
}

/* --- History ----------------------------------------------------------------- */
int history_add(struct history *h, struct run *take_run, const char *name)
{
    struct run *more;
    char(*names)[RUN_NAME_BYTES];

    if (h->runs == HISTORY_MAX) {
        run_fini(take_run);
        return 0;
    }
    more = realloc(h->run, (h->runs + 1) * sizeof(*more));
    if (more)
        h->run = more;
    names = realloc(h->name, (h->runs + 1) * sizeof(*names));
    if (names)
        h->name = names;
    if (!more || !names) {
        run_fini(take_run);
        return -ENOMEM;
    }
    h->run[h->runs] = *take_run;
    snprintf(h->name[h->runs++], RUN_NAME_BYTES, "%s", name);
    return 0;
}

static int revision_add(struct history *h, const char *repository,
                        const char *revision, const char *machine)
{
    struct run_error ignored;
    struct run run;

    /* One that cannot be read any more is left out. */
    if (revision_read(repository, revision, machine, &run, &ignored))
        return 0;
    return history_add(h, &run, revision);
}

int history_read(const char *repository, const char *machine,
                 struct history *out)
{
    char path[sizeof(":/" BASELINE_DIRECTORY "/.json") + ID_MAX];
    const char *const log[] = {
        "log", "--format=%h", "--max-count=30", "--reverse", "--", path, NULL};
    char *text, *save, *line;
    size_t len;
    int rc = 0;

    if (!baseline_id_check(machine))
        return 0;
    snprintf(path, sizeof(path), ":/" BASELINE_DIRECTORY "/%s.json", machine);
    if (git_ask(repository, log, LIST_BYTES, &text, &len))
        return 0;
    for (line = strtok_r(text, "\n", &save); line && !rc;
         line = strtok_r(NULL, "\n", &save))
        rc = revision_add(out, repository, line, machine);
    free(text);
    return rc;
}

void history_fini(struct history *h)
{
    for (size_t i = 0; i < h->runs; i++)
        run_fini(&h->run[i]);
    free(h->run);
    free(h->name);
    *h = (struct history){0};
}
