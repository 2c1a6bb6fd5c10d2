/*
 * The description in an XVA archive, "ova.xml": which version wrote it, and the
 * records of the machine and of what belongs to it. References between them are
 * short names, "Ref:12".
 */
#ifndef TRANSFER_XVA_HEADER_H
#define TRANSFER_XVA_HEADER_H

#include "buf.h"
#include "value.h"

enum {
    /* 2: each chunk has its checksum behind it, and no table at the end. */
    XVA_EXPORT_VERSION = 2,
};

struct xva_version {
    const char *hostname, *date, *product_version, *product_brand;
    const char *build_number;
    int64_t major, minor; /* of the API's implementation */
    int64_t export_version;
};

struct xva_object {
    const char *class_name, *id;
    struct value snapshot; /* the record; its types are those of the text */
};

struct xva_header {
    struct xva_version version;
    struct xva_object *objects;
    uint32_t objects_nr;
};

/* Everything lives in the arena. 0, or -EINVAL. */
int xva_header_decode(struct arena *a, const char *xml, size_t len,
                      struct xva_header *h);
void xva_header_encode(struct arena *a, struct buf *out,
                       const struct xva_header *h);

/* Its object of that name; NULL: none. */
const struct xva_object *xva_object_find(const struct xva_header *h,
                                         const char *id);
/* A text of an object's record; "" when there is none. */
const char *xva_text(const struct xva_object *o, const char *field);
/* A whole number, which may be written as text; 0 when there is none. */
int64_t xva_int(const struct value *map, const char *field);

#endif
