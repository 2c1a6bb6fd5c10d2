/* Archives of strangers: files within the caps, or an error with an offset. */
#include <assert.h>
#include <string.h>

#include "record/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_error error = {""};
    struct file_set files = {0};
    struct record *r = NULL;

    if (files_read_archive("input", data, size, &files, &error))
        assert(strstr(error.text, "offset") || strstr(error.text, "name"));
    for (size_t i = 0; i < files.nr; i++)
        assert(files_name_ok(files.file[i].name));
    assert(files.bytes <= RECORD_BYTES_MAX);
    if (record_root(&files) && !record_decode(&files, &r, &error))
        assert(*record_id(r));
    record_destroy(r);
    files_fini(&files);
    return 0;
}
