/* Certificates, limits and packages without a host system below. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "expiry.h"
#include "fixture.h"
#include "limits.h"
#include "request.h"
#include "update_info.h"
#include "x509.h"

enum {
    DAYS = 20,
    DAY_MS = 24 * 3600 * 1000,
};

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f);
}

static void tear_down(void)
{
    fixture_fini(&f);
}

START_TEST(what_is_generated_can_be_read_and_matches)
{
    const char *key, *pem, *other_key, *other_pem;
    struct x509_info info;
    unsigned bits;

    ck_assert_int_eq(x509_generate(&f.arena, "host", "192.0.2.1", 1, f.now_ms,
                                   DAYS, &key, &pem),
                     0);
    ck_assert_int_eq(x509_generate(&f.arena, "host", "192.0.2.1", 2, f.now_ms,
                                   DAYS, &other_key, &other_pem),
                     0);
    ck_assert_int_eq(x509_parse(pem, &info), 0);
    ck_assert_int_eq(info.not_before_ms, f.now_ms);
    ck_assert_int_eq(info.not_after_ms, f.now_ms + (int64_t)DAYS * DAY_MS);
    ck_assert(info.strong);
    ck_assert_uint_eq(strlen(info.sha256), X509_SHA256_TEXT - 1);
    ck_assert_int_eq(x509_check_key(key, &bits), X509_KEY_OK);
    ck_assert(x509_key_matches(key, pem));
    ck_assert(!x509_key_matches(other_key, pem));
    ck_assert_int_eq(x509_count(arena_printf(&f.arena, "%s%s", pem, other_pem)),
                     2);
}
END_TEST

START_TEST(what_is_no_certificate_is_refused)
{
    static const char *const texts[] = {
        "", "x", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    struct x509_info info;
    unsigned bits;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_int_lt(x509_parse(texts[i], &info), 0);
        ck_assert_int_le(x509_count(texts[i]), 0);
        ck_assert(!x509_crl_valid(texts[i]));
        ck_assert_int_eq(x509_check_key(texts[i], &bits), X509_KEY_INVALID);
        ck_assert_ptr_null(x509_normal(&f.arena, texts[i]));
    }
}
END_TEST

static int64_t charge(const struct caller *caller)
{
    struct request r = {.ts = &f.ts,
                        .db = &f.ts.db,
                        .arena = &f.arena,
                        .caller = caller,
                        .message = message_find("host.get_all")};

    return limits_charge(&r);
}

START_TEST(a_bucket_fills_up_again)
{
    struct caller slow = {.user_agent = "slow/1", .address = "192.0.2.1"};
    struct caller other = {.user_agent = "fast/1", .address = "192.0.2.1"};
    struct object *limit = db_create(&f.ts.db, "Rate_limit");
    struct object *caller = db_create(&f.ts.db, "Caller");

    db_set(&f.ts.db, limit, "burst_size", value_float(2));
    db_set(&f.ts.db, limit, "fill_rate", value_float(1));
    db_set_text(&f.ts.db, caller, "user_agent", "slow*");
    db_set_text(&f.ts.db, caller, "rate_limit", limit->ref);
    ck_assert_int_eq(charge(&slow), 0);
    ck_assert_int_eq(charge(&slow), 0);
    ck_assert_int_eq(charge(&slow), 1000);
    ck_assert_int_eq(charge(&slow), 2000);
    ck_assert_int_eq(charge(&other), 0);
    f.now_ms += 10000;
    ck_assert_int_eq(charge(&slow), 0);
}
END_TEST

START_TEST(packages_say_what_they_are)
{
    struct update_info info;
    const char *missing =
        update_info_parse(&f.arena,
                          "junk <update name-label=\"a\" version=\"1\" "
                          "uuid=\"01234567-89ab-cdef-0123-456789abcdef\" "
                          "after-apply-guidance=\"restartHost,x,restartXAPI\">"
                          "<name-description>d</name-description></update>",
                          &info);

    ck_assert_ptr_null(missing);
    ck_assert_str_eq(info.name, "a");
    ck_assert_str_eq(info.description, "d");
    ck_assert_uint_eq(info.guidance.nr, 2);
    ck_assert_str_eq(update_info_parse(&f.arena, "<update", &info), "update");
    ck_assert_str_eq(update_info_parse(&f.arena, "<update a=\"b\">", &info),
                     "uuid");
}
END_TEST

START_TEST(certificates_near_their_end_alert_once)
{
    struct object *o = db_create(&f.ts.db, "Certificate");
    struct object *host = db_first(&f.ts.db, "host");

    db_set_text(&f.ts.db, o, "host", host->ref);
    db_set_text(&f.ts.db, o, "not_after",
                date_text(&f.arena, f.now_ms + (int64_t)DAYS * DAY_MS));
    certificates_watch(&f.ts);
    certificates_watch(&f.ts);
    ck_assert_uint_eq(db_count(&f.ts.db, class_find("message")), 1);
    ck_assert_str_eq(db_text(db_first(&f.ts.db, "message"), "name"),
                     "HOST_SERVER_CERTIFICATE_EXPIRING_30");
    f.now_ms += (int64_t)DAYS * DAY_MS + 1000;
    certificates_watch(&f.ts);
    ck_assert_uint_eq(db_count(&f.ts.db, class_find("message")), 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("services");
    TCase *t = tcase_create("services");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, what_is_generated_can_be_read_and_matches);
    tcase_add_test(t, what_is_no_certificate_is_refused);
    tcase_add_test(t, a_bucket_fills_up_again);
    tcase_add_test(t, packages_say_what_they_are);
    tcase_add_test(t, certificates_near_their_end_alert_once);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
