/* Keys: what is one, what a signature holds for, and where it ends. */
#include <check.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"

static char *private_pem, *public_pem;

static void setup(void)
{
    ck_assert_int_eq(key_generate(&private_pem, &public_pem), 0);
}

static void teardown(void)
{
    free(private_pem);
    free(public_pem);
}

START_TEST(a_signature_holds_for_its_message_and_key_only)
{
    unsigned char sig[SIGNATURE_BYTES];
    char *other, *half;

    ck_assert_int_eq(key_sign(bytes_of(private_pem), bytes_of("yes"), sig), 0);
    ck_assert_int_eq(key_verify(bytes_of(public_pem), bytes_of("yes"), sig), 0);
    ck_assert_int_eq(key_verify(bytes_of(public_pem), bytes_of("yet"), sig),
                     -EKEYREJECTED);
    ck_assert_int_eq(key_verify(bytes_of(public_pem), bytes_of(""), sig),
                     -EKEYREJECTED);
    ck_assert_int_eq(key_generate(&other, &half), 0);
    ck_assert_int_eq(key_verify(bytes_of(half), bytes_of("yes"), sig),
                     -EKEYREJECTED);
    free(other);
    free(half);
    for (int i = 0; i < SIGNATURE_BYTES; i++) {
        sig[i] ^= 1;
        ck_assert_int_eq(key_verify(bytes_of(public_pem), bytes_of("yes"), sig),
                         -EKEYREJECTED);
        sig[i] ^= 1;
    }
}
END_TEST

START_TEST(a_key_has_one_public_half_and_one_id)
{
    char *half, id[KEY_ID_BYTES], again[KEY_ID_BYTES];

    ck_assert_int_eq(key_public_of(bytes_of(private_pem), &half), 0);
    ck_assert_str_eq(half, public_pem);
    ck_assert_int_eq(key_id(bytes_of(public_pem), id), 0);
    ck_assert_int_eq(key_id(bytes_of(half), again), 0);
    ck_assert_str_eq(id, again);
    ck_assert_uint_eq(strlen(id), KEY_ID_BYTES - 1);
    free(half);
}
END_TEST

/* A key of another kind as PEM, to be freed by GnuTLS. */
static gnutls_datum_t rsa_key(void)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t out;

    ck_assert_int_eq(gnutls_x509_privkey_init(&key), 0);
    ck_assert_int_eq(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0),
                     0);
    ck_assert_int_eq(
        gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out), 0);
    gnutls_x509_privkey_deinit(key);
    return out;
}

START_TEST(what_is_no_ed25519_key_is_refused)
{
    unsigned char sig[SIGNATURE_BYTES] = {0};
    gnutls_datum_t rsa = rsa_key();
    struct bytes bad[] = {{"", 0},
                          bytes_of("nonsense"),
                          bytes_of("-----BEGIN PUBLIC KEY-----\n"),
                          {(char *)rsa.data, rsa.size}};
    char *half, id[KEY_ID_BYTES];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(key_sign(bad[i], bytes_of("x"), sig), -EBADMSG);
        ck_assert_int_eq(key_public_of(bad[i], &half), -EBADMSG);
        ck_assert_int_eq(key_verify(bad[i], bytes_of("x"), sig), -EBADMSG);
        ck_assert_int_eq(key_id(bad[i], id), -EBADMSG);
        ck_assert_str_eq(id, "");
    }
    gnutls_free(rsa.data);
}
END_TEST

/* FIPS 180-4, appendix B.1. */
START_TEST(a_hash_is_sha_256)
{
    char hex[HASH_HEX_BYTES];

    hash_hex(bytes_of("abc"), hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223"
                          "b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(files_are_read_whole_and_replaced_whole)
{
    char folder[] = "/tmp/certify-XXXXXX", path[64], *data;
    struct stat found;
    size_t nr;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    ck_assert_int_eq(file_write(path, 0600, bytes_of("first")), 0);
    ck_assert_int_eq(file_write(path, 0600, bytes_of("second")), 0);
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_uint_eq(found.st_mode & 0777, 0600);
    ck_assert_int_eq(file_read(path, 6, &data, &nr), 0);
    ck_assert_str_eq(data, "second");
    free(data);
    ck_assert_int_eq(file_read(path, 5, &data, &nr), -EFBIG);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(file_read(folder, 5, &data, &nr), -EISDIR);
    ck_assert_int_eq(file_read("/dev/null", 5, &data, &nr), -EINVAL);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_int_eq(file_read(path, 5, &data, &nr), -ENOENT);
    ck_assert_int_eq(file_write(path, 0600, bytes_of("x")), -ENOENT);
}
END_TEST

static Suite *suite(void)
{
    Suite *out = suite_create("key");
    TCase *t = tcase_create("key");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_signature_holds_for_its_message_and_key_only);
    tcase_add_test(t, a_key_has_one_public_half_and_one_id);
    tcase_add_test(t, what_is_no_ed25519_key_is_refused);
    tcase_add_test(t, a_hash_is_sha_256);
    tcase_add_test(t, files_are_read_whole_and_replaced_whole);
    suite_add_tcase(out, t);
    return out;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
