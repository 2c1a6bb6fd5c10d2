/*
 * Every importer on whatever its own check lets in: what comes out is a record
 * that can be opened, or an error with a file and an offset.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "record/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_error error = {""};
    struct file_set files = {0};
    struct draft *d = draft_create();
    struct record *r = NULL;
    int rc;

    assert(d);
    rc = files_add(&files, "pu3", data, size, &error);
    assert(!rc);
    rc = import_files(d, "input", &files, &error);
    if (rc)
        assert(strstr(error.text, "offset"));
    else
        rc = draft_encode(d, size & 1, &files, &error);
    if (!rc)
        rc = record_decode(&files, &r, &error);
    assert(!rc || *error.text);
    record_destroy(r);
    files_fini(&files);
    draft_destroy(d);
    return 0;
}
