/*
 * CPU data as libvirt keeps it: XML with leaves and MSRs, JSON with the names
 * that QEMU gives to features.
 *
 * The XML is a CPU. The JSON is what a QEMU on that CPU would give to a guest:
 * the leaves that its words stand for are made of it, and the record says so.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

#include "cpu/featureset.h"
#include "import/import.h"
#include "record/error.h"
#include "record/text.h"

enum {
    XML_BYTES_MAX = 1 << 20,
    BASE_BYTES = 13,
    BRAND_BYTES = 48,
};

bool libvirt_xml_like(const struct file *f)
{
    return f->size < XML_BYTES_MAX && text_like(f->data, f->size) &&
           memmem(f->data, f->size, "<cpudata", 8);
}

/* A number of 32 bits; 0 where there is none. */
static uint32_t attribute(xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetProp(node, (const xmlChar *)name);
    const char *p = (const char *)text;
    uint64_t v = 0;

    if (text && !text_hex(&p, UINT32_MAX, &v))
        v = 0;
    xmlFree(text);
    return (uint32_t)v;
}

static void node_read(struct draft *d, xmlNode *node)
{
    bool old = xmlHasProp(node, (const xmlChar *)"function");

    if (strcmp((const char *)node->name, "cpuid") == 0) {
        struct record_leaf l = {
            .leaf = attribute(node, old ? "function" : "eax_in"),
            .subleaf = attribute(node, "ecx_in"),
            .reg = {attribute(node, "eax"), attribute(node, "ebx"),
                    attribute(node, "ecx"), attribute(node, "edx")},
        };

        draft_cpuid(d, 0, &l);
    } else if (strcmp((const char *)node->name, "msr") == 0) {
        draft_msr(d, 0, attribute(node, "index"),
                  (uint64_t)attribute(node, "edx") << 32 |
                      attribute(node, "eax"));
    }
}

int libvirt_xml_read(struct draft *d, const struct file *f,
                     struct record_error *error)
{
    xmlDoc *doc = xmlReadMemory((const char *)f->data, (int)f->size, "", NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR |
                                    XML_PARSE_NOWARNING);
    const xmlError *why = xmlGetLastError();
    xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    int rc = 0;

    if (!root || strcmp((const char *)root->name, "cpudata") != 0)
        rc = record_fail(error, -EINVAL, "%s: offset 0: line %d: not CPU data",
                         f->name, why ? why->line : 1);
    for (xmlNode *n = rc ? NULL : root->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE)
            node_read(d, n);
    xmlFreeDoc(doc);
    return rc;
}

bool libvirt_json_like(const struct file *f)
{
    const char *p = (const char *)f->data;

    return f->size < XML_BYTES_MAX && text_like(f->data, f->size) &&
           p[strspn(p, " \t\r\n")] == '{' &&
           memmem(f->data, f->size, "\"props\"", 7);
}

/* Where QEMU's name is not Xen's. */
static const struct {
    const char *qemu, *xen;
} aliases[] = {
    {"pni", "SSE3"},
    {"pclmuldq", "PCLMULQDQ"},
    {"ds_cpl", "DSCPL"},
    {"est", "EIST"},
    {"i64", "LM"},
    {"xd", "NX"},
    {"ht", "HTT"},
    {"tm", "TM1"},
    {"pdpe1gb", "PAGE1GB"},
    {"avx512_vpopcntdq", "AVX512_VPOPCNTDQ"},
    {"avx512vnni", "AVX512_VNNI"},
    {"avx512bitalg", "AVX512_BITALG"},
    {"avx512vbmi2", "AVX512_VBMI2"},
    {"avx512vbmi", "AVX512_VBMI"},
    {"avx512ifma", "AVX512_IFMA"},
    {"avx512_4vnniw", "AVX512_4VNNIW"},
    {"avx512_4fmaps", "AVX512_4FMAPS"},
    {"avx512_bf16", "AVX512_BF16"},
    {"spec_ctrl", "IBRSB"},
    {"arch_capabilities", "ARCH_CAPS"},
    {"core_capability", "CORE_CAPS"},
    {"sha_ni", "SHA"},
    {"intel_pt", "PROC_TRACE"},
    {"fxsr_opt", "FFXSR"},
    {"cmp_legacy", "CMP_LEGACY"},
    {"misalignsse", "MISALIGNSSE"},
    {"invtsc", "ITSC"},
    {"cx16", "CX16"},
    {"lahf_lm", "LAHF_LM"},
    {"cr8legacy", "CR8_LEGACY"},
    {"abm", "ABM"},
    {"tsc_adjust", "TSC_ADJUST"},
    {"fsgsbase", "FSGSBASE"},
    {"syscall", "SYSCALL"},
    {"amd_ssbd", "AMD_SSBD"},
    {"ibpb", "IBPB"},
    {"perfctr_core", "PERFCTR_CORE"},
    {"3dnow", "3DNOW"},
};

static int feature_of(const char *name)
{
    char xen[64];
    size_t len = strlen(name);

    if (len >= sizeof(xen))
        return CPU_FEATURE_NONE;
    for (size_t i = 0; i <= len; i++)
        xen[i] = strchr("-.", name[i]) && name[i] ? '_' : name[i];
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcmp(aliases[i].qemu, xen) == 0)
            return cpu_feature_find(aliases[i].xen, strlen(aliases[i].xen));
    return cpu_feature_find(xen, len);
}

/* Where the words of a featureset are. */
static const struct {
    uint32_t leaf, subleaf;
    int reg; /* -1: an MSR */
} words[CPU_WORDS] = {
#define EAX                   0
#define EBX                   1
#define ECX                   2
#define EDX                   3
#define WORD(n, l, s, r)      [n] = {.leaf = l, .subleaf = s, .reg = r},
#define MSR_WORD(n, index, r) [n] = {.leaf = index, .reg = -1},
#define FEATURE(name, word, bit, guests)
#define NEEDS(name, other)
#include "cpu/featureset.def"
#undef NEEDS
#undef FEATURE
#undef MSR_WORD
#undef WORD
#undef EDX
#undef ECX
#undef EBX
#undef EAX
};

/* A leaf of the draft's first CPU; zeros if it is new. */
static struct record_leaf leaf_get(const struct draft *d, uint32_t leaf,
                                   uint32_t subleaf)
{
    const struct cpu_rows *c = cpus_find(&d->cpuid, 0);
    const struct record_leaf *l =
        c ? rows_find(c->row, c->nr, leaf, subleaf) : NULL;

    return l ? *l : (struct record_leaf){.leaf = leaf, .subleaf = subleaf};
}

static void words_put(struct draft *d, const struct cpu_features *f)
{
    for (int i = 0; i < CPU_WORDS; i++) {
        struct record_leaf l;

        if (words[i].reg < 0)
            continue;
        l = leaf_get(d, words[i].leaf, words[i].subleaf);
        l.reg[words[i].reg] = f->word[i];
        draft_cpuid(d, 0, &l);
    }
}

static uint32_t number_of(const cJSON *props, const char *name)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(props, name);

    return cJSON_IsNumber(v) && v->valuedouble >= 0 &&
                   v->valuedouble <= UINT32_MAX
               ? (uint32_t)v->valuedouble
               : 0;
}

static void text_put(uint32_t reg[], const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes && text[i]; i++)
        reg[i / 4] |= (uint32_t)(unsigned char)text[i] << i % 4 * 8;
}

/* SDM 2A, CPUID leaf 1: extended ones count when the others are full. */
static uint32_t signature_of(const cJSON *props)
{
    uint32_t family = number_of(props, "family");
    uint32_t model = number_of(props, "model");
    uint32_t rest = family > 0xf ? family - 0xf : 0;

    return rest << 20 | (model >> 4 & 0xf) << 16 |
           (family > 0xf ? 0xf : family) << 8 | (model & 0xf) << 4 |
           (number_of(props, "stepping") & 0xf);
}

static void identity_put(struct draft *d, const cJSON *props)
{
    const cJSON *vendor = cJSON_GetObjectItemCaseSensitive(props, "vendor");
    const cJSON *brand = cJSON_GetObjectItemCaseSensitive(props, "model-id");
    uint32_t name[4] = {0}, text[12] = {0};
    struct record_leaf l = leaf_get(d, 0, 0);

    if (cJSON_IsString(vendor))
        text_put(name, vendor->valuestring, BASE_BYTES - 1);
    l.reg[0] = number_of(props, "level");
    l.reg[1] = name[0];
    l.reg[3] = name[1];
    l.reg[2] = name[2];
    draft_cpuid(d, 0, &l);
    l = leaf_get(d, 1, 0);
    l.reg[0] = signature_of(props);
    draft_cpuid(d, 0, &l);
    l = leaf_get(d, 0x80000000, 0);
    l.reg[0] = number_of(props, "xlevel");
    draft_cpuid(d, 0, &l);
    if (!cJSON_IsString(brand))
        return;
    text_put(text, brand->valuestring, BRAND_BYTES);
    for (uint32_t i = 0; i < 3; i++) {
        l = leaf_get(d, 0x80000002 + i, 0);
        memcpy(l.reg, text + i * 4, sizeof(l.reg));
        draft_cpuid(d, 0, &l);
    }
}

static void props_read(struct draft *d, const cJSON *props)
{
    struct cpu_features f = {{0}};
    const cJSON *p;

    cJSON_ArrayForEach(p, props)
    {
        int feature =
            cJSON_IsTrue(p) ? feature_of(p->string) : CPU_FEATURE_NONE;

        if (feature != CPU_FEATURE_NONE)
            cpu_add(&f, feature);
    }
    words_put(d, &f);
    identity_put(d, props);
    draft_missing(d, RECORD_PART_CPUID,
                  "made of the features that QEMU names, of one CPU");
}

int libvirt_json_read(struct draft *d, const struct file *f,
                      struct record_error *error)
{
    const char *end = NULL;
    /* Replies follow each other; the first one is the model. */
    cJSON *root =
        cJSON_ParseWithLengthOpts((const char *)f->data, f->size, &end, false);
    const cJSON *props = cJSON_GetObjectItem(root, "return");

    props = props ? cJSON_GetObjectItem(props, "model")
                  : cJSON_GetObjectItem(root, "model");
    props = cJSON_GetObjectItem(props, "props");
    if (cJSON_IsObject(props))
        props_read(d, props);
    cJSON_Delete(root);
    return props ? 0
                 : record_fail(error, -EINVAL,
                               "%s: offset %td: not an expanded CPU model",
                               f->name, end ? end - (const char *)f->data : 0);
}
