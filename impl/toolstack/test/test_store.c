/* The store: what it keeps through kill -9, full disks, damage and upgrades. */
#include "store.h"

#include <check.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "task.h"

enum {
    KILLS = 250,
    ACKNOWLEDGED_MAX = 8,
    SPINS_MAX = 500000,
    DAMAGES = 150,
    PATH_BYTES = 128,
};

static char folder[PATH_BYTES], path[PATH_BYTES + 16];

static uint64_t dice(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return z ^ z >> 27;
}

static uint64_t random_cb(void *ctx)
{
    return dice(ctx);
}

static void set_up(void)
{
    /* In memory: what a killed process wrote is there all the same. */
    (void)snprintf(folder, sizeof(folder), "%s/touchstone-store-XXXXXX",
                   access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/pool.db", folder);
    model_init();
}

static void drop_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char name[sizeof(path) + 8];

        (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name); /* it may not be there */
    }
}

static void tear_down(void)
{
    drop_files();
    (void)rmdir(folder);
    model_fini();
}

/* A pool with a master, and the store that it is in. */
static struct store *begin(struct db *db, uint64_t *seed)
{
    struct store *s;
    struct object *pool, *host;
    int nr;

    db_init(db, random_cb, seed);
    ck_assert_int_eq(store_open(path, &s), 0);
    ck_assert_int_eq(store_load(s, db, &nr), 0);
    if (nr)
        return s;
    pool = db_create(db, "pool");
    host = db_create(db, "host");
    db_set_text(db, pool, "master", host->ref);
    ck_assert_int_eq(store_flush(s, db), 0);
    return s;
}

static void end(struct store *s, struct db *db)
{
    store_close(s);
    db_fini(db);
}

/* --- kill -9 ------------------------------------------------------------------ */

/* Counts up in the label of a network, and says each number that is kept. */
static void count_for_ever(int out, uint64_t round)
{
    uint64_t seed = round * 7919 + 1;
    struct db db;
    struct store *s = begin(&db, &seed);
    struct object *o = db_first(&db, "network");

    if (!o)
        o = db_create(&db, "network");
    for (uint32_t i = (uint32_t)atoi(db_text(o, "name_label")) + 1;; i++) {
        struct object *other = db_create(&db, "VM_group");
        char text[16];

        (void)snprintf(text, sizeof(text), "%u", i);
        db_set_text(&db, o, "name_label", text);
        db_set_text(&db, other, "name_label", text);
        if (db_first(&db, "VM_group") != other)
            db_destroy(&db, db_first(&db, "VM_group"));
        if (store_flush(s, &db) || write(out, &i, sizeof(i)) != sizeof(i))
            _exit(EXIT_FAILURE);
    }
}

/* The last number that was said before the end. */
static uint32_t kill_at_random(uint64_t *state, uint64_t round)
{
    int fds[2];
    uint32_t said = 0, number;
    pid_t child;

    ck_assert_int_eq(pipe(fds), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        close(fds[0]);
        count_for_ever(fds[1], round);
    }
    close(fds[1]);
    for (uint64_t i = dice(state) % ACKNOWLEDGED_MAX; i; i--)
        if (read(fds[0], &number, sizeof(number)) == sizeof(number))
            said = number;
    for (volatile uint64_t i = dice(state) % SPINS_MAX; i;)
        i--; /* until somewhere in the next transaction */
    kill(child, SIGKILL);
    while (read(fds[0], &number, sizeof(number)) == sizeof(number))
        said = number;
    close(fds[0]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return said;
}

START_TEST(nothing_acknowledged_is_lost_by_kill_9)
{
    uint64_t state = 42, seed = 1;
    uint32_t last = 0;

    for (uint64_t round = 0; round < KILLS; round++) {
        uint32_t said = kill_at_random(&state, round);
        struct db db;
        struct store *s = begin(&db, &seed);
        const struct object *o = db_first(&db, "network");
        const struct object *other = db_first(&db, "VM_group");
        uint32_t kept = o ? (uint32_t)atoi(db_text(o, "name_label")) : 0;

        ck_assert_msg(kept >= said, "round %u: %u said, %u kept",
                      (unsigned)round, said, kept);
        ck_assert_uint_ge(kept, last);
        ck_assert(!kept || (other && !other->next &&
                            strcmp(db_text(other, "name_label"),
                                   db_text(o, "name_label")) == 0));
        last = kept;
        end(s, &db);
    }
}
END_TEST

/* --- Full disks ------------------------------------------------------------------ */

START_TEST(a_full_disk_loses_nothing_and_can_be_tried_again)
{
    uint64_t seed = 1;
    struct db db;
    struct store *s = begin(&db, &seed);
    int rc = 0, nr = 0;

    store_limit(s, 256 << 10);
    for (int i = 0; !rc && i < 10000; i++) {
        (void)db_create(&db, "network"); /* found again by its class */
        rc = store_flush(s, &db);
        nr += !rc;
    }
    ck_assert_int_eq(rc, -ENOSPC);
    ck_assert_int_eq(store_flush(s, &db), -ENOSPC);
    store_limit(s, 16 << 20);
    ck_assert_int_eq(store_flush(s, &db), 0);
    end(s, &db);
    s = begin(&db, &seed);
    ck_assert_uint_eq(db_count(&db, class_find("network")), (unsigned)nr + 1);
    end(s, &db);
}
END_TEST

/* --- Versions and damage ------------------------------------------------------------ */

static void execute(const char *text)
{
    sqlite3 *sql;

    ck_assert_int_eq(sqlite3_open(path, &sql), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
}

static int open_and_load(void)
{
    uint64_t seed = 1;
    struct db db;
    struct store *s;
    int nr, rc = store_open(path, &s);

    if (rc)
        return rc;
    db_init(&db, random_cb, &seed);
    rc = store_load(s, &db, &nr);
    end(s, &db);
    return rc;
}

/* As the first release wrote it. */
static const char version_1[] =
    "CREATE TABLE object(ref TEXT PRIMARY KEY, class TEXT NOT NULL, fields "
    "TEXT NOT NULL);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER);"
    "INSERT INTO object VALUES('OpaqueRef:h','host','{\"uuid\":\"h\"}');"
    "INSERT INTO object VALUES('OpaqueRef:p','pool','{\"uuid\":\"p\",\"master\""
    ":\"OpaqueRef:h\",\"name_label\":\"old\",\"no_such_field\":5}');"
    "INSERT INTO meta VALUES('boots',4); PRAGMA user_version=1";

START_TEST(a_file_of_version_1_is_brought_up)
{
    uint64_t seed = 1;
    struct db db;
    struct store *s;

    execute(version_1);
    s = begin(&db, &seed);
    ck_assert_int_eq(store_boots(s), 5);
    ck_assert_str_eq(db_text(db_first(&db, "pool"), "name_label"), "old");
    db_set_text(&db, db_first(&db, "pool"), "name_label", "new");
    ck_assert_int_eq(store_flush(s, &db), 0);
    end(s, &db);
    s = begin(&db, &seed);
    ck_assert_str_eq(db_text(db_first(&db, "pool"), "name_label"), "new");
    end(s, &db);
}
END_TEST

static const struct {
    const char *change;
    int rc;
} changes[] = {
    {"PRAGMA user_version=99", -EPROTO},
    {"PRAGMA user_version=-1", -EUCLEAN},
    {"PRAGMA user_version=0", -EUCLEAN},
    {"UPDATE object SET fields=replace(fields,'master','mister')", -EUCLEAN},
    {"UPDATE object SET class='nothing'", -EUCLEAN},
    {"UPDATE object SET class='event',sum=NULL", -EUCLEAN},
    {"UPDATE object SET fields='[',sum=NULL", -EUCLEAN},
    {"UPDATE meta SET value=-1 WHERE key='generation'", -EUCLEAN},
    {"DELETE FROM meta", -EIO},
    {"UPDATE object SET fields=x'7b007d',sum=NULL", -EUCLEAN},
    {"UPDATE object SET ref=ref||hex(zeroblob(99)),sum=NULL", -EUCLEAN},
    {"DELETE FROM object WHERE class='host'", -EUCLEAN},
    {"DELETE FROM object", 0},
    {"DROP TABLE object", -EIO},
};

START_TEST(what_makes_no_sense_is_refused)
{
    uint64_t seed = 1;
    struct db db;

    end(begin(&db, &seed), &db);
    execute(changes[_i].change);
    ck_assert_int_eq(open_and_load(), changes[_i].rc);
}
END_TEST

START_TEST(order_and_generations_go_on)
{
    uint64_t seed = 1, generation;
    struct db db;
    struct store *s = begin(&db, &seed);
    struct object *a = db_create(&db, "VM"), *b = db_create(&db, "VM");
    char refs[2][REF_BYTES];

    memcpy(refs[0], a->ref, REF_BYTES);
    memcpy(refs[1], b->ref, REF_BYTES);
    db_set_text(&db, b, "name_label", "b");
    db_set_text(&db, a, "name_label", "a"); /* changed last */
    ck_assert_int_eq(store_flush(s, &db), 0);
    generation = db.generation;
    end(s, &db);
    s = begin(&db, &seed);
    ck_assert_str_eq(db_first(&db, "VM")->ref, refs[0]);
    ck_assert_str_eq(db_first(&db, "VM")->next->ref, refs[1]);
    ck_assert_uint_lt(db_first(&db, "VM")->created, generation);
    ck_assert_uint_ge(db_first(&db, "VM")->changed, generation);
    end(s, &db);
}
END_TEST

START_TEST(reading_leaves_the_file_alone)
{
    uint64_t seed = 1;
    struct db db, copy;
    struct store *s;
    int nr;

    db_init(&copy, random_cb, &seed);
    ck_assert_int_eq(store_read(path, &copy, &nr), -ENOENT);
    ck_assert_int_ne(access(path, F_OK), 0);
    end(begin(&db, &seed), &db);
    ck_assert_int_eq(store_read(path, &copy, &nr), 0);
    ck_assert_int_eq(nr, 2);
    db_fini(&copy);
    s = begin(&db, &seed);
    ck_assert_int_eq(store_boots(s), 2);
    end(s, &db);
    execute("PRAGMA user_version=1");
    db_init(&copy, random_cb, &seed);
    ck_assert_int_eq(store_read(path, &copy, &nr), -EPROTO);
    db_fini(&copy);
}
END_TEST

START_TEST(a_file_in_use_is_refused)
{
    uint64_t seed = 1;
    struct db db;
    struct store *s = begin(&db, &seed), *other;

    ck_assert_int_eq(store_open(path, &other), -EBUSY);
    end(s, &db);
}
END_TEST

/* Whatever the bytes are: an error or a database, never a crash. */
START_TEST(damage_is_survived)
{
    uint64_t state = 7, seed = 1;
    struct db db;
    struct store *s = begin(&db, &seed);
    char *whole, *copy;
    long size;
    FILE *f;

    for (int i = 0; i < 50; i++)
        (void)db_create(&db, "VM"); /* found again by its class */
    ck_assert_int_eq(store_flush(s, &db), 0);
    end(s, &db);
    f = fopen(path, "rb");
    (void)fseek(f, 0, SEEK_END); /* a file */
    size = ftell(f);
    rewind(f);
    whole = must_alloc((size_t)size);
    copy = must_alloc((size_t)size);
    ck_assert_uint_eq(fread(whole, 1, (size_t)size, f), (size_t)size);
    fclose(f);
    for (int i = 0; i < DAMAGES; i++) {
        memcpy(copy, whole, (size_t)size);
        for (int k = 0; k < 1 + i % 20; k++)
            copy[dice(&state) % (uint64_t)size] = (char)dice(&state);
        drop_files();
        f = fopen(path, "wb");
        ck_assert_uint_eq(fwrite(copy, 1, (size_t)(i % 3 ? size : size / 2), f),
                          (size_t)(i % 3 ? size : size / 2));
        fclose(f);
        (void)open_and_load(); /* that it comes back is all */
    }
    free(whole);
    free(copy);
}
END_TEST

/* --- Tasks ---------------------------------------------------------------------------- */

START_TEST(tasks_outlive_the_process)
{
    struct fixture f;
    uint64_t seed = 1;
    struct db db;
    struct store *s;
    struct object *o;
    struct toolstack *ts = must_alloc(sizeof(*ts));

    model_fini(); /* the fixture's own */
    fixture_init(&f);
    ck_assert_int_eq(store_open(path, &f.ts.store), 0);
    (void)fixture_call(&f, "task.create", "[\"$s\",\"done\",\"\"]");
    db_set_text(&f.ts.db, db_first(&f.ts.db, "task"), "status", "success");
    (void)fixture_call(&f, "task.create", "[\"$s\",\"running\",\"\"]");
    toolstack_commit(&f.ts);
    store_close(f.ts.store);
    f.ts.store = NULL;
    fixture_fini(&f);
    model_init();
    s = begin(&db, &seed);
    memset(ts, 0, sizeof(*ts));
    ts->db = db;
    ts->env = f.ts.env;
    tasks_recover(ts);
    o = db_first(&ts->db, "task");
    ck_assert_str_eq(db_text(o, "status"), "success");
    ck_assert_str_eq(db_text(o->next, "status"), "failure");
    ck_assert_str_eq(db_get(o->next, "error_info")->items[0].s,
                     "INTERNAL_ERROR");
    end(s, &ts->db);
    free(ts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, nothing_acknowledged_is_lost_by_kill_9);
    tcase_add_test(tcase, a_full_disk_loses_nothing_and_can_be_tried_again);
    tcase_add_test(tcase, a_file_of_version_1_is_brought_up);
    tcase_add_loop_test(tcase, what_makes_no_sense_is_refused, 0,
                        sizeof(changes) / sizeof(changes[0]));
    tcase_add_test(tcase, order_and_generations_go_on);
    tcase_add_test(tcase, reading_leaves_the_file_alone);
    tcase_add_test(tcase, a_file_in_use_is_refused);
    tcase_add_test(tcase, damage_is_survived);
    tcase_add_test(tcase, tasks_outlive_the_process);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
