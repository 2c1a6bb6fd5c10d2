/*
 * Entry from a multiboot 1 or 2 loader: 32-bit protected mode, paging off,
 * eax = magic, ebx = information (below 4 GiB). Builds first page tables (the
 * low 4 GiB at 0, at DIRECT_BASE and, its first GiB, at the image's address),
 * enters long mode and calls boot_entry(magic, info).
 */
#include "x86/layout.h"

#define PHYS(s) ((s) - VIRT_BASE)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00000003 /* page aligned modules, memory map */
#define MB2_MAGIC 0xe85250d6
#define MB2_ARCH  0          /* i386, protected mode */

#define PTE_TABLE 0x003
#define PTE_LEAF  0x083 /* present, writable, large */

        .section .multiboot, "a"
        .balign 8
mb1_header:
        .long   MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

        .balign 8
mb2_header:
        .long   MB2_MAGIC, MB2_ARCH, mb2_end - mb2_header
        .long   -(MB2_MAGIC + MB2_ARCH + (mb2_end - mb2_header))
        .balign 8
        .short  1, 0                    /* what we want to be told */
        .long   mb2_want_end - . + 4
        .long   1, 3, 6, 14, 15         /* cmdline, modules, map, RSDP 1, 2 */
mb2_want_end:
        .balign 8
        .short  3, 0                    /* entry address */
        .long   12, PHYS(start)
        .balign 8
        .short  6, 0                    /* page aligned modules */
        .long   8
        .balign 8
        .short  0, 0
        .long   8
mb2_end:

        .section .text.entry, "ax"
        .code32
        .globl  start
start:
        cld
        cli
        mov     %eax, %ebp
        mov     %ebx, %esi

        /* Long mode at all? Without it nothing of ours can run. */
        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      no_long_mode
        mov     $0x80000001, %eax
        cpuid
        test    $(1 << 29), %edx
        jz      no_long_mode
        test    $(1 << 20), %edx
        jz      no_long_mode

        /* 2048 large pages: the low 4 GiB. */
        mov     $PHYS(boot_pd), %edi
        mov     $PTE_LEAF, %eax
        xor     %edx, %edx
        mov     $2048, %ecx
1:      mov     %eax, (%edi)
        mov     %edx, 4(%edi)
        add     $0x200000, %eax
        add     $8, %edi
        loop    1b

        mov     $PHYS(boot_pdpt), %edi
        mov     $(PHYS(boot_pd) + PTE_TABLE), %eax
        mov     $4, %ecx
1:      mov     %eax, (%edi)
        add     $0x1000, %eax
        add     $8, %edi
        loop    1b

        movl    $(PHYS(boot_pd) + PTE_TABLE), PHYS(boot_pdpt_image) + 510 * 8
        movl    $(PHYS(boot_pdpt) + PTE_TABLE), PHYS(boot_pml4)
        movl    $(PHYS(boot_pdpt) + PTE_TABLE), \
                PHYS(boot_pml4) + DIRECT_SLOT * 8
        movl    $(PHYS(boot_pdpt_image) + PTE_TABLE), PHYS(boot_pml4) + 511 * 8

        mov     $PHYS(boot_pml4), %edi
        mov     $PHYS(1f), %ebx
        jmp     long_mode_on
1:      lgdt    PHYS(boot_gdt_pointer)
        ljmp    $HOST_CS, $PHYS(start64)

no_long_mode:
        mov     $PHYS(no_long_mode_text), %esi
1:      mov     $0x3fd, %dx             /* COM1's line status */
        mov     $10000, %ecx
2:      in      %dx, %al
        test    $0x20, %al
        loopz   2b
        mov     $0x3f8, %dx
        lodsb
        test    %al, %al
        jz      3f
        out     %al, %dx
        jmp     1b
3:      hlt
        jmp     3b

/*
 * Turn on long mode with the tables at edi and go on at ebx (a new CPU has no
 * stack yet), in compatibility mode until a far jump. Clobbers eax, ecx, edx.
 */
        .globl  long_mode_on
long_mode_on:
        mov     %cr4, %eax
        or      $0x20, %eax             /* PAE */
        mov     %eax, %cr4
        mov     %edi, %cr3
        mov     $0xc0000080, %ecx       /* EFER */
        rdmsr
        or      $0x900, %eax            /* LME, NXE */
        wrmsr
        mov     $0x80010033, %eax       /* PG WP NE ET MP PE */
        mov     %eax, %cr0
        jmp     *%ebx

        .code64
start64:
        mov     $HOST_DS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $boot_stack_end, %rsp
        mov     %ebp, %edi
        mov     %esi, %esi
        xor     %ebp, %ebp
        push    $0                      /* backtraces end here */
        mov     $boot_entry, %rax
        jmp     *%rax

        .section .rodata
no_long_mode_text:
        .asciz  "\r\nTouchstone needs a 64-bit CPU with NX, this is none\r\n"

        .section .data
        .balign 8
        .globl  boot_gdt, boot_gdt_limit
boot_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      /* HOST_CS: 64-bit code */
        .quad   0x00cf93000000ffff      /* HOST_DS */
        .quad   0x00cf9b000000ffff      /* BOOT_CS32 */
        .set    boot_gdt_limit, . - boot_gdt - 1
boot_gdt_pointer:
        .short  boot_gdt_limit
        .long   PHYS(boot_gdt)

        .section .bss
        .balign 4096
        .globl  boot_pml4
boot_pml4:
        .skip   4096
boot_pdpt:
        .skip   4096
boot_pdpt_image:
        .skip   4096
boot_pd:
        .skip   4 * 4096
        .globl  boot_stack
boot_stack:
        .skip   BOOT_STACK_BYTES
boot_stack_end:
