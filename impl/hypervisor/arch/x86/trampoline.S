/*
 * Where a secondary CPU starts (smp.c): 16-bit code copied below 1 MiB, which
 * goes straight to 32-bit code in the image, long mode and ap_main(percpu).
 *
 * A CPU that comes too late finds ap_state changed and halts for ever: its
 * stack may belong to somebody else by then.
 */
#include "x86/layout.h"
#include "x86/smp.h"

#define PHYS(s) ((s) - VIRT_BASE)

        .section .rodata
        .code16
        .globl  trampoline, trampoline_end
trampoline:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   gdt_pointer - trampoline
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $BOOT_CS32, $PHYS(ap_start32)
        .balign 4
gdt_pointer:
        .short  boot_gdt_limit
        .long   PHYS(boot_gdt)
trampoline_end:

        .section .text.entry, "ax"
        .code32
ap_start32:
        mov     $HOST_DS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $AP_OFFERED, %eax
        mov     $AP_CLAIMED, %ecx
        lock cmpxchg %ecx, PHYS(ap_state)
        jne     2f
        mov     $PHYS(boot_pml4), %edi
        mov     $PHYS(1f), %ebx
        jmp     long_mode_on
1:      ljmp    $HOST_CS, $PHYS(ap_start64)
2:      hlt
        jmp     2b

        .code64
ap_start64:
        mov     $ap_start_high, %rax
        jmp     *%rax
ap_start_high:
        mov     ap_root, %rax
        mov     %rax, %cr3
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     ap_stack_end, %rsp
        mov     ap_percpu, %rdi
        xor     %ebp, %ebp
        push    $0                      /* backtraces end here */
        jmp     ap_main
