/*
 * SMBIOS: entry points and structures with their strings (DSP0134 3.7, 5.2 and
 * 6.1).
 */
#include "parse/machine.h"

#include <string.h>

enum { ENTRY_2_BYTES = 31, ENTRY_3_BYTES = 24, STRUCTURE_HEADER = 4 };
enum { TYPE_END = 127 };

static void entry_2(struct smbios *s)
{
    s->major = bytes_u8(s->entry, 6);
    s->minor = bytes_u8(s->entry, 7);
    s->said_length = bytes_u16(s->entry, 22);
    s->said_count = bytes_u16(s->entry, 28);
    s->entry_sum_ok = !bytes_sum(bytes_sub(s->entry, 0, bytes_u8(s->entry, 5)));
}

static void entry_3(struct smbios *s)
{
    s->major = bytes_u8(s->entry, 7);
    s->minor = bytes_u8(s->entry, 8);
    s->said_length = bytes_u32(s->entry, 12);
    s->entry_sum_ok = !bytes_sum(bytes_sub(s->entry, 0, bytes_u8(s->entry, 6)));
}

static void entry_decode(struct smbios *s)
{
    bool three = bytes_has(s->entry, 0, ENTRY_3_BYTES) &&
                 !memcmp(s->entry.p, "_SM3_", 5);
    bool two = !three && bytes_has(s->entry, 0, ENTRY_2_BYTES) &&
               !memcmp(s->entry.p, "_SM_", 4);

    s->has_entry = two || three;
    if (two)
        entry_2(s);
    if (three)
        entry_3(s);
}

/* Bytes of strings from `at`, their two zeros included; 0: no end. */
static size_t strings_length(struct bytes b, size_t at)
{
    for (size_t i = at; bytes_has(b, i, 2); i++) {
        if (!bytes_u16(b, i))
            return i + 2 - at;
    }
    return 0;
}

/* Takes the structure at *at; false: nothing more can be read. */
static bool structure_next(struct machine *m, size_t *at)
{
    struct smbios *s = &m->smbios;
    struct bytes b = s->raw;
    uint8_t type = bytes_u8(b, *at), length = bytes_u8(b, *at + 1);
    bool whole = length >= STRUCTURE_HEADER && bytes_has(b, *at, length);
    size_t strings = whole ? strings_length(b, *at + length) : 0;

    if (!strings || s->structures == STRUCTURES_MAX) {
        enum flaw_kind kind = strings                     ? FLAW_TOO_MANY
                              : length < STRUCTURE_HEADER ? FLAW_ENTRY_EMPTY
                                                          : FLAW_ENTRY_BEYOND;

        machine_flaw(m, kind, "SMBIOS", s->file, (uint32_t)*at, type, length);
        return false;
    }
    s->structure[s->structures++] = (struct structure){
        .type = type,
        .length = length,
        .handle = bytes_u16(b, *at + 2),
        .offset = (uint32_t)*at,
        .formatted = bytes_sub(b, *at, length),
        .strings = bytes_sub(b, *at + length, strings - 2),
    };
    s->ended = type == TYPE_END;
    *at += length + strings;
    return !s->ended;
}

void machine_decode_smbios(struct machine *m, const char *file,
                           struct bytes entry, struct bytes raw)
{
    struct smbios *s = &m->smbios;
    size_t at = 0;

    s->file = file;
    s->entry = entry;
    s->raw = raw;
    entry_decode(s);
    while (bytes_has(raw, at, STRUCTURE_HEADER) && structure_next(m, &at))
        ;
}

const struct structure *smbios_find(const struct smbios *s, uint8_t type,
                                    const struct structure *after)
{
    const struct structure *t = after ? after + 1 : s->structure;

    for (; t < s->structure + s->structures; t++) {
        if (t->type == type)
            return t;
    }
    return NULL;
}

bool structure_string(const struct structure *t, uint8_t nr, char *text,
                      size_t size)
{
    size_t at = 0;

    text[0] = 0;
    if (!nr)
        return true;
    for (uint8_t i = 1; at < t->strings.n; i++) {
        const uint8_t *start = t->strings.p + at;
        const uint8_t *end = memchr(start, 0, t->strings.n - at);
        size_t length = end ? (size_t)(end - start) : t->strings.n - at;

        if (i == nr) {
            size_t keep = length < size ? length : size - 1;

            bytes_text(t->strings, at, keep, text);
            return true;
        }
        at += length + 1;
    }
    return false;
}
