/* Every message and role: allowed exactly from the least role up. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "rbac.h"
#include "role.h"

/* From the least powerful to the most. */
static const char *const ladder[] = {"read-only",     "vm-operator",
                                     "vm-admin",      "vm-power-admin",
                                     "pool-operator", "pool-admin"};

enum {
    ROLES_NR = sizeof(ladder) / sizeof(ladder[0]),
};

static int rank_of(const char *role)
{
    for (int i = 0; i < ROLES_NR; i++)
        if (strcmp(ladder[i], role) == 0)
            return i;
    return ROLES_NR; /* of nobody */
}

static struct object *session_with(struct request *r, const char *name)
{
    struct object *o = db_create(r->db, "session");
    struct object *role = db_first(r->db, "role");
    struct value ref, set;

    while (strcmp(db_text(role, "name_label"), name) != 0)
        role = role->next;
    ref = value_string(role->ref);
    set = value_set(&ref, 1);
    db_set(r->db, o, "rbac_permissions", roles_permissions(r, &set, true));
    return o;
}

START_TEST(a_message_is_allowed_from_its_least_role_up)
{
    struct fixture f;
    struct request r = {0};

    fixture_init(&f);
    roles_make(&f.ts);
    r.ts = &f.ts;
    r.db = &f.ts.db;
    r.arena = &f.arena;
    r.session = session_with(&r, ladder[_i]);
    for (int i = 0; i < message_count(); i++) {
        int rc;

        r.message = message_at(i);
        rc = rbac_check(&r);
        ck_assert_msg((rc == 0) == (_i >= rank_of(r.message->role)),
                      "%s for %s: %d", r.message->name, ladder[_i], rc);
        if (rc)
            ck_assert_str_eq(r.error.items[0].s, "RBAC_PERMISSION_DENIED");
    }
    fixture_fini(&f);
}
END_TEST

START_TEST(an_unknown_permission_is_nobodys)
{
    struct fixture f;
    struct request r = {0};

    fixture_init(&f);
    roles_make(&f.ts);
    r.ts = &f.ts;
    r.db = &f.ts.db;
    r.arena = &f.arena;
    r.session = session_with(&r, "pool-admin");
    ck_assert(session_may(&r, "http/get_root"));
    ck_assert(!session_may(&r, "http/get_nothing"));
    ck_assert_int_eq(rbac_require(&r, "http/get_nothing"), API_FAILED);
    ck_assert_str_eq(r.error.items[2].s,
                     "No permission in user session. (Roles with this "
                     "permission: )");
    fixture_fini(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rbac");
    TCase *tc = tcase_create("rbac");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, a_message_is_allowed_from_its_least_role_up, 0,
                        ROLES_NR);
    tcase_add_test(tc, an_unknown_permission_is_nobodys);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
