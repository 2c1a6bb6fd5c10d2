/* Scenarios: users, their roles, and what those let them do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

static const char users[] = "{domain: conform.test, users: ["
                            "{name: ann, password: a, roles: [vm-operator]}, "
                            "{name: bob, password: b}]}";

/* What the call ends with: "" for a success. */
static const char *end_as(const char *session, const char *method,
                          const char *format, const char *one, const char *two,
                          const char *three)
{
    struct rpc_answer answer;

    call_any(&answer, session, method, format, one, two, three);
    if (answer.value)
        (void)keep(answer.value);
    if (answer.error)
        (void)keep(answer.error);
    return rpc_code(&answer);
}

/* A session of the user; NULL, and why it is refused. */
static const char *log_in(const char *user, const char *password,
                          const char **code)
{
    struct rpc_answer answer;

    call_any(&answer, NULL, "session.login_with_password", "ss", user,
             password);
    if (answer.error)
        (void)keep(answer.error);
    *code = rpc_code(&answer);
    return answer.value ? keep(answer.value)->valuestring : NULL;
}

static const char *role_named(const char *name)
{
    cJSON *found = ok("role.get_by_name_label", "s", name);

    ck_assert_ptr_nonnull(found->child);
    return found->child->valuestring;
}

/* From somebody of the directory to a user with a role, and back. */
void check_subject_life(int nr)
{
    const char *subject, *code, *session, *sid;

    (void)nr;
    world("--users", world_file(users), NULL);
    ck_assert_ptr_null(log_in("bob", "b", &code));
    ck_assert_str_eq(code, "SESSION_AUTHENTICATION_FAILED");
    sid = ok_text("auth.get_subject_identifier", "s", "bob");
    subject = ok_text("subject.create", "j",
                      json_of("{'subject_identifier': '%s', 'other_config': "
                              "{}}",
                              sid));
    refused("SUBJECT_ALREADY_EXISTS", "subject.create", "j",
            json_of("{'subject_identifier': '%s', 'other_config': {}}", sid));
    ck_assert_ptr_null(log_in("bob", "b", &code));
    ck_assert_str_eq(code, "RBAC_PERMISSION_DENIED");
    ok("subject.add_to_roles", "ss", subject, role_named("read-only"));
    session = log_in("bob", "b", &code);
    ck_assert_ptr_nonnull(session);
    ck_assert_str_eq(get_text("session", session, "subject"), subject);
    ck_assert_ptr_null(log_in("bob", "wrong", &code));
    ck_assert_str_eq(code, "SESSION_AUTHENTICATION_FAILED");
    ok("session.logout_subject_identifier", "s", sid);
    ck_assert_str_eq(end_as(session, "VM.get_all", "", "", "", ""),
                     "SESSION_INVALID");
    ok("subject.destroy", "s", subject);
    ck_assert_ptr_null(log_in("bob", "b", &code));
}

/* A role is taken on at the next login. */
void check_role_change(int nr)
{
    const char *subject, *code, *session, *vm;

    (void)nr;
    world("--users", world_file(users), NULL);
    vm = new_machine("mine");
    subject =
        ok_text("subject.create", "j",
                json_of("{'subject_identifier': '%s', 'other_config': {}}",
                        ok_text("auth.get_subject_identifier", "s", "bob")));
    ok("subject.add_to_roles", "ss", subject, role_named("read-only"));
    session = log_in("bob", "b", &code);
    ck_assert_str_eq(end_as(session, "VM.get_name_label", "s", vm, "", ""), "");
    ck_assert_str_eq(end_as(session, "VM.set_name_label", "ss", vm, "x", ""),
                     "RBAC_PERMISSION_DENIED");
    ok("subject.add_to_roles", "ss", subject, role_named("vm-admin"));
    refused("ROLE_ALREADY_EXISTS", "subject.add_to_roles", "ss", subject,
            role_named("vm-admin"));
    session = log_in("bob", "b", &code);
    ck_assert_str_eq(end_as(session, "VM.set_name_label", "ss", vm, "x", ""),
                     "");
    ck_assert_str_eq(get_text("VM", vm, "name_label"), "x");
    ok("subject.remove_from_roles", "ss", subject, role_named("vm-admin"));
    session = log_in("bob", "b", &code);
    ck_assert_str_eq(end_as(session, "VM.set_name_label", "ss", vm, "y", ""),
                     "RBAC_PERMISSION_DENIED");
    ck_assert_str_eq(get_text("VM", vm, "name_label"), "x");
}

/* Some keys of maps are for weaker roles than the maps. */
void check_role_keys(int nr)
{
    static const char *const open_keys[] = {"folder",
                                            "XenCenter.CustomFields.owner"};
    const char *session = suite.role_sessions[role_rank("vm-operator")];
    const char *reader = suite.role_sessions[role_rank("read-only")], *vm;

    (void)nr;
    if (!session || !reader)
        skip("nobody of the roles is known; --users");
    vm = new_machine("keys");
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(end_as(reader, "VM.add_to_other_config", "sss", vm,
                                open_keys[i], "1"),
                         "RBAC_PERMISSION_DENIED");
        ck_assert_str_eq(end_as(session, "VM.add_to_other_config", "sss", vm,
                                open_keys[i], "1"),
                         "");
        ck_assert_str_eq(
            field_text(get("VM", vm, "other_config"), open_keys[i]), "1");
        ck_assert_str_eq(end_as(session, "VM.remove_from_other_config", "ss",
                                vm, open_keys[i], ""),
                         "");
    }
    ck_assert_str_eq(
        end_as(session, "VM.add_to_other_config", "sss", vm, "other", "1"),
        "RBAC_PERMISSION_DENIED");
    ck_assert_ptr_null(
        cJSON_GetObjectItem(get("VM", vm, "other_config"), "other"));
}

/* A session tells its permissions, and is held to them. */
void check_session_permissions(int nr)
{
    const char *session = suite.role_sessions[role_rank("read-only")];
    cJSON *record, *permissions;

    (void)nr;
    if (!session)
        skip("nobody of the role is known; --users");
    record = ok("session.get_record", "s", session);
    ck_assert(!cJSON_IsTrue(cJSON_GetObjectItem(record, "is_local_superuser")));
    permissions = cJSON_GetObjectItem(record, "rbac_permissions");
    ck_assert(lists(permissions, "vm.get_record"));
    ck_assert(!lists(permissions, "vm.start"));
    ck_assert_str_ne(field_text(record, "auth_user_sid"), "");
    ck_assert_str_eq(end_as(session, "VM.get_all", "", "", "", ""), "");
    ck_assert_str_eq(end_as(session, "VM.start", "sbb", BOGUS, NULL, NULL),
                     "RBAC_PERMISSION_DENIED");
}

/* Roles contain each other, and each says what it allows. */
void check_role_order(int nr)
{
    int before = 0;

    (void)nr;
    for (int i = 0; role_at(i); i++) {
        cJSON *found = ok("role.get_by_name_label", "s", role_at(i)), *all;
        int count;

        if (!found->child)
            continue;
        all = ok("role.get_permissions_name_label", "s",
                 found->child->valuestring);
        count = cJSON_GetArraySize(all);
        ck_assert_int_gt(count, before);
        ck_assert(lists(all, "vm.get_all"));
        before = count;
    }
    ck_assert_int_gt(before, 0);
}

/* Handlers beside calls ask for roles as well. */
void check_role_http(int nr)
{
    const char *session = suite.role_sessions[role_rank("read-only")];
    char path[256], *reply;
    size_t len;
    long status;

    (void)nr;
    if (!session)
        skip("nobody of the role is known; --users");
    (void)snprintf(path, sizeof(path), "/pool/xmldbdump?session_id=%s",
                   session);
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, &len);
    free(reply);
    ck_assert_int_eq(status, 403);
    (void)snprintf(path, sizeof(path), "/rrd_updates?start=0&session_id=%s",
                   session);
    status =
        rpc_http(suite.rpc, "GET", path, "text/plain", NULL, 0, &reply, &len);
    free(reply);
    ck_assert_int_eq(status, 200);
    status = rpc_http(suite.rpc, "GET", "/pool/xmldbdump?session_id=" BOGUS,
                      "text/plain", NULL, 0, &reply, &len);
    free(reply);
    ck_assert_int_eq(status, 401);
}
