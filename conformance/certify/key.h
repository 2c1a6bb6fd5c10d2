/*
 * Ed25519 (RFC 8032) by GnuTLS. Keys are files in PEM: PKCS #8 and
 * SubjectPublicKeyInfo, which `openssl pkeyutl` reads as well.
 */
#ifndef CERTIFY_KEY_H
#define CERTIFY_KEY_H

#include "bytes.h"

enum {
    SIGNATURE_BYTES = 64,
    KEY_FILE_MAX = 16384,
    KEY_ID_BYTES = 65, /* SHA-256 in hex digits, and a zero */
    HASH_HEX_BYTES = 65,
};

/* Two texts in PEM, to be freed. Negative: GnuTLS cannot. */
int key_generate(char **private_pem, char **public_pem);
/* -EBADMSG: no Ed25519 key. The public half, to be freed. */
int key_public_of(struct bytes private_pem, char **public_pem);
int key_sign(struct bytes private_pem, struct bytes message,
             unsigned char signature[SIGNATURE_BYTES]);
/* 0: good; -EBADMSG: no Ed25519 key; -EKEYREJECTED: a bad signature. */
int key_verify(struct bytes public_pem, struct bytes message,
               const unsigned char signature[SIGNATURE_BYTES]);
/* SHA-256 of the key's DER form. -EBADMSG: no Ed25519 key. */
int key_id(struct bytes public_pem, char id[KEY_ID_BYTES]);
/* SHA-256 in hex digits. */
void hash_hex(struct bytes data, char hex[HASH_HEX_BYTES]);

#endif
