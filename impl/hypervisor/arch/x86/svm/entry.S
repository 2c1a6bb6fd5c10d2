/*
 * VMRUN and what it leaves to software: general registers, and the segment
 * state that VMLOAD and VMSAVE move.
 *
 * svm_enter(rdi = struct x86_regs *, rsi = guest VMCB, rdx = host save page)
 *
 *   rsp+56  return address
 *   rsp+16  rbx rbp r12 r13 r14 r15 (pushed in this order)
 *   rsp+8   host save page
 *   rsp+0   struct x86_regs *
 *
 * Interrupts are off. GIF is off from CLGI to VMRUN, so that EFLAGS.IF can be
 * set for the guest (APM 2 15.22.1: with V_INTR_MASKING the host's IF decides
 * whether physical interrupts end the guest) without taking one here.
 */
#include <offsets.h>

        .text
        .globl  svm_enter
        .type   svm_enter, @function
svm_enter:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdx
        push    %rdi

        mov     %rsi, %rax
        clgi
        sti
        mov     REGS_RCX(%rdi), %rcx
        mov     REGS_RDX(%rdi), %rdx
        mov     REGS_RBX(%rdi), %rbx
        mov     REGS_RBP(%rdi), %rbp
        mov     REGS_RSI(%rdi), %rsi
        mov     REGS_R8(%rdi), %r8
        mov     REGS_R9(%rdi), %r9
        mov     REGS_R10(%rdi), %r10
        mov     REGS_R11(%rdi), %r11
        mov     REGS_R12(%rdi), %r12
        mov     REGS_R13(%rdi), %r13
        mov     REGS_R14(%rdi), %r14
        mov     REGS_R15(%rdi), %r15
        mov     REGS_RDI(%rdi), %rdi

        vmload  %rax
        vmrun   %rax
        vmsave  %rax

        mov     (%rsp), %rax
        mov     %rcx, REGS_RCX(%rax)
        mov     %rdx, REGS_RDX(%rax)
        mov     %rbx, REGS_RBX(%rax)
        mov     %rbp, REGS_RBP(%rax)
        mov     %rsi, REGS_RSI(%rax)
        mov     %rdi, REGS_RDI(%rax)
        mov     %r8, REGS_R8(%rax)
        mov     %r9, REGS_R9(%rax)
        mov     %r10, REGS_R10(%rax)
        mov     %r11, REGS_R11(%rax)
        mov     %r12, REGS_R12(%rax)
        mov     %r13, REGS_R13(%rax)
        mov     %r14, REGS_R14(%rax)
        mov     %r15, REGS_R15(%rax)

        /* GS and TR of the host before an NMI can come. */
        mov     8(%rsp), %rax
        vmload  %rax
        cli
        stgi

        add     $16, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
        .size   svm_enter, . - svm_enter
