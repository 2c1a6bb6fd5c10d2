/*
 * What acpiexec and iasl print, line by line (ACPICA 20200925, nsdump.c,
 * dbexec.c): objects, values, errors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aml/aml.h"

enum {
    DEPTH_MAX = 64,
    SEGMENT = 4,
    LINE_BYTES = 512,
    FIRST_ROOM = 1024,
    WORDS_MAX = 16,
};

/* --- Lines and words -------------------------------------------------------- */
struct lines {
    const char *p, *end;
    char text[LINE_BYTES]; /* cut, with its end */
};

static bool line_next(struct lines *l)
{
    const char *nl;
    size_t len, keep;

    if (l->p >= l->end)
        return false;
    nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
    len = (size_t)((nl ? nl : l->end) - l->p);
    keep = len < LINE_BYTES - 1 ? len : LINE_BYTES - 1;
    for (size_t i = 0; i < keep; i++)
        l->text[i] = l->p[i] >= ' ' && l->p[i] <= '~' ? l->p[i] : ' ';
    l->text[keep] = '\0';
    l->p += len + 1;
    return true;
}

/* The next word of *p, cut to `size`; false: there is none. */
static bool word_next(const char **p, char *word, size_t size)
{
    size_t len;

    *p += strspn(*p, " ");
    len = strcspn(*p, " ");
    if (!len)
        return false;
    (void)snprintf(word, size, "%.*s", (int)(len < size ? len : size - 1), *p);
    *p += len;
    return true;
}

/* What follows `key` as a hexadecimal number; false: no such key. */
static bool number_after(const char *line, const char *key, uint64_t *out)
{
    const char *at = strstr(line, key);

    if (!at)
        return false;
    *out = strtoull(at + strlen(key), NULL, 16);
    return true;
}

/* --- Paths ------------------------------------------------------------------ */
/* A segment without the padding that some commands print and some do not. */
static size_t segment_length(const char *s, size_t len)
{
    while (len > 1 && s[len - 1] == '_')
        len--;
    return len;
}

/* "\_SB_.PCI0" becomes "\_SB.PCI0"; false: too long. */
static bool path_copy(const char *from, char to[AML_PATH_BYTES])
{
    size_t out = 0;

    if (*from == '\\' || *from == '^')
        to[out++] = *from++;
    while (*from) {
        size_t len = strcspn(from, ". "), keep = segment_length(from, len);

        if (out + keep + 2 > AML_PATH_BYTES)
            return false;
        memcpy(to + out, from, keep);
        out += keep;
        from += len;
        if (*from != '.')
            break;
        to[out++] = *from++;
    }
    to[out] = '\0';
    return true;
}

void aml_parent(const char *path, char parent[AML_PATH_BYTES])
{
    const char *dot = strrchr(path, '.');
    size_t len = dot ? (size_t)(dot - path) : *path == '\\';

    memcpy(parent, path, len);
    parent[len] = '\0';
}

/* --- Objects ---------------------------------------------------------------- */
static const struct {
    const char *name;
    enum aml_kind kind;
} kinds[] = {
    {"Scope", AML_SCOPE},     {"Device", AML_DEVICE},
    {"Method", AML_METHOD},   {"Processor", AML_PROCESSOR},
    {"Package", AML_PACKAGE}, {"Integer", AML_INTEGER},
    {"String", AML_STRING},   {"Buffer", AML_BUFFER},
    {"Region", AML_REGION},
};

static enum aml_kind kind_of(const char *word)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(word, kinds[i].name) == 0)
            return kinds[i].kind;
    return AML_OTHER;
}

static void text_read(struct aml_object *o, const char *line)
{
    const char *quote = strchr(line, '"');

    if (quote)
        (void)snprintf(o->text, sizeof(o->text), "%.*s",
                       (int)strcspn(quote + 1, "\""), quote + 1);
}

static void region_read(struct aml_object *o, const char *line)
{
    o->space = strstr(line, "[SystemMemory]") ? AML_MEMORY
               : strstr(line, "[SystemIO]")   ? AML_IO
               : strstr(line, "[PCI_Config]") ? AML_CONFIG
                                              : AML_SPACE_OTHER;
    (void)number_after(line, "Addr ", &o->value);
    (void)number_after(line, "Len ", &o->length);
}

static int object_add(struct aml *a, const char *path, const char *kind,
                      const char *line)
{
    struct aml_object *o;

    if (a->objects == AML_OBJECTS_MAX)
        return 0;
    if (a->objects == a->room) {
        size_t room = a->room ? a->room * 2 : FIRST_ROOM;

        o = realloc(a->object, room * sizeof(*o));
        if (!o)
            return -ENOMEM;
        a->object = o;
        a->room = room;
    }
    o = &a->object[a->objects];
    *o = (struct aml_object){.kind = kind_of(kind)};
    if (!path_copy(path, o->path))
        return 0;
    if (o->kind == AML_REGION)
        region_read(o, line);
    else if (o->kind == AML_STRING)
        text_read(o, line);
    else if (o->kind == AML_PROCESSOR)
        (void)number_after(line, "ID ", &o->value);
    else if (o->kind == AML_PACKAGE)
        (void)number_after(line, "Elements ", &o->value);
    else
        (void)number_after(line, "= ", &o->value);
    a->objects++;
    return 0;
}

/* --- The namespace, as a tree ----------------------------------------------- */
struct tree {
    char name[DEPTH_MAX][SEGMENT + 1];
};

/* " 2      HI0_ Integer  0x55.. 002 = 00": a level, a name of four, a kind. */
static int tree_line(struct aml *a, struct tree *t, const char *line)
{
    char path[AML_PATH_BYTES] = "\\", name[SEGMENT + 2], kind[AML_TEXT_BYTES];
    char *after;
    unsigned long level = strtoul(line, &after, 16);
    const char *p = after;
    size_t len = 1;

    if (after == line || *after != ' ' || level >= DEPTH_MAX ||
        !word_next(&p, name, sizeof(name)) || strlen(name) != SEGMENT ||
        !word_next(&p, kind, sizeof(kind)))
        return 0;
    memcpy(t->name[level], name, sizeof(t->name[level]));
    for (unsigned long i = 0; i <= level && len + SEGMENT + 2 < sizeof(path);
         i++)
        len += (size_t)snprintf(path + len, sizeof(path) - len, "%s%.4s",
                                i ? "." : "", t->name[i]);
    return object_add(a, path, kind, p);
}

/* "\_SB.PCI0._HID Integer 0x.. 001 = 00000000080AD041" */
static int found_line(struct aml *a, const char *line)
{
    char path[AML_PATH_BYTES], kind[AML_TEXT_BYTES];
    const char *p = line;

    if (!word_next(&p, path, sizeof(path)) ||
        !word_next(&p, kind, sizeof(kind)))
        return 0;
    return object_add(a, path, kind, p);
}

/* --- Errors ----------------------------------------------------------------- */
static const struct {
    const char *words;
    enum aml_error_kind kind;
} error_kinds[] = {
    {"Outstanding", AML_ERROR_NONE},
    {"During name lookup", AML_ERROR_NONE}, /* says the line before again */
    {"Aborting method", AML_ERROR_RUN},
    {"Method execution failed", AML_ERROR_RUN},
    {"AE_AML_LOOP_TIMEOUT", AML_ERROR_RUN},
    {"While resolving operands", AML_ERROR_RUN},
    {"No object attached", AML_ERROR_RUN},
    {"AE_ALREADY_EXISTS", AML_ERROR_TWICE},
    {"AE_NOT_FOUND", AML_ERROR_MISSING},
    {"AE_AML_BAD_OPCODE", AML_ERROR_OPCODE},
    {"nvalid AML opcode", AML_ERROR_OPCODE},
    {"Unknown opcode", AML_ERROR_OPCODE},
    {"nvalid opcode", AML_ERROR_OPCODE},
    {"table install failed", AML_ERROR_LOAD},
    {"is too long for file", AML_ERROR_LOAD},
    {"table load failed", AML_ERROR_LOAD},
    {"AE_AML", AML_ERROR_LOAD},
};

static enum aml_error_kind error_kind(const char *line)
{
    for (size_t i = 0; i < sizeof(error_kinds) / sizeof(*error_kinds); i++)
        if (strstr(line, error_kinds[i].words))
            return error_kinds[i].kind;
    return AML_ERROR_RUN;
}

/* The tool's own addresses are other ones each time. */
static void pointers_drop(char *text)
{
    for (char *p = text; (p = strstr(p, " 0x")); p++) {
        size_t digits = strspn(p + 3, "0123456789abcdefABCDEF");

        if (digits > 8)
            memmove(p, p + 3 + digits, strlen(p + 3 + digits) + 1);
    }
}

/* "Firmware Error (ACPI): what (20200925/file-line)": without the place. */
static void error_add(struct aml *a, const char *line)
{
    enum aml_error_kind kind = error_kind(line);
    const char *place = strstr(line, " (2020");
    struct aml_error *e;

    if (kind == AML_ERROR_NONE || a->errors == AML_ERRORS_MAX)
        return;
    e = &a->error[a->errors++];
    e->kind = kind;
    (void)snprintf(e->text, sizeof(e->text), "%.*s",
                   place ? (int)(place - line) : AML_ERROR_BYTES - 1, line);
    pointers_drop(e->text);
}

/* ACPICA's two voices. */
static bool is_error(const char *line)
{
    return !strncmp(line, "ACPI Error", 10) ||
           !strncmp(line, "Firmware Error", 14) ||
           !strncmp(line, "ACPI BIOS Error", 15) ||
           !strncmp(line, "**** Exception", 14);
}

int aml_read_namespace(struct aml *a, const char *text, size_t len)
{
    struct lines l = {.p = text, .end = text + len};
    struct tree tree = {{""}};
    bool in_tree = false;
    int rc = 0;

    while (!rc && line_next(&l)) {
        const char *p = l.text + strspn(l.text, " ");

        if (!strncmp(l.text, "ACPI Namespace", 14))
            in_tree = true;
        else if (is_error(l.text))
            error_add(a, l.text);
        else if (*p == '\\' && in_tree)
            rc = found_line(a, p);
        else if (in_tree && *l.text == ' ')
            rc = tree_line(a, &tree, l.text);
    }
    return rc;
}

/* --- Asking ----------------------------------------------------------------- */
static int by_path(const void *a, const void *b)
{
    const struct aml_object *x = a, *y = b;

    return strcmp(x->path, y->path);
}

const struct aml_object *aml_find(const struct aml *a, const char *path)
{
    struct aml_object key = {.path = ""};

    (void)snprintf(key.path, sizeof(key.path), "%s", path);
    return a->objects
               ? bsearch(&key, a->object, a->objects, sizeof(key), by_path)
               : NULL;
}

const struct aml_object *aml_next(const struct aml *a, const char *name,
                                  size_t *at)
{
    for (; *at < a->objects; ++*at) {
        const char *path = a->object[*at].path, *last = strrchr(path, '.');

        last = last ? last + 1 : path + (*path == '\\');
        if (strcmp(last, name) == 0)
            return &a->object[(*at)++];
    }
    return NULL;
}

/* EISA's compressed form: three letters of five bits, four digits. */
static uint64_t eisa_id(const char *id)
{
    uint32_t v = (uint32_t)(id[0] - '@') << 26 | (uint32_t)(id[1] - '@') << 21 |
                 (uint32_t)(id[2] - '@') << 16 |
                 (uint32_t)strtoul(id + 3, NULL, 16);

    return __builtin_bswap32(v);
}

bool aml_is_id(const struct aml_object *o, const char *id)
{
    if (o->kind == AML_STRING)
        return strcmp(o->text, id) == 0;
    return o->kind == AML_INTEGER && o->value == eisa_id(id);
}

static void host_add(struct aml *a, const struct aml_object *o)
{
    char parent[AML_PATH_BYTES];

    aml_parent(o->path, parent);
    for (size_t i = 0; i < a->hosts; i++)
        if (strcmp(a->host[i].path, parent) == 0)
            return;
    if (a->hosts < AML_HOSTS_MAX && *parent)
        memcpy(a->host[a->hosts++].path, parent, sizeof(parent));
}

void aml_settle(struct aml *a)
{
    static const char *const names[] = {"_HID", "_CID"};
    const struct aml_object *o;
    size_t keep = 0;

    if (a->objects)
        qsort(a->object, a->objects, sizeof(*a->object), by_path);
    /* What find tells again. */
    for (size_t i = 0; i < a->objects; i++)
        if (!keep || by_path(&a->object[keep - 1], &a->object[i]))
            a->object[keep++] = a->object[i];
    a->objects = keep;
    for (size_t n = 0; n < 2; n++)
        for (size_t at = 0; (o = aml_next(a, names[n], &at));)
            if (aml_is_id(o, "PNP0A03") || aml_is_id(o, "PNP0A08"))
                host_add(a, o);
}

/* --- Values ----------------------------------------------------------------- */
struct values {
    struct aml_host *host; /* whose _CRS or _PRT comes next; NULL: _S5 */
    bool crs, s5, wanted, seen, buffer;
    int ones;
};

static struct aml_host *host_of(struct aml *a, const char *path)
{
    char parent[AML_PATH_BYTES];

    aml_parent(path, parent);
    for (size_t i = 0; i < a->hosts; i++)
        if (strcmp(a->host[i].path, parent) == 0)
            return &a->host[i];
    return NULL;
}

/* "Evaluating \_SB.PCI0._CRS": what the lines after it are about. */
static void value_begin(struct aml *a, struct values *v, const char *name)
{
    char path[AML_PATH_BYTES];
    const char *last;

    *v = (struct values){.ones = v->ones};
    if (!path_copy(name, path))
        return;
    last = strrchr(path, '.');
    v->s5 = strcmp(path, "\\_S5") == 0;
    v->host = last ? host_of(a, path) : NULL;
    v->crs = last && strcmp(last, "._CRS") == 0;
    v->wanted = v->s5 || v->host;
}

static void value_end(struct aml *a, struct values *v, enum aml_result result)
{
    if (v->s5)
        a->s5 = result;
    else if (v->crs)
        v->host->crs[v->ones] = result;
    else
        v->host->prt[v->ones] = result;
}

/* "    0010: 87 17 00 // ..": bytes of a buffer, in order. */
static void bytes_line(struct values *v, const char *line)
{
    uint8_t *to = v->host->window[v->ones];
    size_t *n = &v->host->window_bytes[v->ones];
    const char *p = strchr(line, ':');
    char *after;

    for (p = p ? p + 1 : ""; *n < AML_CRS_BYTES; p = after) {
        unsigned long byte = strtoul(p, &after, 16);

        if (after == p || byte > 255)
            return;
        to[(*n)++] = (uint8_t)byte;
    }
}

static void value_line(struct aml *a, struct values *v, const char *line)
{
    const char *p = line + strspn(line, " ");
    uint64_t value;

    if (!strncmp(p, "Evaluation of ", 14)) {
        v->seen = strstr(p, " returned object");
        value_end(a, v, v->seen ? AML_VALUE : AML_NO_VALUE);
    }
    if (v->s5 && v->seen && number_after(p, "[Integer] = ", &value)) {
        a->s5_value = value;
        v->wanted = false; /* the first one is the type */
    }
    if (v->crs && v->seen && !strncmp(p, "[Buffer] Length", 15)) {
        v->buffer = true;
        bytes_line(v, p); /* a short one is on this line */
    } else if (v->buffer && p > line) {
        bytes_line(v, p);
    } else {
        v->buffer = false;
    }
}

void aml_read_values(struct aml *a, const char *text, size_t len, int ones)
{
    struct lines l = {.p = text, .end = text + len};
    struct values v = {.ones = ones};

    while (line_next(&l)) {
        if (!strncmp(l.text, "Evaluating ", 11))
            value_begin(a, &v, l.text + 11);
        else if (v.wanted)
            value_line(a, &v, l.text);
    }
}

/* --- Source ----------------------------------------------------------------- */
static void osi_add(struct aml *a, const char *text)
{
    char name[AML_TEXT_BYTES];

    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "\""), text);
    for (size_t i = 0; i < a->osis; i++)
        if (strcmp(a->osi[i], name) == 0)
            return;
    if (a->osis < AML_STRINGS_MAX)
        memcpy(a->osi[a->osis++], name, sizeof(name));
}

void aml_read_source(struct aml *a, const char *text, size_t len)
{
    struct lines l = {.p = text, .end = text + len};

    while (line_next(&l)) {
        const char *osi = strstr(l.text, "_OSI (\"");

        if (osi)
            osi_add(a, osi + 7);
        a->uses_rev |= strstr(l.text, "_REV ") || strstr(l.text, "(_REV");
        a->loads_tables |=
            strstr(l.text, " Load (") || strstr(l.text, "LoadTable (");
    }
}

/* The bytes of a table, or the table itself. */
void aml_read_parser(struct aml *a, const char *text, size_t len)
{
    struct lines l = {.p = text, .end = text + len};

    while (line_next(&l)) {
        bool bad = strstr(l.text, "Unknown opcode") ||
                   strstr(l.text, "Could not parse ACPI tables, AE_AML");

        if (strstr(l.text, "is too long for file"))
            error_add(a, l.text);
        if (!bad || *a->parser)
            continue;
        (void)snprintf(a->parser, sizeof(a->parser), "%.*s",
                       AML_ERROR_BYTES - 1, l.text);
        a->parse = AML_FAILED;
    }
}
