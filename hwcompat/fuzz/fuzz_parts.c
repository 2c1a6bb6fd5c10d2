/* The parts of a record that are text: the first byte says which one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "record/cpu_text.h"
#include "record/pci_text.h"
#include "record/scrub.h"
#include "record/smbios_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written, and read again the same. */
static void cpus(const char *text, size_t size, int words)
{
    struct cpu_set s = {0}, again = {0};
    struct record_error error;
    char *out = NULL;
    size_t out_size;
    FILE *f;

    if (cpus_decode("input", text, size, words, &s, &error) == 0) {
        f = open_memstream(&out, &out_size);
        assert(f);
        cpus_encode(&s, words, f);
        fclose(f);
        assert(!cpus_decode("again", out, out_size, words, &again, &error));
        assert(again.rows == s.rows && again.nr == s.nr);
    }
    free(out);
    cpus_fini(&s);
    cpus_fini(&again);
}

static void scrub(char *text, size_t size)
{
    struct scrub_counts n = {0};

    scrub_text(text, size, true, &n);
    assert(strnlen(text, size + 1) <= size);
}

static void names(uint8_t *data, size_t size)
{
    struct smbios_structure s;
    struct smbios_names n;
    size_t offset = 0, before = 0, len;

    smbios_names_read(data, size, &n);
    while (smbios_next(data, size, &offset, &s)) {
        assert(offset > before && offset <= size);
        before = offset;
        for (size_t field = 4; field < 64; field++)
            if (smbios_string(&s, field, &len))
                assert(len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pci_set pci = {0};
    struct record_error error;
    char *copy = malloc(size + 1);

    assert(copy);
    if (!size)
        goto out;
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    if (*data % 5 == 0)
        cpus(copy, size - 1, 4);
    else if (*data % 5 == 1)
        cpus(copy, size - 1, 2);
    else if (*data % 5 == 2)
        (void)pcis_decode("input", copy, size - 1, &pci, &error);
    else if (*data % 5 == 3)
        scrub(copy, size - 1);
    else
        names((uint8_t *)copy, size - 1);
out:
    pcis_fini(&pci);
    free(copy);
    return 0;
}
