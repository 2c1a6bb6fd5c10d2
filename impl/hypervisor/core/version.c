/*
 * Version hypercall: who we are and what a guest may rely on (public/version.h).
 */
#include "hv/arch.h"
#include "hv/guest.h"
#include "hv/hypercall.h"
#include "hv/option.h"

#include "base/string.h"

/* The ABI that this hypervisor speaks. */
#define ABI_MAJOR 4
#define ABI_MINOR 17

#define FEATURE(n) (1U << XENFEAT_##n)

typedef long version_fn(struct vcpu *v, uint64_t u);

/* A text with its terminator, cut to what the ABI's array holds. */
static long text_answer(struct vcpu *v, uint64_t u, const char *text,
                        size_t array_bytes)
{
    size_t bytes = str_length(text, array_bytes - 1);
    const char end = '\0';

    if (guest_copy_to(v, u, text, bytes))
        return -XEN_EFAULT;
    return guest_copy_to(v, u + bytes, &end, 1);
}

/* A domain that may not know gets what upstream gives it: not an error. */
static const char *unless_guest(const struct vcpu *v, const char *text)
{
    return v->domain->privileged ? text : "<denied>";
}

static long version_version(struct vcpu *v, uint64_t u)
{
    return ABI_MAJOR << 16 | ABI_MINOR;
}

static long version_extraversion(struct vcpu *v, uint64_t u)
{
    return text_answer(v, u, ".7-touchstone", XEN_EXTRAVERSION_LEN);
}

/* The compiler's name, nothing about the builder: builds are reproducible. */
static long version_compile_info(struct vcpu *v, uint64_t u)
{
    struct xen_compile_info info = {{0}, {0}, {0}, {0}};

    str_copy(info.compiler, sizeof(info.compiler),
             unless_guest(v, __VERSION__));
    return guest_copy_to(v, u, &info, sizeof(info));
}

static long version_capabilities(struct vcpu *v, uint64_t u)
{
    return text_answer(v, u, arch_capabilities(), XEN_CAPABILITIES_INFO_LEN);
}

static long version_changeset(struct vcpu *v, uint64_t u)
{
    return text_answer(v, u, unless_guest(v, "unavailable"),
                       XEN_CHANGESET_INFO_LEN);
}

/* HVM guests have no hole of the hypervisor in their address space. */
static long version_platform_parameters(struct vcpu *v, uint64_t u)
{
    struct xen_platform_parameters p = {.virt_start = 0};

    return guest_copy_to(v, u, &p, sizeof(p));
}

static uint32_t features(const struct domain *d)
{
    uint32_t f =
        FEATURE(auto_translated_physmap) | FEATURE(supervisor_mode_kernel) |
        FEATURE(hvm_callback_vector) | FEATURE(hvm_safe_pvclock) |
        FEATURE(memory_op_vnode_supported) | FEATURE(linux_rsdp_unrestricted);

    if (d->privileged)
        return f | FEATURE(dom0) | FEATURE(direct_mapped);
    return f | FEATURE(not_direct_mapped);
}

static long version_get_features(struct vcpu *v, uint64_t u)
{
    struct xen_feature_info info;

    if (guest_copy_from(v, &info, u, sizeof(info)))
        return -XEN_EFAULT;
    if (info.submap_idx)
        return -XEN_EINVAL;
    info.submap = features(v->domain);
    return guest_copy_to(v, u, &info, sizeof(info));
}

static long version_pagesize(struct vcpu *v, uint64_t u)
{
    return u ? -XEN_EINVAL : (long)PAGE_SIZE;
}

static long version_guest_handle(struct vcpu *v, uint64_t u)
{
    return guest_copy_to(v, u, v->domain->handle, sizeof(v->domain->handle));
}

static long version_commandline(struct vcpu *v, uint64_t u)
{
    return text_answer(v, u, unless_guest(v, option_cmdline()),
                       sizeof(xen_commandline_t));
}

/* Its length; and itself, where there is room for it. */
static long version_build_id(struct vcpu *v, uint64_t u)
{
    const uint32_t bytes = sizeof(arch_build_id.id);
    uint32_t room;

    if (!v->domain->privileged)
        return -XEN_EPERM;
    if (!u)
        return bytes;
    if (guest_copy_from(v, &room, u, sizeof(room)))
        return -XEN_EFAULT;
    if (room < bytes)
        return room ? -XEN_ENOBUFS : -XEN_EINVAL;
    if (guest_copy_to(v, u + sizeof(room), arch_build_id.id, bytes))
        return -XEN_EFAULT;
    return bytes;
}

static version_fn *const version_ops[] = {
#define VERSIONOP(nr, name) [nr] = version_##name,
#include "version.def"
#undef VERSIONOP
};

long do_xen_version(struct vcpu *v, unsigned long arg[5])
{
    if (arg[0] >= ARRAY_SIZE(version_ops) || !version_ops[arg[0]])
        return -XEN_ENOSYS;
    return version_ops[arg[0]](v, arg[1]);
}
