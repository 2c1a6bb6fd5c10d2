/* A structure of SMBIOS that is made again from a listing of its fields. */
#include "import/dmi_rebuild.h"

#include <string.h>

#include "record/text.h"

enum dmi_how {
    STRING,
    BYTE,
    WORD,
    BYTES,
    UUID,
    HALVES,
    SEGMENT,
    ROM,
    MIB,
    KIB,
    KIB_ADDRESS,
    KIB_END,
    ADDRESS,
    ENUM_WAKE,
    ENUM_BOARD,
    ENUM_CHASSIS,
    ENUM_STATE,
    ENUM_PROCESSOR,
    ENUM_SOCKET,
    ENUM_FORM,
    ENUM_MEMORY,
};

static const struct {
    uint8_t type;
    const char *name;
    uint8_t offset;
    enum dmi_how how;
} fields[] = {
#define FIELD(t, n, o, h) {.type = t, .name = n, .offset = o, .how = h},
#include "import/dmi_fields.def"
#undef FIELD
};

static const struct {
    enum dmi_how list;
    uint8_t value;
    const char *name;
} enums[] = {
#define ENUM(l, v, n) {.list = ENUM_##l, .value = v, .name = n},
#define BIT(byte, bit, line)
#include "import/dmi_enums.def"
#undef BIT
#undef ENUM
};

static const struct {
    uint8_t offset, bit;
    const char *line;
} bits[] = {
#define ENUM(list, value, name)
#define BIT(o, b, l) {.offset = o, .bit = b, .line = l},
#include "import/dmi_enums.def"
#undef BIT
#undef ENUM
};

void dmi_begin(struct dmi_structure *s, uint16_t handle, uint8_t type,
               uint8_t length)
{
    *s = (struct dmi_structure){.open = true, .type = type, .length = length};
    s->data[0] = type;
    s->data[1] = length;
    s->data[2] = (uint8_t)handle;
    s->data[3] = (uint8_t)(handle >> 8);
}

unsigned int dmi_string(struct dmi_structure *s, const char *text)
{
    size_t len = strlen(text) + 1;

    if (len == 1 || s->strings_bytes + len > sizeof(s->strings) ||
        s->strings_nr == 255)
        return 0;
    memcpy(s->strings + s->strings_bytes, text, len);
    s->strings_bytes += len;
    return ++s->strings_nr;
}

/* Little-endian, if that is within the structure. */
static void put(struct dmi_structure *s, size_t offset, int bytes,
                uint64_t value)
{
    if (offset + (size_t)bytes > s->length)
        return;
    for (int i = 0; i < bytes; i++)
        s->data[offset + (size_t)i] = (uint8_t)(value >> 8 * i);
}

static bool number(const char *value, uint64_t *out)
{
    const char *p = value;

    return strncmp(value, "0x", 2) == 0 ? text_hex(&p, UINT64_MAX, out)
                                        : text_number(&p, 10, UINT64_MAX, out);
}

/* "16384 MB", "8 GB", "64 kB": in KiB. */
static bool size_kib(const char *value, uint64_t *out)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{" kB", 0}, {" MB", 10}, {" GB", 20}, {" TB", 30}};
    const char *p = value;

    if (!text_number(&p, 10, UINT32_MAX, out))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strncmp(p, units[i].name, 3) == 0) {
            *out <<= units[i].shift;
            return true;
        }
    return false;
}

static void put_string(struct dmi_structure *s, size_t offset,
                       const char *value)
{
    /* How dmidecode says that there is no string. */
    if (strcmp(value, "Not Specified") != 0 && offset < s->length)
        s->data[offset] = (uint8_t)dmi_string(s, value);
}

static void put_bytes(struct dmi_structure *s, size_t offset, const char *value)
{
    uint64_t byte;

    while (text_number(&value, 16, 0xff, &byte)) {
        put(s, offset++, 1, byte);
        text_blanks(&value);
    }
}

/* The first three groups are little-endian, since version 2.6. */
static void put_uuid(struct dmi_structure *s, size_t offset, const char *value)
{
    static const uint8_t place[] = {3, 2, 1,  0,  5,  4,  7,  6,
                                    8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t bytes[16];
    char digits[3] = "";

    for (size_t i = 0; i < sizeof(bytes); i++) {
        const char *p = digits;
        uint64_t byte;

        value += *value == '-';
        digits[0] = value[0];
        digits[1] = value[0] ? value[1] : '\0';
        if (!text_number(&p, 16, 0xff, &byte) || *p || p != digits + 2)
            return;
        bytes[place[i]] = (uint8_t)byte;
        value += 2;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        put(s, offset + i, 1, bytes[i]);
}

static void put_halves(struct dmi_structure *s, size_t offset,
                       const char *value)
{
    uint64_t major, minor;

    if (text_number(&value, 10, 0xff, &major) && text_skip(&value, ".") &&
        text_number(&value, 10, 0xff, &minor)) {
        put(s, offset, 1, major);
        put(s, offset + 1, 1, minor);
    }
}

/* "0000:02:1f.3": segment, bus, device and function. */
static void put_address(struct dmi_structure *s, size_t offset,
                        const char *value)
{
    uint64_t v[4];
    static const char *const between[] = {":", ":", ".", ""};

    for (int i = 0; i < 4; i++)
        if (!text_number(&value, 16, 0xffff, &v[i]) ||
            !text_skip(&value, between[i]))
            return;
    put(s, offset, 2, v[0]);
    put(s, offset + 2, 1, v[1]);
    put(s, offset + 3, 1, (v[2] & 0x1f) << 3 | (v[3] & 7));
}

static void put_enum(struct dmi_structure *s, size_t offset, enum dmi_how list,
                     const char *value)
{
    for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++)
        if (enums[i].list == list && strcmp(enums[i].name, value) == 0)
            put(s, offset, 1, enums[i].value);
}

/* DSP0134 7.18.2: what does not fit is in the extended size. */
static void put_memory(struct dmi_structure *s, size_t offset,
                       const char *value)
{
    uint64_t kib;

    if (!size_kib(value, &kib))
        return;
    if (kib >> 10 < 0x7fff) {
        put(s, offset, 2, kib >> 10);
    } else {
        put(s, offset, 2, 0x7fff);
        put(s, 0x1c, 4, kib >> 10);
    }
}

/* DSP0134 7.1: from 16 MB on the size is in a field of its own, in MiB. */
static void put_rom(struct dmi_structure *s, size_t offset, const char *value)
{
    uint64_t kib;

    if (!size_kib(value, &kib))
        return;
    put(s, offset, 1, kib >= 64 && kib < 16 << 10 ? kib / 64 - 1 : 0xff);
    if (kib >= 16 << 10)
        put(s, 0x18, 2, kib >> 10);
}

static void put_kib(struct dmi_structure *s, size_t offset, const char *value)
{
    uint64_t kib;

    if (size_kib(value, &kib))
        put(s, offset, 4, kib < 0x80000000 ? kib : 0x80000000);
}

static void put_number(struct dmi_structure *s, size_t offset, enum dmi_how how,
                       const char *value)
{
    uint64_t v;

    if (!number(value, &v))
        return;
    if (how == BYTE)
        put(s, offset, 1, v < 0xff ? v : 0xff);
    else if (how == WORD)
        put(s, offset, 2, v < 0xffff ? v : 0xffff);
    else if (how == SEGMENT)
        put(s, offset, 2, v >> 4);
    else if (how == KIB_ADDRESS)
        put(s, offset, 4, v >> 10);
    else if (how == KIB_END)
        put(s, offset, 4, v >> 10);
}

static void value_put(struct dmi_structure *s, size_t offset, enum dmi_how how,
                      const char *value)
{
    static void (*const puts[])(struct dmi_structure *, size_t,
                                const char *) = {
        [STRING] = put_string, [BYTES] = put_bytes,     [UUID] = put_uuid,
        [ROM] = put_rom,       [MIB] = put_memory,      [KIB] = put_kib,
        [HALVES] = put_halves, [ADDRESS] = put_address,
    };

    if (how >= ENUM_WAKE)
        put_enum(s, offset, how, value);
    else if (how < sizeof(puts) / sizeof(puts[0]) && puts[how])
        puts[how](s, offset, value);
    else
        put_number(s, offset, how, value);
}

bool dmi_field(struct dmi_structure *s, const char *name, const char *value)
{
    if ((s->type == 11 || s->type == 12) &&
        (strncmp(name, "String ", 7) == 0 ||
         strncmp(name, "Option ", 7) == 0)) {
        put(s, 4, 1, dmi_string(s, value));
        return true;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].type == s->type && strcmp(fields[i].name, name) == 0) {
            value_put(s, fields[i].offset, fields[i].how, value);
            return true;
        }
    return false;
}

void dmi_line(struct dmi_structure *s, const char *line)
{
    for (size_t i = 0; s->type == 0 && i < sizeof(bits) / sizeof(bits[0]); i++)
        if (strcmp(bits[i].line, line) == 0 && bits[i].offset < s->length)
            s->data[bits[i].offset] |= (uint8_t)(1U << bits[i].bit);
}

size_t dmi_end(struct dmi_structure *s, uint8_t out[DMI_BYTES_MAX])
{
    size_t size = s->length;

    memcpy(out, s->data, size);
    memcpy(out + size, s->strings, s->strings_bytes);
    size += s->strings_bytes;
    if (!s->strings_bytes)
        out[size++] = '\0';
    out[size++] = '\0';
    s->open = false;
    return size;
}
