/*
 * An option ROM that answers INT 15h E820 from a table of its own: the memory
 * map of another machine, for a BIOS that has no say in it (ACPI 6.5 15.1, BIOS
 * Boot Specification 3.3). Whoever writes the ROM puts the number of entries at
 * COUNT and entries of 20 bytes at TABLE, and makes its sum zero. With none, the
 * BIOS's own map stays.
 *
 * It also turns off the SMI of port 0xb2: recorded AML writes there on any CPU,
 * and SeaBIOS has a handler for the first CPU only; others would never come back.
 */
    .code16
    .set COUNT, 0x28
    .set TABLE, 0x200
    .set ENTRY, 20
    .set SMAP, 0x534d4150
    .set SMI_EN, 0x630          /* ICH9: PM base of q35 + 0x30 */
    .set APMC_EN, 1 << 5

    .globl _start
_start:
    .byte 0x55, 0xaa, 8         /* 4 KiB */
    jmp   install

    .org  0x20
before: .long 0                 /* the BIOS's own handler */
    .org  COUNT
count:  .word 0

install:
    pushw %ds
    pushal
    xorw  %ax, %ax
    movw  %ax, %ds
    movl  0x15 * 4, %eax
    movl  %eax, %cs:before
    movw  $answer, 0x15 * 4
    movw  %cs, 0x15 * 4 + 2
    movw  $SMI_EN, %dx
    inl   %dx, %eax
    andl  $~APMC_EN, %eax
    outl  %eax, %dx
    popal
    popw  %ds
    xorw  %ax, %ax
    lretw

/* In: eax e820, edx SMAP, ebx which, ecx room, es:di where. */
answer:
    cmpl  $0xe820, %eax
    jne   pass
    cmpl  $SMAP, %edx
    jne   pass
    cmpw  %cs:count, %bx
    jae   pass
    pushw %ds
    pushw %si
    pushw %di
    pushw %cs
    popw  %ds
    movw  %bx, %ax
    imulw $ENTRY, %ax, %si
    addw  $TABLE, %si
    movw  $ENTRY, %cx
    cld
    rep   movsb
    popw  %di
    popw  %si
    popw  %ds
    incw  %bx
    cmpw  %cs:count, %bx
    jb    more
    xorw  %bx, %bx
more:
    movzwl %bx, %ebx
    movl  $SMAP, %eax
    movl  $ENTRY, %ecx
    pushw %bp
    movw  %sp, %bp
    andb  $0xfe, 6(%bp)         /* the caller's carry: success */
    popw  %bp
    iretw
pass:
    ljmpw *%cs:before

    .org  4096
