/*
 * The ABI that everything here is built for, pinned: another release of the
 * public headers fails here and not in a guest.
 */
#include "abi/xen.h"

#define PIN(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)

_Static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x15, "Xen 4.17");
_Static_assert(XEN_SYSCTL_INTERFACE_VERSION == 0x15, "Xen 4.17");
_Static_assert(XEN_HVM_START_MAGIC_VALUE == 0x336ec578, "xEn3");

PIN(struct shared_info, 3136);
PIN(struct vcpu_info, 64);
PIN(struct vcpu_time_info, 32);
PIN(struct vcpu_runstate_info, 48);

PIN(struct hvm_start_info, 56);
PIN(struct hvm_memmap_table_entry, 24);
PIN(struct hvm_modlist_entry, 32);

PIN(struct xen_domctl, 144);
PIN(struct xen_domctl_createdomain, 64);
PIN(struct xen_domctl_getdomaininfo, 112);
PIN(struct xen_sysctl, 136);
PIN(struct xen_sysctl_physinfo, 112);
PIN(struct xen_platform_op, 136);

PIN(struct xen_memory_reservation, 32);
PIN(struct xen_add_to_physmap, 24);
PIN(struct xen_add_to_physmap_batch, 32);
PIN(struct xen_remove_from_physmap, 16);
PIN(struct xen_mem_acquire_resource, 32);

PIN(grant_entry_v1_t, 8);
PIN(grant_entry_v2_t, 16);
PIN(struct gnttab_map_grant_ref, 32);
PIN(struct gnttab_unmap_grant_ref, 24);
PIN(struct gnttab_copy, 40);

PIN(struct evtchn_init_control, 24);
PIN(struct evtchn_fifo_control_block, 72);
PIN(struct multicall_entry, 64);

PIN(struct hvm_hw_cpu, 1032);
PIN(struct hvm_save_descriptor, 8);
PIN(struct xen_cpuid_leaf, 24);
PIN(xen_msr_entry_t, 16);
