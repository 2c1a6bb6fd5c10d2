/*
 * The head of the EFI program: a PE32+ file (Microsoft PE and COFF
 * Specification 8.3) whose one section is everything behind the first page. The
 * code does not care where it lies, so that there are no relocations. Whoever
 * appends data enlarges the three sizes (firmware.py).
 */
    .section .head, "ax"
    .set HEAD, 0x1000

    .globl head
head:
    .ascii "MZ"
    .org  0x3c
    .long pe - head

pe: .ascii "PE\0\0"
    .short 0x8664               /* x86-64 */
    .short 1                    /* sections */
    .long 0, 0, 0               /* time, symbols */
    .short sections - optional
    .short 0x0206               /* executable, no line numbers, no debug */
optional:
    .short 0x20b                /* PE32+ */
    .byte 2, 20
    .long image_end - head - HEAD, 0, 0
    .long efi_main - head
    .long HEAD
    .quad 0                     /* image base */
    .long 0x1000, 0x1000        /* alignment in memory, in the file */
    .short 0, 0, 0, 0, 0, 0
    .long 0
size_of_image:
    .long image_end - head
    .long HEAD                  /* size of headers */
    .long 0                     /* checksum */
    .short 10, 0                /* EFI application */
    .quad 0, 0, 0, 0
    .long 0
    .long 6                     /* directories, all empty */
    .quad 0, 0, 0, 0, 0, 0
sections:
    .ascii ".all\0\0\0\0"
virtual_size:
    .long image_end - head - HEAD
    .long HEAD
raw_size:
    .long image_end - head - HEAD
    .long HEAD
    .long 0, 0, 0
    .long 0xe0000060            /* code, data, execute, read, write */
    .org  HEAD
