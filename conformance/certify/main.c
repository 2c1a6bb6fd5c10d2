/*
 * `touchstone certify`: what a bundle needs to be made, read and checked is in
 * this program; running the suites is left to the script `run` beside it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "manifest.h"
#include "show.h"

#define OWN_KEY "certify.key"
#define OWN_PUB "certify.pub"

enum {
    EXIT_ENVIRONMENT = 2,
    PRIVATE_MODE = 0600,
    PUBLIC_MODE = 0644,
};

struct options {
    const char *key, *trusted, *today, *target, *profile;
    bool any_suite, no_waivers, json, force, help, version;
    char **words; /* what is no option */
    int words_nr;
};

enum kind {
    TEXT,
    FLAG,
};

#define AT(m) offsetof(struct options, m)
static const struct option_row {
    const char *name, *argument, *commands, *help;
    enum kind kind;
    size_t offset;
} rows[] = {
#define OPTION(n, a, k, m, c, h) {n, a, c, h, k, AT(m)},
#include "options.def"
#undef OPTION
};
#undef AT

enum {
    ROWS_NR = sizeof(rows) / sizeof(rows[0]),
};

/* Made by suite-files, embedded by ld: see component.mk. */
extern const char _binary_suite_tsv_start[], _binary_suite_tsv_end[];

static struct bytes suite_here(void)
{
    return (struct bytes){
        _binary_suite_tsv_start,
        (size_t)(_binary_suite_tsv_end - _binary_suite_tsv_start)};
}

static int complain(const char *what, const char *path, int rc)
{
    fprintf(stderr, "certify: %s '%s': %s\n", what, path,
            rc == -EBADMSG ? "no Ed25519 key in PEM" : strerror(-rc));
    return EXIT_ENVIRONMENT;
}

/* --- Keys --- */

/* A path in the user's own folder of settings; "" where there is none. */
static void own_path(char path[PATH_MAX], const char *name)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int nr = 0;

    if (base && *base)
        nr = snprintf(path, PATH_MAX, "%s/touchstone/%s", base, name);
    else if (home && *home)
        nr = snprintf(path, PATH_MAX, "%s/.config/touchstone/%s", home, name);
    if (nr <= 0 || nr >= PATH_MAX)
        *path = '\0';
}

/* Folders above a file; those that are there already are left alone. */
static void make_folders(const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        (void)mkdir(part, 0755); /* writing the file tells */
    }
}

/* KEY.pub beside KEY, or beside KEY.key. */
static void public_path(const char *path, char out[PATH_MAX])
{
    size_t nr = strlen(path);

    if (nr > 4 && strcmp(path + nr - 4, ".key") == 0)
        nr -= 4;
    (void)snprintf(out, PATH_MAX, "%.*s.pub", (int)nr, path);
}

static int keygen(const struct options *o)
{
    char own[PATH_MAX], other[PATH_MAX], id[KEY_ID_BYTES];
    const char *path = o->key;
    char *private_pem, *public_pem;
    int rc;

    if (!path && o->words_nr)
        path = o->words[0];
    if (!path) {
        own_path(own, OWN_KEY);
        path = own;
    }
    if (!o->force && access(path, F_OK) == 0) {
        fprintf(stderr, "certify: '%s' is there already; --force replaces it\n",
                path);
        return EXIT_ENVIRONMENT;
    }
    rc = key_generate(&private_pem, &public_pem);
    if (rc)
        return complain("cannot make", path, rc);
    make_folders(path);
    public_path(path, other);
    rc = file_write(path, PRIVATE_MODE, bytes_of(private_pem));
    rc = rc ? rc : file_write(other, PUBLIC_MODE, bytes_of(public_pem));
    if (!rc && key_id(bytes_of(public_pem), id) == 0)
        printf("private key  %s (keep it)\npublic key   %s (give it away)\n"
               "key id       %s\n",
               path, other, id);
    explicit_bzero(private_pem, strlen(private_pem));
    free(private_pem);
    free(public_pem);
    return rc ? complain("cannot write", path, rc) : EXIT_SUCCESS;
}

/* --- Making --- */

/* The three members that vouch for the others, added; owned by the archive. */
static int add_signature(struct archive *a, struct bytes key)
{
    char *pem = NULL, *manifest, *sig = calloc(1, SIGNATURE_BYTES);
    int rc = sig ? key_public_of(key, &pem) : -ENOMEM;

    if (rc) {
        free(sig);
        return rc;
    }
    rc = archive_add(a, BUNDLE_KEY, bytes_of(pem));
    archive_sort(a);
    manifest = manifest_make(a);
    rc = rc ? rc : key_sign(key, bytes_of(manifest), (unsigned char *)sig);
    rc = rc ? rc : archive_add(a, MANIFEST, bytes_of(manifest));
    return rc ? rc
              : archive_add(a, MANIFEST_SIGNATURE,
                            (struct bytes){sig, SIGNATURE_BYTES});
}

static int pack(const struct options *o)
{
    struct archive a = {0};
    char *bad = NULL, *key = NULL, *tar = NULL, *file = NULL;
    size_t key_nr = 0, tar_nr, nr;
    int rc;

    if (o->words_nr != 2 || !o->key) {
        fputs("usage: certify pack FOLDER BUNDLE --key FILE\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    rc = folder_read(&a, o->words[0], &bad);
    if (rc)
        rc = complain("cannot take", bad ? bad : o->words[0], rc);
    if (!rc) {
        rc = file_read(o->key, KEY_FILE_MAX, &key, &key_nr);
        rc = rc ? rc : add_signature(&a, (struct bytes){key, key_nr});
        if (rc)
            rc = complain("cannot sign with", o->key, rc);
    }
    if (!rc) {
        archive_write(&a, &tar, &tar_nr);
        rc = container_write((struct bytes){tar, tar_nr},
                             (struct bytes){key, key_nr}, &file, &nr);
        rc =
            rc ? rc
               : file_write(o->words[1], PUBLIC_MODE, (struct bytes){file, nr});
        if (rc)
            rc = complain("cannot write", o->words[1], rc);
    }
    if (key)
        explicit_bzero(key, key_nr);
    free(bad);
    free(key);
    free(tar);
    free(file);
    folder_free(&a);
    return rc;
}

/* What verdict the files of a folder give: lines that the script reads. */
static int judge_folder(const struct options *o)
{
    struct archive a = {0};
    struct judgement j;
    struct findings waived = {0}, damage = {0};
    char *bad = NULL;
    int rc = o->words_nr == 1 ? folder_read(&a, o->words[0], &bad) : -EINVAL;

    if (rc) {
        rc = complain("cannot judge", bad ? bad : "", rc);
        free(bad);
        folder_free(&a);
        return rc;
    }
    judge(&j, &a, o->today, &waived, &damage);
    printf("verdict\t%s\nmissing\t%d\nwaived\t%d\nrequired\t%d\n", j.verdict,
           j.missing, j.waived, j.required.nr);
    for (int i = 0; i < OUTCOMES_NR; i++)
        printf("%s\t%d\n", outcome_at(i)->name, j.counts[i]);
    for (int i = 0; i < j.blockers.nr; i++)
        printf("blocker\t%s\t%s\n", j.blockers.rows[i].test,
               j.blockers.rows[i].text);
    for (int i = 0; i < waived.nr; i++)
        printf("waiver\t%s\t%s\n", waived.rows[i].test, waived.rows[i].text);
    for (int i = 0; i < damage.nr; i++)
        finding_print(stderr, &damage.rows[i]);
    rc = damage.nr ? EXIT_ENVIRONMENT : EXIT_SUCCESS;
    judge_fini(&j);
    findings_fini(&waived);
    findings_fini(&damage);
    folder_free(&a);
    return rc;
}

static int print_plan(const struct options *o)
{
    struct plan plan;

    if (!o->target || !o->profile ||
        plan_init(&plan, bytes_of(o->target), bytes_of(o->profile))) {
        fprintf(stderr,
                "certify: nothing of profile '%s' can be certified on target "
                "'%s'; see --help\n",
                o->profile ? o->profile : "", o->target ? o->target : "");
        return EXIT_ENVIRONMENT;
    }
    plan_print(&plan, stdout);
    return EXIT_SUCCESS;
}

static int print_suite(const struct options *o)
{
    struct bytes suite = suite_here();

    (void)o;
    return fwrite(suite.at, 1, suite.nr, stdout) == suite.nr ? EXIT_SUCCESS
                                                             : EXIT_ENVIRONMENT;
}

/* --- Reading --- */

/* --key alone, or else every key that is trusted here. */
static int load_keys(const struct options *o, struct trusted_key *keys, int *nr)
{
    char own[PATH_MAX];

    *nr = 0;
    if (o->key) {
        int rc = folder_key(o->key, &keys[0]);

        if (rc)
            return complain("cannot read the key", o->key, rc);
        *nr = 1;
        return EXIT_SUCCESS;
    }
    if (o->trusted)
        *nr = folder_keys(o->trusted, keys, TRUSTED_MAX);
    own_path(own, "trusted");
    *nr += folder_keys(own, keys + *nr, TRUSTED_MAX - *nr);
    own_path(own, OWN_PUB);
    if (*nr < TRUSTED_MAX && folder_key(own, &keys[*nr]) == 0)
        ++*nr;
    return EXIT_SUCCESS;
}

typedef int (*look_fn)(const struct verification *v, const struct options *o,
                       const char *name);

static int tell_verified(const struct verification *v, const struct options *o,
                         const char *name)
{
    (o->json ? show_json : show_text)(stdout, v, name);
    return v->findings.nr ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int tell_facts(const struct verification *v, const struct options *o,
                      const char *name)
{
    if (o->json)
        show_json(stdout, v, name);
    else
        show_facts(stdout, v);
    return v->archive.nr ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int look_into(const struct options *o, look_fn look)
{
    static struct trusted_key keys[TRUSTED_MAX];
    struct verify_options how = {.keys = keys,
                                 .suite = suite_here(),
                                 .any_suite = o->any_suite,
                                 .no_waivers = o->no_waivers,
                                 .today = o->today};
    struct verification v;
    char *data = NULL;
    size_t nr;
    int rc;

    if (o->words_nr != 1) {
        fputs("certify: one BUNDLE is wanted; see --help\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    rc = load_keys(o, keys, &how.keys_nr);
    if (!rc) {
        rc = file_read(o->words[0], BUNDLE_MAX, &data, &nr);
        if (rc)
            rc = complain("cannot read", o->words[0], rc);
    }
    if (!rc) {
        verify(&v, (struct bytes){data, nr}, o->words[0], &how);
        rc = look(&v, o, o->words[0]);
        verify_fini(&v);
    }
    for (int i = 0; i < how.keys_nr; i++) {
        free(keys[i].name);
        free(keys[i].pem);
    }
    free(data);
    return rc;
}

static int verify_command(const struct options *o)
{
    return look_into(o, tell_verified);
}

static int show_command(const struct options *o)
{
    return look_into(o, tell_facts);
}

/* --- The command line --- */

static const struct command {
    const char *name, *words, *help;
    int (*run)(const struct options *o);
} commands[] = {
    {"verify", "BUNDLE", "check a bundle, offline", verify_command},
    {"show", "BUNDLE", "what a bundle says, unchecked", show_command},
    {"keygen", "[FILE]", "make a pair of keys", keygen},
    {"pack", "FOLDER BUNDLE", "sign a folder of results", pack},
    {"judge", "FOLDER", "the verdict of a folder of results", judge_folder},
    {"plan", "", "what a target and a profile ask for", print_plan},
    {"suite", "", "files and tests of the suites here", print_suite},
};

enum {
    COMMANDS_NR = sizeof(commands) / sizeof(commands[0]),
};

static void help(const struct command *c)
{
    printf("usage: touchstone certify %s %s [OPTION...]\n\n%s\n\n", c->name,
           c->words, c->help);
    for (int i = 0; i < ROWS_NR; i++)
        if (!*rows[i].commands || strstr(rows[i].commands, c->name))
            printf("  --%s %s\n      %s\n", rows[i].name,
                   rows[i].argument ? rows[i].argument : "", rows[i].help);
    puts("\nExit status: 0 good, 1 something is wrong with it, 2 usage or "
         "environment.");
}

static int parse(struct options *o, int argc, char **argv)
{
    struct option known[ROWS_NR + 1] = {0};
    int c, index;

    for (int i = 0; i < ROWS_NR; i++)
        known[i] =
            (struct option){rows[i].name, rows[i].argument != NULL, NULL, 1};
    while ((c = getopt_long(argc, argv, "", known, &index)) > 0) {
        void *at = (char *)o + rows[index].offset;

        if (c != 1)
            return -EINVAL;
        if (rows[index].kind == TEXT)
            *(const char **)at = optarg;
        else
            *(bool *)at = true;
    }
    o->words = argv + optind;
    o->words_nr = argc - optind;
    return 0;
}

/* Returns only when it cannot be started. */
static int become_runner(char **argv)
{
    const char *source = getenv("TOUCHSTONE_SOURCE");
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/conformance/certify/run",
                   source ? source : ".");
    argv[0] = path;
    execv(path, argv);
    return complain("cannot start", path, -errno);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    char today[DATE_BYTES];
    time_t now = time(NULL);
    struct tm parts;

    for (int i = 0; i < COMMANDS_NR; i++) {
        if (argc < 2 || strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (!gmtime_r(&now, &parts) ||
            !strftime(today, sizeof(today), "%Y-%m-%d", &parts))
            return EXIT_ENVIRONMENT;
        o.today = today;
        if (parse(&o, argc - 1, argv + 1))
            return EXIT_ENVIRONMENT;
        if (o.help)
            help(&commands[i]);
        if (o.version)
            puts("touchstone 0.1");
        return o.help || o.version ? EXIT_SUCCESS : commands[i].run(&o);
    }
    return become_runner(argv);
}
