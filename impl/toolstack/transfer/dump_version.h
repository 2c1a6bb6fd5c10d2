/* Which dumps fit: those of the same version of the schema. */
#ifndef TRANSFER_DUMP_VERSION_H
#define TRANSFER_DUMP_VERSION_H

enum {
    DUMP_SCHEMA_MAJOR = 5,
    DUMP_SCHEMA_MINOR = 909,
};

#endif
