/* The checks of `certify verify`, in order; none of them ends the others. */
#include "verify.h"

#include <string.h>

#include "manifest.h"

/* The trusted key that is the bundle's; else, of one, that. */
static const struct trusted_key *key_find(const struct verify_options *o,
                                          const char *signer)
{
    char id[KEY_ID_BYTES];

    for (int i = 0; i < o->keys_nr; i++)
        if (*signer && key_id(bytes_of(o->keys[i].pem), id) == 0 &&
            strcmp(id, signer) == 0)
            return &o->keys[i];
    return NULL;
}

static void choose_key(struct verification *v, const struct verify_options *o)
{
    struct bytes own = archive_data(&v->archive, BUNDLE_KEY);

    v->key = own;
    if (key_id(own, v->signer))
        findings_add(&v->findings, "signature", IN_FILE(BUNDLE_KEY),
                     "it is no Ed25519 key");
    v->who = key_find(o, v->signer);
    if (v->who)
        v->key = bytes_of(v->who->pem);
    else
        findings_add(&v->findings, "key", IN_FILE(BUNDLE_KEY),
                     "signed by key %s, which is not among the %d trusted; if "
                     "you trust it, name it with --key",
                     *v->signer ? v->signer : "(unreadable)", o->keys_nr);
}

static void check_signatures(struct verification *v, const char *name)
{
    struct bytes sig = archive_data(&v->archive, MANIFEST_SIGNATURE);

    if (v->container.seal &&
        key_verify(v->key, v->container.frame, v->container.seal))
        findings_add(&v->findings, "seal", IN_FILE(name),
                     "its bytes are not those that were signed");
    if (sig.nr != SIGNATURE_BYTES ||
        key_verify(v->key, archive_data(&v->archive, MANIFEST),
                   (const unsigned char *)sig.at))
        findings_add(&v->findings, "signature", IN_FILE(MANIFEST),
                     "it is not the one that was signed");
}

static void say_suite(struct findings *f, struct bytes key, const char *what)
{
    findings_add(f, "suite", (struct place){.file = bytes_of("suite.tsv")},
                 "'%.*s' %s", (int)key.nr, key.at, what);
}

static void compare_suites(const struct table *there, const struct table *here,
                           struct findings *f)
{
    int i = 0, j = 0;

    while (i < there->nr || j < here->nr) {
        const struct row *a = i < there->nr ? &there->rows[i] : NULL;
        const struct row *b = j < here->nr ? &here->rows[j] : NULL;
        int order = !a ? 1 : !b ? -1 : bytes_compare(a->cell[0], b->cell[0]);

        if (order < 0)
            say_suite(f, a->cell[0], "is not in the suite here");
        else if (order > 0)
            say_suite(f, b->cell[0], "of the suite here was not used");
        else if (!bytes_same(a->cell[1], b->cell[1]))
            say_suite(f, a->cell[0], "was another than in the suite here");
        i += order <= 0;
        j += order >= 0;
    }
}

static void check_plan(struct verification *v, const struct table *suite)
{
    struct bytes target = product_fact(&v->archive, "target");
    struct bytes profile = product_fact(&v->archive, "profile");
    struct plan plan;

    if (plan_init(&plan, target, profile)) {
        findings_add(&v->findings, "product", IN_FILE("PRODUCT.yaml"),
                     "no known target and profile: '%.*s', '%.*s'",
                     (int)target.nr, target.at, (int)profile.nr, profile.at);
        return;
    }
    plan_check(&plan, &v->judgement.required, suite, &v->findings);
}

static void check_suite(struct verification *v, const struct verify_options *o)
{
    struct table there = {0}, here = {0};

    table_read(&there, &v->archive, "suite.tsv", 2, &v->findings);
    table_parse(&here, o->suite, "suite here", 2, &v->findings);
    if (!o->any_suite)
        compare_suites(&there, &here, &v->findings);
    check_plan(v, &there);
    table_fini(&there);
    table_fini(&here);
}

/* The verdict as written must be the one that the results give. */
static void check_verdict(struct verification *v,
                          const struct verify_options *o)
{
    struct bytes said = product_fact(&v->archive, "verdict");
    const struct judgement *j = &v->judgement;

    if (!bytes_is(said, j->verdict))
        findings_add(&v->findings, "verdict", IN_FILE("PRODUCT.yaml"),
                     "it says '%.*s', the results say '%s'", (int)said.nr,
                     said.at, j->verdict);
    for (int i = 0; i < j->blockers.nr; i++) {
        const struct finding *row = &j->blockers.rows[i];

        findings_add(&v->findings, "blocker",
                     (struct place){.test = bytes_of(row->test)}, "%s",
                     row->text);
    }
    for (int i = 0; o->no_waivers && i < v->waived.nr; i++)
        findings_add(&v->findings, "waived",
                     (struct place){.test = bytes_of(v->waived.rows[i].test)},
                     "%s", v->waived.rows[i].text);
}

void verify(struct verification *v, struct bytes file, const char *name,
            const struct verify_options *o)
{
    struct bytes tar;

    *v = (struct verification){.who = NULL};
    container_read(&v->container, file, name, &v->findings);
    tar = (struct bytes){v->container.tar, v->container.tar_nr};
    if (v->container.tar)
        archive_read(&v->archive, tar, "tar", &v->findings);
    choose_key(v, o);
    check_signatures(v, name);
    manifest_check(&v->archive, &v->findings);
    judge(&v->judgement, &v->archive, o->today, &v->waived, &v->findings);
    agree_check(&v->archive, &v->judgement.results, &v->findings);
    check_verdict(v, o);
    check_suite(v, o);
}

void verify_fini(struct verification *v)
{
    judge_fini(&v->judgement);
    findings_fini(&v->findings);
    findings_fini(&v->waived);
    archive_fini(&v->archive);
    container_fini(&v->container);
}
