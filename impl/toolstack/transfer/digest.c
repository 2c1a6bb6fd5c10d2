/* Checksums by libxxhash and gnutls. */
#include "digest.h"

#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "arena.h"

enum {
    SHA1_BYTES = 20,
};

struct digest {
    enum digest_kind kind;
    XXH64_state_t *xx;
    gnutls_hash_hd_t sha1;
};

/* How one kind works. */
struct way {
    const char *suffix;
    int (*begin)(struct digest *d);
    void (*feed)(struct digest *d, const void *data, size_t len);
    void (*take)(struct digest *d, char *text);
    void (*end)(struct digest *d);
};

static int xx_begin(struct digest *d)
{
    d->xx = XXH64_createState();
    return !d->xx || XXH64_reset(d->xx, 0) != XXH_OK;
}

static void xx_feed(struct digest *d, const void *data, size_t len)
{
    (void)XXH64_update(d->xx, data, len); /* fails for NULL only */
}

static void xx_take(struct digest *d, char *text)
{
    (void)snprintf(text, DIGEST_TEXT_BYTES, "%016llX",
                   (unsigned long long)XXH64_digest(d->xx)); /* fits */
    (void)XXH64_reset(d->xx, 0); /* of a state that is there */
}

static void xx_end(struct digest *d)
{
    (void)XXH64_freeState(d->xx);
}

static int sha1_begin(struct digest *d)
{
    return gnutls_hash_init(&d->sha1, GNUTLS_DIG_SHA1);
}

static void sha1_feed(struct digest *d, const void *data, size_t len)
{
    if (gnutls_hash(d->sha1, data, len))
        abort(); /* an algorithm that began goes on */
}

static void sha1_take(struct digest *d, char *text)
{
    unsigned char sum[SHA1_BYTES];

    gnutls_hash_output(d->sha1, sum);
    for (int i = 0; i < SHA1_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", sum[i]); /* fits */
}

static void sha1_end(struct digest *d)
{
    gnutls_hash_deinit(d->sha1, NULL);
}

static const struct way ways[] = {
    [DIGEST_XXH64] = {".xxhash", xx_begin, xx_feed, xx_take, xx_end},
    [DIGEST_SHA1] = {".checksum", sha1_begin, sha1_feed, sha1_take, sha1_end},
};

struct digest *digest_create(enum digest_kind kind)
{
    struct digest *d = must_alloc(sizeof(*d));

    *d = (struct digest){.kind = kind};
    if (ways[kind].begin(d))
        abort(); /* out of memory, or a library without SHA-1 */
    return d;
}

void digest_destroy(struct digest *d)
{
    if (!d)
        return;
    ways[d->kind].end(d);
    free(d);
}

void digest_feed(struct digest *d, const void *data, size_t len)
{
    ways[d->kind].feed(d, data, len);
}

void digest_take(struct digest *d, char *text)
{
    ways[d->kind].take(d, text);
}

void digest_text(enum digest_kind kind, const void *data, size_t len,
                 char *text)
{
    struct digest *d = digest_create(kind);

    digest_feed(d, data, len);
    digest_take(d, text);
    digest_destroy(d);
}

const char *digest_suffix(enum digest_kind kind)
{
    return ways[kind].suffix;
}
