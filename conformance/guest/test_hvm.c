/* Parameters of HVM guests, and other operations on them. Source:
   public/hvm/hvm_op.h, params.h. */
#include "guest.h"
#include "ports.h"
#include "suites.h"

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_hvm_op, nr, arg);
}

static long set(domid_t domid, uint32_t index, uint64_t value)
{
    struct xen_hvm_param p = {.domid = domid, .index = index, .value = value};

    return op(HVMOP_set_param, &p);
}

static long get(domid_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param p = {.domid = domid, .index = index};
    long rc = op(HVMOP_get_param, &p);

    *value = p.value;
    return rc;
}

/* --- What a guest may do to its own --- */

static void callback(void)
{
    uint64_t value;

    clear_callback_vector();
    SAME(get(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &value), 0);
    SAME(value, 0);
    set_callback_vector();
    SAME(get(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &value), 0);
    SAME(value & 0xff, CALLBACK_VECTOR);
    clear_callback_vector();
}

static void own_written(void)
{
    static const uint32_t indices[] = {HVM_PARAM_STORE_EVTCHN,
                                       HVM_PARAM_CONSOLE_EVTCHN,
                                       HVM_PARAM_VM_GENERATION_ID_ADDR};
    uint64_t before, value;

    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        SAME(get(DOMID_SELF, indices[i], &before), 0);
        SAME(set(DOMID_SELF, indices[i], 1234), 0);
        SAME(get(DOMID_SELF, indices[i], &value), 0);
        SAME(value, 1234);
        SAME(set(DOMID_SELF, indices[i], before), 0);
    }
}

static void own_read_only(void)
{
    static const uint32_t indices[] = {HVM_PARAM_STORE_PFN,
                                       HVM_PARAM_CONSOLE_PFN, HVM_PARAM_ALTP2M};
    uint64_t value;

    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        SAME(get(DOMID_SELF, indices[i], &value), 0);
        SAME(set(DOMID_SELF, indices[i], value), NEG_EPERM);
    }
}

static void own_hidden(void)
{
    static const uint32_t indices[] = {
        HVM_PARAM_IOREQ_PFN,        HVM_PARAM_BUFIOREQ_PFN,
        HVM_PARAM_VIRIDIAN,         HVM_PARAM_TIMER_MODE,
        HVM_PARAM_IDENT_PT,         HVM_PARAM_ACPI_S_STATE,
        HVM_PARAM_VPT_ALIGN,        HVM_PARAM_TRIPLE_FAULT_REASON,
        HVM_PARAM_MCA_CAP,          HVM_PARAM_MONITOR_RING_PFN,
        HVM_PARAM_SHARING_RING_PFN, HVM_PARAM_PAGING_RING_PFN,
        HVM_PARAM_IOREQ_SERVER_PFN, HVM_PARAM_NR_IOREQ_SERVER_PAGES};
    uint64_t value;

    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        SAME(get(DOMID_SELF, indices[i], &value), NEG_EPERM);
        SAME(set(DOMID_SELF, indices[i], 0), NEG_EPERM);
    }
}

static void retired(void)
{
    static const uint32_t indices[] = {HVM_PARAM_PAE_ENABLED,
                                       HVM_PARAM_DM_DOMAIN,
                                       HVM_PARAM_NESTEDHVM,
                                       HVM_PARAM_BUFIOREQ_EVTCHN,
                                       HVM_PARAM_MEMORY_EVENT_CR0,
                                       HVM_PARAM_MEMORY_EVENT_CR3,
                                       HVM_PARAM_MEMORY_EVENT_CR4,
                                       HVM_PARAM_MEMORY_EVENT_INT3,
                                       HVM_PARAM_MEMORY_EVENT_SINGLE_STEP,
                                       HVM_PARAM_MEMORY_EVENT_MSR};
    uint64_t value;

    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        SAME(get(DOMID_SELF, indices[i], &value), NEG_EINVAL);
        SAME(set(DOMID_SELF, indices[i], 1), NEG_EINVAL);
    }
}

static void fip_width(void)
{
    uint64_t value;

    SAME(set(DOMID_SELF, HVM_PARAM_X87_FIP_WIDTH, 3), NEG_EINVAL);
    SAME(set(DOMID_SELF, HVM_PARAM_X87_FIP_WIDTH, 8), 0);
    SAME(get(DOMID_SELF, HVM_PARAM_X87_FIP_WIDTH, &value), 0);
    SAME(value, 8);
    SAME(set(DOMID_SELF, HVM_PARAM_X87_FIP_WIDTH, 0), 0);
}

static void refused(void)
{
    uint64_t value;

    SAME(get(DOMID_SELF, HVM_NR_PARAMS, &value), NEG_EINVAL);
    SAME(set(DOMID_SELF, HVM_NR_PARAMS, 0), NEG_EINVAL);
    SAME(get(DOMID_SELF, ~0u, &value), NEG_EINVAL);
    SAME(get(NOBODY, HVM_PARAM_CALLBACK_IRQ, &value), NEG_ESRCH);
    SAME(set(NOBODY, HVM_PARAM_CALLBACK_IRQ, 0), NEG_ESRCH);
    SAME(op(HVMOP_get_param, UNMAPPED), NEG_EFAULT);
    SAME(op(HVMOP_set_param, UNMAPPED), NEG_EFAULT);
    SAME(op(HVMOP_get_param, NON_CANONICAL), NEG_EFAULT);
}

static void of_control(void)
{
    uint64_t value;

    SAME(get(0, HVM_PARAM_CALLBACK_IRQ, &value), NEG_EPERM);
    SAME(set(0, HVM_PARAM_STORE_EVTCHN, 1), NEG_EPERM);
}

/* --- What control may do to a guest's --- */

static void of_guest(void)
{
    static const uint32_t indices[] = {
        HVM_PARAM_STORE_PFN,        HVM_PARAM_CONSOLE_PFN,
        HVM_PARAM_STORE_EVTCHN,     HVM_PARAM_CONSOLE_EVTCHN,
        HVM_PARAM_IDENT_PT,         HVM_PARAM_PAGING_RING_PFN,
        HVM_PARAM_MONITOR_RING_PFN, HVM_PARAM_SHARING_RING_PFN};
    domid_t domid = guest_common()->domid;
    uint64_t value;

    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        SAME(set(domid, indices[i], 77 + i), 0);
        SAME(get(domid, indices[i], &value), 0);
        SAME(value, 77 + i);
        SAME(set(domid, indices[i], 0), 0);
    }
}

static void once(void)
{
    domid_t domid = guest_common()->domid;

    SAME(set(domid, HVM_PARAM_IOREQ_PFN, 0x99), 0);
    SAME(set(domid, HVM_PARAM_IOREQ_PFN, 0x99), 0); /* the same */
    SAME(set(domid, HVM_PARAM_IOREQ_PFN, 0x98), NEG_EEXIST);
}

static void bad_values(void)
{
    domid_t domid = guest_common()->domid;

    SAME(set(domid, HVM_PARAM_TIMER_MODE, 77), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_ACPI_S_STATE, 1), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_NR_IOREQ_SERVER_PAGES, 0), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_NR_IOREQ_SERVER_PAGES, 100000), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_TRIPLE_FAULT_REASON, 100), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_VIRIDIAN, ~0ul), NEG_EINVAL);
    SAME(set(domid, HVM_PARAM_MCA_CAP, ~0ul), NEG_EINVAL);
}

static void triple_fault_reason(void)
{
    domid_t domid = guest_common()->domid;
    uint64_t value;

    SAME(get(domid, HVM_PARAM_TRIPLE_FAULT_REASON, &value), 0);
    SAME(value, SHUTDOWN_reboot); /* what it is unless set */
    SAME(set(domid, HVM_PARAM_TRIPLE_FAULT_REASON, SHUTDOWN_crash), 0);
    SAME(get(domid, HVM_PARAM_TRIPLE_FAULT_REASON, &value), 0);
    SAME(value, SHUTDOWN_crash);
    SAME(set(domid, HVM_PARAM_TRIPLE_FAULT_REASON, SHUTDOWN_reboot), 0);
}

/* --- Other operations --- */

static void upcall_vector(void)
{
    struct xen_hvm_evtchn_upcall_vector v = {.vcpu = 0, .vector = 15};

    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_EINVAL);
    v.vector = 0;
    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_EINVAL);
    v.vector = 0xf3;
    v.vcpu = NO_VCPU;
    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_ENOENT);
    v.vcpu = ~0u;
    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_ENOENT);
    SAME(op(HVMOP_set_evtchn_upcall_vector, UNMAPPED), NEG_EFAULT);
}

static void get_time(void)
{
    struct xen_hvm_get_time a = {0}, b = {0};

    SAME(op(HVMOP_get_time, &a), 0);
    SAME(op(HVMOP_get_time, &b), 0);
    CHECK(a.now > 0 && b.now >= a.now);
    SAME(op(HVMOP_get_time, UNMAPPED), NEG_EFAULT);
}

static void pagetable_dying(void)
{
    struct xen_hvm_pagetable_dying d = {.domid = DOMID_SELF};

    SAME(op(HVMOP_pagetable_dying, &d), NEG_EINVAL); /* no shadows */
    d.domid = NOBODY;
    SAME(op(HVMOP_pagetable_dying, &d), NEG_ESRCH);
    SAME(op(HVMOP_pagetable_dying, UNMAPPED), NEG_EFAULT);
}

static void flush_tlbs(void)
{
    SAME(op(HVMOP_flush_tlbs, NULL), 0);
    SAME(op(HVMOP_flush_tlbs, &in_control), NEG_EINVAL);
}

static void mem_type(void)
{
    struct xen_hvm_get_mem_type m = {.domid = guest_common()->domid,
                                     .pfn = MAILBOX_GFN};

    SAME(op(HVMOP_get_mem_type, &m), 0);
    SAME(m.mem_type, HVMMEM_ram_rw);
    m.pfn = 0x800000;
    SAME(op(HVMOP_get_mem_type, &m), 0);
    SAME(m.mem_type, HVMMEM_mmio_dm);
    m.domid = NOBODY;
    SAME(op(HVMOP_get_mem_type, &m), NEG_ESRCH);
    SAME(op(HVMOP_get_mem_type, UNMAPPED), NEG_EFAULT);
}

static void altp2m(void)
{
    struct xen_hvm_altp2m_op a = {.version = HVMOP_ALTP2M_INTERFACE_VERSION,
                                  .cmd = HVMOP_altp2m_get_domain_state,
                                  .domain = DOMID_SELF};

    SAME(op(HVMOP_altp2m, &a), NEG_EOPNOTSUPP);
}

static void guest_request(void)
{
    SAME(op(HVMOP_guest_request_vm_event, NULL), 0); /* nobody listens */
    SAME(op(HVMOP_guest_request_vm_event, &in_control), NEG_EINVAL);
}

static void xentrace(void)
{
    struct xen_hvm_xentrace t = {.event = 1, .extra_bytes = 100};

    SAME(op(HVMOP_xentrace, &t), NEG_EINVAL);
    t.extra_bytes = 4;
    SAME(op(HVMOP_xentrace, &t), 0); /* nobody traces */
    SAME(op(HVMOP_xentrace, UNMAPPED), NEG_EFAULT);
}

static void unknown(void)
{
    SAME(op(99, NULL), NEG_ENOSYS);
    SAME(op(-1, NULL), NEG_ENOSYS);
}

const struct test hvm_tests[] = {
    TEST(callback, "A parameter MUST be what it was set to."),
    TEST(own_written, "A domain MUST set its own."),
    TEST(own_read_only, "A domain MUST read, and MUST NOT set."),
    TEST(own_hidden, "A domain MUST NOT read or set control's."),
    TEST(retired, "Retired parameters MUST be refused."),
    TEST(fip_width, "The width of a pointer MUST be 0, 4 or 8."),
    TEST(refused, "Parameters and domains that are not there."),
    TEST_GUEST(of_control, "A guest MUST NOT read or set ours."),
    TEST_CONTROL(of_guest, "Control MUST set and read a guest's."),
    TEST_CONTROL(once, "What is set once MUST stay."),
    TEST_CONTROL(bad_values, "Values that cannot be MUST be refused."),
    TEST_CONTROL(triple_fault_reason, "The reason is a reboot until set."),
    TEST(upcall_vector, "Exceptions' vectors and vCPUs that are not there."),
    TEST(get_time, "The time MUST be told and go on."),
    TEST(pagetable_dying, "Without shadow tables there is nothing to say."),
    TEST(flush_tlbs, "A flush MUST have no argument."),
    TEST_CONTROL(mem_type, "The kind of a guest's page MUST be told."),
    TEST(altp2m, "Where views are not switched on they MUST be refused."),
    TEST(guest_request, "An event for nobody MUST succeed."),
    TEST(xentrace, "A record too long MUST be refused."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    {0},
};
