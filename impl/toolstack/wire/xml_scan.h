/*
 * A quick reader of the plainest XML, which is nearly all that clients send:
 * tags without attributes, printable ASCII, the five predefined entities.
 * Whatever else there is, a real parser has to judge.
 */
#ifndef WIRE_XML_SCAN_H
#define WIRE_XML_SCAN_H

#include <stddef.h>

enum {
    XML_SCAN_DEPTH_MAX = 64,
    XML_SCAN_NAME_MAX = 31,
};

struct xml_events {
    void (*start)(void *ctx, const char *name);
    void (*end)(void *ctx, const char *name);
    void (*text)(void *ctx, const char *text, size_t len);
};

/* 0: it was all read; -ENOTSUP: not plain enough, or no XML. */
int xml_scan(const char *text, size_t len, const struct xml_events *events,
             void *ctx);

#endif
