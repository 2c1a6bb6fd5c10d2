/* The PVH entry: 32-bit, paging off; goes on in 64-bit mode at guest_main. */

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

        .code32
        .section .text.entry, "ax"
        .globl entry
entry:
        cld
        movl    $stack_top, %esp
        movl    %ebx, %ebp                /* start info */
        /* Identity map of 4 GiB by pages of 2 MiB. */
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
        movl    $page_directories, %edi
        movl    $0x87, %eax               /* present, writable, user, large */
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        loop    1b
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
1:      movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $stack_top, %esp
        movl    %ebp, %edi
        call    guest_main
1:      hlt
        jmp     1b

/*
 * long attempt_raw(long (*fn)(void *), void *arg): what fn returns, or -1000
 * minus the vector of the exception that it ran into.
 */
        .globl attempt_raw
attempt_raw:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, rescue_rsp(%rip)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
attempt_end:
        movq    $0, rescue_rsp(%rip)
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        ret

/* Exceptions: with or without an error code, then the vector. */
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
        .rept   32
        stub    i
        .set    i, i + 1
        .endr

trap:
        movq    (%rsp), %rdi              /* vector */
        movq    16(%rsp), %rsi            /* rip */
        movq    8(%rsp), %rdx             /* error code */
        movq    %cr2, %rax
        movq    %rax, fault_address(%rip)
        movq    rescue_rsp(%rip), %rax
        testq   %rax, %rax
        jz      1f
        movq    %rax, %rsp
        movq    $-1000, %rax
        subq    %rdi, %rax
        jmp     attempt_end
1:      andq    $-16, %rsp
        call    guest_trap

        .section .rodata
        .balign 8
gdt:    .quad   0
        .quad   0x00af9b000000ffff        /* 8: 64-bit code */
        .quad   0x00cf93000000ffff        /* 16: data */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt

        .bss
        .balign 4096
        .globl pml4, page_directories, hypercall_page
pml4:   .skip   4096
pdpt:   .skip   4096
page_directories:
        .skip   4 * 4096
hypercall_page:
        .skip   4096
        .skip   64 * 1024
stack_top:
        .balign 8
rescue_rsp:
        .quad   0
        .globl fault_address
fault_address:
        .quad   0
        .section .note.GNU-stack, "", @progbits
