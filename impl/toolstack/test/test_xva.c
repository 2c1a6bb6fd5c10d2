/* Archives of machines as streams: tar, compression, checksums, chunks. */
#include "xva_reader.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xva_header.h"

enum {
    DISK_BYTES = 3 * XVA_CHUNK_BYTES + 100,
};

/* What an archive told, and a disk that it filled. */
struct heard {
    struct xva_reader reader;
    unsigned char disk[DISK_BYTES];
    size_t xml_len;
    int writes, refuse;
};

static struct heard heard;
static struct buf archive;

static int header_cb(void *ctx, const char *xml, size_t len)
{
    struct heard *h = ctx;

    (void)xml;
    h->xml_len = len;
    return xva_reader_expect(&h->reader, "Ref:5", DISK_BYTES, NULL);
}

static int write_cb(void *ctx, const struct xva_disk *disk, uint64_t offset,
                    const void *data, size_t len)
{
    struct heard *h = ctx;

    (void)disk;
    memcpy(h->disk + offset, data, len);
    h->writes++;
    return h->refuse;
}

static const struct xva_events events = {header_cb, write_cb};

static void set_up(void)
{
    memset(&heard, 0, sizeof(heard));
    xva_reader_init(&heard.reader, &events, &heard);
    tar_file(&archive, XVA_XML_NAME, "<value/>", 8, 0);
}

static void tear_down(void)
{
    xva_reader_fini(&heard.reader);
    buf_fini(&archive);
}

/* A chunk of one byte's value, and its checksum. */
static void add_chunk(int nr, int byte, size_t len, enum digest_kind kind)
{
    char *data = must_alloc(len), name[64], sum[DIGEST_TEXT_BYTES];

    memset(data, byte, len);
    (void)snprintf(name, sizeof(name), "Ref:5/%08d", nr);
    tar_file(&archive, name, data, len, 0);
    digest_text(kind, data, len, sum);
    (void)snprintf(name, sizeof(name), "Ref:5/%08d%s", nr, digest_suffix(kind));
    tar_file(&archive, name, sum, strlen(sum), 0);
    free(data);
}

static void add_disk(enum digest_kind kind)
{
    add_chunk(0, 'a', XVA_CHUNK_BYTES, kind);
    add_chunk(2, 'c', XVA_CHUNK_BYTES, kind);
    add_chunk(3, 'd', 100, kind);
    tar_end(&archive);
}

static int feed_all(const struct buf *b, size_t step)
{
    int rc = 0;

    for (size_t at = 0; !rc && at < b->len; at += step)
        rc = xva_feed(&heard.reader, b->data + at,
                      b->len - at < step ? b->len - at : step);
    return rc ? rc : xva_finish(&heard.reader);
}

static int sink_cb(void *ctx, const void *data, size_t len)
{
    buf_add(ctx, data, len);
    return 0;
}

static void squeeze_into(struct buf *out, enum squeeze_kind kind)
{
    struct squeeze *s = squeeze_create(kind, false, sink_cb, out);

    ck_assert_int_eq(squeeze_feed(s, archive.data, archive.len), 0);
    ck_assert_int_eq(squeeze_finish(s), 0);
    squeeze_destroy(s);
}

START_TEST(a_disk_comes_out_as_it_went_in)
{
    add_disk(DIGEST_XXH64);
    ck_assert_int_eq(feed_all(&archive, 777), 0);
    ck_assert_uint_eq(heard.xml_len, 8);
    ck_assert_int_eq(heard.disk[0], 'a');
    ck_assert_int_eq(heard.disk[XVA_CHUNK_BYTES], 0);
    ck_assert_int_eq(heard.disk[2 * XVA_CHUNK_BYTES], 'c');
    ck_assert_int_eq(heard.disk[3 * XVA_CHUNK_BYTES - 1], 'c');
    ck_assert_int_eq(heard.disk[DISK_BYTES - 1], 'd');
}
END_TEST

START_TEST(compressed_archives_are_recognised)
{
    struct buf packed = {0};

    add_disk(DIGEST_XXH64);
    squeeze_into(&packed, SQUEEZE_GZIP + _i);
    ck_assert_uint_lt(packed.len, archive.len / 100);
    ck_assert_int_eq(feed_all(&packed, 100), 0);
    ck_assert_int_eq(heard.disk[DISK_BYTES - 1], 'd');
    buf_fini(&packed);
}
END_TEST

START_TEST(a_cut_archive_ends_too_early)
{
    struct buf packed = {0};

    add_disk(DIGEST_XXH64);
    squeeze_into(&packed, _i);
    packed.len -= _i == SQUEEZE_NONE ? 5000 : 20;
    ck_assert_int_eq(feed_all(&packed, 10000), -EBADMSG);
    ck_assert_int_eq(heard.reader.error, XVA_PREMATURE_EOF);
    buf_fini(&packed);
}
END_TEST

START_TEST(old_checksums_are_known)
{
    add_disk(DIGEST_SHA1);
    ck_assert_int_eq(feed_all(&archive, 100000), 0);
}
END_TEST

START_TEST(a_wrong_checksum_is_seen_unless_forced)
{
    heard.reader.lenient = _i;
    add_disk(DIGEST_XXH64);
    archive.data[3 * TAR_BLOCK_BYTES + 5] ^= 1; /* in the first chunk */
    ck_assert_int_eq(feed_all(&archive, 100000), _i ? 0 : -EBADMSG);
    ck_assert_int_eq(heard.reader.error, _i ? XVA_OK : XVA_CHECKSUM);
}
END_TEST

START_TEST(another_first_file_is_unexpected)
{
    struct buf other = {0};

    tar_file(&other, "README", "x", 1, 0);
    tar_end(&other);
    ck_assert_int_eq(feed_all(&other, 512), -EBADMSG);
    ck_assert_int_eq(heard.reader.error, XVA_UNEXPECTED_FILE);
    ck_assert_str_eq(heard.reader.actual, "README");
    buf_fini(&other);
}
END_TEST

START_TEST(chunks_outside_of_their_disk_are_broken)
{
    add_chunk(0, 'a', XVA_CHUNK_BYTES, DIGEST_XXH64);
    add_chunk(_i, 'a', XVA_CHUNK_BYTES, DIGEST_XXH64);
    ck_assert_int_eq(feed_all(&archive, 512), -EBADMSG);
    ck_assert_int_eq(heard.reader.error, XVA_BROKEN);
}
END_TEST

START_TEST(what_is_no_archive_is_broken)
{
    struct buf text = {0};

    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "no tar file ");
    ck_assert_int_eq(feed_all(&text, 512), -EBADMSG);
    ck_assert_int_eq(heard.reader.error, XVA_BROKEN);
    buf_fini(&text);
}
END_TEST

START_TEST(a_refusal_stops_the_reading)
{
    heard.refuse = -ENOSPC;
    add_disk(DIGEST_XXH64);
    ck_assert_int_eq(feed_all(&archive, 1 << 20), -EBADMSG);
    ck_assert_int_eq(heard.reader.error, XVA_REFUSED);
    ck_assert_int_eq(heard.reader.rc, -ENOSPC);
    ck_assert_int_eq(heard.writes, 1);
}
END_TEST

START_TEST(checksums_are_those_of_the_specifications)
{
    char text[DIGEST_TEXT_BYTES];

    digest_text(DIGEST_XXH64, "", 0, text);
    ck_assert_str_eq(text, "EF46DB3751D8E999");
    digest_text(DIGEST_SHA1, "abc", 3, text);
    ck_assert_str_eq(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
}
END_TEST

START_TEST(long_names_and_sizes_survive)
{
    static const char name[] = "a/very/long/folder/name/that/goes/on/and/on/"
                               "until/it/does/not/fit/into/the/field/of/names/"
                               "any/more/at/all/file";
    char block[TAR_BLOCK_BYTES];
    struct buf out = {0};

    tar_begin(&out, name, (uint64_t)1 << 40, 0);
    memcpy(block, out.data, sizeof(block));
    ck_assert(tar_is_header(block));
    ck_assert_int_eq(block[124] & 0xff, 0x80); /* in binary */
    ck_assert_str_eq(block, "file");
    ck_assert_int_eq(strncmp(block + 345, name, 10), 0); /* the prefix */
    buf_fini(&out);
}
END_TEST

START_TEST(a_description_survives)
{
    const struct member fields[] = {{"name_label", value_string("a<b")},
                                    {"memory", value_int(1 << 20)}};
    struct xva_object o = {"VM", "Ref:0", value_map(fields, 2)};
    struct xva_header in = {.version = {"h", "d", "8", "b", "n", 26, 17, 2},
                            .objects = &o,
                            .objects_nr = 1};
    struct xva_header out;
    struct buf xml = {0};
    struct arena a;

    arena_init(&a);
    xva_header_encode(&a, &xml, &in);
    ck_assert_int_eq(xva_header_decode(&a, xml.data, xml.len, &out), 0);
    ck_assert_int_eq(out.version.major, 26);
    ck_assert_int_eq(out.version.export_version, XVA_EXPORT_VERSION);
    ck_assert_str_eq(xva_text(xva_object_find(&out, "Ref:0"), "name_label"),
                     "a<b");
    ck_assert_int_eq(xva_int(&out.objects[0].snapshot, "memory"), 1 << 20);
    ck_assert_int_ne(xva_header_decode(&a, "<value>x</value>", 16, &out), 0);
    buf_fini(&xml);
    arena_fini(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xva");
    TCase *tcase = tcase_create("xva");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_disk_comes_out_as_it_went_in);
    tcase_add_loop_test(tcase, compressed_archives_are_recognised, 0, 2);
    tcase_add_loop_test(tcase, a_cut_archive_ends_too_early, 0, 3);
    tcase_add_test(tcase, old_checksums_are_known);
    tcase_add_loop_test(tcase, a_wrong_checksum_is_seen_unless_forced, 0, 2);
    tcase_add_test(tcase, another_first_file_is_unexpected);
    tcase_add_loop_test(tcase, chunks_outside_of_their_disk_are_broken, 3, 5);
    tcase_add_test(tcase, what_is_no_archive_is_broken);
    tcase_add_test(tcase, a_refusal_stops_the_reading);
    tcase_add_test(tcase, checksums_are_those_of_the_specifications);
    tcase_add_test(tcase, long_names_and_sizes_survive);
    tcase_add_test(tcase, a_description_survives);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
