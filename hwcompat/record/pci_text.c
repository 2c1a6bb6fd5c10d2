/* Configuration space of PCI functions as `lspci -xxxx` prints it. */
#include "record/pci_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/error.h"
#include "record/text.h"

void pcis_fini(struct pci_set *s)
{
    for (size_t i = 0; i < s->nr; i++)
        free((void *)s->pci[i].config.data);
    free(s->pci);
    *s = (struct pci_set){0};
}

bool pci_address_decode(const char *line, struct record_pci *out)
{
    uint64_t v[4] = {0};
    const char *p = line;
    int i = 0;

    if (strcspn(line, ":.") > 2) {
        if (!text_number(&p, 16, UINT32_MAX, &v[i++]) || !text_skip(&p, ":"))
            return false;
    } else {
        i = 1;
    }
    if (!text_number(&p, 16, 0xff, &v[1]) || !text_skip(&p, ":") ||
        !text_number(&p, 16, 0x1f, &v[2]) || !text_skip(&p, ".") ||
        !text_number(&p, 16, 7, &v[3]) || (*p && *p != ' '))
        return false;
    *out = (struct record_pci){.segment = (uint32_t)v[0],
                               .bus = (uint8_t)v[1],
                               .device = (uint8_t)v[2],
                               .function = (uint8_t)v[3]};
    return true;
}

static int pci_add(struct pci_set *s, const struct record_pci *p)
{
    struct record_pci *more;

    if (s->nr == RECORD_FILES_MAX)
        return -E2BIG;
    if (s->nr == s->room) {
        size_t room = s->room ? s->room * 2 : 32;

        more = realloc(s->pci, room * sizeof(*more));
        if (!more)
            return -ENOMEM;
        s->pci = more;
        s->room = room;
    }
    s->pci[s->nr++] = *p;
    return 0;
}

/* "10: 00 01 ...": 16 bytes that follow those before. */
static int bytes_decode(const char *p, struct record_pci *f)
{
    uint64_t offset, byte;
    uint8_t *data;

    if (!text_number(&p, 16, PCI_CONFIG_BYTES - 1, &offset) ||
        !text_skip(&p, ":") || offset != f->config.size ||
        offset + 16 > PCI_CONFIG_BYTES)
        return -EINVAL;
    data = realloc((void *)f->config.data, f->config.size + 16);
    if (!data)
        return -ENOMEM;
    f->config.data = data;
    for (int i = 0; *p; i++) {
        if (i == 16 || !text_skip(&p, " ") || !text_number(&p, 16, 0xff, &byte))
            return -EINVAL;
        data[f->config.size++] = (uint8_t)byte;
    }
    return 0;
}

int pcis_decode(const char *file, const char *text, size_t size,
                struct pci_set *s, struct record_error *error)
{
    struct text_lines lines = {.text = text, .size = size};
    char line[TEXT_LINE_BYTES];
    struct record_pci f;
    int rc;

    while (text_line(&lines, line)) {
        if (!*line || *line == '\t')
            continue;
        if (pci_address_decode(line, &f))
            rc = pci_add(s, &f);
        else
            rc = s->nr ? bytes_decode(line, &s->pci[s->nr - 1]) : -EINVAL;
        if (rc)
            return record_fail(error, rc,
                               "%s: offset %zu: not what lspci "
                               "-xxxx prints",
                               file, lines.line);
    }
    return 0;
}
