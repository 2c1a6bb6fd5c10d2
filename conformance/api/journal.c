/* Lines that are appended, and brought to the disk every second. */
#define _GNU_SOURCE /* asprintf */
#include "journal.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "samples.h"

enum {
    PATH_BYTES = 4096,
    LINE_MAX_BYTES = 1 << 20,
};

struct journal {
    FILE *file;
    time_t synced;
};

/* What a name may consist of in a file name. */
static void put_name(char *at, size_t room, const char *target)
{
    size_t len = 0;

    for (; *target && len + 1 < room; target++)
        at[len++] =
            isalnum((unsigned char)*target) || *target == '.' ? *target : '-';
    at[len] = '\0';
}

static void default_path(char path[PATH_BYTES], const char *target)
{
    const char *build = getenv("TOUCHSTONE_BUILD");
    char name[256];
    int len;

    put_name(name, sizeof(name), target);
    len =
        snprintf(path, PATH_BYTES, "%.1024s/conform", build ? build : "build");
    (void)mkdir(path, 0777); /* opening the file tells if it is missing */
    (void)snprintf(path + len, (size_t)(PATH_BYTES - len), "/%s.jsonl", name);
}

/* Not NULL: a text field of a line. */
static const char *text_of(const cJSON *line, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(line, key));

    return text ? text : "";
}

static double number_of(const cJSON *line, const char *key)
{
    const cJSON *n = cJSON_GetObjectItem(line, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static char *copy_of(const cJSON *line, const char *key)
{
    const char *text = text_of(line, key);

    return *text ? strdup(text) : NULL;
}

/* The later line of a check replaces the earlier one. */
static void take_result(const cJSON *line, struct plan *p,
                        struct result *earlier)
{
    struct plan_row *row =
        plan_find(p, text_of(line, "check"), text_of(line, "message"));
    struct result *r;

    if (!row)
        return;
    r = &earlier[row - p->rows];
    free(r->detail);
    free(r->marks);
    *r = (struct result){.outcome = outcome_find(text_of(line, "outcome")),
                         .detail = copy_of(line, "detail"),
                         .marks = copy_of(line, "exercised"),
                         .calls = (int)number_of(line, "calls"),
                         .seconds = number_of(line, "seconds"),
                         .waited = number_of(line, "waited")};
}

/* Whether the earlier run was about the same: else it cannot go on. */
static int check_run(const cJSON *run, const struct options *o,
                     const char *target, const char *path)
{
    if (!run)
        return options_refuse("'%s' is no journal", path);
    if (strcmp(text_of(run, "target"), target) != 0)
        return options_refuse("'%s' is of target %s", path,
                              text_of(run, "target"));
    if (o->resume && strcmp(text_of(run, "profile"), o->profile) != 0)
        return options_refuse("that run had --profile %s; say so again",
                              text_of(run, "profile"));
    if (o->resume &&
        cJSON_IsTrue(cJSON_GetObjectItem(run, "destructive")) != o->destructive)
        return options_refuse("that run was %s--destructive",
                              o->destructive ? "not " : "");
    if (o->resume && number_of(run, "seed") != (double)o->seed)
        return options_refuse("that run had --seed %.0f; say so again",
                              number_of(run, "seed"));
    return 0;
}

static int read_lines(FILE *file, const struct options *o, const char *target,
                      const char *path, struct plan *p, struct result *earlier)
{
    char *text = malloc(LINE_MAX_BYTES);
    bool journal = o->resume || !*o->failed, first = journal;
    int rc = 0;

    if (!text)
        abort();
    while (!rc && fgets(text, LINE_MAX_BYTES, file)) {
        cJSON *line = cJSON_Parse(text); /* NULL: cut off by a crash */

        if (first)
            rc = check_run(cJSON_GetObjectItem(line, "run"), o, target, path);
        else if (line)
            take_result(line, p, earlier);
        first = false;
        cJSON_Delete(line);
    }
    free(text);
    if (!rc && first)
        rc = options_refuse("'%s' is empty", path);
    return rc;
}

/* What makes and destroys the objects that others lean on. */
static bool is_sample(const struct plan_row *row)
{
    return row->check->count == sample_count;
}

/* What need not run again. */
static void thin_out(const struct options *o, struct plan *p,
                     struct result *earlier)
{
    bool leaning = false;

    for (int i = 0; i < p->nr; i++) {
        enum outcome outcome = earlier[i].outcome;
        struct plan_row *row = &p->rows[i];

        row->wanted =
            o->resume ? outcome == OUTCOME_NONE
                      : outcome == OUTCOME_FAILED || outcome == OUTCOME_ERROR;
        leaning |= row->wanted && check_place(row->check) == PLACE_CHAIN;
    }
    for (int i = 0; i < p->nr && leaning; i++)
        p->rows[i].wanted |= is_sample(&p->rows[i]);
}

static int read_earlier(const struct options *o, const char *path,
                        const char *target, struct plan *p,
                        struct result *earlier)
{
    FILE *file = fopen(path, "r");
    int rc;

    if (!file) {
        rc = -errno;
        fprintf(stderr, "conform: cannot read '%s': %s\n", path,
                strerror(errno));
        return rc;
    }
    rc = read_lines(file, o, target, path, p, earlier);
    fclose(file);
    if (!rc)
        thin_out(o, p, earlier);
    return rc;
}

/* The first line of a journal. */
static void put_run(FILE *file, const struct options *o, const char *target)
{
    cJSON *line = cJSON_CreateObject(), *run;
    char *text;

    run = cJSON_AddObjectToObject(line, "run");
    cJSON_AddStringToObject(run, "target", target);
    cJSON_AddStringToObject(run, "profile", o->profile);
    cJSON_AddNumberToObject(run, "seed", (double)o->seed);
    cJSON_AddBoolToObject(run, "destructive", o->destructive);
    text = cJSON_PrintUnformatted(line);
    fprintf(file, "%s\n", text);
    free(text);
    cJSON_Delete(line);
}

/* A line that a crash has cut off must not spoil the next one. */
static void end_line(FILE *file)
{
    if (fseek(file, -1, SEEK_END) == 0 && fgetc(file) != '\n') {
        (void)fseek(file, 0, SEEK_END);
        fputc('\n', file);
    }
    (void)fseek(file, 0, SEEK_END);
}

static int start_file(struct journal **j, const struct options *o,
                      const char *path, const char *target)
{
    bool goes_on = o->resume || (o->failed && !*o->failed);
    FILE *file = fopen(path, "a+e");

    if (!file || flock(fileno(file), LOCK_EX | LOCK_NB)) {
        if (file)
            fclose(file);
        if (!o->state && !o->resume)
            return 0; /* another run has it, or the folder is not ours */
        return options_refuse("cannot write the journal '%s'", path);
    }
    if (!goes_on && ftruncate(fileno(file), 0)) {
        fclose(file);
        return options_refuse("cannot write the journal '%s'", path);
    }
    if (goes_on)
        end_line(file);
    else
        put_run(file, o, target);
    *j = calloc(1, sizeof(**j));
    if (!*j)
        abort();
    (*j)->file = file;
    return 0;
}

int journal_open(struct journal **j, const struct options *o,
                 const char *target, struct plan *p, struct result *earlier)
{
    char path[PATH_BYTES];
    int rc = 0;

    *j = NULL;
    if (o->state)
        (void)snprintf(path, sizeof(path), "%s", o->state);
    else
        default_path(path, target);
    if (o->resume || o->failed)
        rc = read_earlier(o, o->failed && *o->failed ? o->failed : path, target,
                          p, earlier);
    return rc ? rc : start_file(j, o, path, target);
}

static void sync_file(struct journal *j)
{
    if (fflush(j->file) == 0)
        (void)fdatasync(fileno(j->file)); /* as good as this disk can */
    j->synced = time(NULL);
}

void journal_add(struct journal *j, const struct result *row)
{
    char *text;

    if (!j)
        return;
    text = result_json(row);
    fprintf(j->file, "%s\n", text);
    free(text);
    if (time(NULL) != j->synced)
        sync_file(j);
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    sync_file(j);
    fclose(j->file);
    free(j);
}
