/* What `lspci -x`, -xxx and -xxxx print. */
#include "import/import.h"
#include "record/pci_text.h"
#include "record/text.h"

#include <errno.h>
#include <string.h>

#include "record/error.h"

/* "00: 86 80 ..." or "100: ..." */
static bool bytes_line(const char *line)
{
    uint64_t v;
    size_t digits = strcspn(line, ":");

    return (digits == 2 || digits == 3) &&
           text_number(&line, 16, PCI_CONFIG_BYTES - 1, &v) &&
           text_skip(&line, ": ") && text_number(&line, 16, 0xff, &v) &&
           (*line == ' ' || !*line);
}

bool lspci_like(const struct file *f)
{
    struct text_lines lines = {.text = (const char *)f->data, .size = f->size};
    char line[TEXT_LINE_BYTES];
    struct record_pci p;
    bool title = false;

    if (!text_like(f->data, f->size))
        return false;
    for (int i = 0; i < 128 && text_line(&lines, line); i++) {
        if (title && bytes_line(line))
            return true;
        title |= pci_address_decode(line, &p);
    }
    return false;
}

int lspci_read(struct draft *d, const struct file *f,
               struct record_error *error)
{
    struct pci_set s = {0};
    int rc = pcis_decode(f->name, (const char *)f->data, f->size, &s, error);

    for (size_t i = 0; !rc && i < s.nr; i++)
        if (s.pci[i].config.size)
            draft_pci(d,
                      &(struct draft_pci){.segment = s.pci[i].segment,
                                          .bus = s.pci[i].bus,
                                          .device = s.pci[i].device,
                                          .function = s.pci[i].function},
                      s.pci[i].config.data, s.pci[i].config.size);
    pcis_fini(&s);
    return rc;
}
