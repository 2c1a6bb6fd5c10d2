/* SMBIOS as bytes: `dmidecode --dump-bin`, and files of /sys/firmware/dmi. */
#include <errno.h>
#include <string.h>

#include "import/import.h"
#include "record/error.h"
#include "record/smbios_names.h"

enum {
    DUMP_TABLE = 32, /* where --dump-bin puts the structures */
    ENTRY_MIN = 16,
    TYPE_END = 127,
};

bool smbios_dump_like(const struct file *f)
{
    return f->size >= ENTRY_MIN && (memcmp(f->data, "_SM_", 4) == 0 ||
                                    memcmp(f->data, "_SM3_", 5) == 0 ||
                                    memcmp(f->data, "_DMI_", 5) == 0);
}

static size_t entry_length(const struct file *f)
{
    size_t length = f->data[3] == '_' ? f->data[5] : f->data[6];

    if (memcmp(f->data, "_DMI_", 5) == 0)
        length = 15;
    return length < f->size && length >= ENTRY_MIN - 1 ? length : f->size;
}

int smbios_dump_read(struct draft *d, const struct file *f,
                     struct record_error *error)
{
    size_t length = entry_length(f);

    (void)error;
    if (f->size > DUMP_TABLE) {
        length = length > DUMP_TABLE ? DUMP_TABLE : length;
        draft_smbios(d, false, f->data + DUMP_TABLE, f->size - DUMP_TABLE);
    }
    draft_smbios_entry(d, f->data, length);
    return 0;
}

/* A chain of structures from the first to the last byte. */
bool smbios_raw_like(const struct file *f)
{
    struct smbios_structure s = {.type = 0};
    size_t offset = 0;
    int nr = 0;

    if (f->size < 8 || (f->data[0] && f->data[0] != 1 && f->data[0] < 126))
        return false;
    while (s.type != TYPE_END && smbios_next(f->data, f->size, &offset, &s))
        nr++;
    return nr >= 2 && (s.type == TYPE_END || offset == f->size);
}

int smbios_raw_read(struct draft *d, const struct file *f,
                    struct record_error *error)
{
    (void)error;
    draft_smbios(d, false, f->data, f->size);
    return 0;
}
