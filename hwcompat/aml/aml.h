/*
 * What a machine's AML (DSDT, SSDTs) says, as ACPICA's own tools tell it: iasl
 * takes it apart, acpiexec loads it and evaluates a few names, with all hardware
 * read as zeros and once more as ones. What differs between these two depends on
 * hardware that a record does not have, and is not judged.
 *
 * The tools run in a sandbox and may crash on it, which is a fact about the AML.
 * Their text is as hostile as the tables are: everything here has a cap.
 */
#ifndef AML_AML_H
#define AML_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hwcompat/record.h"

enum {
    AML_PATH_BYTES = 192,
    AML_TEXT_BYTES = 24,
    AML_ERROR_BYTES = 160,
    AML_OBJECTS_MAX = 1 << 17,
    AML_ERRORS_MAX = 64,
    AML_HOSTS_MAX = 64,
    AML_CRS_BYTES = 4096,
    AML_STRINGS_MAX = 32,
    AML_TABLES_MAX = 128,
};

enum aml_kind {
    AML_OTHER,
    AML_SCOPE,
    AML_DEVICE,
    AML_PROCESSOR, /* value: its id */
    AML_METHOD,
    AML_PACKAGE, /* value: elements */
    AML_INTEGER, /* value */
    AML_STRING,  /* text */
    AML_BUFFER,
    AML_REGION, /* space, value: address, length */
};

enum aml_space { AML_MEMORY, AML_IO, AML_CONFIG, AML_SPACE_OTHER };

struct aml_object {
    char path[AML_PATH_BYTES]; /* "\_SB.PCI0._HID", no padding */
    enum aml_kind kind;
    enum aml_space space;
    uint64_t value, length;
    char text[AML_TEXT_BYTES];
};

/* How a tool ended. */
enum aml_end {
    AML_WELL,
    AML_FAILED,  /* an error of the AML: see the errors */
    AML_CRASHED, /* the tool died by it */
    AML_STUCK,   /* no end in time, or no end of output */
};

enum aml_error_kind {
    AML_ERROR_NONE,    /* the tool's own affair */
    AML_ERROR_LOAD,    /* a table was not taken */
    AML_ERROR_TWICE,   /* a name is there already */
    AML_ERROR_MISSING, /* a name that is not there */
    AML_ERROR_OPCODE,  /* bytes that are no AML */
    AML_ERROR_RUN,     /* a method that runs at once failed */
};

struct aml_error {
    enum aml_error_kind kind;
    char text[AML_ERROR_BYTES];
};

/* What an evaluation came to, with hardware as zeros [0] and as ones [1]. */
enum aml_result { AML_NOT_RUN, AML_VALUE, AML_NO_VALUE };

struct aml_host {
    char path[AML_PATH_BYTES]; /* of the bridge */
    enum aml_result crs[2], prt[2];
    uint8_t window[2][AML_CRS_BYTES]; /* resource descriptors */
    size_t window_bytes[2];
};

struct aml {
    const char *unjudged; /* NULL: it was judged; else why not */
    enum aml_end load, parse;
    char loader[AML_ERROR_BYTES], parser[AML_ERROR_BYTES]; /* last words */
    struct aml_object *object;                             /* by path */
    size_t objects, room;
    struct aml_error error[AML_ERRORS_MAX];
    size_t errors;
    struct aml_host host[AML_HOSTS_MAX]; /* PCI host bridges */
    size_t hosts;
    enum aml_result s5;
    uint64_t s5_value; /* its first element */
    char osi[AML_STRINGS_MAX][AML_TEXT_BYTES];
    size_t osis;
    bool uses_rev, loads_tables;
    unsigned int tables;
};

/* Runs the tools; NULL: no memory. */
struct aml *aml_of_record(const struct record *r);
struct aml *aml_create(void);
void aml_destroy(struct aml *a);

/* The object of that path; NULL. */
const struct aml_object *aml_find(const struct aml *a, const char *path);
/* The next object whose last segment is `name`, from *at on; NULL. */
const struct aml_object *aml_next(const struct aml *a, const char *name,
                                  size_t *at);
/* Whether `o`, a _HID or _CID, says `id` ("PNP0A03"). */
bool aml_is_id(const struct aml_object *o, const char *id);
/* The path of what it belongs to. */
void aml_parent(const char *path, char parent[AML_PATH_BYTES]);

/* --- For aml.c and its tests: reading what the tools print ------------------ */
/* acpiexec's namespace and find; errors among it. -ENOMEM. */
int aml_read_namespace(struct aml *a, const char *text, size_t len);
/* Sorts the objects; finds host bridges. */
void aml_settle(struct aml *a);
/* acpiexec's evaluations; `ones`: of the second kind. */
void aml_read_values(struct aml *a, const char *text, size_t len, int ones);
/* iasl's source. */
void aml_read_source(struct aml *a, const char *text, size_t len);
/* iasl's complaints. */
void aml_read_parser(struct aml *a, const char *text, size_t len);

#endif
