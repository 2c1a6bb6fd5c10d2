/* Fuzzes the header of databases in volumes: what it takes, it bounds. */
#include <stdlib.h>
#include <string.h>

#include "metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char header[METADATA_HEADER] = {0};
    struct metadata_info info;

    memcpy(header, data, size < sizeof(header) ? size : sizeof(header));
    if (metadata_parse(header, &info) == 0 &&
        (info.len > METADATA_BYTES_MAX || strlen(info.pool) != UUID_BYTES - 1))
        abort();
    return 0;
}
