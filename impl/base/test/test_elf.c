/*
 * Kernel images: ELF segments and notes, the bzImage header, cpio archives.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "base/bzimage.h"
#include "base/cpio.h"
#include "base/elf.h"

#define PHOFF      64
#define PHDR_BYTES 56
#define NOTE_AT    0x200
#define TEXT_AT    0x300
#define IMAGE      0x1000
#define LOAD_AT    0x1000000

static uint8_t image[IMAGE];
static struct elf_kernel kernel;

static void put(size_t at, uint64_t value, unsigned int bytes)
{
    memcpy(image + at, &value, bytes);
}

static void phdr(unsigned int i, uint32_t type, uint64_t offset, uint64_t paddr,
                 uint64_t filesz, uint64_t memsz)
{
    size_t at = PHOFF + i * PHDR_BYTES;

    put(at, type, 4);
    put(at + 8, offset, 8);
    put(at + 24, paddr, 8);
    put(at + 32, filesz, 8);
    put(at + 40, memsz, 8);
}

/* Two segments and a note that names the first one's middle as the entry. */
static void image_make(void)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

    memset(image, 0, sizeof(image));
    memcpy(image, ident, sizeof(ident));
    put(16, 2, 2);
    put(18, 62, 2);
    put(32, PHOFF, 8);
    put(54, PHDR_BYTES, 2);
    put(56, 3, 2);
    phdr(0, 1, TEXT_AT, LOAD_AT, 0x100, 0x100);
    phdr(1, 1, TEXT_AT + 0x100, LOAD_AT + 0x200000, 0x80, 0x3000);
    phdr(2, 4, NOTE_AT, 0, 40, 40);
    put(NOTE_AT, 4, 4);
    put(NOTE_AT + 4, 4, 4);
    put(NOTE_AT + 8, 6, 4);
    memcpy(image + NOTE_AT + 12, "Xen", 4);
    put(NOTE_AT + 20, 4, 4);
    put(NOTE_AT + 24, 4, 4);
    put(NOTE_AT + 28, XEN_ELFNOTE_PHYS32_ENTRY, 4);
    memcpy(image + NOTE_AT + 32, "Xen", 4);
    put(NOTE_AT + 36, LOAD_AT + 0x50, 4);
}

static int parse(size_t bytes)
{
    return elf_kernel_parse(image, bytes, &kernel);
}

START_TEST(segments_and_entry_are_found)
{
    image_make();
    ck_assert_int_eq(parse(IMAGE), 0);
    ck_assert_uint_eq(kernel.segments, 2);
    ck_assert_uint_eq(kernel.entry, LOAD_AT + 0x50);
    ck_assert_uint_eq(kernel.start, LOAD_AT);
    ck_assert_uint_eq(kernel.end, LOAD_AT + 0x203000);
    ck_assert_uint_eq(kernel.segment[1].offset, TEXT_AT + 0x100);
    ck_assert_uint_eq(kernel.segment[1].file_bytes, 0x80);
    ck_assert_uint_eq(kernel.segment[1].mem_bytes, 0x3000);
}
END_TEST

START_TEST(no_pvh_note_is_enoent)
{
    image_make();
    put(NOTE_AT + 28, 5, 4);
    ck_assert_int_eq(parse(IMAGE), -XEN_ENOENT);
}
END_TEST

START_TEST(entry_outside_the_segments_is_enoent)
{
    image_make();
    put(NOTE_AT + 36, LOAD_AT + 0x100, 4);
    ck_assert_int_eq(parse(IMAGE), -XEN_ENOENT);
}
END_TEST

START_TEST(other_files_are_enoexec)
{
    image_make();
    ck_assert_int_eq(parse(63), -XEN_ENOEXEC);
    put(18, 3, 2);
    ck_assert_int_eq(parse(IMAGE), -XEN_ENOEXEC);
    image_make();
    put(4, 1, 1);
    ck_assert_int_eq(parse(IMAGE), -XEN_ENOEXEC);
}
END_TEST

START_TEST(an_image_cut_anywhere_is_refused)
{
    image_make();
    for (size_t n = 0; n < TEXT_AT + 0x180; n++)
        ck_assert_int_ne(parse(n), 0);
    ck_assert_int_eq(parse(TEXT_AT + 0x180), 0);
}
END_TEST

START_TEST(numbers_that_wrap_are_refused)
{
    image_make();
    put(32, ~0ULL - 8, 8);
    ck_assert_int_eq(parse(IMAGE), -XEN_EINVAL);
    image_make();
    phdr(1, 1, ~0ULL - 8, LOAD_AT, 0x80, 0x3000);
    ck_assert_int_eq(parse(IMAGE), -XEN_EINVAL);
    image_make();
    phdr(1, 1, TEXT_AT, ~0ULL - 8, 0x80, 0x3000);
    ck_assert_int_eq(parse(IMAGE), -XEN_EINVAL);
    image_make();
    phdr(1, 1, TEXT_AT, LOAD_AT, 0x80, 0x7f);
    ck_assert_int_eq(parse(IMAGE), -XEN_EINVAL);
    image_make();
    put(NOTE_AT, UINT32_MAX, 4);
    ck_assert_int_eq(parse(IMAGE), -XEN_ENOENT);
}
END_TEST

START_TEST(too_many_segments_are_e2big)
{
    image_make();
    put(56, ELF_SEGMENTS_MAX + 1, 2);
    for (unsigned int i = 0; i <= ELF_SEGMENTS_MAX; i++)
        phdr(i, 1, 0xf00, LOAD_AT, 8, 8);
    ck_assert_int_eq(parse(IMAGE), -XEN_E2BIG);
}
END_TEST

/* --- bzImage --- */

static void bzimage_make(void)
{
    memset(image, 0, sizeof(image));
    memcpy(image + 0x202, "HdrS", 4);
    put(0x206, 0x20f, 2);
    put(0x1f1, 1, 1);
    put(0x248, 0x40, 4);
    put(0x24c, 0x100, 4);
    put(1024 + 0x40 + 0xfc, 12345, 4);
}

START_TEST(bzimage_payload_is_found)
{
    size_t at = 0, bytes = 0;

    bzimage_make();
    ck_assert_int_eq(bzimage_payload(image, IMAGE, &at, &bytes), 0);
    ck_assert_uint_eq(at, 1024 + 0x40);
    ck_assert_uint_eq(bytes, 0x100);
    ck_assert_uint_eq(bzimage_unpacked_bytes(image + at, bytes), 12345);
}
END_TEST

START_TEST(bzimage_with_its_end_missing_is_refused)
{
    size_t at, bytes;

    bzimage_make();
    ck_assert_int_eq(bzimage_payload(image, 1024 + 0x13f, &at, &bytes),
                     -XEN_EINVAL);
    put(0x24c, UINT32_MAX, 4);
    ck_assert_int_eq(bzimage_payload(image, IMAGE, &at, &bytes), -XEN_EINVAL);
    put(0x206, 0x207, 2);
    ck_assert_int_eq(bzimage_payload(image, IMAGE, &at, &bytes), -XEN_ENOEXEC);
}
END_TEST

/* --- cpio --- */

static size_t member(char *to, const char *name, unsigned int bytes)
{
    int n = snprintf(to, 256,
                     "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
                     "%08x%s",
                     1, 0100644, 0, 0, 1, 0, bytes, 0, 0, 0, 0,
                     (unsigned int)strlen(name) + 1, 0, name);
    size_t head = ALIGN_UP((size_t)n + 1, 4);

    memset(to + n, 0, head - n);
    memset(to + head, 'x', ALIGN_UP((size_t)bytes, 4));
    return head + ALIGN_UP((size_t)bytes, 4);
}

START_TEST(cpio_is_whole_only_with_its_trailer)
{
    static char archive[1024];
    size_t first = member(archive, "init", 101);
    size_t all = first + member(archive + first, "TRAILER!!!", 0);

    ck_assert(!cpio_truncated(archive, all));
    ck_assert(!cpio_truncated(archive, all + 256)); /* zero padding */
    for (size_t n = 1; n < all - 3; n++)
        ck_assert(n < 6 ? !cpio_truncated(archive, n)
                        : cpio_truncated(archive, n));
}
END_TEST

START_TEST(cpio_before_a_packed_archive_is_whole)
{
    static char archive[1024];
    size_t n = member(archive, "a", 3);

    n += member(archive + n, "TRAILER!!!", 0);
    memcpy(archive + n, "\x1f\x8b\x08\0", 4);
    ck_assert(!cpio_truncated(archive, n + 4));
    ck_assert(!cpio_truncated("\x1f\x8b\x08\0", 4));
}
END_TEST

START_TEST(cpio_sizes_do_not_wrap)
{
    static char archive[1024];
    size_t n = member(archive, "a", 3);

    memcpy(archive + 54, "ffffffff", 8);
    ck_assert(cpio_truncated(archive, n));
    memcpy(archive + 94, "ffffffff", 8);
    ck_assert(cpio_truncated(archive, n));
    memcpy(archive + 94, "zzzzzzzz", 8);
    ck_assert(cpio_truncated(archive, n));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kernel images");
    TCase *t = tcase_create("elf");
    SRunner *r;
    int failed;

    tcase_add_test(t, segments_and_entry_are_found);
    tcase_add_test(t, no_pvh_note_is_enoent);
    tcase_add_test(t, entry_outside_the_segments_is_enoent);
    tcase_add_test(t, other_files_are_enoexec);
    tcase_add_test(t, an_image_cut_anywhere_is_refused);
    tcase_add_test(t, numbers_that_wrap_are_refused);
    tcase_add_test(t, too_many_segments_are_e2big);
    suite_add_tcase(s, t);
    t = tcase_create("bzimage");
    tcase_add_test(t, bzimage_payload_is_found);
    tcase_add_test(t, bzimage_with_its_end_missing_is_refused);
    suite_add_tcase(s, t);
    t = tcase_create("cpio");
    tcase_add_test(t, cpio_is_whole_only_with_its_trailer);
    tcase_add_test(t, cpio_before_a_packed_archive_is_whole);
    tcase_add_test(t, cpio_sizes_do_not_wrap);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
