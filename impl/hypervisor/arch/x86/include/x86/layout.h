/*
 * Where things are in the hypervisor's address space, and its segment
 * selectors. Constants only: assembly includes this too.
 *
 *   DIRECT_BASE   machine memory, as far as the firmware map goes
 *   VIRT_BASE     the image: link address = VIRT_BASE + machine address
 *   MMIO_BASE     device registers mapped by mmio_map(), up to the end
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define DIRECT_SLOT      256 /* of the top-level page table */
#define DIRECT_SLOTS     128 /* 64 TiB */
#define DIRECT_BASE      0xffff800000000000
#define VIRT_BASE        0xffffffff80000000
#define MMIO_BASE        0xffffffffc0000000
#define MMIO_BYTES       0x40000000
#define BOOT_STACK_BYTES 16384

#define HOST_CS  0x08
#define HOST_DS  0x10
#define HOST_TSS 0x18

/* Only in the GDT that head.S and trampoline.S start with. */
#define BOOT_CS32 0x18

#endif
