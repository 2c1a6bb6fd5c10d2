/* Scenarios: the database's backup, and what stands beside machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum {
    PATH_BYTES = 512,
};

static long http(const char *method, const char *path, const char *more,
                 const char *body, size_t len, char **reply)
{
    char whole[2 * PATH_BYTES];
    size_t reply_len;

    (void)snprintf(whole, sizeof(whole), "%s?session_id=%s&%s", path,
                   suite.session, more);
    return rpc_http(suite.rpc, method, whole, "text/plain", body, len, reply,
                    &reply_len);
}

/* --- The database --- */

static char *dump(void)
{
    char *text;
    long status = http("GET", "/pool/xmldbdump", "", NULL, 0, &text);

    ck_assert_msg(status == 200, "dump: HTTP %ld", status);
    return text;
}

static long restore(const char *text, size_t len, const char *more)
{
    char *reply;
    long status = http("PUT", "/pool/xmldbdump", more, text, len, &reply);

    free(reply);
    return status;
}

void check_database(int nr)
{
    const char *vm, *after;
    char *text;

    (void)nr;
    world("--preset", "minimal", NULL);
    vm = new_machine("kept");
    ok("VM.set_name_description", "ss", vm, "100% <odd> \\ 'text'");
    text = dump();
    ck_assert_ptr_nonnull(strstr(text, "<database>"));
    ck_assert_ptr_nonnull(strstr(text, vm));
    after = new_machine("after");
    ok("VM.set_name_description", "ss", vm, "changed");
    ck_assert_int_eq(restore(text, strlen(text), "dry_run=true"), 200);
    ck_assert(exists("VM", after)); /* nothing was done */
    ck_assert_int_ne(restore(text, strlen(text) / 2, "dry_run=true"), 200);
    ck_assert_int_ne(restore("no dump", 7, ""), 200);
    ck_assert(exists("VM", after));
    ck_assert_int_eq(restore(text, strlen(text), ""), 200);
    free(text);
    world_at("127.0.0.1");
    ck_assert(!exists("VM", after));
    ck_assert_str_eq(get_text("VM", vm, "name_description"),
                     "100% <odd> \\ 'text'");
}

/* --- Appliances --- */

void check_appliance(int nr)
{
    const char *appliance, *vms[3];

    (void)nr;
    needs_destructive();
    appliance =
        later("VM_appliance.destroy", ok_text("VM_appliance.create", "j",
                                              json_of("{'name_label': '%s', "
                                                      "'name_description': ''}",
                                                      made_name("appliance"))));
    for (int i = 0; i < 3; i++) {
        vms[i] = new_machine("member");
        ok("VM.set_appliance", "ss", vms[i], appliance);
        ok("VM.set_order", "si", vms[i], i);
    }
    ck_assert_int_eq(cJSON_GetArraySize(get("VM_appliance", appliance, "VMs")),
                     3);
    ok("VM_appliance.start", "sb", appliance, false);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(get_text("VM", vms[i], "power_state"), "Running");
    ck_assert(lists(get("VM_appliance", appliance, "allowed_operations"),
                    "hard_shutdown"));
    ck_assert(
        !lists(get("VM_appliance", appliance, "allowed_operations"), "start"));
    ok("VM_appliance.hard_shutdown", "s", appliance);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(get_text("VM", vms[i], "power_state"), "Halted");
    words(refused("VM_IS_PART_OF_AN_APPLIANCE", "VM.set_is_a_template", "sb",
                  vms[0], true),
          "VM_IS_PART_OF_AN_APPLIANCE", vms[0], appliance, NULL);
    ok("VM_appliance.destroy", "s", appliance);
    ok("VM.set_is_a_template", "sb", vms[0], true); /* nothing is against it */
    ck_assert(get_flag("VM", vms[0], "is_a_template"));
}

/* --- Schedules of snapshots --- */

static int scheduled(const char *vm)
{
    int nr = 0;

    for (cJSON *s = get("VM", vm, "snapshots")->child; s; s = s->next)
        nr += get_flag("VM", s->valuestring, "is_vmss_snapshot");
    return nr;
}

void check_schedule(int nr)
{
    const char *vm, *schedule, *own;

    (void)nr;
    world("--clock", "still=2026-05-05T10:00:00Z", NULL);
    vm = new_machine("scheduled");
    own = ok_text("VM.snapshot", "ss", vm, made_name("own"));
    schedule = ok_text("VMSS.create", "j",
                       json_of("{'name_label': 's', 'name_description': '', "
                               "'enabled': true, 'type': 'snapshot', "
                               "'retained_snapshots': 2, 'frequency': "
                               "'hourly', 'schedule': {'min': '30'}}"));
    ok("VM.set_snapshot_schedule", "ss", vm, schedule);
    world_advance(3600);
    ck_assert_int_eq(scheduled(vm), 1);
    for (int i = 0; i < 3; i++)
        world_advance(3600);
    ck_assert_int_eq(scheduled(vm), 2); /* the newest ones */
    ck_assert(exists("VM", own));
    ok("VMSS.set_enabled", "sb", schedule, false);
    world_advance(7200);
    ck_assert_int_eq(scheduled(vm), 2);
    refused("INVALID_VALUE", "VMSS.set_retained_snapshots", "si", schedule, 0);
}

/* --- Things that objects have --- */

void check_blob(int nr)
{
    static const char bytes[] = "what a blob holds";
    const char *vm = new_machine("blob"), *blob;
    char more[PATH_BYTES], *reply;

    (void)nr;
    blob = later("blob.destroy", ok_text("VM.create_new_blob", "sss", vm,
                                         "conform", "text/plain"));
    ck_assert_str_eq(field_text(get("VM", vm, "blobs"), "conform"), blob);
    (void)snprintf(more, sizeof(more), "ref=%s", blob);
    ck_assert_int_eq(
        http("PUT", "/blob", more, bytes, sizeof(bytes) - 1, &reply), 200);
    free(reply);
    ck_assert_int_eq(http("GET", "/blob", more, NULL, 0, &reply), 200);
    ck_assert_str_eq(reply, bytes);
    free(reply);
    ck_assert(get_number("blob", blob, "size") == sizeof(bytes) - 1);
    ok("blob.destroy", "s", blob);
    refused("HANDLE_INVALID", "blob.get_size", "s", blob);
}

void check_secret(int nr)
{
    const char *secret, *reader;
    struct rpc_answer answer;

    (void)nr;
    needs_destructive();
    secret = later("secret.destroy",
                   ok_text("secret.create", "j",
                           json_of("{'value': 'conform', 'other_config': "
                                   "{}}")));
    ck_assert_str_eq(get_text("secret", secret, "value"), "conform");
    ok("secret.set_value", "ss", secret, "another");
    ck_assert_str_eq(get_text("secret", secret, "value"), "another");
    reader = suite.role_sessions[role_rank("read-only")];
    if (reader) {
        call_any(&answer, reader, "secret.get_value", "s", secret);
        if (answer.error)
            (void)keep(answer.error);
        ck_assert_str_eq(rpc_code(&answer), "RBAC_PERMISSION_DENIED");
    }
    ok("secret.destroy", "s", secret);
    ck_assert(!exists("secret", secret));
}

void check_certificates(int nr)
{
    const char *host, *pem, *certificate;

    (void)nr;
    world("--preset", "minimal", NULL);
    host = the_master();
    ok("host.reset_server_certificate", "s", host);
    pem = ok_text("host.get_server_certificate", "s", host);
    ck_assert_ptr_nonnull(strstr(pem, "BEGIN CERTIFICATE"));
    ck_assert_ptr_null(strstr(pem, "PRIVATE"));
    certificate = get("host", host, "certificates")->child->valuestring;
    ck_assert_str_eq(get_text("Certificate", certificate, "host"), host);
    ck_assert_int_eq(
        strlen(get_text("Certificate", certificate, "fingerprint_sha256")), 95);
    ok("pool.install_ca_certificate", "ss", "conform.pem", pem);
    ck_assert(lists(ok("pool.certificate_list", ""), "conform.pem"));
    words(refused("CERTIFICATE_ALREADY_EXISTS", "pool.install_ca_certificate",
                  "ss", "conform.pem", pem),
          "CERTIFICATE_ALREADY_EXISTS", "conform.pem", NULL);
    refused("CERTIFICATE_NAME_INVALID", "pool.install_ca_certificate", "ss",
            "../x.pem", pem);
    ok("pool.uninstall_ca_certificate", "sb", "conform.pem", false);
    ck_assert(!lists(ok("pool.certificate_list", ""), "conform.pem"));
}

/* Updates are applied once, by the digest that was synchronised. */
void check_updates(int nr)
{
    const char *pool, *host, *repository, *digest;

    (void)nr;
    world("--preset", "minimal", NULL);
    pool = the_pool();
    host = the_master();
    refused("NO_REPOSITORY_ENABLED", "pool.sync_updates", "sbssss", pool, false,
            "", "", "", "");
    repository = ok_text("Repository.introduce", "ssssbs", "conform", "",
                         "http://r.example/b", "http://r.example/s", true, "");
    ok("pool.add_repository", "ss", pool, repository);
    refused("REPOSITORY_IS_IN_USE", "Repository.forget", "s", repository);
    digest =
        ok_text("pool.sync_updates", "sbssss", pool, false, "", "", "", "");
    ck_assert_str_eq(get_text("Repository", repository, "hash"), digest);
    refused("UPDATEINFO_HASH_MISMATCH", "host.apply_updates", "ss", host, "x");
    ok("host.apply_updates", "ss", host, digest);
    ck_assert_str_eq(get_text("host", host, "latest_synced_updates_applied"),
                     "yes");
    ck_assert_ptr_nonnull(get("host", host, "pending_guidances")->child);
}

void check_sdn_controller(int nr)
{
    const char *controller;

    (void)nr;
    world("--preset", "minimal", NULL);
    controller =
        ok_text("SDN_controller.introduce", "ssi", "ssl", "192.0.2.40", 6640);
    ck_assert_str_eq(get_text("SDN_controller", controller, "address"),
                     "192.0.2.40");
    ck_assert(get_number("SDN_controller", controller, "port") == 6640);
    refused("OPERATION_NOT_ALLOWED", "SDN_controller.introduce", "ssi", "ssl",
            "192.0.2.41", 6640);
    ok("SDN_controller.forget", "s", controller);
    ck_assert(!exists("SDN_controller", controller));
}

/* A cluster has a member on each host, and holds the network's interface. */
void check_cluster(int nr)
{
    const char *cluster, *network, *pif;

    (void)nr;
    world("--preset", "trio", NULL);
    for (cJSON *p = ok("PIF.get_all", "")->child; p; p = p->next)
        ok("PIF.set_disallow_unplug", "sb", p->valuestring, true);
    pif = ok("PIF.get_all", "")->child->valuestring;
    network = get_text("PIF", pif, "network");
    cluster =
        ok_text("Cluster.pool_create", "ssff", network, "corosync", 20.0, 1.0);
    ck_assert_int_eq(
        cJSON_GetArraySize(get("Cluster", cluster, "cluster_hosts")), 3);
    for (cJSON *m = get("Cluster", cluster, "cluster_hosts")->child; m;
         m = m->next) {
        ck_assert(get_flag("Cluster_host", m->valuestring, "enabled"));
        ck_assert_str_eq(get_text("Cluster_host", m->valuestring, "cluster"),
                         cluster);
    }
    refused("CLUSTER_ALREADY_EXISTS", "Cluster.pool_create", "ssff", network,
            "corosync", 20.0, 1.0);
    refused("CLUSTERING_ENABLED", "PIF.set_disallow_unplug", "sb", pif, false);
    ok("Cluster.pool_destroy", "s", cluster);
    ck_assert(!exists("Cluster", cluster));
    ck_assert_ptr_null(ok("Cluster_host.get_all", "")->child);
}
