/*
 * libFuzzer target of all that reads boot modules: bzImage, xz, ELF and cpio.
 * The first byte says which; sizes and addresses that come out are checked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bzimage.h"
#include "base/cpio.h"
#include "base/elf.h"
#include "base/xz.h"

#define OUT_BYTES (256U << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void fuzz_bzimage(const uint8_t *data, size_t size)
{
    size_t at, bytes;

    if (bzimage_payload(data, size, &at, &bytes) == 0) {
        require(at <= size && bytes <= size - at);
        (void)bzimage_unpacked_bytes(data + at, bytes); /* any is fine */
    }
}

static void fuzz_elf(const uint8_t *data, size_t size)
{
    struct elf_kernel k;

    if (elf_kernel_parse(data, size, &k) != 0)
        return;
    require(k.segments > 0 && k.segments <= ELF_SEGMENTS_MAX);
    require(k.start < k.end && k.entry >= k.start && k.entry < k.end);
    for (unsigned int i = 0; i < k.segments; i++) {
        const struct elf_segment *s = &k.segment[i];

        require(s->file_bytes <= s->mem_bytes);
        require(s->offset <= size && s->file_bytes <= size - s->offset);
        require(s->start >= k.start && s->start + s->mem_bytes <= k.end);
    }
}

/* Exactly as much output as is told, so that the sanitizer sees one more. */
static void fuzz_xz(const uint8_t *data, size_t size)
{
    static struct lzma work;
    size_t bytes = 0;
    uint8_t *out = malloc(OUT_BYTES);

    require(out != NULL);
    if (xz_unpack(data, size, out, OUT_BYTES, &bytes, &work) == 0)
        require(bytes <= OUT_BYTES);
    free(out);
}

/* The chunk decoder and the filter without the container around them. */
static void fuzz_lzma(const uint8_t *data, size_t size)
{
    static struct lzma work;
    uint8_t *out = malloc(OUT_BYTES);

    require(out != NULL);
    work.out = out;
    work.pos = 0;
    work.dict_from = 0;
    if (size && lzma_set_props(&work, data[0])) {
        lzma_reset(&work);
        (void)lzma_chunk(&work, data + 1, size - 1, OUT_BYTES); /* or fails */
        require(work.pos <= OUT_BYTES);
        bcj_x86_decode(out, work.pos);
    }
    free(out);
}

static void fuzz_cpio(const uint8_t *data, size_t size)
{
    (void)cpio_truncated(data, size); /* must only end */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const uint8_t *, size_t) = {
        fuzz_bzimage, fuzz_elf, fuzz_xz, fuzz_lzma, fuzz_cpio,
    };

    if (size)
        targets[data[0] % ARRAY_SIZE(targets)](data + 1, size - 1);
    return 0;
}
