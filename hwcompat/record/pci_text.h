/* Configuration space of PCI functions as `lspci -xxxx` prints it. */
#ifndef RECORD_PCI_TEXT_H
#define RECORD_PCI_TEXT_H

#include "hwcompat/record.h"

enum {
    PCI_CONFIG_BYTES = 4096,
};

/* Functions in their order in the text; the bytes are the set's. */
struct pci_set {
    struct record_pci *pci;
    size_t nr, room;
};

void pcis_fini(struct pci_set *s);
int pcis_decode(const char *file, const char *text, size_t size,
                struct pci_set *s, struct record_error *error);
/* "0000:00:1f.2", or without a segment, at the start of the line. */
bool pci_address_decode(const char *line, struct record_pci *out);

#endif
