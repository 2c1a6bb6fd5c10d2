/* The few names of a machine that everything prints, out of its SMBIOS. */
#include "record/smbios_names.h"

#include <errno.h>
#include <string.h>

/* Where names are (DMTF DSP0134, 7.1 to 7.3). */
static const struct {
    uint8_t type, field;
} places[] = {
    [SMBIOS_BIOS_VENDOR] = {0, 4}, [SMBIOS_BIOS_VERSION] = {0, 5},
    [SMBIOS_BIOS_DATE] = {0, 8},   [SMBIOS_VENDOR] = {1, 4},
    [SMBIOS_PRODUCT] = {1, 5},     [SMBIOS_BOARD] = {2, 5},
};

int smbios_next(uint8_t *data, size_t size, size_t *offset,
                struct smbios_structure *s)
{
    size_t at = *offset;

    if (!data || at >= size || size - at < 4 || data[at + 1] < 4 ||
        data[at + 1] > size - at)
        return -ENOENT;
    *s = (struct smbios_structure){
        .type = data[at],
        .length = data[at + 1],
        .handle = (uint16_t)(data[at + 2] | data[at + 3] << 8),
        .data = data + at,
    };
    at += s->length;
    s->strings = data + at;
    while (at + 1 < size && (data[at] || data[at + 1]))
        at++;
    s->end = at + 1 < size ? data + at + 1 : data + size;
    *offset = at + 1 < size ? at + 2 : size;
    return 0;
}

char *smbios_string(const struct smbios_structure *s, size_t field, size_t *len)
{
    unsigned int nr = field < s->length ? s->data[field] : 0;
    uint8_t *p = s->strings;

    while (nr && p < s->end) {
        uint8_t *end = memchr(p, 0, (size_t)(s->end - p));
        size_t n = (size_t)((end ? end : s->end) - p);

        if (!n)
            return NULL;
        if (!--nr) {
            *len = n;
            return (char *)p;
        }
        p += n + 1;
    }
    return NULL;
}

void smbios_names_read(const uint8_t *data, size_t size,
                       struct smbios_names *out)
{
    struct smbios_structure s;
    size_t offset = 0, len;

    memset(out, 0, sizeof(*out));
    /* Nothing writes; the cast serves those who do. */
    while (smbios_next((uint8_t *)data, size, &offset, &s) == 0)
        for (int i = 0; i < SMBIOS_NAMES; i++) {
            const char *text = s.type == places[i].type && !out->text[i][0]
                                   ? smbios_string(&s, places[i].field, &len)
                                   : NULL;

            if (!text)
                continue;
            len = len < sizeof(out->text[i]) ? len : sizeof(out->text[i]) - 1;
            for (size_t k = 0; k < len; k++)
                out->text[i][k] =
                    text[k] >= ' ' && text[k] <= '~' ? text[k] : '?';
        }
}
