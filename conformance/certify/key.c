/* Ed25519 and SHA-256 by GnuTLS. */
#include "key.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HASH_BYTES = 32,
};

static gnutls_datum_t datum(struct bytes b)
{
    return (gnutls_datum_t){(unsigned char *)b.at, (unsigned)b.nr};
}

/* What GnuTLS allocated, as a string of ours. */
static char *take_text(gnutls_datum_t *from)
{
    char *text = bytes_copy((struct bytes){(char *)from->data, from->size});

    gnutls_free(from->data);
    return text;
}

static int load_private(struct bytes pem, gnutls_privkey_t *key)
{
    gnutls_datum_t text = datum(pem);
    int rc = gnutls_privkey_init(key);

    if (rc)
        return -ENOMEM;
    rc = pem.nr ? gnutls_privkey_import_x509_raw(*key, &text,
                                                 GNUTLS_X509_FMT_PEM, NULL, 0)
                : GNUTLS_E_BASE64_DECODING_ERROR;
    if (rc || gnutls_privkey_get_pk_algorithm(*key, NULL) !=
                  GNUTLS_PK_EDDSA_ED25519) {
        gnutls_privkey_deinit(*key);
        return -EBADMSG;
    }
    return 0;
}

static int load_public(struct bytes pem, gnutls_pubkey_t *key)
{
    gnutls_datum_t text = datum(pem);
    int rc = gnutls_pubkey_init(key);

    if (rc)
        return -ENOMEM;
    rc = pem.nr ? gnutls_pubkey_import(*key, &text, GNUTLS_X509_FMT_PEM)
                : GNUTLS_E_BASE64_DECODING_ERROR;
    if (rc ||
        gnutls_pubkey_get_pk_algorithm(*key, NULL) != GNUTLS_PK_EDDSA_ED25519) {
        gnutls_pubkey_deinit(*key);
        return -EBADMSG;
    }
    return 0;
}

int key_generate(char **private_pem, char **public_pem)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t text;
    int rc = gnutls_x509_privkey_init(&key);

    if (rc)
        return -ENOMEM;
    rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
    rc = rc ? rc
            : gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                GNUTLS_PKCS_PLAIN, &text);
    gnutls_x509_privkey_deinit(key);
    if (rc)
        return -EIO;
    *private_pem = take_text(&text);
    rc = key_public_of(bytes_of(*private_pem), public_pem);
    if (rc) {
        free(*private_pem);
        *private_pem = NULL;
    }
    return rc;
}

int key_public_of(struct bytes private_pem, char **public_pem)
{
    gnutls_privkey_t key;
    gnutls_pubkey_t half = NULL;
    gnutls_datum_t text;
    int rc = load_private(private_pem, &key);

    if (rc)
        return rc;
    rc = gnutls_pubkey_init(&half);
    rc = rc ? rc : gnutls_pubkey_import_privkey(half, key, 0, 0);
    rc = rc ? rc : gnutls_pubkey_export2(half, GNUTLS_X509_FMT_PEM, &text);
    gnutls_pubkey_deinit(half);
    gnutls_privkey_deinit(key);
    if (rc)
        return -EIO;
    *public_pem = take_text(&text);
    return 0;
}

int key_sign(struct bytes private_pem, struct bytes message,
             unsigned char signature[SIGNATURE_BYTES])
{
    gnutls_privkey_t key;
    gnutls_datum_t data = datum(message), out = {NULL, 0};
    int rc = load_private(private_pem, &key);

    if (rc)
        return rc;
    rc = gnutls_privkey_sign_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data,
                                   &out);
    gnutls_privkey_deinit(key);
    rc = rc || out.size != SIGNATURE_BYTES ? -EIO : 0;
    if (!rc)
        memcpy(signature, out.data, SIGNATURE_BYTES);
    gnutls_free(out.data);
    return rc;
}

int key_verify(struct bytes public_pem, struct bytes message,
               const unsigned char signature[SIGNATURE_BYTES])
{
    gnutls_pubkey_t key;
    gnutls_datum_t data = datum(message);
    gnutls_datum_t sig = {(unsigned char *)signature, SIGNATURE_BYTES};
    int rc = load_public(public_pem, &key);

    if (rc)
        return rc;
    rc = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data,
                                    &sig);
    gnutls_pubkey_deinit(key);
    return rc < 0 ? -EKEYREJECTED : 0;
}

static void to_hex(const unsigned char *from, size_t nr, char *to)
{
    for (size_t i = 0; i < nr; i++)
        (void)snprintf(to + 2 * i, 3, "%02x", from[i]);
}

int key_id(struct bytes public_pem, char id[KEY_ID_BYTES])
{
    unsigned char hash[HASH_BYTES];
    size_t nr = sizeof(hash);
    gnutls_pubkey_t key;
    int rc = load_public(public_pem, &key);

    *id = '\0';
    if (rc)
        return rc;
    rc = gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, hash, &nr);
    gnutls_pubkey_deinit(key);
    if (rc || nr != sizeof(hash))
        return -EIO;
    to_hex(hash, nr, id);
    return 0;
}

void hash_hex(struct bytes data, char hex[HASH_HEX_BYTES])
{
    unsigned char hash[HASH_BYTES];

    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.at, data.nr, hash))
        abort(); /* only without memory */
    to_hex(hash, sizeof(hash), hex);
}
