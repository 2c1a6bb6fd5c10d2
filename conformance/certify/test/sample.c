/* A small bundle that verifies. */
#include "sample.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"

#define TESTS "api/network_vif\napi/network_vlan\n"

static const struct {
    const char *name, *text;
} parts[] = {
    {"PRODUCT.yaml", "# A sample.\nverdict: \"passed\"\ntarget: \"sim\"\n"
                     "profile: \"network\"\nversion: \"0.1\"\n"},
    {"junit.xml",
     "<testsuites>\n"
     "  <testcase classname=\"api\" name=\"network_vif\" time=\"0.1\"/>\n"
     "  <testcase classname=\"api\" name=\"network_vlan\" time=\"0.1\"/>\n"
     "</testsuites>\n"},
    {"raw/a.json", "{}\n"},
    {"required.tsv", TESTS},
    {"results.tap",
     "TAP version 13\n1..2\nok 1 - api/network_vif\nok 2 - api/network_vlan\n"},
    {"results.tsv", "api/network_vif\tpassed\t0.1\t\n"
                    "api/network_vlan\tpassed\t0.1\t\n"},
    {"waivers.tsv", ""},
};

static const char *keep(struct sample *s, char *text)
{
    ck_assert_int_lt(s->owned_nr, SAMPLE_MEMBERS_MAX);
    s->owned[s->owned_nr++] = text;
    return text;
}

static void make_suite(struct sample *s)
{
    char hex[HASH_HEX_BYTES], *text;

    hash_hex(bytes_of(TESTS), hex);
    ck_assert_int_gt(asprintf(&text,
                              "file conformance/api/rpc.c\tabc\n"
                              "list api/network\t%s\nversion\t0.1\n",
                              hex),
                     0);
    sample_put(s, "suite.tsv", keep(s, text));
    s->options.suite = bytes_of(text);
}

void sample_init(struct sample *s)
{
    *s = (struct sample){.owned_nr = 0};
    ck_assert_int_eq(key_generate(&s->private_pem, &s->public_pem), 0);
    s->key = (struct trusted_key){(char *)"ours", s->public_pem};
    s->options = (struct verify_options){
        .keys = &s->key, .keys_nr = 1, .today = "2026-06-15"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sample_put(s, parts[i].name, parts[i].text);
    make_suite(s);
}

void sample_fini(struct sample *s)
{
    archive_fini(&s->parts);
    free(s->private_pem);
    free(s->public_pem);
    for (int i = 0; i < s->owned_nr; i++)
        free(s->owned[i]);
}

void sample_put(struct sample *s, const char *name, const char *text)
{
    sample_remove(s, name);
    ck_assert_int_eq(archive_add(&s->parts, name, bytes_of(text)), 0);
}

void sample_remove(struct sample *s, const char *name)
{
    for (int i = 0; i < s->parts.nr; i++)
        if (strcmp(s->parts.members[i].name, name) == 0)
            s->parts.members[i] = s->parts.members[--s->parts.nr];
}

void sample_tar(struct sample *s, const char *key, char **tar, size_t *nr)
{
    char *manifest, *pem, sig[SIGNATURE_BYTES];
    struct bytes private = bytes_of(key);

    ck_assert_int_eq(key_public_of(private, &pem), 0);
    sample_put(s, BUNDLE_KEY, pem);
    archive_sort(&s->parts);
    manifest = manifest_make(&s->parts);
    ck_assert_int_eq(
        key_sign(private, bytes_of(manifest), (unsigned char *)sig), 0);
    sample_put(s, MANIFEST, manifest);
    ck_assert_int_eq(archive_add(&s->parts, MANIFEST_SIGNATURE,
                                 (struct bytes){sig, sizeof(sig)}),
                     0);
    archive_write(&s->parts, tar, nr);
    sample_remove(s, MANIFEST_SIGNATURE);
    sample_remove(s, MANIFEST);
    sample_remove(s, BUNDLE_KEY);
    free(manifest);
    free(pem);
}

void sample_seal(const char *key, struct bytes tar, char **file, size_t *nr)
{
    ck_assert_int_eq(container_write(tar, bytes_of(key), file, nr), 0);
}

void sample_file(struct sample *s, const char *key, char **file, size_t *nr)
{
    char *tar;
    size_t tar_nr;

    sample_tar(s, key, &tar, &tar_nr);
    sample_seal(key, (struct bytes){tar, tar_nr}, file, nr);
    free(tar);
}

void sample_verify(struct sample *s, struct verification *v, struct bytes file)
{
    verify(v, file, "bundle", &s->options);
}

void sample_check(struct sample *s, struct verification *v)
{
    char *file;
    size_t nr;

    sample_file(s, s->private_pem, &file, &nr);
    sample_verify(s, v, (struct bytes){file, nr});
    free(file);
    v->container.frame = (struct bytes){NULL, 0};
    v->container.seal = NULL;
}

static bool is(const char *wanted, const char *found)
{
    return !wanted || strcmp(wanted, found) == 0;
}

bool sample_found(const struct verification *v, const char *check,
                  const char *file, const char *test)
{
    for (int i = 0; i < v->findings.nr; i++) {
        const struct finding *row = &v->findings.rows[i];

        if (is(check, row->check) && is(file, row->file) && is(test, row->test))
            return true;
    }
    return false;
}
