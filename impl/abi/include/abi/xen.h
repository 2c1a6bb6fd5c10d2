/*
 * The one door to the Xen ABI: Debian's public headers (libxen-dev 4.17), plus
 * the few constants that they keep for the hypervisor's own build.
 */
#ifndef ABI_XEN_H
#define ABI_XEN_H

#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>

#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/arch-x86/xen.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/hvm_xs_strings.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Internal to the hypervisor, never seen by a guest: run the call again. */
#define XEN_ERESTART 85
#define XEN_EINTR    4

/* The address that a guest handle carries. */
#define guest_ptr(handle) ((uint64_t)(uintptr_t)(handle).p)

#endif
