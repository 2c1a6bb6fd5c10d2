/* Objects of the class Certificate, and files that they stand for. */
#ifndef SERVICE_CERTIFICATE_H
#define SERVICE_CERTIFICATE_H

#include "request.h"
#include "x509.h"

#define FOLDER_CA      "certs"
#define FOLDER_CRL     "crls"
#define FOLDER_TRUSTED "trusted"

/* The object of a certificate; `host` NULL: of the pool. */
struct object *certificate_make(struct request *r, const char *type,
                                const char *name, const struct object *host,
                                const struct x509_info *info);

/*
 * Parses, and refuses what is not valid now: codes PREFIX_INVALID,
 * PREFIX_NOT_VALID_YET, PREFIX_EXPIRED. 0 or API_FAILED.
 */
int certificate_check(struct request *r, const char *prefix, const char *pem,
                      struct x509_info *info);

/* What the host shows to clients, in PEM; NULL: it has none yet. */
const char *host_certificate(struct request *r, const struct object *host);

/* The same file on every host, or on none. */
int spread_file(struct request *r, const char *path, const char *text);
void remove_file(struct request *r, const char *path);

#endif
