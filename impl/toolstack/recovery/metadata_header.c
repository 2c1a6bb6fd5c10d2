/* The first block of a volume that holds a database. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "metadata.h"

int metadata_parse(const char header[METADATA_HEADER],
                   struct metadata_info *info)
{
    char text[METADATA_HEADER + 1], word[32];
    unsigned long long generation, len;

    memcpy(text, header, METADATA_HEADER);
    text[METADATA_HEADER] = '\0';
    if (sscanf(text, "%31s %20llu %20llu %36[0-9a-f-]", word, &generation, &len,
               info->pool) != 4 ||
        strcmp(word, METADATA_MAGIC) != 0 || len > METADATA_BYTES_MAX ||
        strlen(info->pool) != UUID_BYTES - 1)
        return -EINVAL;
    info->generation = generation;
    info->len = (size_t)len;
    return 0;
}
