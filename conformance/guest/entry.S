/* The ways into this kernel: PVH, other vCPUs, exceptions and interrupts. */

#define ELFNOTE(type, data)         \
        .balign 4;                  \
        .long 4, 2f - 1f, type;     \
        .asciz "Xen";               \
1:      data;                       \
2:      .balign 4

        .section .note.xen, "a", @note
        ELFNOTE(6, .asciz "conform")      /* XEN_ELFNOTE_GUEST_OS */
        ELFNOTE(5, .asciz "xen-3.0")      /* XEN_ELFNOTE_XEN_VERSION */
        ELFNOTE(18, .quad entry)          /* XEN_ELFNOTE_PHYS32_ENTRY */
        ELFNOTE(10, .asciz "!writable_page_tables|pae_pgdir_above_4gb|hvm_callback_vector")
        ELFNOTE(17, .long 0x801)          /* supported: bit 11, dom0 */

/* The PVH entry: 32-bit, paging off; %ebx is the start information. */
        .code32
        .section .text.entry, "ax"
        .globl entry
entry:
        cld
        movl    %ebx, %ebp
        movl    $stack_top, start_stack
        /*
         * Identity map by pages of 2 MiB: 4 GiB, and the GiB at 192 GiB, where
         * nothing is until a test puts something there.
         */
        movl    $pml4, %edi
        leal    pdpt + 7, %eax
        movl    %eax, (%edi)
        movl    $pdpt, %edi
        leal    page_directories + 7, %eax
        movl    $4, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $4096, %eax
        loop    1b
        movl    %eax, pdpt + 8 * 192
        movl    $page_directories, %edi
        movl    $0x87, %eax               /* present, writable, user, large */
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        loop    1b
        movl    $0x87, %eax
        movl    $512, %ecx
1:      movl    %eax, (%edi)
        movl    $48, 4(%edi)              /* 48 * 4 GiB */
        addl    $8, %edi
        addl    $0x200000, %eax
        loop    1b
        jmp     enter_long_mode

/* Another vCPU: 16-bit, copied to AP_START (smp.c); or 32-bit; or 64-bit. */
        .code16
        .globl ap_start, ap_start_end, ap_start_flat, ap_start_64
ap_start:
        cli
        movw    %cs, %ax
        movw    %ax, %ds
        lgdtl   ap_gdt_pointer - ap_start
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $24, $ap_start_32
        .balign 4
ap_gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt
ap_start_end:

        .code32
ap_start_flat:
        lgdt    gdt_pointer
ap_start_32:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %ebp, %ebp

enter_long_mode:
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    %cr4, %eax
        orl     $0x620, %eax              /* PAE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx         /* EFER */
        rdmsr
        orl     $0x900, %eax              /* LME, NXE */
        wrmsr
        movl    $0x80010033, %eax         /* PG WP NE ET MP PE */
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $1f

        .code64
ap_start_64:
        lgdt    gdt_pointer
        xorl    %ebp, %ebp
        movl    start_stack, %esp
        pushq   $8
        pushq   $1f
        lretq
1:      movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    start_stack, %esp
        movl    %ebp, %edi
        testl   %edi, %edi
        jz      2f
        call    guest_main
1:      hlt
        jmp     1b
2:      call    cpu_main
        jmp     1b

/*
 * long attempt_raw(long (*fn)(void *), void *arg, void **rescue): what fn
 * returns. *rescue is where the stack was; traps.c goes on at attempt_rescue
 * with that stack and a result in %rax.
 */
        .globl attempt_raw, attempt_rescue
attempt_raw:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushq   %rdx
        movq    %rsp, (%rdx)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
attempt_rescue:
        popq    %rdx
        movq    $0, (%rdx)
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        ret

/*
 * long user_enter(void *rip, void *rsp, long a, long b): goes to ring 3; an
 * exception ends it, inside attempt().
 */
        .globl user_enter
user_enter:
        pushq   $32 + 3
        pushq   %rsi
        pushq   $2
        pushq   $40 + 3
        pushq   %rdi
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        iretq

/* All vectors: with or without an error code, then the vector, then traps.c. */
        .macro  stub vector
        .balign 16
        .if     \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17
        .else
        pushq   $0
        .endif
        pushq   $\vector
        jmp     trap
        .endm

        .balign 16
        .globl trap_stubs
trap_stubs:
        .set    i, 0
        .rept   256
        stub    i
        .set    i, i + 1
        .endr

/* struct trap_frame, from its end. */
trap:
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rbx
        pushq   %rbp
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        cld
        movq    %rsp, %rdi
        movq    %rsp, %rbp
        andq    $-16, %rsp
        call    guest_trap
        movq    %rbp, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rbp
        popq    %rbx
        popq    %rdx
        popq    %rcx
        popq    %rax
        addq    $16, %rsp
        iretq

        .data
        .balign 8
        .globl gdt, gdt_tss
gdt:    .quad   0
        .quad   0x00af9b000000ffff        /* 8: 64-bit code */
        .quad   0x00cf93000000ffff        /* 16: data */
        .quad   0x00cf9b000000ffff        /* 24: 32-bit code */
        .quad   0x00cff3000000ffff        /* 32: data of ring 3 */
        .quad   0x00affb000000ffff        /* 40: 64-bit code of ring 3 */
gdt_tss:
        .skip   8 * 16                    /* 48: a TSS for each vCPU */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt

        .bss
        .balign 4096
        .globl pml4, page_directories, hypercall_page, start_stack
pml4:   .skip   4096
pdpt:   .skip   4096
page_directories:
        .skip   5 * 4096
hypercall_page:
        .skip   4096
        .skip   64 * 1024
stack_top:
        .balign 8
start_stack:
        .quad   0
        .section .note.GNU-stack, "", @progbits
