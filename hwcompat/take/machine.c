/* A record of the machine: every part in turn. */
#include <errno.h>
#include <unistd.h>

#include "record/error.h"
#include "take/sys.h"

static void (*const takers[])(struct take *t) = {
    take_acpi,  take_smbios, take_memory,     take_cpus,   take_pci,
    take_iommu, take_numa,   take_interrupts, take_timers, take_nics,
    take_disks, take_efi,    take_tpm,        take_logs,
};

int machine_record(const struct take *how, bool keep_identifiers,
                   const char *path, struct record_error *error)
{
    struct take t = *how;
    int rc;

    t.d = draft_create();
    if (!t.d)
        return record_fail(error, -ENOMEM, "no memory");
    t.d->live = true;
    t.d->date = t.date;
    t.d->privileged = geteuid() == 0;
    if (!t.d->privileged)
        draft_note(t.d, "taken without root: parts are missing");
    draft_source(t.d, take_here(&t) ? "machine" : "tree", "/");
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
        takers[i](&t);
    rc = draft_write(t.d, keep_identifiers, path, error);
    draft_destroy(t.d);
    return rc;
}
