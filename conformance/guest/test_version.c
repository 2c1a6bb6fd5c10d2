/* xen_version. Source: public/version.h. */
#include "suites.h"

static long version_op(int op, void *arg)
{
    return CALL2(__HYPERVISOR_xen_version, op, arg);
}

static void version(void)
{
    long v = version_op(XENVER_version, NULL);

    CHECK(v >> 16 == 4 && (v & 0xffff) >= 17);
}

static void extraversion(void)
{
    xen_extraversion_t text = {'x'};

    SAME(version_op(XENVER_extraversion, text), 0);
    CHECK(text[0] == '.' || text[0] == '-' || text[0] == '\0');
    SAME(version_op(XENVER_extraversion, UNMAPPED), NEG_EFAULT);
    SAME(version_op(XENVER_extraversion, NON_CANONICAL), NEG_EFAULT);
    SAME(version_op(XENVER_extraversion, READ_ONLY), NEG_EFAULT);
}

static void compile_info(void)
{
    static struct xen_compile_info info;

    SAME(version_op(XENVER_compile_info, &info), 0);
    CHECK(info.compiler[0]);
    CHECK(info.compile_date[0]);
    SAME(version_op(XENVER_compile_info, UNMAPPED), NEG_EFAULT);
}

static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        int i = 0;

        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

static void capabilities(void)
{
    static xen_capabilities_info_t text;

    SAME(version_op(XENVER_capabilities, text), 0);
    CHECK(contains(text, "hvm-3.0-x86_64"));
    SAME(version_op(XENVER_capabilities, UNMAPPED), NEG_EFAULT);
}

static void changeset(void)
{
    static xen_changeset_info_t text;

    SAME(version_op(XENVER_changeset, text), 0);
    SAME(version_op(XENVER_changeset, UNMAPPED), NEG_EFAULT);
}

static void platform_parameters(void)
{
    struct xen_platform_parameters p = {0};

    SAME(version_op(XENVER_platform_parameters, &p), 0);
    SAME(version_op(XENVER_platform_parameters, UNMAPPED), NEG_EFAULT);
}

static void features(void)
{
    struct xen_feature_info info = {.submap_idx = 0};

    SAME(version_op(XENVER_get_features, &info), 0);
    CHECK(info.submap >> XENFEAT_auto_translated_physmap & 1);
    CHECK(info.submap >> XENFEAT_hvm_callback_vector & 1);
    SAME(info.submap >> XENFEAT_dom0 & 1, in_control);
    info.submap_idx = 99;
    SAME(version_op(XENVER_get_features, &info), NEG_EINVAL);
    SAME(version_op(XENVER_get_features, UNMAPPED), NEG_EFAULT);
}

static void features_other_maps(void)
{
    struct xen_feature_info info = {.submap_idx = 1};

    SAME(version_op(XENVER_get_features, &info), NEG_EINVAL);
    info.submap_idx = ~0u;
    SAME(version_op(XENVER_get_features, &info), NEG_EINVAL);
}

static void handle(void)
{
    xen_domain_handle_t bytes = {1};

    SAME(version_op(XENVER_guest_handle, bytes), 0);
    SAME(version_op(XENVER_guest_handle, UNMAPPED), NEG_EFAULT);
    SAME(version_op(XENVER_guest_handle, READ_ONLY), NEG_EFAULT);
}

static void no_argument(void)
{
    SAME(version_op(XENVER_version, UNMAPPED),
         version_op(XENVER_version, NULL)); /* it is not looked at */
    SAME(version_op(XENVER_pagesize, UNMAPPED), NEG_EINVAL);
}

static void pagesize(void)
{
    SAME(version_op(XENVER_pagesize, NULL), PAGE_BYTES);
}

static void commandline(void)
{
    static xen_commandline_t text;

    SAME(version_op(XENVER_commandline, text), 0);
    CHECK(contains(text, in_control ? "console=" : "<denied>"));
    SAME(version_op(XENVER_commandline, UNMAPPED), NEG_EFAULT);
}

static void build_id(void)
{
    static struct {
        uint32_t len;
        unsigned char bytes[64];
    } id;
    long size = version_op(XENVER_build_id, NULL);

    CHECK(size > 0 && size <= (long)sizeof(id.bytes));
    id.len = sizeof(id.bytes);
    SAME(version_op(XENVER_build_id, &id), size);
    id.len = 1;
    SAME(version_op(XENVER_build_id, &id), NEG_ENOBUFS);
    SAME(version_op(XENVER_build_id, UNMAPPED), NEG_EFAULT);
}

static void build_id_denied(void)
{
    SAME(version_op(XENVER_build_id, NULL), NEG_EPERM);
}

static void unknown(void)
{
    SAME(version_op(77, NULL), NEG_ENOSYS);
    SAME(version_op(-1, NULL), NEG_ENOSYS);
}

const struct test version_tests[] = {
    TEST(version, "The version MUST be 4.17 or later of 4."),
    TEST(extraversion, "A text, refused where it cannot be written."),
    TEST(compile_info, "Compiler and date MUST be told."),
    TEST(capabilities, "64-bit HVM guests MUST be among them."),
    TEST(changeset, "A text, refused where it cannot be written."),
    TEST(platform_parameters, "The start of the machine's tables."),
    TEST(features, "A PVH control domain MUST be told so."),
    TEST(features_other_maps, "There is one map of features."),
    TEST(handle, "The handle of the domain MUST be told."),
    TEST(no_argument, "Where nothing is told, no place is needed, or wanted."),
    TEST(pagesize, "Pages MUST have 4096 bytes."),
    TEST(commandline, "The hypervisor's command line MUST be told."),
    TEST_CONTROL(build_id, "Its length MUST be told, and kept."),
    TEST_GUEST(build_id_denied, "A guest MUST NOT be told the build id."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    {0},
};
