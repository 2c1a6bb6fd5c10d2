/*
 * Entry of all 256 vectors: complete the frame (struct trap_frame), call
 * trap_dispatch(frame), return. And the MSR accesses that may fault.
 *
 *   high  ss rsp rflags cs rip     the CPU
 *         error                    the CPU, or 0
 *         vector                   stub
 *   low   rax rbx .. r14 r15       common part; rsp points here
 */
        .section .text
        .balign 16
        .globl  trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 \
                || vector == 21 || vector == 29 || vector == 30
        .else
        push    $0
        .endif
        push    $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

trap_common:
        cld
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rdi
        xor     %ebp, %ebp
        call    trap_dispatch
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        add     $16, %rsp
        iretq

/* bool rdmsr_safe(uint32_t msr, uint64_t *out) */
        .globl  rdmsr_safe, rdmsr_safe_insn
rdmsr_safe:
        mov     %edi, %ecx
rdmsr_safe_insn:
        rdmsr
        shl     $32, %rdx
        or      %rdx, %rax
        mov     %rax, (%rsi)
        mov     $1, %eax
        ret

/* bool wrmsr_safe(uint32_t msr, uint64_t value) */
        .globl  wrmsr_safe, wrmsr_safe_insn, msr_safe_failed
wrmsr_safe:
        mov     %edi, %ecx
        mov     %esi, %eax
        mov     %rsi, %rdx
        shr     $32, %rdx
wrmsr_safe_insn:
        wrmsr
        mov     $1, %eax
        ret
msr_safe_failed:
        xor     %eax, %eax
        ret
